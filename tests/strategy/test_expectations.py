"""An expectation passes, fails, or is None where the measurement can't tell."""

import numpy as np
import pytest

from benchmark.strategy import (
    AllImagesAugmented,
    DecisionMeasurement,
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectClassSampling,
    ExpectClassWeights,
    ImagesMixed,
    Outputs,
    PredictsRareClassesMore,
    RaisesFittedMacroF1,
    RepeatsAugmented,
    StageMeasurement,
    SyntheticFeatures,
    UpweightsEasyExamples,
    UpweightsRareClasses,
)
from benchmark.strategy.expectations.decision import DecisionIsArgmax
from benchmark.strategy.expectations.inputs import NoImageAugmented
from benchmark.strategy.expectations.loss import GradientMatchesCrossEntropy, rarer_half
from benchmark.strategy.expectations.mixing import NoImageMixed
from benchmark.strategy.expectations.synthesis import NoFeatureSynthetic
from benchmark.strategy.measurements import CONFIDENCE_BINS

COUNTS = np.array([800, 200, 40, 10])


def measured(**changes):
    """A plain training of 20 epochs."""
    plain = COUNTS * np.array([1.0, 2, 3, 4])
    bins = changes.pop("by_confidence", np.arange(1.0, CONFIDENCE_BINS + 1)[:, None] * [1, 1])
    loss = changes.pop("gradient", plain)
    per_class = np.stack((loss, changes.pop("cross_entropy", plain)), axis=1)
    values = {
        "class_counts": COUNTS,
        "drawn": 20 * COUNTS,
        "synthetic": 0 * COUNTS,
        "images_shown": (20 * 1050, 0),
        "augmented": (0, 0),
        "mixed": 0,
        "gradient_norm": per_class[:, None] * bins / bins[:, 1].sum(),  # (C, 1, 2) x (bins, 2)
    }
    return StageMeasurement(**{**values, **changes})


def passed(expectation, **changes):
    return expectation.check(measured(**changes)).passed


def decision(argmax, labels, after, counts=COUNTS):
    logits = np.eye(len(counts), dtype=np.float32)[argmax]
    return DecisionMeasurement(counts, Outputs(logits, logits, np.array(labels)), np.array(after))


@pytest.mark.parametrize(
    "expectation",
    [NoImageAugmented(), NoImageMixed(), NoFeatureSynthetic(), GradientMatchesCrossEntropy()],
)
def test_plain_training_passes_all_neutral_expectations(expectation):
    assert passed(expectation) is True


@pytest.mark.parametrize(
    ("expectation", "changes"),
    [
        (NoImageAugmented(), {"augmented": (0, 1)}),
        (NoImageMixed(), {"mixed": 1}),
        (NoFeatureSynthetic(), {"synthetic": np.array([0, 0, 0, 1])}),
        (
            GradientMatchesCrossEntropy(),
            {"gradient": measured().cross_entropy_gradient * np.array([1, 1, 1, 1.02])},
        ),
        (GradientMatchesCrossEntropy(), {"by_confidence": np.ones((10, 2)) * [0.9, 1.0]}),
    ],
)
def test_a_change_of_plain_training_fails(expectation, changes):
    assert passed(expectation, **changes) is False


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_independent_draws_follow_a_power_of_the_class_sizes_up_to_chance(power):
    share = COUNTS**power / (COUNTS**power).sum()
    for seed in range(20):
        drawn = np.random.default_rng(seed).multinomial(21_000, share)
        for claimed in (0.0, 0.5, 1.0):
            expectation = ExpectClassSampling(claimed, independent=True)
            assert passed(expectation, drawn=drawn) is (claimed == power)


