"""A loss is one value for each image, with a finite gradient."""

import torch
from torch import Tensor

from benchmark.contract.case import Case, require
from benchmark.strategy import (
    CrossEntropy,
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectLoss,
    ExpectSameLoss,
    Stage,
    UpweightsEasyExamples,
)

COUNTS = torch.tensor([40.0, 15.0, 5.0, 1.0])
_EQUAL = torch.full((4,), 30.0)
_WEIGHTS_EXAMPLES = (
    DownweightsEasyExamples,
    UpweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectSameLoss,
)


def check_loss_is_finite(case: Case) -> None:
    """The loss is one finite value for each image, with finite gradients, also for soft targets."""
    targets = torch.eye(4)[[0, 1, 2, 3, 0, 1]]
    soft = 0.7 * targets + 0.3 * targets.flip(0)
    for stage_prefix, stage in case.stages():
        for scale in (1.0, 60.0):  # 60: confident, and wrong for some images
            for kind, target in (("labels", targets), ("soft targets", soft)):
                prefix = f"{stage_prefix}with {kind} and logits of about {scale:g}: "
                logits = (scale * _logits(6)).requires_grad_()
                loss = _losses(stage, prefix, logits, target, COUNTS)
                require(
                    loss.requires_grad,
                    f"{prefix}it does not depend on the logits, so the network learns nothing from "
                    "it; compute it from them in torch, without detach, item or numpy",
                )
                require(
                    loss.isfinite().all(),
                    f"{prefix}it is {loss.detach().tolist()}; use log_softmax, and no log of a "
                    "probability that can be 0",
                )
                loss.mean().backward()
                require(
                    logits.grad is not None and logits.grad.isfinite().all(),
                    f"{prefix}it is finite, but its gradient is not: a root or a power may have an "
                    "infinite slope at 0; keep its argument above 0 with clamp",
                )


def check_loss_is_linear_in_target(case: Case) -> None:
    """The loss is in proportion to its target, so that any loss can have class weights."""
    factors, logits = torch.tensor([0.5, 1.0, 3.0, 20.0]), _logits(4)
    for prefix, stage in case.stages():
        plain = _losses(stage, prefix, logits, torch.eye(4), COUNTS)
        scaled = _losses(stage, prefix, logits, factors.diag(), COUNTS)
        require(
            _close(scaled, factors * plain),
            f"{prefix}targets times {_ratios(factors, 1)} give losses times "
            f"{_ratios(scaled, plain)}; write it as a sum over classes of target x something",
        )


def check_loss_is_cross_entropy_on_equal_classes(case: Case) -> None:
    """On equally large classes the loss is cross-entropy, unless it declares otherwise."""
    logits = _logits(4)
    plain = CrossEntropy()(logits, torch.eye(4), _EQUAL)
    for prefix, stage in case.stages():
        if any(map(_weights_examples, stage.expectations)):
            continue
        loss = _losses(stage, prefix, logits, torch.eye(4), _EQUAL)
        require(
            _close(loss, plain),
            f"{prefix}it is {_ratios(loss, plain)} times cross-entropy if all classes have 30 "
            "images: weights must have mean 1 over the training images, or the learning rate "
            "changes too. A loss that weights images by something else than class size declares "
            f"{', '.join(kind.__name__ for kind in _WEIGHTS_EXAMPLES)}, or ExpectLoss with gamma, "
            "q, epsilon or margin",
        )


def _weights_examples(expectation: object) -> bool:
    if isinstance(expectation, ExpectLoss):
        return expectation.weights_examples
    return isinstance(expectation, _WEIGHTS_EXAMPLES)


def _losses(stage: Stage, prefix: str, logits: Tensor, target: Tensor, counts: Tensor) -> Tensor:
    """Return the loss of each image, (B,), after checks of its shape and of its arguments."""
    arguments = {"targets": target.clone(), "counts": counts.clone()}
    loss = stage.loss(logits, *arguments.values())
    images = f"for {len(logits)} images; return one value for each image, ({len(logits)},)"
    require(isinstance(loss, Tensor), f"{prefix}it is {loss!r} {images}, as a tensor")
    require(
        loss.shape == (len(logits),),
        f"{prefix}it has shape {tuple(loss.shape)} {images}, and leave the mean to the trainer",
    )
    for (name, after), before in zip(arguments.items(), (target, counts), strict=True):
        require(
            torch.equal(after, before),
            f"{prefix}it changed its argument {name}, which the trainer still needs: make new "
            "tensors, without *= and the like",
        )
    return loss


def _logits(images: int) -> Tensor:
    return torch.randn(images, 4, generator=torch.Generator().manual_seed(0))


def _close(loss: Tensor, expected: Tensor) -> bool:
    return torch.allclose(loss, expected, rtol=1.3e-6, atol=1e-5)


def _ratios(loss: Tensor, plain: Tensor | int) -> str:
    return ", ".join(f"{ratio:.3g}" for ratio in (loss / plain).flatten().tolist())
