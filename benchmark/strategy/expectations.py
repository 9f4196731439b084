"""What must be seen of a strategy at work. A strategy declares it, the audit looks for it.

Everything is measured against what the same network would have done otherwise with the same
images: draws against class sizes, a loss's gradient against that of cross-entropy on the same
logits, labels against those of argmax. So it takes no second training to see a component that is
ignored, cancels itself out or pulls the wrong way. What a decision is for is looked for on a
made-up network, see `benchmark.evaluation.decision_trial`: on the real one there may be nothing to
correct.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from benchmark.strategy.outputs import Outputs

CONFIDENCE_BINS = 10  # of the probability of the true class, equally wide

Floats = NDArray[np.float64]
CheckResult = tuple[bool | None, str]  # was it seen (None: it could not be told), and what was


@dataclass(frozen=True)
class StageMeasurement:
    """What one stage of a training was seen to do. C classes."""

    counts: NDArray[np.int64]  # (C,) training images
    drawn: NDArray[np.int64]  # (C,) images shown
    synthetic: NDArray[np.int64]  # (C,) features shown that are no image's
    shown: tuple[int, int]  # first showings within a pass, and repeats
    augmented: tuple[int, int]  # those of them whose pixels the strategy changed
    mixed: int  # images shown with more than one class in their target
    gradient_norm: (
        Floats  # (C, CONFIDENCE_BINS, 2) norms of gradients, by the probability of the true class
    )
    before: int = 0  # images that the same sampler drew before this stage

    @property
    def gradient(self) -> Floats:
        """Norm of the loss's gradient at the logits, added up over images, (C,)."""
        return self.gradient_norm[:, :, 0].sum(1)

    @property
    def plain(self) -> Floats:
        """The same of cross-entropy, at the same logits, (C,)."""
        return self.gradient_norm[:, :, 1].sum(1)

    @property
    def by_confidence(self) -> Floats:
        """Both, by the probability of the true class, (CONFIDENCE_BINS, 2)."""
        return self.gradient_norm.sum(0)


@dataclass(frozen=True)
class DecisionMeasurement:
    """What a decision made of the outputs that it was fitted on. N validation images."""

    counts: NDArray[np.int64]  # (C,) training images
    outputs: Outputs
    decided: NDArray[np.int64]  # (N,)

    @property
    def argmax(self) -> NDArray[np.int64]:
        """The class with the largest logit, (N,)."""
        return self.outputs.log_probabilities.argmax(1)

    @property
    def moved(self) -> NDArray[np.bool_]:
        """Whether it decided otherwise than argmax, (N,)."""
        return self.decided != self.argmax

    @property
    def macro_f1(self) -> tuple[float, float]:
        """Macro-F1 by argmax, and as decided."""
        from sklearn.metrics import f1_score

        every = range(len(self.counts))
        labels = self.outputs.labels
        one, two = (
            float(f1_score(labels, it, labels=every, average="macro", zero_division=0))
            for it in (self.argmax, self.decided)
        )
        return one, two


Measurement = TypeVar("Measurement", StageMeasurement, DecisionMeasurement, contravariant=True)


class Expectation(Protocol[Measurement]):
    """Something that must be seen, in words, and the look at it."""

    @property
    def place(self) -> str:
        """Of what it speaks: draws, views, mix, features, loss or decision."""
        ...

    @property
    def claim(self) -> str:
        """What must be seen."""
        ...

    def check(self, seen: Measurement) -> CheckResult:
        """Return whether it was, and what was."""
        ...


# ---- of what is neutral -------------------------------------------------------------------------


@dataclass(frozen=True)
class NoImageAugmented:
    """The strategy changes no image."""

    place: ClassVar[str] = "views"
    claim: ClassVar[str] = "no image is altered"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count images whose pixels changed."""
        return sum(seen.augmented) == 0, f"{sum(seen.augmented):,} of {sum(seen.shown):,} images"


@dataclass(frozen=True)
class NoImageMixed:
    """Every target is a single class."""

    place: ClassVar[str] = "mix"
    claim: ClassVar[str] = "no images are mixed"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        return seen.mixed == 0, f"{seen.mixed:,} of {sum(seen.shown):,} images"


@dataclass(frozen=True)
class NoFeatureSynthetic:
    """The head sees features of images alone."""

    place: ClassVar[str] = "features"
    claim: ClassVar[str] = "no features are made up"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count features that are no image's."""
        made = int(seen.synthetic.sum())
        return made == 0, f"{made:,} of {made + int(seen.drawn.sum()):,} shown"