def in_epochs(counts, power, images, rng, before=0):
    """Draws by class (C,) from whole epochs that show each image of the largest class once."""
    epoch = np.rint(counts.max() * (counts / counts.max()) ** power).astype(int)
    positions = np.repeat(np.arange(len(counts)), epoch)
    epochs = -(-(before + images) // len(positions))
    drawn = np.concatenate([rng.permutation(positions) for _ in range(epochs)])
    return np.bincount(drawn[before : before + images], minlength=len(counts))


LONG_TAIL = np.array([404, 320, 254, 203, 161, 127, 100, 80, 64, 51, 40, 32, 26, 19, 16, 12, 11])


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_whole_epochs_always_pass_wherever_they_are_cut(power):
    rng = np.random.default_rng(1)
    for _ in range(300):
        counts = LONG_TAIL if rng.random() < 0.5 else np.sort(rng.integers(5, 900, 9))[::-1]
        drawn = in_epochs(
            counts, power, *rng.integers(50, 9000, 1), rng, before := rng.integers(9000)
        )
        result = ExpectClassSampling(power).check(
            measured(class_counts=counts, drawn=drawn, drawn_before=int(before))
        )
        assert result.passed is True, result.observed


@pytest.mark.parametrize(("claimed", "power"), [(0.0, 0.1), (1.0, 0.9), (1.0, 1.1)])
def test_draws_a_little_off_fail(claimed, power):
    """A default run on the built-in images: 7,680 draws."""
    share = LONG_TAIL**power / (LONG_TAIL**power).sum()
    off = measured(class_counts=LONG_TAIL, drawn=np.rint(7680 * share).astype(int))
    assert ExpectClassSampling(claimed).check(off).passed is False
    drawn = 4 * LONG_TAIL
    drawn[-1] -= 5  # of 44
    assert passed(ExpectClassSampling(1.0), class_counts=LONG_TAIL, drawn=drawn) is False


@pytest.mark.parametrize("blend", [0.25, 0.5, 0.75])
def test_blended_draws_are_between_those_of_the_sizes_and_equal_ones(blend):
    share = blend / 4 + (1 - blend) * COUNTS / COUNTS.sum()
    drawn = np.rint(21_000 * share).astype(int)
    for claimed in (0.25, 0.5, 0.75, 1.0):
        result = passed(ExpectClassSampling(0, blend=claimed), drawn=drawn)
        assert result is (claimed == blend), claimed


def test_an_undersampled_epoch_is_short_and_leaves_little_to_chance():
    """Epochs of 4 x 10 images: 21,000 images are 525 whole epochs."""
    equal = np.full(4, 5250)
    assert passed(ExpectClassSampling(0, undersampled=True), drawn=equal) is True
    off = equal + np.array([140, -40, -50, -50])
    assert passed(ExpectClassSampling(0, undersampled=True), drawn=off) is False
    assert passed(ExpectClassSampling(0), drawn=off) is True, "chance in a partial epoch of 3,200"


def test_the_result_has_the_allowed_deviation():
    drawn = measured().drawn - [0, 0, 0, 3]
    assert ExpectClassSampling(1).check(measured(drawn=drawn)) == (
        True,
        "from 0.99 to 1.00 times the expected draws; up to ±0.03 is allowed",
    )


def test_a_class_without_images_is_not_expected_to_be_drawn():
    counts = np.array([30, 30, 0])
    assert (
        passed(ExpectClassSampling(0), class_counts=counts, drawn=np.array([300, 300, 0])) is True
    )


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_class_weights_are_measured_in_the_gradient(power):
    plain = measured().cross_entropy_gradient
    weights = COUNTS**-power * COUNTS.sum() / (COUNTS * COUNTS**-power).sum()
    weighed = measured(gradient=plain * weights)
    assert ExpectClassWeights(power).check(weighed).passed is True
    assert ExpectClassWeights(power + 0.1).check(weighed).passed is False
    assert passed(ExpectClassWeights(power)) is False
    for level in (1e-3, 0.9, 1.1):  # another learning rate
        assert passed(ExpectClassWeights(power), gradient=level * plain * weights) is False


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999])
def test_weights_by_effective_number_are_measured_in_the_gradient(beta):
    number = (1 - beta**COUNTS) / (1 - beta)
    weights = COUNTS.sum() / (COUNTS / number).sum() / number
    weighed = measured(gradient=measured().cross_entropy_gradient * weights)
    for claimed in (0.9, 0.99, 0.999):
        assert ExpectClassWeights(1.0, claimed).check(weighed).passed is (claimed == beta)
    assert ExpectClassWeights(1.0).check(weighed).passed is False


def test_all_images_are_augmented():
    assert passed(AllImagesAugmented(), images_shown=(100, 50), augmented=(100, 49)) is True
    assert passed(AllImagesAugmented(), images_shown=(100, 50), augmented=(50, 50)) is False
    assert passed(AllImagesAugmented(), images_shown=(100, 50)) is False


def test_images_of_different_classes_are_mixed():
    """Of 1,000 pairs drawn 50 : 50, half are of one class and mix to a single label."""
    drawn = np.array([500, 500, 0, 0])
    for mixed, expected in ((500, True), (450, True), (440, False), (0, False)):
        changes = {"drawn": drawn, "images_shown": (1000, 0), "mixed": mixed}
        result = passed(ImagesMixed(at_least=0.9), **changes)
        assert result is expected, mixed
    assert passed(ImagesMixed(at_least=0.0), images_shown=(1000, 0)) is False, "none at all"


def test_synthetic_features_fill_every_class():
    drawn = np.array([800, 200, 40, 10])
    filled = measured(drawn=drawn, synthetic=800 - drawn)
    assert SyntheticFeatures().check(filled) == (True, "2,150 of 3,200 features")
    assert passed(SyntheticFeatures(), drawn=drawn) is False
    half = np.array([0, 300, 380, 395])
    assert passed(SyntheticFeatures(), drawn=drawn, synthetic=half) is False
    assert passed(SyntheticFeatures(), drawn=drawn, synthetic=np.full(4, 800)) is False
    single = {"class_counts": np.array([800, 200, 40, 1]), "drawn": np.array([800, 200, 40, 800])}
    interpolated = np.array([0, 600, 760, 0])  # a single image leaves nothing to interpolate
    assert passed(SyntheticFeatures(), **single, synthetic=interpolated) is True
    level = {"class_counts": np.full(4, 9), "drawn": np.full(4, 90)}
    assert passed(SyntheticFeatures(), **level) is None
    assert passed(SyntheticFeatures(), **level, synthetic=np.full(4, 9)) is False


