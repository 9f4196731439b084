"""Declared strengths are checked in size, with measurements made by hand."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from scipy.special import softmax

from benchmark.strategy import (
    CrossEntropy,
    ExpectCosineHead,
    ExpectLoss,
    ExpectPriorCorrection,
    ExpectSameLoss,
    ExpectStage,
    ExpectTauNormalisation,
    FeaturesInterpolated,
    ImagesRotated,
    LabelsFollowPixels,
    Outputs,
    RandomAugmentation,
    SharesFromBeta,
    WeightedLoss,
    find,
)
from benchmark.strategy.expectations.draws import (
    BatchesMixed,
    ImagesDrawnEqually,
    ImagesDrawnUnequally,
)
from benchmark.strategy.expectations.head import EachClassHasLogits, HeadIsLinear
from benchmark.strategy.expectations.inputs import ImagesRecognisable
from benchmark.strategy.measurements import (
    DecisionMeasurement,
    SampledImages,
    StageMeasurement,
    StageSchedule,
    SyntheticRow,
)
from benchmark.strategy.synthetic_images import augment_patterns

COUNTS = np.array([800, 200, 40, 10])


def measured(**values):
    empty = np.zeros(4, np.int64)
    norms = np.zeros((4, 10, 2))
    return StageMeasurement(COUNTS, 20 * COUNTS, empty, (0, 0), (0, 0), 0, norms, **values)


def sampled(loss, images=40):
    """Logits, gradient and target of a loss, by autograd."""
    rng = torch.Generator().manual_seed(0)
    logits = 3 * torch.randn(images, 4, generator=rng, dtype=torch.float64)
    target = torch.eye(4, dtype=torch.float64)[torch.arange(images) % 4]
    logits.requires_grad_()
    loss(logits, target, torch.from_numpy(COUNTS).double()).sum().backward()
    return SampledImages(logits.detach().numpy(), logits.grad.numpy(), target.numpy())


LOSSES = {
    "no_change": ExpectLoss(),
    "class_weights:power=0.5": ExpectLoss(power=0.5),
    "effective_number:beta=0.99": ExpectLoss(beta=0.99),
    "focal_loss:gamma=2": ExpectLoss(gamma=2),
    "class_balanced_focal:gamma=1,beta=0.99": ExpectLoss(gamma=1, beta=0.99),
    "generalized_cross_entropy:q=0.7": ExpectLoss(q=0.7),
    "label_smoothing:epsilon=0.1": ExpectLoss(epsilon=0.1),
    "logit_adjusted_loss:tau=1": ExpectLoss(tau=1),
    "ldam_drw:margin=0.5,scale=10": ExpectLoss(margin=0.5, scale=10),
}


@pytest.mark.parametrize("spec", LOSSES)
def test_a_loss_has_the_gradient_of_its_own_formula_alone(spec):
    loss = find(spec).stages[0].loss
    measurement = measured(sample=sampled(loss))
    passing = [name for name, each in LOSSES.items() if each.check(measurement).passed]
    assert passing == [spec]
    assert ExpectSameLoss(loss).check(measurement).passed is True
    assert ExpectSameLoss(WeightedLoss(torch.reciprocal)).check(measurement).passed is False


@pytest.mark.parametrize("strength", [0.1, 0.9, 1.1])
def test_a_strength_a_tenth_off_is_noticed(strength):
    adjusted = find("logit_adjusted_loss", tau=strength).stages[0].loss
    assert ExpectLoss(tau=1).check(measured(sample=sampled(adjusted))).passed is False
    focal = find("focal_loss", gamma=2 * strength).stages[0].loss
    assert ExpectLoss(gamma=2).check(measured(sample=sampled(focal))).passed is False


def test_a_gradient_that_has_vanished_cannot_tell():
    sample = sampled(CrossEntropy())
    still = SampledImages(1e3 * sample.target, 0 * sample.gradient, sample.target)
    assert ExpectLoss(gamma=2).check(measured(sample=still)).passed is None
    assert ExpectLoss(gamma=2).check(measured()).passed is None


def test_a_loss_that_depends_on_its_batch_cannot_tell():
    @dataclass(frozen=True)
    class Batch:
        def __call__(self, logits, target, counts):
            return CrossEntropy()(logits, target, counts) / len(logits)

    assert ExpectSameLoss(Batch()).check(measured(sample=sampled(Batch()))).passed is None


def test_weights_of_the_batch_cannot_tell_where_each_half_has_the_classes_of_the_whole():
    loss = WeightedLoss(torch.reciprocal, normalise="batch")
    assert ExpectSameLoss(loss).check(measured(sample=sampled(loss))).passed is None


def draws(rng, epochs=10):
    """Independent draws of the images of each class, as many of each."""
    return np.concatenate([rng.multinomial(800 * epochs, np.full(n, 1 / n)) for n in COUNTS])


def test_images_of_a_class_are_drawn_equally_often_up_to_chance():
    for seed in range(50):
        by_chance = measured(image_draws=draws(np.random.default_rng(seed)))
        assert ImagesDrawnEqually().check(by_chance).passed is True
    repeated = draws(np.random.default_rng(0))
    repeated[-10:] = [7991, *[1] * 9]
    assert ImagesDrawnEqually().check(measured(image_draws=repeated)).passed is False
    assert ImagesDrawnUnequally().check(measured(image_draws=repeated)).passed is True
    few = np.zeros(1050, np.int64)
    few[[3, 900]] = 2
    assert ImagesDrawnEqually().check(measured(image_draws=few)).passed is True
    assert ImagesDrawnEqually().check(measured()).passed is None


def test_batches_are_mixed():
    share = COUNTS / COUNTS.sum()
    for seed in range(50):
        batches = np.random.default_rng(seed).multinomial(32, share, size=600)
        pairs = int((batches * (batches - 1) // 2).sum())
        assert BatchesMixed().check(measured(batches=(600, 32), same_class_pairs=pairs)).passed
    in_order = measured(batches=(600, 32), same_class_pairs=600 * 31 * 16)
    assert BatchesMixed().check(in_order).passed is False


def blends(label_share, kappa=np.inf, images=200):
    """Images of classes 0 and 3, of which the first has a share of the pixels."""
    share = np.random.default_rng(0).beta(1, 1, images)
    pixels, target = np.zeros((2, images, 4))
    pixels[:, 0], pixels[:, 3] = share, 1 - share
    target[:, 0], target[:, 3] = label_share(share), 1 - label_share(share)
    return measured(sample=SampledImages(target, target, target, pixels, share), batches=(50, 32))


def test_labels_follow_pixels():
    assert LabelsFollowPixels().check(blends(lambda a: a)).passed is True
    assert LabelsFollowPixels().check(blends(lambda a: 1 - a)).passed is False
    assert LabelsFollowPixels().check(blends(np.ones_like)).passed is False
    remix = LabelsFollowPixels(kappa=3)
    assert remix.check(blends(lambda a: np.where(a < 0.5, 0, a))).passed is True
    assert remix.check(blends(lambda a: np.where(a > 0.5, 1, a))).passed is False
    assert remix.check(blends(lambda a: a)).passed is False
    assert LabelsFollowPixels().check(measured()).passed is None


def test_shares_are_of_the_declared_distribution():
    measurement = blends(lambda a: a)
    assert SharesFromBeta(1.0).check(measurement).passed is True
    assert SharesFromBeta(0.2).check(measurement).passed is False
    assert SharesFromBeta(5.0).check(measurement).passed is False


def test_synthetic_features_lie_between_neighbours():
    def passed(**changes):
        positions = (np.arange(100) + 0.5) / 100
        rows = [SyntheticRow(3, 1e-6, 1 + k % 5, u, 0) for k, u in enumerate(positions)]
        changed = tuple(row._replace(**changes) for row in rows)
        return FeaturesInterpolated(5).check(measured(synthetic_rows=changed)).passed

    assert passed() is True
    assert passed(detour=0.5) is False
    assert passed(rank=6) is False
    assert passed(position=0.5) is False
    assert passed(is_copy=1) is False
    assert passed(position=-1) is True  # several images are the row
    assert FeaturesInterpolated(5).check(measured()).passed is None


def interpolated(ends, rank, classes=(3,)):
    """Rows of classes with ends (R, 2) and ranks (R,)."""
    positions = (np.arange(len(ends)) + 0.5) / len(ends)
    rows = zip(positions, ends.tolist(), rank, strict=True)
    made = [SyntheticRow(c, 1e-6, r, u, 0, *e) for u, e, r in rows for c in classes]
    return measured(synthetic_rows=tuple(made))


def test_rows_of_a_class_are_not_all_of_one_image():
    rng = np.random.default_rng(0)
    ends, rank = rng.integers(0, 9, (60, 2)), np.arange(60) % 5 + 1
    assert FeaturesInterpolated(5).check(interpolated(ends, rank)).passed is True
    ends[:, 0] = 9
    assert FeaturesInterpolated(5).check(interpolated(ends, rank)).passed is False
    assert FeaturesInterpolated(1).check(interpolated(ends, rank**0)).passed is True, "a hub"
    few = interpolated(ends[:8], rank[:8])
    assert FeaturesInterpolated(5).check(few).passed is True, "few rows may be by chance"
    of_three = interpolated(ends[:8], rank[:8], classes=(1, 2, 3))
    assert FeaturesInterpolated(5).check(of_three).passed is False, "not in each class"
    copies = interpolated(0 * ends - 1, rank)
    assert FeaturesInterpolated(5).check(copies).passed is True, "ends that can't be told"


def test_not_all_rows_are_between_nearest_images():
    ends = np.random.default_rng(0).integers(0, 10, (60, 2))
    for neighbors, passed in ((1, True), (2, True), (3, False), (5, False)):
        nearest = interpolated(ends, np.ones(60))
        assert FeaturesInterpolated(neighbors).check(nearest).passed is passed


@pytest.mark.parametrize(("degrees", "passed"), [(15, True), (1.5, False), (90, False)])
def test_rotations_are_measured_on_synthetic_images(degrees, passed):
    measurement = measured(patterns=augment_patterns(RandomAugmentation(degrees)))
    assert ImagesRotated(15).check(measurement).passed is passed
    assert ImagesRecognisable().check(measurement).passed is True


def test_pixels_of_another_image_are_noticed():
    @dataclass(frozen=True)
    class Other(RandomAugmentation):
        def __call__(self, images, repeat_index, rng):
            return super().__call__(images, repeat_index, rng).roll(1, 0)

    patterns = augment_patterns(Other())
    assert ImagesRecognisable().check(measured(patterns=patterns)).passed is False


def outputs(scores=None, tau=0.0):
    """Outputs of a network with a linear head, and labels of a prior correction."""
    rng = np.random.default_rng(0)
    features, head = rng.normal(size=(60, 5)), rng.normal(size=(4, 5))
    logits = features @ head.T + 0.3 if scores is None else scores(features, head)
    out = Outputs(logits.astype(np.float32), features.astype(np.float16), np.arange(60) % 4, head)
    log_prior = np.log(COUNTS / COUNTS.sum())
    return DecisionMeasurement(COUNTS, out, (out.log_probabilities - tau * log_prior).argmax(1))


def test_labels_of_a_decision_are_those_of_the_formula():
    for tau in (0.0, 0.1, 1.0, 3.0):
        for declared in (0.0, 0.1, 1.0, 3.0):
            result = ExpectPriorCorrection(declared).check(outputs(tau=tau))
            assert result.passed is (tau == declared)
    assert ExpectTauNormalisation(0.0).check(outputs(lambda x, w: x @ w.T)).passed is True
    assert ExpectTauNormalisation(2.0).check(outputs(lambda x, w: x @ w.T)).passed is False


def test_logits_are_those_of_the_head():
    def cosine(x, w, scale=30.0):
        unit = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, w)]
        return scale * unit[0] @ unit[1].T

    linear, small = outputs(), outputs(lambda x, w: cosine(x, w, 3.0))
    assert HeadIsLinear().check(linear).passed is True
    assert HeadIsLinear().check(outputs(lambda x, w: x @ w.T / 10)).passed is False
    assert HeadIsLinear().check(outputs(cosine)).passed is False
    assert ExpectCosineHead(30).check(outputs(cosine)).passed is True
    assert ExpectCosineHead(30).check(small).passed is False
    twins = outputs(lambda x, w: (x @ w.T)[:, [0, 0, 1, 2]])
    assert EachClassHasLogits().check(linear).passed is True
    assert EachClassHasLogits().check(twins).passed is False
    probabilities = outputs(lambda x, w: softmax(x @ w.T, axis=1))
    assert EachClassHasLogits().check(probabilities).passed is False


@pytest.mark.parametrize(
    ("schedule", "passed"),
    [
        (StageSchedule(0.3, 0.02, 0, False, True), True),
        (StageSchedule(0.7, 0.02, 0, False, True), False),
        (StageSchedule(0.3, 0.02, 0, True, True), False),
        (StageSchedule(0.3, 0.02, 0, False, False), False),
        (StageSchedule(0.3, 0.02, 0, None, True), True),
        (StageSchedule(0.3, 0.02, 0, False, True, lr_factor=0.01), False),
    ],
)
def test_a_stage_has_its_share_and_its_blocks(schedule, passed):
    declared = ExpectStage(0.3, head_alone=True, reset_head=True)
    assert declared.check(measured(schedule=schedule)).passed is passed
