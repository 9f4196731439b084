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
        declared = self._gradient(measurement.sample, measurement.class_counts)
        return compare_gradients(measurement.sample, declared, self.tolerance)

    def _gradient(self, sample: SampledImages, counts: NDArray[np.int64]) -> NDArray[np.float64]:
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
        import torch

        if measurement.sample is None:
            return CheckResult(None, "no image was sampled")
        logits = torch.from_numpy(measurement.sample.logits).requires_grad_()
        target = torch.from_numpy(measurement.sample.target)
        counts = torch.from_numpy(measurement.class_counts).double()
        losses = self.loss(logits, target, counts)
        half = -(-len(logits) // 2)
        alone = self.loss(logits[:half], target[:half], counts)
        if not torch.allclose(losses[:half], alone):
            return CheckResult(None, "the loss of an image depends on the others of its batch")
        losses.sum().backward()
        gradient = np.zeros(logits.shape) if logits.grad is None else logits.grad.numpy()
        return compare_gradients(measurement.sample, gradient, self.tolerance)


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
