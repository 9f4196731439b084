"""What a step range draws from: the training images, and synthetic features of a strategy."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.evaluation.audit import audit
from benchmark.plan.schedule import Budget
from benchmark.strategy import Mixing, Outputs, RandomAugmentation, Stage, Strategy, find
from benchmark.strategy.measurements import DecisionMeasurement
from benchmark.train.sample_pool import SamplePool
from strategies.mixup import Mixup
from strategies.smote import Smote
from tests.train import small_training
from tests.train.small_training import SPLIT, Setup, assert_same, state_of

LABELS = np.repeat([0, 1, 2, 3], [40, 12, 3, 1])


def known_features(dimensions=6):
    rng = np.random.default_rng(0)
    return rng.normal(LABELS[:, None], 1, (len(LABELS), dimensions)).astype(np.float32)


def from_images():
    return SamplePool.from_images(LABELS, torch.from_numpy(known_features()))


def with_smote(seed=0):
    return from_images().with_synthetic(Smote(neighbors=5), np.random.default_rng(seed))


def test_every_class_has_as_many_rows_as_the_largest():
    assert np.bincount(with_smote().labels).tolist() == [40] * 4
    assert with_smote().images == len(LABELS)


def test_images_stay_as_they_are_and_come_first():
    samples = with_smote()
    np.testing.assert_array_equal(samples.features[: len(LABELS)].numpy(), known_features())
    np.testing.assert_array_equal(samples.labels[: len(LABELS)], LABELS)
    assert not samples.synthetic[: len(LABELS)].any()


def test_synthetic_rows_lie_between_an_image_and_a_near_one_of_its_class():
    """Chawla et al. 2002, section 4.2."""
    samples, known = with_smote(), known_features().astype(float)
    for row, label in zip(samples.features[56:].numpy(), samples.labels[56:], strict=True):
        own = known[label == LABELS]
        if len(own) == 1:
            np.testing.assert_array_equal(row, own[0])
            continue
        gaps = np.linalg.norm(own[:, None] - own[None], axis=2)
        near = np.argsort(gaps, axis=1)[:, 1:6]
        ends = [(i, j) for i in range(len(own)) for j in near[i]]
        detours = [
            np.linalg.norm(row - own[i]) + np.linalg.norm(row - own[j]) - gaps[i, j]
            for i, j in ends
        ]
        assert min(detours) < 1e-4


def test_a_repeated_image_does_not_count_as_synthetic():
    samples = with_smote()
    assert samples.synthetic[samples.labels == 3].sum() == 0
    assert [samples.synthetic[samples.labels == c].sum() for c in (1, 2)] == [28, 37]


def test_the_same_rng_gives_the_same_rows():
    first, same, other = with_smote(), with_smote(), with_smote(seed=1)
    assert torch.equal(first.features, same.features)
    assert not torch.equal(first.features, other.features)


def test_features_of_a_network_in_training_can_not_be_synthesised():
    with pytest.raises(ValueError, match="train_from='head'"):
        SamplePool.from_images(LABELS, None).with_synthetic(Smote(5), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("rows", "labels", "message"),
    [
        (np.zeros((2, 5)), np.array([0, 1]), r"rows \(S, 6\).*got \(2, 5\) and \(2,\)"),
        (np.zeros((2, 6)), np.array([0]), r"got \(2, 6\) and \(1,\)"),
        (np.zeros((1, 6)), np.array([7]), r"labels \(S,\) out of \[0, 1, 2, 3\].*labels \[7\]"),
    ],
)
def test_rows_of_another_shape_or_class_are_refused(rows, labels, message):
    with pytest.raises(ValueError, match=message):
        from_images().with_synthetic(lambda *_: (rows, labels), np.random.default_rng(0))


def test_a_stage_can_not_both_mix_images_and_synthesise_features():
    mix: Mixing = Mixup(1.0)
    with pytest.raises(ValueError, match=r"not both.*Mixup.*Smote"):
        Stage(mixing=mix, synthesizer=Smote(5))


def test_smote_needs_a_neighbour():
    with pytest.raises(ValueError, match="neighbors must be 1 or more, got 0"):
        find("smote", neighbors=0)


# ---- in a training ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeats:
    """Claims to be SMOTE and repeats images."""

    def __call__(self, features, labels, rng):
        """Features (N, D), labels (N,) -> the same again."""
        return features, labels


@pytest.fixture
def longer(features):
    return Setup(features, Budget(8, (6, 10)))


def checks(setup, strategy, training):
    """Audit a training against what a strategy declares."""
    logits, pooled = training.outputs(SPLIT.val)
    outputs = Outputs(logits.numpy(), pooled.numpy(), small_training.LABELS[SPLIT.val])
    counts, labels = np.bincount(training.labels), outputs.log_probabilities.argmax(1)
    return audit(
        strategy,
        setup.recipe,
        setup.features.pretrained.backbone.trainable("body"),
        setup.budget,
        [monitor.to_json() for monitor in training.stats.monitors],
        DecisionMeasurement(counts, outputs, labels),
    )


def test_only_the_last_layer_learns_from_synthetic_features(longer):
    strategy = find("smote", final_fraction=0.5)
    training = longer.trained(strategy)
    *before, last = training.stats.monitors
    assert not any(monitor.synthetic.any() for monitor in before)
    assert last.synthetic[0] == 0
    assert last.synthetic.sum() > 10
    assert last.changed_parameters == {"head"}
    assert (last.drawn + last.synthetic).sum() == 8 * 8
    assert training.stats.distinct_images <= len(SPLIT.train)
    assert not [check for check in checks(longer, strategy, training) if check.passed is False]


def test_a_training_that_was_stopped_synthesises_the_same_features(longer, tmp_path):
    strategy = find("smote", final_fraction=0.5)
    whole = longer.trained(strategy)
    first, (segment,) = longer.begin(strategy)
    first.run(replace(segment, end=12))
    first.save(tmp_path / "state")
    second, _ = longer.begin(strategy)
    second.restore(tmp_path / "state")
    second.run(segment)
    assert_same(state_of(whole), state_of(second))
    np.testing.assert_array_equal(
        whole.stats.monitors[-1].synthetic, second.stats.monitors[-1].synthetic
    )


def test_repeated_images_fail_the_audit_of_synthetic_features(longer):
    strategy = find("smote", final_fraction=0.5)
    first, last = strategy.stages
    faulty = Strategy((first, replace(last, synthesizer=Repeats())))
    results = checks(longer, strategy, longer.trained(faulty))
    failed = [check for check in results if check.passed is False]
    assert {check.component for check in failed} == {"synthesizer"}
    assert "37 distinct, 37 no other than an image" in failed[0].observed


def test_augmented_images_stand_beside_synthetic_features(longer):
    recipe = replace(longer.recipe, augmentation=RandomAugmentation())
    training = replace(longer, recipe=recipe).trained(find("smote", final_fraction=0.5))
    assert training.stats.monitors[-1].synthetic.sum() > 10
    assert training.stats.augmented_images == training.stats.drawn.sum()
