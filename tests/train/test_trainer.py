"""The training loop: what trains, what stays, what repeats to the bit."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.plan.recipes import Phase, Recipe
from benchmark.plan.schedule import Budget
from benchmark.strategy import CrossEntropy, RandomAugmentation, Stage, Strategy
from benchmark.train import trainer, training_state
from benchmark.train.batch_sampler import BatchSampler
from strategies.smote import Smote
from tests.train.small_training import (
    LABELS,
    SPLIT,
    Halves,
    KeepBright,
    KeepSome,
    Setup,
    Twice,
    assert_same,
    changed,
    limit_memory,
    small_features,
    state_of,
)

HEAD_ONLY = Strategy((Stage(train_from="head"),))


@pytest.fixture(scope="module")
def real():
    """Return the same setup on InceptionV3 at 75 px."""
    return Setup(small_features("Mixed_7b", backbone="inception_v3", size=75))


def test_head_phase_changes_the_head_and_nothing_else(setup):
    training, (segment,) = setup.begin()
    before = state_of(training)
    training.run(replace(segment, end=3))
    assert changed(before, state_of(training)) == {"head.weight", "head.bias"}
    assert training.suffix_unchanged


def test_second_phase_trains_from_the_cut_on_and_its_batch_norm_with_it(setup):
    training, (segment,) = setup.begin()
    before = state_of(training)
    training.run(segment)
    assert changed(before, state_of(training)) == before.keys()
    assert {name.split(".")[1] for name in before if "suffix" in name} == {"body", "tail"}
    assert any(name.endswith("running_mean") for name in before)


def test_a_stage_can_freeze_what_the_phase_would_train(setup):
    fresh, _ = setup.begin()
    trained = setup.trained(HEAD_ONLY)
    assert_same(fresh.network.suffix.state_dict(), trained.network.suffix.state_dict())


@pytest.mark.parametrize("cut", ["head", "stem"])
def test_both_ends_of_the_depth(cut):
    setup = Setup(small_features(cut), Budget(4, (1, 1)))
    before = state_of(setup.begin()[0])
    names = changed(before, state_of(setup.trained()))
    if cut == "head":
        assert names == {"head.weight", "head.bias"}
    else:
        assert any(name.startswith("suffix.stem") for name in names)


def test_training_learns_something(setup):
    """The three classes differ in brightness alone; the head must find that from any features."""
    longer = replace(setup, budget=Budget(8, (60, 60))).with_phases(lr=0.3)
    training = longer.trained(HEAD_ONLY)
    logits, _ = training.outputs(SPLIT.train)
    assert (logits.argmax(1).numpy() == LABELS[SPLIT.train]).mean() > 0.8
    curve = training.stats.curve
    assert curve[-1]["train_loss"] < 0.7 * curve[0]["train_loss"]


def test_the_same_training_twice_is_the_same_to_the_bit(setup):
    assert_same(state_of(setup.trained()), state_of(setup.trained()))


def test_a_strategy_may_use_torchs_own_random_numbers(setup):
    @dataclass(frozen=True)
    class Dropping:
        def __call__(self, width, classes):
            return torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(width, classes))

    torch.manual_seed(1)
    first = state_of(setup.trained(Strategy(head=Dropping())))
    after = torch.rand(1)
    torch.manual_seed(2)
    assert_same(first, state_of(setup.trained(Strategy(head=Dropping()))))
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(1)), "what the caller draws is not disturbed"


def assert_a_stop_changes_nothing(setup, stop, file):
    whole = setup.trained()
    first, (segment,) = setup.begin()
    first.run(replace(segment, end=stop))
    first.save(file)
    second, _ = setup.begin()
    second.restore(file)
    second.run(segment)
    assert_same(state_of(whole), state_of(second))
    for indices in (SPLIT.val, SPLIT.test):
        for left, right in zip(whole.outputs(indices), second.outputs(indices), strict=True):
            assert torch.equal(left, right)
    losses = [[point["val_loss"] for point in t.stats.curve] for t in (whole, second)]
    assert losses[0] == losses[1]
    points = [
        [(p["step"], p["start"], p["learning"]) for p in t.stats.losses] for t in (whole, second)
    ]
    assert points[0] == points[1]
    return whole, second


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_stopped_and_restored_is_the_same_to_the_bit(setup, tmp_path, stop):
    """In the middle of the head phase, between the phases, in the middle of the second."""
    assert_a_stop_changes_nothing(setup, stop, tmp_path / "state")


@pytest.mark.slow
def test_inception_stopped_and_restored_is_the_same_to_the_bit(real, tmp_path):
    assert_a_stop_changes_nothing(real, 4, tmp_path / "state")


OF_EVERY_KIND = {
    "plain": Strategy(),
    "augmented and drawn twice": Strategy(
        (Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),)
    ),
    "mixed": Strategy((Stage(mixing=Halves()),)),
    "selected": Strategy((Stage(0.4, selection=KeepSome()), Stage(0.6, selection=KeepBright()))),
    "a new head at the end": Strategy(
        (Stage(0.6), Stage(0.4, reset_head=True, train_from="head", lr_factor=0.5))
    ),
    "synthetic features": Strategy(
        (Stage(0.4), Stage(0.6, train_from="head", synthesizer=Smote(2), reset_head=True))
    ),
    "after the budget": Strategy().then(Stage(0, extra_epochs=0.4, train_from="head")),
}


def measured(training):
    """Everything that is stored of a training but how long it took."""
    return training.stats.to_json() | {"seconds": 0}


@pytest.mark.parametrize("micro_batches", [1, 2])
@pytest.mark.parametrize("strategy", OF_EVERY_KIND.values(), ids=OF_EVERY_KIND)
def test_saved_after_any_step_it_goes_on_to_the_bit_and_measures_the_same(
    setup, tmp_path, strategy, micro_batches
):
    setup = replace(setup, budget=Budget(4, (5, 13), head_phases=(0,), images=37))
    whole, segments = setup.begin(strategy)
    whole.stats.micro_batches = micro_batches

    def save():
        whole.save(tmp_path / str(whole.step))

    for segment in segments:
        whole.run(segment, after_step=save)
    never_saved, _ = setup.begin(strategy)
    never_saved.stats.micro_batches = micro_batches
    for segment in segments:
        never_saved.run(segment)
    assert measured(whole) == measured(never_saved)
    for step in range(1, segments[-1].end):
        again, _ = setup.begin(strategy)
        again.restore(tmp_path / str(step))
        for segment in segments:
            again.run(segment)
        assert_same(state_of(never_saved), state_of(again))
        assert measured(again) == measured(never_saved), step


def test_a_state_after_a_loss_that_is_no_number_is_not_saved(setup, tmp_path):
    @dataclass(frozen=True)
    class Broken(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts) / 0

    setup = replace(setup, budget=Budget(4, (40, 1)))
    strategy = Strategy((Stage(loss=Broken()),))
    training, (segment,) = setup.begin(strategy)
    with pytest.raises(FloatingPointError, match="at step 1:"):
        training.run(segment, after_step=lambda: training.save(tmp_path / "state"))
    assert not (tmp_path / "state").exists()


def test_momentum_survives_a_stop(setup, tmp_path):
    recipe = Recipe("own", "", (Phase(1, "rest", 0.01),), 4, weight_decay=0.1, momentum=0.9)
    setup = replace(setup, recipe=recipe, budget=Budget(4, (6,)))
    whole, _ = assert_a_stop_changes_nothing(setup, 3, tmp_path / "state")
    assert isinstance(whole.optimizer, torch.optim.SGD)
    assert {group["momentum"] for group in whole.optimizer.param_groups} == {0.9}


def test_the_first_step_is_that_of_a_plain_loop(setup):
    """Same images, order and dropout: the harness does what a practitioner's script does."""
    recipe = Recipe("one phase", "", (Phase(1, "rest", 1e-2),), batch_size=4)
    setup = replace(setup, recipe=recipe, budget=Budget(4, (1,)))
    training = setup.trained()
    plain, _ = setup.begin()
    before, _ = plain.outputs(SPLIT.test)

    network, features = plain.network, setup.features
    network.set_trainable("body")
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    positions, _ = BatchSampler(Stage().sampler, plain.labels, 0, 4).batch(0)
    images = features.images(SPLIT.train[positions])
    x = network.features(features.pretrained.prefix(images))
    seed = trainer.derive_seed(0, trainer._STEP, 0)
    logits = network.classify(x, torch.Generator().manual_seed(seed))
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(plain.labels[positions])).backward()
    optimizer.step()
    plain.suffix_unchanged = False
    # logits, not weights: where a gradient is nearly 0, Adam's first step is its rounding's sign
    (ours, _), (theirs, _) = (t.outputs(SPLIT.test) for t in (training, plain))
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
    assert (ours - before).abs().max() > 1e-2