def test_only_repeats_are_augmented():
    assert passed(RepeatsAugmented(), images_shown=(100, 50), augmented=(0, 50)) is True
    assert passed(RepeatsAugmented(), images_shown=(100, 50), augmented=(0, 30)) is False
    assert passed(RepeatsAugmented(), images_shown=(100, 50), augmented=(1, 50)) is False
    assert passed(RepeatsAugmented(), images_shown=(100, 0)) is None, "nothing was repeated"


def test_rare_classes_have_larger_gradients():
    plain = measured().cross_entropy_gradient
    assert passed(UpweightsRareClasses(), gradient=plain * [1, 1, 3, 3]) is True
    assert passed(UpweightsRareClasses(), gradient=plain * [3, 3, 1, 1]) is False
    assert passed(UpweightsRareClasses()) is False
    assert passed(UpweightsRareClasses(), class_counts=np.full(4, 50)) is None


def test_easy_images_have_smaller_gradients():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[5:, 0] = 0.3
    assert passed(DownweightsEasyExamples(), by_confidence=bins) is True
    assert passed(DownweightsEasyExamples(), by_confidence=bins[::-1]) is False
    assert passed(DownweightsEasyExamples()) is False
    bins[5:] = 0
    assert passed(DownweightsEasyExamples(), by_confidence=bins) is None, "no image was easy"


def test_easy_images_have_larger_gradients():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[:5, 0] = 0.3
    assert passed(UpweightsEasyExamples(), by_confidence=bins) is True
    assert passed(UpweightsEasyExamples(), by_confidence=bins[::-1]) is False
    assert passed(UpweightsEasyExamples()) is False
    bins[:5] = 0
    assert passed(UpweightsEasyExamples(), by_confidence=bins) is None, "no image was hard"


def test_class_weights_are_not_mistaken_for_weights_by_difficulty():
    """Images of rare classes are hard more often, so class weights are larger for hard images."""
    wrong = np.array([0.1, 0.3, 0.6, 0.9])
    halves = np.stack((wrong, 1 - wrong), axis=1)  # (C, 2)
    plain = np.repeat(halves, CONFIDENCE_BINS // 2, axis=1)  # (C, bins)
    weights = np.array([0.5, 1, 4, 9])[:, None]
    weighted = measured(gradient_norm=np.stack((plain * weights, plain), axis=2))
    assert DownweightsEasyExamples().check(weighted).passed is False
    assert UpweightsEasyExamples().check(weighted).passed is False
    plain_and_easy = weighted.gradient_norm.copy()
    plain_and_easy[:, CONFIDENCE_BINS // 2 :, 0] *= 0.8
    assert passed(DownweightsEasyExamples(), gradient_norm=plain_and_easy) is True


def test_uncertain_images_have_smaller_gradients():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[:4, 0] = 0.9
    assert passed(DownweightsUncertainExamples(0.4), by_confidence=bins) is True
    assert passed(DownweightsUncertainExamples(0.4)) is False
    assert passed(DownweightsUncertainExamples(0.4), by_confidence=bins[::-1]) is False
    bins[:4] = 0
    assert passed(DownweightsUncertainExamples(0.4), by_confidence=bins) is None


def test_labels_go_to_rarer_classes():
    before = [0, 0, 1, 2]
    assert PredictsRareClassesMore().check(decision(before, before, [3, 1, 1, 2])).passed is True
    assert PredictsRareClassesMore().check(decision(before, before, [0, 0, 0, 0])).passed is False
    assert PredictsRareClassesMore().check(decision(before, before, before)).passed is False, (
        "no label changed"
    )
    level = decision(before, before, [3, 1, 1, 2], counts=np.full(4, 9))
    assert PredictsRareClassesMore().check(level).passed is None
    assert DecisionIsArgmax().check(decision(before, before, before)).passed is True
    assert DecisionIsArgmax().check(decision(before, before, [1, 0, 1, 2])).passed is False


def test_a_fitted_decision_helps_where_it_was_fitted():
    labels, before = [0, 0, 1, 1], [0, 0, 0, 0]
    assert RaisesFittedMacroF1().check(decision(before, labels, labels)).passed is True
    assert RaisesFittedMacroF1().check(decision(labels, labels, before)).passed is False
    assert RaisesFittedMacroF1().check(decision(before, labels, before)).passed is False
    level = decision(before, labels, labels, counts=np.full(4, 9))
    assert RaisesFittedMacroF1().check(level).passed is None


@pytest.mark.parametrize(
    ("counts", "rare"),
    [([5, 1, 9, 2], [1, 3]), ([5, 1, 0, 9], [1]), ([7, 7, 7], None), ([10, 10, 95, 100], [0, 1])],
)
def test_the_rarer_half(counts, rare):
    half = rarer_half(np.array(counts))
    assert (half if half is None else sorted(half.tolist())) == rare
