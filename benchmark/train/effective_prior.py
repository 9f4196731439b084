"""The class prior that a training leaves in its network."""

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import softmax

from benchmark.strategy import Loss


def effective_prior(
    loss: Loss, drawn: NDArray[np.int64], counts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the class probabilities that fit best to images without information, (C,).

    They minimise the mean loss of constant logits over the images drawn. For cross-entropy they are
    the shares of the draws; weights multiply these; balanced draws, weights of inverse class size
    and a logit-adjusted loss (Menon et al. 2021, arXiv 2007.07314, eq. 10) leave all classes
    equally probable. So a correction learns from the training what there is to correct, whatever
    the strategy is called. The definition is ours. How far a short training got towards this prior
    it can't tell, nor does it know of labels that were mixed.

    Parameters
    ----------
    loss
        That of the last steps.
    drawn
        Images and synthetic features of each class that these steps drew, (C,).
    counts
        Training images of each class, (C,).
    """
    classes, images = len(counts), np.maximum(drawn, 1)
    share = images / images.sum()
    weight, size = (torch.from_numpy(values).float() for values in (share, counts))
    target = torch.eye(classes)

    def mean_loss(constant: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logits = torch.from_numpy(constant).float().requires_grad_()
        mean = (weight * loss(logits.expand(classes, classes), target, size)).sum()
        (gradient,) = torch.autograd.grad(mean, logits)
        return mean.item(), gradient.double().numpy()

    start, sizes = np.log(share), np.log(np.maximum(counts, 1))
    most = np.log(images.sum())  # for losses without a minimum, such as the absolute error
    fitted = minimize(
        mean_loss,
        start - start.mean(),
        jac=True,
        method="L-BFGS-B",
        bounds=[(-most, most)] * classes,
    ).x
    if not np.isfinite(fitted).all():
        return share
    # where a minimum is flat or far, as with margins, the network is not taken to be beyond
    # the range of its draws and of the class sizes
    widest = max(np.ptp(start), np.ptp(sizes))
    return softmax(fitted * min(1, widest / max(np.ptp(fitted), 1e-12)))
