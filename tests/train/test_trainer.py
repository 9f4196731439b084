"""The training loop on the real InceptionV3, small images: what trains, what not, what repeats."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch

from benchmark.model.inception_v3 import WIDTH
from benchmark.model.network import IMAGES_AT_ONCE, Network
from benchmark.plan.experiment import Phase, Recipe
from benchmark.plan.segments import Budget, make_plan
from benchmark.run.prepare import prepare
from benchmark.strategy import CrossEntropy, RandomAugmentation, Stage, Strategy
from benchmark.strategy.registry import StrategySpec
from benchmark.system.progress import NullProgress
from benchmark.train.activation_store import DeviceActivationStore
from benchmark.train.batch import Batch
from benchmark.train.batch_sampler import BatchSampler
from benchmark.train.sample_pool import SamplePool
from benchmark.train.telemetry import TrainingStats
from benchmark.train.trainer import Training, learning_rate_factor


@pytest.fixture(scope="module")
def prepared(experiment_on):
    """Three classes, 75 px, 3 + 3 steps of 4 images; Mixed_7b and what follows is trained."""
    prepared = prepare(experiment_on("cpu"))
    prepared.run_frozen_layers([0], NullProgress())
    return replace(prepared, budgets={0: Budget(4, (3, 3))})


def training_of(prepared, strategy=None, recipe=None):
    strategy = strategy or Strategy()
    asked = [StrategySpec("it", strategy, "", {})]
    plan = make_plan(asked, prepared.budgets, {0: "origin"})
    training = Training(
        prepared.material,
        prepared.splits[0],
        recipe or prepared.experiment.recipe,
        prepared.budgets[0],
        0,
        strategy.head,
    )
    return training, plan.segments


def state_of(training):
    return {name: tensor.clone() for name, tensor in training.network.state_dict().items()}


def trained(prepared, strategy=None, recipe=None):
    training, segments = training_of(prepared, strategy, recipe)
    for segment in segments:
        training.run(segment)
    return training


def assert_same(one, two):
    assert one.keys() == two.keys()
    for name in one:
        assert torch.equal(one[name], two[name]), name


def test_head_phase_changes_the_head_and_nothing_else(prepared):
    training, (segment,) = training_of(prepared)
    before = state_of(training)
    training.run(replace(segment, end=3))
    after = state_of(training)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"head.weight", "head.bias"}
    assert training.pretrained


def test_second_phase_trains_from_the_cut_on_and_its_batch_norm_with_it(prepared):
    training, (segment,) = training_of(prepared)
    before = state_of(training)
    training.run(segment)
    after = state_of(training)
    same = {name for name in before if torch.equal(before[name], after[name])}
    assert not same
    assert {name.split(".")[1] for name in before if "suffix" in name} == {"Mixed_7b", "Mixed_7c"}
    assert any(name.endswith("running_mean") for name in before)


def test_a_deeper_stage_can_freeze_what_the_phase_would_train(prepared):
    head_only = trained(prepared, Strategy((Stage(train_from="head"),)))
    fresh, _ = training_of(prepared)
    for name, tensor in fresh.network.suffix.state_dict().items():
        assert torch.equal(tensor, head_only.network.suffix.state_dict()[name])


def test_training_learns_something(prepared):
    """The three classes differ in brightness alone; the head must find that from any features."""
    longer = replace(prepared, budgets={0: Budget(8, (60, 60))})
    head_only = Strategy((Stage(train_from="head"),))
    training = trained(longer, head_only, recipe=recipe_with(prepared, lr=3e-2))
    logits, _ = training.outputs(prepared.splits[0].train)
    labels = prepared.images.labels[prepared.splits[0].train]
    assert (logits.argmax(1).numpy() == labels).mean() > 0.8
    assert training.tally.curve[-1]["train_loss"] < 0.7 * training.tally.curve[0]["train_loss"]


def recipe_with(prepared, **changes):
    recipe = prepared.experiment.recipe
    return replace(recipe, phases=tuple(replace(phase, **changes) for phase in recipe.phases))


def test_the_same_training_twice_is_the_same_to_the_bit(prepared):
    assert_same(state_of(trained(prepared)), state_of(trained(prepared)))


def test_a_strategy_may_use_torchs_own_random_numbers(prepared):
    @dataclass(frozen=True)
    class Dropping:
        def __call__(self, width, classes):
            return torch.nn.Sequential(torch.nn.Dropout(), torch.nn.Linear(width, classes))

    torch.manual_seed(1)
    one = state_of(trained(prepared, Strategy(head=Dropping())))
    after = torch.rand(1)
    torch.manual_seed(2)
    assert_same(one, state_of(trained(prepared, Strategy(head=Dropping()))))
    torch.manual_seed(1)
    assert torch.equal(after, torch.rand(1)), "what the caller draws is not disturbed"


@pytest.mark.parametrize("stop", [1, 3, 4])
def test_stopped_and_restored_is_the_same_to_the_bit(prepared, tmp_path, stop):
    """In the middle of the head phase, between the phases, in the middle of the second."""
    whole = trained(prepared)
    first, (segment,) = training_of(prepared)
    first.run(replace(segment, end=stop))
    first.save(tmp_path / "state")
    second, _ = training_of(prepared)
    second.restore(tmp_path / "state")
    second.run(segment)
    assert_same(state_of(whole), state_of(second))
    for part in ("val", "test"):
        indices = getattr(prepared.splits[0], part)
        for one, two in zip(whole.outputs(indices), second.outputs(indices), strict=True):
            assert torch.equal(one, two)
    assert np.array_equal(whole.tally.drawn, second.tally.drawn)
    assert [point["val_loss"] for point in whole.tally.curve] == [
        point["val_loss"] for point in second.tally.curve
    ]


def test_the_first_step_is_that_of_a_plain_loop(prepared):
    """Same images, order and dropout: the harness does what a practitioner's script does."""
    recipe = Recipe("one", "", (Phase(1, "rest", 1e-4),), batch_size=4)
    longer = replace(prepared, budgets={0: Budget(4, (1,))})
    training, (segment,) = training_of(longer, recipe=recipe)
    plain, _ = training_of(longer, recipe=recipe)
    training.run(segment)

    network, material = plain.network, prepared.material
    network.set_trainable("Mixed_7b")
    network.train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4)
    positions, _ = BatchSampler(Stage().sample, plain.labels, 0, 4).batch(0)
    images = material.images(prepared.splits[0].train[positions])
    x = network.features(material.pretrained.prefix(images))
    from benchmark.train.trainer import _STEP, _derived

    logits = network.classify(x, torch.Generator().manual_seed(_derived(0, _STEP, 0)))
    torch.nn.functional.cross_entropy(logits, torch.from_numpy(plain.labels[positions])).backward()
    optimizer.step()
    # logits, not weights: where a gradient is nearly 0, Adam's first step is its rounding's sign
    plain.pretrained = False
    (ours, _), (theirs, _) = (one.outputs(prepared.splits[0].test) for one in (training, plain))
    (before, _) = training_of(longer, recipe=recipe)[0].outputs(prepared.splits[0].test)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
    assert (ours - before).abs().max() > 1e-2