@dataclass(frozen=True)
class GradientMatchesCrossEntropy:
    """The gradient of every class is that of cross-entropy."""

    within: float = 0.01
    place: ClassVar[str] = "loss"
    claim: ClassVar[str] = "the gradient is that of cross-entropy"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the two by class and by probability of the true class."""
        both = np.concatenate([np.stack((seen.gradient, seen.plain), 1), seen.by_confidence])
        times = both[both[:, 1] > 0]
        times = times[:, 0] / times[:, 1]
        return bool((np.abs(times - 1) <= self.within).all()), f"{_range(times)} cross-entropy's"


@dataclass(frozen=True)
class DecisionIsArgmax:
    """Every image is given the class with the largest logit."""

    place: ClassVar[str] = "decision"
    claim: ClassVar[str] = "the class with the largest logit is chosen"

    def check(self, seen: DecisionMeasurement) -> CheckResult:
        """Count labels that differ."""
        moved = int(seen.moved.sum())
        return moved == 0, f"{moved} of {len(seen.decided)} labels on validation differ"


# ---- of a stage --------------------------------------------------------------------------------


@dataclass(frozen=True)
class ExpectClassSampling:
    """Classes are drawn in proportion to a power of their size: 1 as they are, 0 equally often.

    Or to a blend, of which only the share `blend` follows that power and the rest the sizes.

    Allowed are 2 % of what is expected, two images, and five standard deviations of chance. With
    whole passes there is chance only in those that were begun or left within: images drawn without
    replacement from a pass, which is taken to show every image of the largest class once; where
    `cut`, every image of the smallest. A sampler that draws every image independently says so, and
    has chance in all draws.
    """

    power: float
    blend: float = 1.0
    independent: bool = False  # each draw by itself, with replacement
    cut: bool = False  # larger classes are cut, not smaller ones repeated
    within: float = 0.02
    place: ClassVar[str] = "draws"

    @property
    def claim(self) -> str:
        """In words."""
        how = {0.0: "equally often", 1.0: "as often as they have images"}.get(self.power)
        how = how or f"in proportion to (images)^{self.power:g}"
        rest = "" if self.blend == 1 else f" for {self.blend:.0%} of the draws, else as they are"
        return f"classes are drawn {how}{rest}"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare draws with expected ones."""
        there = seen.counts > 0
        size, drawn = seen.counts[there].astype(float), seen.drawn[there]
        powers = size**self.power
        share = self.blend * powers / powers.sum() + (1 - self.blend) * size / size.sum()
        shown_once = size.argmin() if self.cut else size.argmax()
        one_pass = float(round(size[shown_once] / share[shown_once]))
        begun = np.array([seen.before, seen.before + drawn.sum()]) % one_pass
        by_chance = drawn.sum() if self.independent else (begun * (1 - begun / one_pass)).sum()
        expected = drawn.sum() * share
        allowed = self.within * expected + 2 + 5 * np.sqrt(by_chance * share * (1 - share))
        said = f"{_range(drawn / expected)} what that asks for"
        said += f"; up to ±{(allowed / expected).max():.2f} is allowed"
        return bool((np.abs(drawn - expected) <= allowed).all()), said


@dataclass(frozen=True)
class AllImagesAugmented:
    """Every image is altered."""

    place: ClassVar[str] = "views"
    claim: ClassVar[str] = "every image is altered"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count images whose pixels changed; one of a single colour may stay what it is."""
        augmented, shown = sum(seen.augmented), sum(seen.shown)
        return augmented >= 0.95 * shown, f"{augmented:,} of {shown:,} images"


@dataclass(frozen=True)
class RepeatsAugmented:
    """Repeats of an image within a pass are altered, first showings are not."""

    place: ClassVar[str] = "views"

    @property
    def claim(self) -> str:
        """In words."""
        return "each repeat of an image is altered, no first showing is"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count images whose pixels changed; one of a single colour may stay what it is."""
        (first, repeats), (first_altered, augmented) = seen.shown, seen.augmented
        said = (
            f"{augmented:,} of {repeats:,} repeats, {first_altered:,} of {first:,} first showings"
        )
        if not repeats:
            return (None if first_altered == 0 else False), said
        return first_altered == 0 and augmented >= 0.95 * repeats, said