@pytest.mark.slow
def test_bfloat16_is_near_float32(real):
    near = Setup(small_features("Mixed_7b", precision="bfloat16", backbone="inception_v3", size=75))
    left, right = (setup.begin()[0].outputs(SPLIT.test)[1] for setup in (real, near))
    assert (left - right).norm() / left.norm() < 0.05


def test_bfloat16_trains():
    assert Setup(small_features(precision="bfloat16")).trained().stats.drawn.sum() == 24


# ---- memory ------------------------------------------------------------------------------------


def test_a_batch_that_does_not_fit_passes_in_micro_batches_and_a_checkpoint_keeps_that(
    setup, monkeypatch, tmp_path
):
    sizes = limit_memory(monkeypatch, 2)
    training, (segment,) = setup.begin()
    training.run(replace(segment, end=4))
    assert training.stats.micro_batch(4) == 2
    assert training.stats.drawn.sum() == 4 * 4, "no image is counted twice"
    training.save(tmp_path / "state")
    again, _ = setup.begin()
    again.restore(tmp_path / "state")
    assert again.stats.micro_batch(4) == 2
    training.run(segment)
    again.run(segment)
    assert_same(state_of(training), state_of(again))
    assert 2 in sizes


def test_micro_batches_add_up_to_the_gradient_of_the_batch(setup):
    """In the head phase, where no batch norm is trained, and without dropout."""
    gradients = []
    for micro_batches in (1, 2, 4):
        training, (segment,) = replace(setup, dropout=0.0).begin()
        training.stats.micro_batches = micro_batches
        weight, right = training.network.head.weight, training._backward

        def keeping(*arguments, weight=weight, right=right):
            result = right(*arguments)
            gradients.append(weight.grad.clone())
            return result

        training._backward = keeping
        training.run(replace(segment, end=1))
    assert len(gradients) == 3
    for gradient in gradients[1:]:
        torch.testing.assert_close(gradient, gradients[0], rtol=1e-4, atol=1e-7)