@pytest.mark.parametrize("fine_tune", ["Mixed_7b", "head"])
def test_where_activations_live_changes_nothing(prepared, fine_tune):
    experiment = replace(prepared.experiment, fine_tune=fine_tune)
    # as many as pass the frozen layers at once: sums of another number of images round otherwise,
    # of which batch norm over 4 of them makes .003 of a logit
    budgets = {0: Budget(IMAGES_AT_ONCE, (3, 3))}
    prepared = replace(prepared, experiment=experiment, budgets=budgets)
    prepared.run_frozen_layers([0], NullProgress())
    stored = prepared.material
    count, dtype, device = len(prepared.images), "float32", "cpu"
    shapes = {"at_cut": tuple(stored.at_cut.read(np.arange(1)).shape[1:]), "pooled": (WIDTH,)}
    on_device = replace(
        stored,
        pixels=torch.from_numpy(np.array(stored.pixels)),
        **{
            name: DeviceActivationStore(count, shape, dtype, device)
            for name, shape in shapes.items()
        },
    )
    nowhere = replace(stored, at_cut=None) if fine_tune != "head" else stored
    expected = trained(prepared)
    for material in (on_device, nowhere):
        elsewhere = replace(prepared)
        elsewhere.__dict__["material"] = material
        elsewhere.run_frozen_layers([0], NullProgress())
        training = trained(elsewhere)
        for one, two in zip(
            expected.outputs(prepared.splits[0].test),
            training.outputs(prepared.splits[0].test),
            strict=True,
        ):
            torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-4)
    assert not len(on_device.at_cut.missing(prepared.splits[0].train))


def short_of_memory(monkeypatch, allowed):
    """Let no more than so many images pass the trained network at once."""
    sizes = []
    features = Network.features

    def limited(self, x):
        if self.training and len(x) > allowed:
            raise torch.OutOfMemoryError("out of memory")
        sizes.append(len(x))
        return features(self, x)

    monkeypatch.setattr(Network, "features", limited)
    return sizes


def test_a_batch_without_room_passes_in_parts_and_that_is_kept(prepared, monkeypatch, tmp_path):
    short_of_memory(monkeypatch, 2)
    training, (segment,) = training_of(prepared)
    training.run(replace(segment, end=4))
    assert training.tally.micro_batch(4) == 2
    assert training.tally.drawn.sum() == 4 * 4, "no image is counted twice"
    training.save(tmp_path / "state")
    again, _ = training_of(prepared)
    again.restore(tmp_path / "state")
    assert again.tally.micro_batch(4) == 2
    training.run(segment)
    again.run(segment)
    assert_same(state_of(training), state_of(again))


