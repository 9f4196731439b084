"""Each effect is seen where it is, not seen where it is not, and left open where nothing can be."""

import numpy as np
import pytest

from benchmark.strategy import (
    AllImagesAugmented,
    DownweightsEasyExamples,
    DownweightsUncertainExamples,
    ExpectClassSampling,
    ExpectClassWeights,
    ImagesMixed,
    Outputs,
    PredictsRareClassesMore,
    RaisesFittedMacroF1,
    RepeatsAugmented,
    SyntheticFeatures,
    UpweightsEasyExamples,
    UpweightsRareClasses,
)
from benchmark.strategy.expectations import (
    CONFIDENCE_BINS,
    DecisionIsArgmax,
    DecisionMeasurement,
    GradientMatchesCrossEntropy,
    NoFeatureSynthetic,
    NoImageAugmented,
    NoImageMixed,
    StageMeasurement,
    rarer_half,
)

COUNTS = np.array([800, 200, 40, 10])


def shown(**changes):
    """A plain training of 20 epochs."""
    plain = COUNTS * np.array([1.0, 2, 3, 4])
    bins = changes.pop("by_confidence", np.arange(1.0, CONFIDENCE_BINS + 1)[:, None] * [1, 1])
    by_class = np.stack((changes.pop("gradient", plain), changes.pop("plain", plain)), axis=1)
    values = {
        "counts": COUNTS,
        "drawn": 20 * COUNTS,
        "synthetic": 0 * COUNTS,
        "shown": (20 * 1050, 0),
        "augmented": (0, 0),
        "mixed": 0,
        "gradient_norm": by_class[:, None] * bins / bins[:, 1].sum(),  # (C, 1, 2) x (bins, 2)
    }
    return StageMeasurement(**{**values, **changes})


def decided(argmax, labels, after, counts=COUNTS):
    logits = np.eye(len(counts), dtype=np.float32)[argmax]
    return DecisionMeasurement(counts, Outputs(logits, logits, np.array(labels)), np.array(after))


@pytest.mark.parametrize(
    "effect",
    [NoImageAugmented(), NoImageMixed(), NoFeatureSynthetic(), GradientMatchesCrossEntropy()],
)
def test_a_plain_training_shows_nothing_but_itself(effect):
    assert effect.check(shown())[0] is True


@pytest.mark.parametrize(
    ("effect", "changes"),
    [
        (NoImageAugmented(), {"augmented": (0, 1)}),
        (NoImageMixed(), {"mixed": 1}),
        (NoFeatureSynthetic(), {"synthetic": np.array([0, 0, 0, 1])}),
        (GradientMatchesCrossEntropy(), {"gradient": shown().plain * np.array([1, 1, 1, 1.02])}),
        (GradientMatchesCrossEntropy(), {"by_confidence": np.ones((10, 2)) * [0.9, 1.0]}),
    ],
)
def test_what_is_not_plain_is_seen(effect, changes):
    assert effect.check(shown(**changes))[0] is False


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_independent_draws_follow_a_power_of_the_class_sizes_up_to_chance(power):
    share = COUNTS**power / (COUNTS**power).sum()
    for seed in range(20):
        drawn = np.random.default_rng(seed).multinomial(21_000, share)
        for claimed in (0.0, 0.5, 1.0):
            effect = ExpectClassSampling(claimed, independent=True)
            assert effect.check(shown(drawn=drawn))[0] is (claimed == power)