def test_an_optimizer_without_memory_takes_no_step_twice(setup, monkeypatch):
    training, (segment,) = setup.begin()
    training.run(replace(segment, end=1))
    steps = []

    def short(*_, **__):
        steps.append(1)
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(training.optimizer, "step", short)
    with pytest.raises(torch.OutOfMemoryError):
        training.run(replace(segment, end=2))
    assert len(steps) == 1


def test_a_batch_that_fits_in_no_micro_batches_is_an_error(setup, monkeypatch):
    limit_memory(monkeypatch, 1)
    with pytest.raises(torch.OutOfMemoryError):
        setup.trained()


# ---- components of a strategy ----------------------------------------------------------------


def test_statistics_count_the_images_of_the_batches(setup):
    stats = setup.trained().stats
    assert stats.drawn.sum() == 6 * 4
    assert stats.distinct_images == 24, "24 images of an epoch of 37 are all different"
    assert stats.augmented_images == 0
    assert [point["step"] for point in stats.curve] == [2, 3, 5, 6]


def test_the_training_loss_is_written_down_by_tenths_of_a_step_range(setup):
    cosine = setup.recipe.phases[1]
    phases = (setup.recipe.phases[0], replace(cosine, cosine=True))
    longer = replace(setup, budget=Budget(4, (4, 20)), recipe=replace(setup.recipe, phases=phases))
    stats = longer.trained().stats
    ends = [point["step"] for point in stats.losses]
    assert ends == [1, 2, 3, 4, *range(6, 25, 2)]
    assert [point["start"] for point in stats.losses] == [0] * 4 + [4] * 10
    learning = [point["learning"] for point in stats.losses]
    assert learning[:4] == [1, 1, 1, 1]
    assert learning[4] > 1.9
    assert sum(learning[4:]) == pytest.approx(10, abs=0.6), "a half cosine has half the rate"
    last = [point["loss"] for point in stats.losses if point["step"] > stats.curve[-2]["step"]]
    assert stats.curve[-1]["train_loss"] == pytest.approx(np.mean(last))


