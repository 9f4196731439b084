"""What must be seen of a strategy at work. A strategy declares it, the audit looks for it.

Everything is measured against what the same network would have done otherwise with the same
images: draws against class sizes, a loss's gradient against that of cross-entropy on the same
logits, labels against those of argmax. So it takes no second training to see a component that is
ignored, cancels itself out or pulls the wrong way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

CONFIDENCE_BINS = 10  # of the probability of the true class, equally wide

Floats = NDArray[np.float64]
Found = tuple[bool | None, str]  # was it seen (None: it could not be told), and what was


@dataclass(frozen=True)
class Shown:
    """What one stage of a training was seen to do. C classes."""

    counts: NDArray[np.int64]  # (C,) training images
    drawn: NDArray[np.int64]  # (C,) images shown
    shown: tuple[int, int]  # first showings within a pass, and repeats
    altered: tuple[int, int]  # those of them whose pixels the strategy changed
    mixed: int  # images shown with more than one class in their target
    gradient: Floats  # (C,) norm of the loss's gradient at the logits, added up over images
    plain: Floats  # (C,) the same of cross-entropy, at the same logits
    by_confidence: Floats  # (CONFIDENCE_BINS, 2) both, by the probability of the true class


@dataclass(frozen=True)
class Decided:
    """What a decision made of the outputs that it was fitted on. N validation images."""

    counts: NDArray[np.int64]  # (C,) training images
    labels: NDArray[np.int64]  # (N,)
    argmax: NDArray[np.int64]  # (N,) the class with the largest logit
    decided: NDArray[np.int64]  # (N,)


Seen = TypeVar("Seen", Shown, Decided, contravariant=True)


class Effect(Protocol[Seen]):
    """Something that must be seen, in words, and the look at it."""

    @property
    def place(self) -> str:
        """Of which part of the strategy it speaks: draws, views, mix, loss or decision."""
        ...

    @property
    def claim(self) -> str:
        """What must be seen."""
        ...

    def found(self, seen: Seen) -> Found:
        """Return whether it was, and what was."""
        ...


# ---- of what is neutral -------------------------------------------------------------------------


@dataclass(frozen=True)
class NothingAltered:
    """The strategy changes no image."""

    place: ClassVar[str] = "views"
    claim: ClassVar[str] = "no image is altered"

    def found(self, seen: Shown) -> Found:
        """Count images whose pixels changed."""
        return sum(seen.altered) == 0, f"{sum(seen.altered):,} of {sum(seen.shown):,} images"


@dataclass(frozen=True)
class NothingMixed:
    """Every target is a single class."""

    place: ClassVar[str] = "mix"
    claim: ClassVar[str] = "no images are mixed"

    def found(self, seen: Shown) -> Found:
        """Count targets of more than one class."""
        return seen.mixed == 0, f"{seen.mixed:,} of {sum(seen.shown):,} images"


@dataclass(frozen=True)
class PulledAsCrossEntropy:
    """The gradient of every class is that of cross-entropy."""

    within: float = 0.01
    place: ClassVar[str] = "loss"
    claim: ClassVar[str] = "the gradient is that of cross-entropy"

    def found(self, seen: Shown) -> Found:
        """Compare the two by class and by probability of the true class."""
        both = np.concatenate([np.stack((seen.gradient, seen.plain), 1), seen.by_confidence])
        times = both[both[:, 1] > 0]
        times = times[:, 0] / times[:, 1]
        said = f"from {times.min():.3g} to {times.max():.3g} times cross-entropy's"
        return bool((np.abs(times - 1) <= self.within).all()), said


@dataclass(frozen=True)
class LabelsAsArgmax:
    """Every image is given the class with the largest logit."""

    place: ClassVar[str] = "decision"
    claim: ClassVar[str] = "the class with the largest logit is chosen"

    def found(self, seen: Decided) -> Found:
        """Count labels that differ."""
        moved = int((seen.argmax != seen.decided).sum())
        return moved == 0, f"{moved} of {len(seen.labels)} labels on validation differ"


# ---- of a stage --------------------------------------------------------------------------------


@dataclass(frozen=True)
class DrawnAs:
    """Classes are drawn in proportion to a power of their size: 1 as they are, 0 equally often."""

    power: float
    within: float = 0.02  # of what is expected; chance comes on top
    place: ClassVar[str] = "draws"

    @property
    def claim(self) -> str:
        """In words."""
        how = {0.0: "equally often", 1.0: "as often as they have images"}.get(self.power)
        return f"classes are drawn {how or f'in proportion to (images)^{self.power:g}'}"

    def found(self, seen: Shown) -> Found:
        """Compare draws with expected ones; a stage that ends within a pass leaves some chance."""
        share = np.where(seen.counts > 0, np.maximum(seen.counts, 1.0) ** self.power, 0.0)
        share /= share.sum()
        expected = seen.drawn.sum() * share
        allowed = self.within * expected + 4 * np.sqrt(expected * (1 - share)) + 1
        off = np.abs(seen.drawn - expected)
        times = seen.drawn[seen.counts > 0] / expected[seen.counts > 0]
        said = f"from {times.min():.2f} to {times.max():.2f} times what that asks for"
        return bool((off <= allowed).all()), said


@dataclass(frozen=True)
class RepeatsAltered:
    """Repeats of an image within a pass are altered, first showings are not."""

    place: ClassVar[str] = "views"

    @property
    def claim(self) -> str:
        """In words."""
        return "each repeat of an image is altered, no first showing is"

    def found(self, seen: Shown) -> Found:
        """Count images whose pixels changed; one of a single colour may stay what it is."""
        (first, repeats), (first_altered, altered) = seen.shown, seen.altered
        said = f"{altered:,} of {repeats:,} repeats, {first_altered:,} of {first:,} first showings"
        if not repeats:
            return (None if first_altered == 0 else False), said
        return first_altered == 0 and altered >= 0.95 * repeats, said


@dataclass(frozen=True)
class WeighedAs:
    """The gradient of an image is cross-entropy's times (images of its class)^-power."""

    power: float
    within: float = 0.02
    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        return f"the loss weighs a class by (its images)^-{self.power:g}"

    def found(self, seen: Shown) -> Found:
        """Compare the weights that the gradient shows with the declared ones."""
        there = seen.plain > 0
        weight = seen.gradient[there] / seen.plain[there]
        declared = np.maximum(seen.counts[there], 1.0) ** -self.power
        off = weight / declared
        off /= np.exp(np.log(np.maximum(off, 1e-30)).mean())
        said = f"weights from {weight.min():.3g} to {weight.max():.3g}"
        return bool((np.abs(off - 1) <= self.within).all()), said


