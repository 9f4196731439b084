"""What a stretch draws from, and features that a strategy makes up."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.evaluation.audit import audit
from benchmark.plan.segments import Budget, make_plan
from benchmark.run.prepare import prepare
from benchmark.strategy import Mixing, Outputs, Stage, Strategy, find
from benchmark.strategy.expectations import DecisionMeasurement
from benchmark.strategy.registry import StrategySpec
from benchmark.system.progress import NullProgress
from benchmark.train.sample_pool import SamplePool
from benchmark.train.trainer import Training
from strategies.mixup import Mixup
from strategies.smote import Smote

LABELS = np.repeat([0, 1, 2, 3], [40, 12, 3, 1])


def features(dimensions=6):
    rng = np.random.default_rng(0)
    return rng.normal(LABELS[:, None], 1, (len(LABELS), dimensions)).astype(np.float32)


def with_smote(seed=0):
    pool = SamplePool.of(LABELS, torch.from_numpy(features()))
    return pool.with_made_up(Smote(neighbors=5), np.random.default_rng(seed))


def test_every_class_has_as_many_rows_as_the_largest():
    assert np.bincount(with_smote().labels).tolist() == [40] * 4
    assert with_smote().images == len(LABELS)


def test_images_stay_what_they_are_and_in_their_place():
    pool = with_smote()
    np.testing.assert_array_equal(pool.features[: len(LABELS)].numpy(), features())
    np.testing.assert_array_equal(pool.labels[: len(LABELS)], LABELS)
    assert not pool.new[: len(LABELS)].any()


def test_made_up_rows_lie_between_an_image_and_one_of_its_nearest_in_the_class():
    """Chawla et al. 2002, section 4.2."""
    pool, known = with_smote(), features().astype(float)
    for row, label in zip(pool.features[56:].numpy(), pool.labels[56:], strict=True):
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


def test_a_repeated_image_is_not_counted_as_made_up():
    pool = with_smote()
    assert pool.new[pool.labels == 3].sum() == 0
    assert [pool.new[pool.labels == c].sum() for c in (1, 2)] == [28, 37]


def test_the_same_rng_makes_up_the_same():
    one, two, other = with_smote(), with_smote(), with_smote(seed=1)
    assert torch.equal(one.features, two.features)
    assert not torch.equal(one.features, other.features)


def test_features_of_a_network_in_training_cannot_be_made_up():
    with pytest.raises(ValueError, match="trains='head'"):
        SamplePool.of(LABELS, None).with_made_up(Smote(5), np.random.default_rng(0))


@pytest.mark.parametrize(
    ("rows", "labels", "said"),
    [
        (np.zeros((2, 5)), np.array([0, 1]), r"rows \(S, 6\).*got \(2, 5\) and \(2,\)"),
        (np.zeros((2, 6)), np.array([0]), r"got \(2, 6\) and \(1,\)"),
        (np.zeros((1, 6)), np.array([7]), r"labels \(S,\) out of \[0, 1, 2, 3\].*labels \[7\]"),
    ],
)
def test_what_is_made_up_must_fit(rows, labels, said):
    pool = SamplePool.of(LABELS, torch.from_numpy(features()))
    with pytest.raises(ValueError, match=said):
        pool.with_made_up(lambda *_: (rows, labels), np.random.default_rng(0))


def test_a_stage_cannot_mix_images_and_make_up_features():
    mix: Mixing = Mixup(1.0)
    with pytest.raises(ValueError, match=r"not both.*Mixup.*Smote"):
        Stage(mixing=mix, synthesizer=Smote(5))


def test_a_class_needs_a_neighbour():
    with pytest.raises(ValueError, match="neighbors must be 1 or more, got 0"):
        find("smote", neighbors=0)


# ---- in a training ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Repeats:
    """Claims to be SMOTE and repeats images."""

    def __call__(self, features, labels, rng):
        """Features (N, D), labels (N,) -> the same again."""
        return features, labels


@pytest.fixture(scope="module")
def prepared(experiment_on):
    prepared = prepare(experiment_on("cpu"))
    prepared.run_frozen_layers([0], NullProgress())
    return replace(prepared, budgets={0: Budget(8, (6, 10))})


def trained(prepared, strategy, stops=()):
    plan = make_plan([StrategySpec("it", strategy, "", {})], prepared.budgets, {0: "origin"})
    (segment,) = plan.segments

    def begun():
        return Training(
            prepared.material, prepared.splits[0], prepared.experiment.recipe,
            prepared.budgets[0], 0, strategy.head,
        )  # fmt: skip

    training = begun()
    for step, file in stops:
        training.run(replace(segment, end=step))
        training.save(file)
        training = begun()
        training.restore(file)
    training.run(segment)
    return training


def checks(prepared, strategy, training):
    logits, pooled = training.outputs(prepared.splits[0].val)
    labels = prepared.images.labels[prepared.splits[0].val]
    outputs = Outputs(logits.numpy(), pooled.numpy(), labels)
    decided = DecisionMeasurement(
        prepared.train_counts(0), outputs, outputs.log_probabilities.argmax(1)
    )
    stages_measured = [watch.to_json() for watch in training.tally.stages_measured]
    experiment = prepared.experiment
    return audit(
        strategy,
        experiment.recipe,
        experiment.trainable,
        prepared.budgets[0],
        stages_measured,
        decided,
    )


def test_only_the_last_layer_learns_from_made_up_features(prepared):
    strategy = find("smote", final_fraction=0.5)
    training = trained(prepared, strategy)
    *before, last = training.tally.stages_measured
    assert not any(one.synthetic.any() for one in before)
    assert last.synthetic[0] == 0
    assert last.synthetic.sum() > 10
    assert last.trained == {"head"}
    assert (last.drawn + last.synthetic).sum() == 8 * 8
    assert training.tally.seen.sum() <= len(prepared.splits[0].train)
    assert not [one for one in checks(prepared, strategy, training) if one.seen is False]


def test_a_training_that_was_stopped_makes_up_the_same_features(prepared, tmp_path):
    strategy = find("smote", final_fraction=0.5)
    whole = trained(prepared, strategy)
    stopped = trained(prepared, strategy, stops=[(12, tmp_path / "state")])
    for one, two in zip(whole.network.parameters(), stopped.network.parameters(), strict=True):
        assert torch.equal(one, two)
    np.testing.assert_array_equal(
        whole.tally.stages_measured[-1].synthetic, stopped.tally.stages_measured[-1].synthetic
    )


def test_repeated_images_are_seen_not_to_be_made_up(prepared):
    strategy = find("smote", final_fraction=0.5)
    first, last = strategy.stages
    faulty = Strategy((first, replace(last, synthesizer=Repeats())))
    missed = [one for one in checks(prepared, strategy, trained(prepared, faulty)) if not one.seen]
    assert [one.place for one in missed] == ["features"]
    assert "0 of" in missed[0].observed


def test_views_of_images_stand_beside_made_up_features(prepared):
    from benchmark.strategy import RandomAugmentation

    recipe = replace(prepared.experiment.recipe, augmentation=RandomAugmentation())
    augmented = replace(prepared, experiment=replace(prepared.experiment, recipe=recipe))
    training = trained(augmented, find("smote", final_fraction=0.5))
    last = training.tally.stages_measured[-1]
    assert last.synthetic.sum() > 10
    assert training.tally.views == training.tally.drawn.sum()