def test_repeats_alone_are_run_through_the_frozen_layers_again(setup):
    strategy = Strategy((Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),))
    assert setup.trained(strategy).stats.augmented_images == 6 * 4 // 2


def test_mixed_images_and_targets_reach_loss_and_network(setup):
    targets = []

    @dataclass(frozen=True)
    class Keeping(CrossEntropy):
        def __call__(self, logits, target, counts):
            targets.append(target)
            return super().__call__(logits, target, counts)

    setup.trained(Strategy((Stage(mixing=Halves(), loss=Keeping()),)))
    assert len(targets) == 6
    assert all(torch.allclose(target, target.flip(0)) for target in targets)
    assert all(torch.allclose(target.sum(1), torch.ones(4)) for target in targets)


def drawn_images(setup, strategy):
    """Indices (N,) of the training images that a training draws, and the training."""
    training = setup.trained(strategy)
    return SPLIT.train[training.stats.used], training


def test_a_stage_trains_on_the_images_that_its_selection_keeps(setup):
    setup = replace(setup, budget=Budget(4, (20, 20)))
    drawn, training = drawn_images(setup, Strategy((Stage(selection=KeepBright()),)))
    features = setup.features.pretrained_features(SPLIT.train).numpy()
    labels = LABELS[SPLIT.train]
    kept = KeepBright()(features, labels, SPLIT.train, np.random.default_rng())
    assert 0 < kept.sum() < len(kept)
    np.testing.assert_array_equal(drawn, SPLIT.train[kept])
    left_out = np.bincount(LABELS[SPLIT.train][~kept], minlength=3)
    assert training.left_out_counts().tolist() == left_out.tolist()
    assert training.step == 40, "the budget is that of every strategy"
    assert not setup.trained().left_out_counts().any()


def test_a_selection_is_made_once_from_its_own_random_numbers(setup, monkeypatch):
    calls = []
    kept_by = training_state.kept_by
    monkeypatch.setattr(training_state, "kept_by", lambda *a: calls.append(a) or kept_by(*a))
    strategy = Strategy((Stage(selection=KeepSome()),))
    first, again = (drawn_images(setup, strategy)[0] for _ in range(2))
    assert len(calls) == 2, "once a training, whose two phases are two step ranges"
    np.testing.assert_array_equal(first, again)


def test_a_selection_is_told_which_training_images_are_of_one_group(setup):
    given = []

    @dataclass(frozen=True)
    class Asking(KeepSome):
        def __call__(self, features, labels, groups, rng):
            given.append(groups.tolist())
            return super().__call__(features, labels, groups, rng)

    strategy, groups = Strategy((Stage(selection=Asking()),)), np.arange(len(LABELS)) // 3
    arguments = (setup.features, SPLIT, LABELS, setup.recipe, setup.budget, 0, strategy.head)
    for training in (trainer.Training(*arguments), trainer.Training(*arguments, groups=groups)):
        training.run(setup.segments(strategy)[0])
    assert given == [SPLIT.train.tolist(), groups[SPLIT.train].tolist()]