@dataclass(frozen=True)
class ImagesMixed:
    """Images are mixed, and their labels.

    Images of one class mix to a single label, as do all if the strategy decides so: `at_least` is
    the share of the others that must have two.
    """

    at_least: float
    place: ClassVar[str] = "mix"
    claim: ClassVar[str] = "images of different classes are mixed, and their labels"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Count targets of more than one class."""
        shown, share = sum(seen.shown), seen.drawn / seen.drawn.sum()
        pairs = shown * (1 - (share**2).sum())  # of different classes, to be expected
        said = f"{seen.mixed:,} of {shown:,} images"
        return bool(seen.mixed > 0 and seen.mixed >= self.at_least * pairs), said


@dataclass(frozen=True)
class SyntheticFeatures:
    """Made-up features fill every class up to the size of the largest.

    What is shown of a class of n images is made up for the share 1 - n / max n, of a single image
    none: there is nothing between it and another. Allowed are 2 % and five standard deviations of
    chance.
    """

    within: float = 0.02
    place: ClassVar[str] = "features"
    claim: ClassVar[str] = "made-up features fill each class up to the size of the largest"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare shares of made-up features with expected ones."""
        shown = seen.synthetic + seen.drawn
        there = (seen.counts > 1) & (shown > 0)
        expected = 1 - seen.counts[there] / seen.counts.max()
        share = seen.synthetic[there] / shown[there]
        chance = np.sqrt(expected * (1 - expected) / shown[there])
        said = f"{int(seen.synthetic.sum()):,} of {int(shown.sum()):,} shown"
        if not expected.any():
            return (None if not seen.synthetic.any() else False), said
        close = np.abs(share - expected) <= self.within + 5 * chance
        return bool(seen.synthetic.any() and close.all()), said


@dataclass(frozen=True)
class ExpectClassWeights:
    """The gradient of an image is cross-entropy's times (images of its class)^-power.

    Images count by their effective number (1 - beta^n) / (1 - beta), n for beta = 1. Up to the
    factor that gives these weights mean 1 over the training images: any other would change the
    learning rate as well.
    """

    power: float
    beta: float = 1.0
    within: float = 0.02
    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        of = "its images" if self.beta == 1 else "effective number of its images"
        return f"the loss weighs a class by ({of})^-{self.power:g}, 1 in the mean over images"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the weights that the gradient shows with the declared ones."""
        there = seen.plain > 0
        weight = seen.gradient[there] / seen.plain[there]
        number = np.maximum(seen.counts, 1.0)
        if self.beta < 1:
            number = (1 - self.beta**number) / (1 - self.beta)
        declared = number**-self.power
        declared *= seen.counts.sum() / (declared * seen.counts).sum()
        times = weight / declared[there]
        said = f"weights from {weight.min():.3g} to {weight.max():.3g}, {_range(times)} those"
        return bool((np.abs(times - 1) <= self.within).all()), said


@dataclass(frozen=True)
class UpweightsRareClasses:
    """The rarer half of the classes has a larger share of the gradient than by cross-entropy."""

    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        return "rare classes have a larger share of the gradient than by cross-entropy"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the shares."""
        rare = rarer_half(seen.counts)
        if rare is None:
            return None, "all classes are equally large"
        share, plain = (part[rare].sum() / part.sum() for part in (seen.gradient, seen.plain))
        return bool(share > 1.02 * plain), f"{share:.3f}, by cross-entropy {plain:.3f}"


@dataclass(frozen=True)
class DownweightsEasyExamples:
    """Images that are already right pull less, compared with cross-entropy, than others.

    Right is a probability of the true class above one half.
    """

    place: ClassVar[str] = "loss"
    claim: ClassVar[str] = "images that are already right count for less"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the loss's gradient with cross-entropy's on either side of one half."""
        pulls = _by_rightness(seen)
        if pulls is None:
            return None, _ONE_SIDED
        (of_wrong, of_right), said = pulls
        return bool(of_right < 0.98 * of_wrong), said


@dataclass(frozen=True)
class UpweightsEasyExamples:
    """Images that are already right pull more, compared with cross-entropy, than others.

    Right is a probability of the true class above one half. So it is where a margin is asked for,
    where targets are smoothed, and where images that contradict the network are believed less.
    """

    place: ClassVar[str] = "loss"
    claim: ClassVar[str] = "images that are already right count for more, compared with others"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the loss's gradient with cross-entropy's on either side of one half."""
        pulls = _by_rightness(seen)
        if pulls is None:
            return None, _ONE_SIDED
        (of_wrong, of_right), said = pulls
        return bool(of_right > 1.02 * of_wrong), said


