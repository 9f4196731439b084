"""What a loss must be: one value an image, that gradients can be taken of."""

from __future__ import annotations

import torch

from benchmark.contract.clause import Case, require, stage_name
from benchmark.strategy import (
    CrossEntropy,
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    Stage,
    UpweightsEasyExamples,
)

COUNTS = torch.tensor([40.0, 15.0, 5.0, 1.0])
_EQUAL = torch.full((4,), 30.0)
_LOOKS_ELSEWHERE = (DownweightsEasyExamples, UpweightsEasyExamples, DownweightsUncertainExamples)


def one_finite_value_an_image(case: Case) -> None:
    """The loss is one finite value an image, with finite gradients, also for soft targets."""
    targets = torch.eye(4)[[0, 1, 2, 3, 0, 1]]
    soft = 0.7 * targets + 0.3 * targets.flip(0)
    for number, stage in enumerate(case.strategy.stages, start=1):
        for scale in (1.0, 60.0):  # confident and wrong as well
            for kind, target in (("labels", targets), ("soft targets", soft)):
                of = f"{stage_name(case, number)}for {kind} and logits of about {scale:g} "
                logits = (scale * _normal(6)).requires_grad_()
                loss = _losses(stage, of, logits, target, COUNTS)
                require(
                    loss.requires_grad,
                    f"{of}it does not depend on the logits, so there is nothing to learn from it; "
                    "compute it from them in torch, without detach, item or numpy",
                )
                require(
                    loss.isfinite().all(),
                    f"{of}it is {loss.detach().tolist()}; use log_softmax, and no log of a "
                    "probability that can be 0",
                )
                loss.mean().backward()
                require(
                    logits.grad is not None and logits.grad.isfinite().all(),
                    f"{of}it is finite, but its gradient is not: a root or a power may have an "
                    "infinite slope at 0; keep its argument above 0 with clamp",
                )


def in_proportion_to_its_target(case: Case) -> None:
    """The loss is in proportion to its target, so that classes can be weighed in any loss."""
    times = torch.tensor([0.5, 1.0, 3.0, 20.0])
    logits = _normal(4)
    for number, stage in enumerate(case.strategy.stages, start=1):
        of = stage_name(case, number)
        plain, more = (
            _losses(stage, of, logits, target, COUNTS) for target in (torch.eye(4), times.diag())
        )
        require(
            _close(more, times * plain),
            f"{of}targets times {_times(times, 1)} give losses times {_times(more, plain)}; write "
            "it as a sum over classes of target x something",
        )


def cross_entropy_on_equal_classes(case: Case) -> None:
    """On equally large classes the loss is cross-entropy, unless it declares otherwise."""
    logits = _normal(4)
    plain = CrossEntropy()(logits, torch.eye(4), _EQUAL)
    for number, stage in enumerate(case.strategy.stages, start=1):
        if any(isinstance(effect, _LOOKS_ELSEWHERE) for effect in stage.expectations):
            continue
        of = stage_name(case, number)
        loss = _losses(stage, of, logits, torch.eye(4), _EQUAL)
        require(
            _close(loss, plain),
            f"{of}it is {_times(loss, plain)} times cross-entropy where all classes have 30 "
            "images: weights must have mean 1 over the training images, or the learning rate "
            "changes too. A loss that looks at something else than class sizes declares "
            f"{', '.join(kind.__name__ for kind in _LOOKS_ELSEWHERE)}",
        )


def _losses(
    stage: Stage, of: str, logits: torch.Tensor, target: torch.Tensor, counts: torch.Tensor
) -> torch.Tensor:
    """Return the loss of each image, (B,), if it is that and leaves what it is given alone."""
    given = {"targets": target.clone(), "counts": counts.clone()}
    loss = stage.loss(logits, *given.values())
    images = f"for {len(logits)} images; return one value an image, ({len(logits)},)"
    require(isinstance(loss, torch.Tensor), f"{of}it is {loss!r} {images}, as a tensor")
    require(
        loss.shape == (len(logits),),
        f"{of}it has shape {tuple(loss.shape)} {images}, and leave the mean to the trainer",
    )
    for (name, after), before in zip(given.items(), (target, counts), strict=True):
        require(
            torch.equal(after, before),
            f"{of}it changed the {name} that it was given, which the trainer goes on with: make "
            "new tensors, without *= and the like",
        )
    return loss


def _normal(images: int) -> torch.Tensor:
    return torch.randn(images, 4, generator=torch.Generator().manual_seed(0))


def _close(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, rtol=1.3e-6, atol=1e-5)


def _times(loss: torch.Tensor, plain: torch.Tensor | int) -> str:
    return " ".join(f"{one:.3g}" for one in (loss / plain).flatten().tolist())