def test_losses_and_mixings_get_the_counts_of_the_images_that_are_kept(setup):
    given = []

    @dataclass(frozen=True)
    class Counting(CrossEntropy):
        def __call__(self, logits, target, counts):
            given.append(counts.tolist())
            return super().__call__(logits, target, counts)

    training = setup.trained(Strategy((Stage(selection=KeepBright(), loss=Counting()),)))
    kept = np.bincount(training.labels, minlength=3) - training.left_out_counts()
    assert given == [kept.tolist()] * 6


def test_a_synthesizer_gets_the_images_that_are_kept(setup):
    given = []

    @dataclass(frozen=True)
    class Copies:
        def __call__(self, features, labels, rng):
            given.append((features, labels))
            return features[:1] + 1, labels[:1]

    stage = Stage(selection=KeepBright(), synthesizer=Copies(), train_from="head")
    training = setup.trained(Strategy((stage,)))
    labels = training.labels
    selected_by = setup.features.pretrained_features(SPLIT.train).numpy()
    kept = KeepBright()(selected_by, labels, SPLIT.train, np.random.default_rng())
    features = setup.features.pooled.read(SPLIT.train).numpy()
    np.testing.assert_array_equal(given[0][0], features[kept])
    np.testing.assert_array_equal(given[0][1], labels[kept])


def test_a_head_that_is_reset_begins_anew(setup):
    @dataclass(frozen=True)
    class Nothing(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts) * 0

    reset = Strategy((Stage(0.5), Stage(0.5, reset_head=True, train_from="head", loss=Nothing())))
    training, segments = setup.begin(reset)
    start = training.network.head.weight.clone()
    training.run(segments[0])
    torch.testing.assert_close(training.network.head.weight, training._new_head(3).weight)
    assert not torch.equal(training.network.head.weight, start)


@pytest.mark.parametrize("fields", [{"fraction": 0.3}, {"fraction": 0, "extra_epochs": 3}])
def test_a_new_head_is_trained_at_its_full_rate(setup, monkeypatch, fields):
    """Not at what the cosine leaves at the end of the phase; and the body has its share before."""
    phases = (Phase(2, "head", 1e-3), Phase(10, "rest", 1e-4, 1e-3, warmup=0.1, cosine=True))
    recipe = Recipe("own", "", phases, batch_size=4)
    budget = Budget(4, (20, 100), head_phases=(0,), images=40)
    setup = replace(setup, recipe=recipe, budget=budget)
    final = Stage(train_from="head", reset_head=True, **fields)
    training, segments = setup.begin(Strategy().then(final))
    rates = []
    step = training._train_step

    def record(batch, inputs, optimizer):
        rates.append(optimizer.param_groups[-1]["lr"])
        return step(batch, inputs, optimizer)

    monkeypatch.setattr(training, "_train_step", record)
    for segment in segments:
        training.run(segment)
    assert len(rates) == (150 if "extra_epochs" in fields else 120)
    of_new_head = rates[-30:]
    assert max(of_new_head) == pytest.approx(1e-3, rel=1e-2)
    assert np.mean(of_new_head) == pytest.approx(5e-4, rel=0.1)
    assert of_new_head[-1] < 5e-5


def test_a_loss_that_is_not_finite_stops_the_training_with_advice(setup):
    @dataclass(frozen=True)
    class Broken(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts) / 0

    with pytest.raises(FloatingPointError, match="lower --lr"):
        setup.trained(Strategy((Stage(loss=Broken()),)))


def test_a_loss_must_return_a_value_an_image(setup):
    @dataclass(frozen=True)
    class Summed(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts).sum()

    with pytest.raises(ValueError, match=r"shape \(4,\).* returned shape \(\)"):
        setup.trained(Strategy((Stage(loss=Summed()),)))


def test_labels_of_the_split_are_those_of_the_images(setup):
    training, _ = setup.begin()
    assert np.array_equal(training.labels, LABELS[SPLIT.train])
    assert training.counts.tolist() == np.bincount(LABELS[SPLIT.train]).tolist()