def test_parts_add_up_to_the_gradient_of_the_batch(prepared):
    """In the head phase, where no batch norm is trained, and without dropout."""

    gradients = []
    for parts in (1, 2, 4):
        training, (segment,) = training_of(prepared)
        training.network.classify = lambda x, _: training.network.head(x)  # noqa: B023
        training.tally.micro_batches = parts
        training.run(replace(segment, end=1))
        gradients.append(training.network.head.weight.grad)
    for gradient in gradients[1:]:
        torch.testing.assert_close(gradient, gradients[0], rtol=1e-4, atol=1e-7)


def test_an_optimizer_without_memory_takes_no_step_twice(prepared, monkeypatch):
    training, (segment,) = training_of(prepared)
    training.run(replace(segment, end=1))
    steps = []

    def short(*_, **__):
        steps.append(1)
        raise torch.OutOfMemoryError("out of memory")

    monkeypatch.setattr(training.optimizer, "step", short)
    with pytest.raises(torch.OutOfMemoryError):
        training.run(replace(segment, end=2))
    assert len(steps) == 1


@pytest.mark.parametrize(
    ("batch", "micro_batches", "sizes"),
    [(8, 1, [8]), (8, 4, [2] * 4), (5, 4, [3, 2]), (50, 8, [7, 7, 6, 6, 6, 6, 6, 6]), (1, 4, [1])],
)
def test_no_part_of_a_batch_is_a_single_image(batch, micro_batches, sizes):
    tally = TrainingStats.empty(3, 10)
    tally.micro_batches = micro_batches
    assert [len(part) for part in np.array_split(np.arange(batch), tally.parts(batch))] == sizes
    assert tally.micro_batch(batch) == max(sizes)


def test_what_fits_in_no_parts_is_an_error(prepared, monkeypatch):
    short_of_memory(monkeypatch, 1)
    with pytest.raises(torch.OutOfMemoryError):
        trained(prepared)


def test_tally_counts_what_was_shown(prepared):
    tally = trained(prepared).tally
    assert tally.drawn.sum() == 6 * 4
    assert tally.seen.sum() == 24, "24 images of a pass of 37 are all different"
    assert tally.views == 0
    assert [point["step"] for point in tally.curve] == [2, 3, 5, 6]


def test_repeats_alone_are_run_through_the_frozen_layers_again(prepared):
    @dataclass(frozen=True)
    class Twice:
        def __call__(self, labels, rng):
            return np.repeat(rng.permutation(len(labels)), 2)

    strategy = Strategy((Stage(sampler=Twice(), augmentation=RandomAugmentation(from_repeat=1)),))
    assert trained(prepared, strategy).tally.views == 6 * 4 // 2


def test_an_altered_image_reaches_the_network_altered(prepared):
    @dataclass(frozen=True)
    class Black(RandomAugmentation):
        def __call__(self, images, repeat_index, rng):
            return torch.zeros_like(images)

    training, (segment,) = training_of(prepared, Strategy((Stage(augmentation=Black()),)))
    stored = training.material.inputs(training.split.train[:2])
    batch = Batch(np.arange(2), np.array([0, 1]), np.array([False, True]))
    sums, pool = training._no_sums(), SamplePool.of(training.labels, None)
    x, target = training._inputs(segment.stretches[1], batch, pool, sums)
    black = training.material.pretrained.prefix(torch.zeros(2, 3, 75, 75, dtype=torch.uint8))
    torch.testing.assert_close(x[1], black[1])
    torch.testing.assert_close(x[0], stored[0])
    assert not torch.allclose(x[1], stored[1])
    assert sums.augmented.tolist() == [0, 1]
    assert target.argmax(1).tolist() == training.labels[:2].tolist()


def test_mixed_images_and_targets_reach_loss_and_network(prepared):
    seen = []

    @dataclass(frozen=True)
    class Halves:
        def __call__(self, images, target, counts, rng):
            return (images + images.flip(0)) / 2, (target + target.flip(0)) / 2

    @dataclass(frozen=True)
    class Watching(CrossEntropy):
        def __call__(self, logits, target, counts):
            seen.append(target)
            return super().__call__(logits, target, counts)

    trained(prepared, Strategy((Stage(mixing=Halves(), loss=Watching()),)))
    assert len(seen) == 6
    assert all(torch.allclose(target, target.flip(0)) for target in seen)
    assert all(torch.allclose(target.sum(1), torch.ones(4)) for target in seen)


