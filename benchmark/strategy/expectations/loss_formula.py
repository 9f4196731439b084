"""The declared formula of a loss, compared with the measured gradient image by image."""

from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.measurements import CheckResult, SampledImages, StageMeasurement
from benchmark.strategy.protocols import Loss

_PARTS = {  # field -> what the formula then has
    "tau": "{:g} log prior added to the logits",
    "margin": "a margin of {:g} for the rarest class",
    "epsilon": "targets smoothed by {:g}",
    "gamma": "the focal factor (1 - p)^{:g}",
    "q": "the factor p^{:g}",
    "power": "weights (images)^-{:g}",
    "beta": "weights by effective number, beta {:g}",
}

_SYNTHETIC = 256  # images of a loss that is tried at synthetic logits
_CONFIDENT = 15.0  # logit of the right class, where every other has 0


@dataclass(frozen=True)
class ExpectLoss:
    """The gradient of each image is that of a formula, in size and direction.

    For an image of class y and logits f, of n_c training images of class c with prior pi_c:

    L = -w_y (1 - p_y)^gamma log p_y, p = softmax(f + tau log pi - s m_y [c = y])

    With `q`, the loss is w_y (1 - p_y^q) / q. Of each target, the part `epsilon` is spread over all
    classes. Margins are m_c = margin (n_c / min n)^-1/4, and s is `scale`. Weights are w_c ~
    n_c^-power, or with `beta` ~ (1 - beta) / (1 - beta^n_c), and have mean 1 over the training
    images. A declared strength is checked in size: an image may deviate by 1 %.

    Declare `ExpectSameLoss` for a loss of another form.
    """

    tau: float = 0.0
    margin: float = 0.0
    scale: float = 1.0
    epsilon: float = 0.0
    gamma: float = 0.0
    q: float = 0.0
    power: float = 0.0
    beta: float = 0.0
    tolerance: float = 0.01
    component: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """The claim in words."""
        parts = [
            _PARTS[each.name].format(value)
            for each in fields(self)
            if each.name in _PARTS and (value := getattr(self, each.name))
        ]
        return f"the gradient is that of cross-entropy with {', '.join(parts) or 'no change'}"

    @property
    def weights_examples(self) -> bool:
        """Whether images count by more than the size of their class."""
        return bool(self.margin or self.epsilon or self.gamma or self.q)

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the gradients of the sampled images with the formula's."""
        if measurement.sample is None:
            return CheckResult(None, "no image was sampled")
        declared = self.gradient(measurement.sample, measurement.class_counts)
        return compare_gradients(measurement.sample, declared, self.tolerance)

    def gradient(self, sample: SampledImages, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return that of the formula at the logits of the images, (K, C)."""
        size = np.maximum(counts, 1).astype(float)
        target = sample.target
        mass = target.sum(1, keepdims=True)
        logits = sample.logits + self.tau * np.log(size / counts.sum())
        margins = self.scale * self.margin * (size / size.min()) ** -0.25
        log_p = logits - target / mass * margins
        log_p -= np.logaddexp.reduce(log_p, axis=1, keepdims=True)
        p = np.exp(log_p)
        slope = p**self.q  # of the loss, by -log p
        if self.gamma:
            rest = np.maximum(-np.expm1(log_p), 1e-7)
            slope = rest**self.gamma - self.gamma * p * rest ** (self.gamma - 1) * log_p
        smooth = (1 - self.epsilon) * target + self.epsilon * mass / target.shape[1]
        toward = smooth * slope * self._weights(size, counts)  # (K, C)
        return toward.sum(1, keepdims=True) * p - toward

    def _weights(self, size: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
        weights = size**-self.power
        if self.beta:
            weights = (1 - self.beta) / -np.expm1(size * np.log(self.beta))
        return weights * counts.sum() / (weights * counts).sum()


@dataclass(frozen=True)
class ExpectSameLoss:
    """The gradient of each image is that of another loss, in the file of the strategy.

    For a formula that `ExpectLoss` has not: write it a second time, as plainly as in the paper.
    """

    loss: Loss
    tolerance: float = 0.01
    component: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """The claim in words."""
        return f"the gradient is that of {type(self.loss).__name__}"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the gradients of the sampled images with the loss's, by autograd."""
        if (sample := measurement.sample) is None:
            return CheckResult(None, "no image was sampled")
        counts = measurement.class_counts
        order = np.argsort(sample.target.argmax(1), kind="stable")
        half = order[: -(-len(order) // 2)]  # its classes are not those of the whole sample
        losses, gradient = _differentiate(self.loss, sample.logits, sample.target, counts)
        alone, _ = _differentiate(self.loss, sample.logits[half], sample.target[half], counts)
        if not np.allclose(losses[half], alone):
            return CheckResult(None, "the loss of an image depends on the others of its batch")
        return compare_gradients(sample, gradient, self.tolerance)


@dataclass(frozen=True)
class FormulaOnSyntheticLogits:
    """A loss has the gradient of a formula at logits of every size, of images of every class.

    A short training has logits near 0, where losses of other forms are alike. Where an image is
    surely right, all that is left is what a loss does besides, like the smoothing of targets.
    """

    loss: Loss
    formula: ExpectLoss
    component: ClassVar[str] = "loss"
    claim: ClassVar[str] = "the same, at synthetic logits of any size"

    def check(self, measurement: StageMeasurement) -> CheckResult:
        """Compare the gradients, that of the loss by autograd."""
        if self.formula.check(measurement).passed is False:
            return CheckResult(None, "it has another gradient in the training already")
        counts, rng = measurement.class_counts, np.random.default_rng(0)
        labels = np.resize(np.flatnonzero(counts), max(_SYNTHETIC, len(counts)))
        size = np.geomspace(0.3, 10, len(labels))[rng.permutation(len(labels)), None]
        values = size * rng.standard_normal((len(labels), len(counts)))  # (K, C)
        target = np.eye(len(counts))[labels]
        try:
            results = [
                self._compare(each, target, counts) for each in (values, _CONFIDENT * target)
            ]
        except Exception as error:  # a plug-in may need more than these tensors
            return CheckResult(None, f"{type(error).__name__}: {error}")
        return next((result for result in results if result.passed is False), results[0])

    def _compare(
        self, logits: NDArray[np.float64], target: NDArray[np.float64], counts: NDArray[np.int64]
    ) -> CheckResult:
        _, gradient = _differentiate(self.loss, logits, target, counts)
        sample = SampledImages(logits, gradient, target)
        declared = self.formula.gradient(sample, counts)
        return compare_gradients(sample, declared, self.formula.tolerance)


def _differentiate(
    loss: Loss,
    logits: NDArray[np.float64],
    target: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the losses of images (K,) and their gradients at the logits, (K, C), by autograd."""
    import torch

    variable = torch.from_numpy(logits).requires_grad_()
    losses = loss(variable, torch.from_numpy(target), torch.from_numpy(counts).double())
    losses.sum().backward()
    gradient = np.zeros(logits.shape) if variable.grad is None else variable.grad.numpy()
    return losses.detach().numpy(), gradient


def compare_gradients(
    sample: SampledImages, declared: NDArray[np.float64], tolerance: float
) -> CheckResult:
    """Compare measured gradients with declared ones (K, C), summed over each class.

    Rounding moves a gradient by about 1e-7 of the largest probability or weight, so a class whose
    gradients have all but vanished can't tell.
    """
    labels = sample.target.argmax(1)
    differences, lengths, sizes = (
        np.bincount(labels, np.linalg.norm(vectors, axis=1))
        for vectors in (sample.gradient - declared, declared, sample.gradient)
    )
    scale = np.bincount(labels, 1 + np.abs(declared).max(1))
    measurable = np.maximum(lengths, sizes) > 1e-4 * np.maximum(scale, 1)
    if not measurable.any():
        return CheckResult(None, "all gradients have vanished")
    off = differences[measurable] - 1e-5 * scale[measurable]
    ratios = sizes[measurable] / np.maximum(lengths[measurable], 1e-12)
    relative = (differences[measurable] / np.maximum(lengths[measurable], 1e-12)).max()
    return CheckResult(
        bool((off <= tolerance * lengths[measurable]).all()),
        f"by class from {ratios.min():.2f} to {ratios.max():.2f} times as long, and up to "
        f"{relative:.1%} away, over {len(labels)} images",
    )