@dataclass(frozen=True)
class RarePullMore:
    """The rarer half of the classes has a larger share of the gradient than by cross-entropy."""

    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        return "rare classes have a larger share of the gradient than by cross-entropy"

    def found(self, seen: Shown) -> Found:
        """Compare the shares."""
        rare = rarer_half(seen.counts)
        if rare is None:
            return None, "all classes are equally large"
        share, plain = (part[rare].sum() / part.sum() for part in (seen.gradient, seen.plain))
        return bool(share > 1.02 * plain), f"{share:.3f}, by cross-entropy {plain:.3f}"


@dataclass(frozen=True)
class EasyPullLess:
    """Images that are already right pull less, compared with cross-entropy, than others.

    Right is a probability of the true class above one half.
    """

    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        return "images that are already right count for less"

    def found(self, seen: Shown) -> Found:
        """Compare the loss's gradient with cross-entropy's on either side of one half."""
        half = CONFIDENCE_BINS // 2
        wrong, right = seen.by_confidence[:half].sum(0), seen.by_confidence[half:].sum(0)
        if not (wrong[1] > 0 and right[1] > 0):
            return None, "no image was right, or none wrong, while it trained"
        of_wrong, of_right = wrong[0] / wrong[1], right[0] / right[1]
        said = f"{of_right:.2f} times cross-entropy's gradient where right, else {of_wrong:.2f}"
        return bool(of_right < 0.98 * of_wrong), said


# ---- of a decision -----------------------------------------------------------------------------


@dataclass(frozen=True)
class RareCalledMore:
    """Labels move, and those that do move to rarer classes."""

    place: ClassVar[str] = "decision"

    @property
    def claim(self) -> str:
        """In words."""
        return "labels that the decision changes go to rarer classes"

    def found(self, seen: Decided) -> Found:
        """Compare the class sizes of labels before and after."""
        moved = seen.argmax != seen.decided
        if rarer_half(seen.counts) is None:
            return None, "all classes are equally large"
        rarer = seen.counts[seen.decided[moved]] < seen.counts[seen.argmax[moved]]
        said = f"{int(rarer.sum())} of {int(moved.sum())} changed labels on validation"
        return bool(moved.any() and rarer.mean() > 0.5), said


@dataclass(frozen=True)
class FittedOnValidation:
    """Labels move, and macro-F1 on the validation images does not fall by it."""

    place: ClassVar[str] = "decision"

    @property
    def claim(self) -> str:
        """In words."""
        return "the decision changes labels, and validation macro-F1 does not fall"

    def found(self, seen: Decided) -> Found:
        """Compare macro-F1 of the labels before and after."""
        from sklearn.metrics import f1_score

        before, after = (
            float(
                f1_score(
                    seen.labels,
                    labels,
                    labels=range(len(seen.counts)),
                    average="macro",
                    zero_division=0,
                )
            )
            for labels in (seen.argmax, seen.decided)
        )
        moved = int((seen.argmax != seen.decided).sum())
        said = f"{moved} labels changed on validation, macro-F1 {before:.3f} to {after:.3f}"
        return moved > 0 and after >= before, said


def rarer_half(counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the rarer half of classes with images, counts (C,); None if all are equally large."""
    there = np.flatnonzero(counts > 0)
    order = there[np.argsort(counts[there], kind="stable")]
    rare = order[: len(order) // 2]
    if not len(rare) or counts[rare].max() >= 0.9 * counts[order].max():
        return None
    return rare