def test_a_head_that_is_reset_begins_anew(prepared):
    @dataclass(frozen=True)
    class Nothing(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts) * 0

    reset = Strategy((Stage(0.5), Stage(0.5, reset_head=True, train_from="head", loss=Nothing())))
    training, segments = training_of(prepared, reset)
    start = training.network.head.weight.clone()
    training.run(segments[0])
    torch.testing.assert_close(training.network.head.weight, training._new_head(3).weight)
    assert not torch.equal(training.network.head.weight, start)


def test_a_loss_that_is_not_finite_stops_the_training_with_advice(prepared):
    @dataclass(frozen=True)
    class Broken(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts) / 0

    with pytest.raises(FloatingPointError, match="lower --lr"):
        trained(prepared, Strategy((Stage(loss=Broken()),)))


def test_a_loss_must_return_a_value_an_image(prepared):
    @dataclass(frozen=True)
    class Summed(CrossEntropy):
        def __call__(self, logits, target, counts):
            return super().__call__(logits, target, counts).sum()

    with pytest.raises(ValueError, match=r"shape \(4,\).* returned shape \(\)"):
        trained(prepared, Strategy((Stage(loss=Summed()),)))


@pytest.mark.parametrize("fine_tune", ["head", "full"])
def test_both_ends_of_the_depth(prepared, fine_tune):
    experiment = replace(prepared.experiment, fine_tune=fine_tune, image_size=75)
    other = replace(prepared, experiment=experiment, budgets={0: Budget(2, (1, 1))})
    other.run_frozen_layers([0], NullProgress())
    before, _ = training_of(other)
    training = trained(other)
    changed = [
        name
        for name, tensor in training.network.state_dict().items()
        if not torch.equal(tensor, before.network.state_dict()[name])
    ]
    if fine_tune == "head":
        assert changed == ["head.weight", "head.bias"]
    else:
        assert any(name.startswith("suffix.Conv2d_1a_3x3") for name in changed)


def test_bfloat16_is_near_float32(prepared):
    half = replace(prepared, device=replace(prepared.device, precision="bfloat16"))
    half.run_frozen_layers([0], NullProgress())
    one, _ = training_of(prepared)
    two, _ = training_of(half)
    indices = prepared.splits[0].test
    exact, near = one.outputs(indices)[1], two.outputs(indices)[1]
    assert (exact - near).norm() / exact.norm() < 0.05
    assert trained(half).tally.drawn.sum() == 24


def test_learning_rate_factor():
    plain = Phase(1, "rest", 1e-4)
    assert {learning_rate_factor(plain, passed) for passed in (0.0, 0.5, 0.99)} == {1.0}
    phase = Phase(1, "rest", 1e-4, warmup=0.1, cosine=True)
    factors = [learning_rate_factor(phase, passed) for passed in np.linspace(0, 1, 101)]
    assert 0 < factors[0] < 0.15
    assert max(factors) == factors[10] == 1.0
    assert factors[55] == pytest.approx(0.5, abs=1e-9)
    assert factors[100] == pytest.approx(0, abs=1e-9)
    stepped = Phase(1, "rest", 0.1, warmup=0.1, lr_milestones=(0.8, 0.9))
    factors = [learning_rate_factor(stepped, passed) for passed in (0.05, 0.79, 0.8, 0.89, 0.95)]
    assert factors == pytest.approx([0.06 / 0.11, 1, 0.01, 0.01, 0.0001])


def test_momentum_is_that_of_stochastic_gradient_descent_and_survives_a_stop(prepared, tmp_path):
    recipe = Recipe("own", "", (Phase(1, "rest", 0.01),), 4, weight_decay=0.1, momentum=0.9)
    prepared = replace(prepared, budgets={0: Budget(4, (6,))})
    (whole, (segment,)), (first, _), (second, _) = (
        training_of(prepared, recipe=recipe) for _ in range(3)
    )
    whole.run(segment)
    first.run(replace(segment, end=3))
    first.save(tmp_path / "state")
    second.restore(tmp_path / "state")
    second.run(segment)
    assert isinstance(whole.optimizer, torch.optim.SGD)
    assert {group["momentum"] for group in whole.optimizer.param_groups} == {0.9}
    assert_same(state_of(whole), state_of(second))


def test_head_and_rest_have_their_own_rates(prepared):
    recipe = Recipe(
        "own", "", (Phase(1, "rest", 1e-4, head_lr=1e-2),), batch_size=4, weight_decay=0.1
    )
    training = trained(replace(prepared, budgets={0: Budget(4, (1,))}), recipe=recipe)
    groups = {
        (group["lr"], group["weight_decay"]): {p.ndim for p in group["params"]}
        for group in training.optimizer.param_groups
    }
    assert groups == {
        (1e-4, 0.1): {4},
        (1e-4, 0.0): {1},
        (1e-2, 0.1): {2},
        (1e-2, 0.0): {1},
    }