def in_passes(counts, power, batches, rng, before=0):
    """Draws by class (C,) from passes in which the largest class is shown once, in whole."""
    one = np.rint(counts.max() * (counts / counts.max()) ** power).astype(int)
    positions = np.repeat(np.arange(len(counts)), one)
    required_forward_passes = -(-(before + batches) // len(positions))
    drawn = np.concatenate([rng.permutation(positions) for _ in range(required_forward_passes)])
    return np.bincount(drawn[before : before + batches], minlength=len(counts))


LONG_TAIL = np.array([404, 320, 254, 203, 161, 127, 100, 80, 64, 51, 40, 32, 26, 19, 16, 12, 11])


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_whole_passes_are_never_flagged_wherever_they_are_cut(power):
    rng = np.random.default_rng(1)
    for _ in range(300):
        counts = LONG_TAIL if rng.random() < 0.5 else np.sort(rng.integers(5, 900, 9))[::-1]
        drawn = in_passes(
            counts, power, *rng.integers(50, 9000, 1), rng, before := rng.integers(9000)
        )
        seen = ExpectClassSampling(power).check(
            shown(counts=counts, drawn=drawn, before=int(before))
        )
        assert seen[0] is True, seen


@pytest.mark.parametrize(("claimed", "power"), [(0.0, 0.1), (1.0, 0.9), (1.0, 1.1)])
def test_draws_a_little_off_are_seen(claimed, power):
    """A default run on the built-in images: 7,680 draws."""
    share = LONG_TAIL**power / (LONG_TAIL**power).sum()
    off = shown(counts=LONG_TAIL, drawn=np.rint(7680 * share).astype(int))
    assert ExpectClassSampling(claimed).check(off)[0] is False
    one_pass = 4 * LONG_TAIL
    one_pass[-1] -= 5  # of 44
    assert ExpectClassSampling(1.0).check(shown(counts=LONG_TAIL, drawn=one_pass))[0] is False


@pytest.mark.parametrize("blend", [0.25, 0.5, 0.75])
def test_blended_draws_are_between_those_of_the_sizes_and_equal_ones(blend):
    share = blend / 4 + (1 - blend) * COUNTS / COUNTS.sum()
    drawn = np.rint(21_000 * share).astype(int)
    for claimed in (0.25, 0.5, 0.75, 1.0):
        found = ExpectClassSampling(0, blend=claimed).check(shown(drawn=drawn))[0]
        assert found is (claimed == blend), claimed


def test_a_pass_of_cut_classes_is_short_so_there_is_little_chance():
    """Passes of 4 x 10 images: 21,000 of them are 525 whole ones."""
    equal = np.full(4, 5250)
    assert ExpectClassSampling(0, cut=True).check(shown(drawn=equal))[0] is True
    off = equal + np.array([140, -40, -50, -50])
    assert ExpectClassSampling(0, cut=True).check(shown(drawn=off))[0] is False
    assert ExpectClassSampling(0).check(shown(drawn=off))[0] is True, (
        "chance in a begun pass of 3,200"
    )


def test_what_draws_are_allowed_is_said():
    drawn = shown().drawn - [0, 0, 0, 3]
    assert ExpectClassSampling(1).check(shown(drawn=drawn)) == (
        True,
        "from 0.99 to 1.00 times what that asks for; up to ±0.03 is allowed",
    )


def test_a_class_without_images_is_not_expected_to_be_drawn():
    counts = np.array([30, 30, 0])
    assert (
        ExpectClassSampling(0).check(shown(counts=counts, drawn=np.array([300, 300, 0])))[0] is True
    )


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_weights_are_read_off_the_gradient(power):
    plain = shown().plain
    weights = COUNTS**-power * COUNTS.sum() / (COUNTS * COUNTS**-power).sum()
    weighed = shown(gradient=plain * weights)
    assert ExpectClassWeights(power).check(weighed)[0] is True
    assert ExpectClassWeights(power + 0.1).check(weighed)[0] is False
    assert ExpectClassWeights(power).check(shown())[0] is False
    for level in (1e-3, 0.9, 1.1):  # which would be another learning rate
        assert ExpectClassWeights(power).check(shown(gradient=level * plain * weights))[0] is False


@pytest.mark.parametrize("beta", [0.9, 0.99, 0.999])
def test_weights_by_the_effective_number_are_read_off_the_gradient(beta):
    number = (1 - beta**COUNTS) / (1 - beta)
    weights = COUNTS.sum() / (COUNTS / number).sum() / number
    weighed = shown(gradient=shown().plain * weights)
    for claimed in (0.9, 0.99, 0.999):
        assert ExpectClassWeights(1.0, claimed).check(weighed)[0] is (claimed == beta)
    assert ExpectClassWeights(1.0).check(weighed)[0] is False


def test_every_image_is_altered():
    assert AllImagesAugmented().check(shown(shown=(100, 50), augmented=(100, 49)))[0] is True
    assert AllImagesAugmented().check(shown(shown=(100, 50), augmented=(50, 50)))[0] is False
    assert AllImagesAugmented().check(shown(shown=(100, 50)))[0] is False


def test_images_of_different_classes_are_mixed():
    """Of 1,000 pairs drawn 50 : 50, half are of one class and mix to a single label."""
    drawn = np.array([500, 500, 0, 0])
    for mixed, seen in ((500, True), (450, True), (440, False), (0, False)):
        found = ImagesMixed(at_least=0.9).check(shown(drawn=drawn, shown=(1000, 0), mixed=mixed))
        assert found[0] is seen, mixed
    assert ImagesMixed(at_least=0.0).check(shown(shown=(1000, 0)))[0] is False, "none at all"


def test_made_up_features_fill_every_class():
    drawn = np.array([800, 200, 40, 10])
    filled = shown(drawn=drawn, synthetic=800 - drawn)
    assert SyntheticFeatures().check(filled) == (True, "2,150 of 3,200 shown")
    assert SyntheticFeatures().check(shown(drawn=drawn))[0] is False
    half = np.array([0, 300, 380, 395])
    assert SyntheticFeatures().check(shown(drawn=drawn, synthetic=half))[0] is False
    assert SyntheticFeatures().check(shown(drawn=drawn, synthetic=np.full(4, 800)))[0] is False
    single = {"counts": np.array([800, 200, 40, 1]), "drawn": np.array([800, 200, 40, 800])}
    alone = SyntheticFeatures().check(shown(**single, synthetic=np.array([0, 600, 760, 0])))
    assert alone[0] is True, "between a single image and itself there is nothing"
    level = {"counts": np.full(4, 9), "drawn": np.full(4, 90)}
    assert SyntheticFeatures().check(shown(**level))[0] is None
    assert SyntheticFeatures().check(shown(**level, synthetic=np.full(4, 9)))[0] is False


def test_repeats_alone_are_altered():
    assert RepeatsAugmented().check(shown(shown=(100, 50), augmented=(0, 50)))[0] is True
    assert RepeatsAugmented().check(shown(shown=(100, 50), augmented=(0, 30)))[0] is False
    assert RepeatsAugmented().check(shown(shown=(100, 50), augmented=(1, 50)))[0] is False
    assert RepeatsAugmented().check(shown(shown=(100, 0)))[0] is None, "nothing was repeated"


def test_rare_classes_pull_more():
    plain = shown().plain
    assert UpweightsRareClasses().check(shown(gradient=plain * [1, 1, 3, 3]))[0] is True
    assert UpweightsRareClasses().check(shown(gradient=plain * [3, 3, 1, 1]))[0] is False
    assert UpweightsRareClasses().check(shown())[0] is False
    assert UpweightsRareClasses().check(shown(counts=np.full(4, 50)))[0] is None


def test_easy_images_pull_less():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[5:, 0] = 0.3
    assert DownweightsEasyExamples().check(shown(by_confidence=bins))[0] is True
    assert DownweightsEasyExamples().check(shown(by_confidence=bins[::-1]))[0] is False
    assert DownweightsEasyExamples().check(shown())[0] is False
    bins[5:] = 0
    assert DownweightsEasyExamples().check(shown(by_confidence=bins))[0] is None, (
        "no image was right"
    )


def test_easy_images_pull_more():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[:5, 0] = 0.3
    assert UpweightsEasyExamples().check(shown(by_confidence=bins))[0] is True
    assert UpweightsEasyExamples().check(shown(by_confidence=bins[::-1]))[0] is False
    assert UpweightsEasyExamples().check(shown())[0] is False
    bins[:5] = 0
    assert UpweightsEasyExamples().check(shown(by_confidence=bins))[0] is None, "no image was wrong"


def test_weights_of_classes_are_not_taken_for_a_look_at_how_easy_images_are():
    """Rare classes are wrong more often: a loss that weighs them pulls more at wrong images."""
    wrong = np.array([0.1, 0.3, 0.6, 0.9])
    halves = np.stack((wrong, 1 - wrong), axis=1)  # (C, 2)
    plain = np.repeat(halves, CONFIDENCE_BINS // 2, axis=1)  # (C, bins)
    weights = np.array([0.5, 1, 4, 9])[:, None]
    seen = shown(gradient_norm=np.stack((plain * weights, plain), axis=2))
    assert DownweightsEasyExamples().check(seen)[0] is False
    assert UpweightsEasyExamples().check(seen)[0] is False
    plain_and_easy = seen.gradient_norm.copy()
    plain_and_easy[:, CONFIDENCE_BINS // 2 :, 0] *= 0.8
    assert DownweightsEasyExamples().check(shown(gradient_norm=plain_and_easy))[0] is True


def test_unsure_images_pull_less():
    bins = np.ones((CONFIDENCE_BINS, 2))
    bins[:4, 0] = 0.9
    assert DownweightsUncertainExamples(0.4).check(shown(by_confidence=bins))[0] is True
    assert DownweightsUncertainExamples(0.4).check(shown())[0] is False
    assert DownweightsUncertainExamples(0.4).check(shown(by_confidence=bins[::-1]))[0] is False
    bins[:4] = 0
    assert DownweightsUncertainExamples(0.4).check(shown(by_confidence=bins))[0] is None


def test_labels_go_to_rarer_classes():
    before = [0, 0, 1, 2]
    assert PredictsRareClassesMore().check(decided(before, before, [3, 1, 1, 2]))[0] is True
    assert PredictsRareClassesMore().check(decided(before, before, [0, 0, 0, 0]))[0] is False
    assert PredictsRareClassesMore().check(decided(before, before, before))[0] is False, (
        "nothing moved"
    )
    level = decided(before, before, [3, 1, 1, 2], counts=np.full(4, 9))
    assert PredictsRareClassesMore().check(level)[0] is None
    assert DecisionIsArgmax().check(decided(before, before, before))[0] is True
    assert DecisionIsArgmax().check(decided(before, before, [1, 0, 1, 2]))[0] is False


def test_a_fitted_decision_helps_where_it_was_fitted():
    labels, before = [0, 0, 1, 1], [0, 0, 0, 0]
    assert RaisesFittedMacroF1().check(decided(before, labels, labels))[0] is True
    assert RaisesFittedMacroF1().check(decided(labels, labels, before))[0] is False
    assert RaisesFittedMacroF1().check(decided(before, labels, before))[0] is False
    level = decided(before, labels, labels, counts=np.full(4, 9))
    assert RaisesFittedMacroF1().check(level)[0] is None


@pytest.mark.parametrize(
    ("counts", "rare"),
    [([5, 1, 9, 2], [1, 3]), ([5, 1, 0, 9], [1]), ([7, 7, 7], None), ([10, 10, 95, 100], [0, 1])],
)
def test_the_rarer_half(counts, rare):
    found = rarer_half(np.array(counts))
    assert (found is None) == (rare is None)
    if rare is not None:
        assert sorted(found.tolist()) == rare