@dataclass(frozen=True)
class DownweightsUncertainExamples:
    """Images that are not yet sure pull less than by cross-entropy.

    Sure is a probability of the true class above `sure`.
    """

    sure: float
    place: ClassVar[str] = "loss"

    @property
    def claim(self) -> str:
        """In words."""
        return f"images pull less than by cross-entropy where their class has p < {self.sure:.2g}"

    def check(self, seen: StageMeasurement) -> CheckResult:
        """Compare the two over the bins below."""
        loss, plain = seen.by_confidence[: int(self.sure * CONFIDENCE_BINS)].sum(0)
        if not plain > 0:
            return None, "no image was unsure while it trained"
        return bool(loss < 0.995 * plain), f"{loss / plain:.3f} times cross-entropy's gradient"


_ONE_SIDED = "no class had both right images and wrong ones while it trained"


def _by_rightness(seen: StageMeasurement) -> tuple[tuple[float, float], str] | None:
    """Gradient over cross-entropy's where wrong and where right, within classes.

    Over what the whole class pulls, so that weights of classes cancel out. None if in no class
    there are both.
    """
    half = CONFIDENCE_BINS // 2
    wrong, right = (
        seen.gradient_norm[:, :half].sum(1),
        seen.gradient_norm[:, half:].sum(1),
    )  # (C, 2)
    both = (wrong[:, 1] > 0) & (right[:, 1] > 0)
    if not both.any():
        return None
    wrong, right = wrong[both], right[both]
    of_class = (wrong + right)[:, 0] / (wrong + right)[:, 1]
    of_wrong, of_right = (
        float(part[:, 0].sum() / (part[:, 1] * of_class).sum()) for part in (wrong, right)
    )
    said = f"against all of their class {of_right:.2f} times where right, {of_wrong:.2f} where not"
    return (of_wrong, of_right), said


# ---- of a decision -----------------------------------------------------------------------------


@dataclass(frozen=True)
class PredictsRareClassesMore:
    """Labels move, and those that do move to rarer classes."""

    place: ClassVar[str] = "decision"
    claim: ClassVar[str] = (
        "of a made-up network that has learnt the prior, it moves labels to rarer classes"
    )

    def check(self, seen: DecisionMeasurement) -> CheckResult:
        """Compare the class sizes of labels before and after."""
        if _level(seen.counts):
            return None, "all classes are equally large"
        moved = seen.moved
        rarer = seen.counts[seen.decided[moved]] < seen.counts[seen.argmax[moved]]
        said = f"{int(rarer.sum())} of {int(moved.sum())} moved labels go to rarer classes"
        return bool(moved.any() and rarer.mean() > 0.5), said


@dataclass(frozen=True)
class RaisesFittedMacroF1:
    """Labels move, and macro-F1 of the images that the decision is fitted on rises by it."""

    place: ClassVar[str] = "decision"
    claim: ClassVar[str] = (
        "fitted to a made-up network that has learnt the prior, it raises macro-F1"
    )

    def check(self, seen: DecisionMeasurement) -> CheckResult:
        """Compare macro-F1 of the labels before and after."""
        if _level(seen.counts):
            return None, "all classes are equally large"
        before, after = seen.macro_f1
        return after > before, f"from {before:.3f} to {after:.3f}"


def _level(counts: NDArray[np.int64]) -> bool:
    """Whether all classes that have images have equally many."""
    there = counts[counts > 0]
    return bool(there.min() == there.max())


def _range(times: Floats) -> str:
    return f"from {times.min():.2f} to {times.max():.2f} times"


def rarer_half(counts: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """Return the rarer half of classes with images, counts (C,); None if all are equally large."""
    there = np.flatnonzero(counts > 0)
    order = there[np.argsort(counts[there], kind="stable")]
    rare = order[: len(order) // 2]
    if not len(rare) or counts[rare].max() >= 0.9 * counts[order].max():
        return None
    return rare
