"""The six strategies of the mission."""

import numpy as np
import pytest
import torch
from imblearn.over_sampling import RandomOverSampler
from scipy.special import log_softmax
from sklearn.metrics import f1_score
from sklearn.utils.class_weight import compute_class_weight
from torch.nn.functional import cross_entropy, one_hot

from benchmark.strategy import OffsetArgmax, Outputs, Strategy, find
from benchmark.train.batch_sampler import BatchSampler
from strategies.threshold_moving import ClassByClass, macro_f1

COUNTS = np.array([80, 30, 12, 4])
LABELS = np.repeat(np.arange(4), COUNTS)
LOGITS = torch.randn(126, 4, generator=torch.Generator().manual_seed(0))
TARGET = one_hot(torch.from_numpy(LABELS), 4).float()
TRAIN_COUNTS = torch.from_numpy(COUNTS).float()


def loss(name, logits=LOGITS, target=TARGET, counts=TRAIN_COUNTS):
    (stage,) = find(name).stages
    return stage.loss(logits, target, counts)


def class_shares(name, steps=600, batch_size=21):
    (stage,) = find(name).stages
    sampler = BatchSampler(stage.sampler, LABELS, seed=0, batch_size=batch_size)
    positions = np.concatenate([sampler.batch(step)[0] for step in range(steps)])
    return np.bincount(LABELS[positions], minlength=4) / len(positions)


def head_gradient(name):
    """Gradient of the mean loss by each class's own logit, summed over its images, (4,)."""
    logits = torch.zeros(126, 4, requires_grad=True)
    loss(name, logits).mean().backward()
    own = logits.grad[torch.arange(126), torch.from_numpy(LABELS)]
    return torch.zeros(4).index_add_(0, torch.from_numpy(LABELS), -own)


# ---- no_change -----------------------------------------------------------------------------------


def test_no_change_is_the_neutral_strategy():
    assert find("no_change") == Strategy()
    np.testing.assert_allclose(class_shares("no_change"), COUNTS / COUNTS.sum(), atol=1e-3)
    expected = cross_entropy(LOGITS, torch.from_numpy(LABELS), reduction="none")
    torch.testing.assert_close(loss("no_change"), expected)


# ---- class_weights -------------------------------------------------------------------------------


def test_class_weights_are_scikit_learns_balanced_ones():
    balanced = compute_class_weight("balanced", classes=np.arange(4), y=LABELS)
    expected = torch.from_numpy(balanced[LABELS]).float() * loss("no_change")
    torch.testing.assert_close(loss("class_weights"), expected)


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_class_weights_do_not_change_the_learning_rate(power):
    (stage,) = find(f"class_weights:power={power}").stages
    weights = stage.loss.scaled_weights(TRAIN_COUNTS)
    assert weights[torch.from_numpy(LABELS)].mean() == pytest.approx(1, abs=1e-6)
    assert (weights[0] / weights[3]).item() == pytest.approx((4 / 80) ** power)


def test_class_weights_give_every_class_the_same_gradient():
    plain, weighted = head_gradient("no_change"), head_gradient("class_weights")
    assert plain[0] / plain[3] == pytest.approx(20, rel=1e-4)
    assert weighted[0] / weighted[3] == pytest.approx(1, rel=1e-4)


def test_class_weights_on_equal_classes_are_plain():
    equal = torch.full((4,), 30.0)
    torch.testing.assert_close(loss("class_weights", counts=equal), loss("no_change", counts=equal))


# ---- focal_loss ----------------------------------------------------------------------------------


def test_focal_loss_by_hand():
    p = torch.tensor([[0.9, 0.1], [0.2, 0.8]])
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    value = loss("focal_loss", p.log(), target, torch.ones(2))
    expected = [-(0.1**2) * np.log(0.9), -(0.8**2) * np.log(0.2)]
    np.testing.assert_allclose(value.numpy(), expected, rtol=1e-5)


def test_focal_loss_without_focus_is_plain():
    torch.testing.assert_close(loss("focal_loss:gamma=0"), loss("no_change"))


def test_focal_loss_depends_on_difficulty_not_on_class_size():
    easy, hard = torch.tensor([[4.0, 0.0]]), torch.tensor([[0.0, 4.0]])
    target, counts = torch.tensor([[1.0, 0.0]]), torch.tensor([1.0, 1000.0])
    shares = [
        loss("focal_loss", x, target, counts) / loss("no_change", x, target, counts)
        for x in (easy, hard)
    ]
    assert shares[0] < 0.001
    assert shares[1] > 0.9
    swapped = loss("focal_loss", easy, target, counts.flip(0))
    torch.testing.assert_close(swapped, loss("focal_loss", easy, target, counts))


def test_focal_gradient_is_that_of_its_formula():
    logits = LOGITS.double().requires_grad_()
    p = logits.softmax(1)[torch.arange(126), torch.from_numpy(LABELS)]
    (direct,) = torch.autograd.grad((-((1 - p) ** 2) * p.log()).sum(), logits)
    (ours,) = torch.autograd.grad(loss("focal_loss", logits, TARGET.double()).sum(), logits)
    torch.testing.assert_close(ours, direct)


# ---- random_oversampling -------------------------------------------------------------------------


def test_random_oversampling_draws_all_classes_equally_often():
    np.testing.assert_allclose(class_shares("random_oversampling"), 0.25, atol=0.005)


def test_an_epoch_of_random_oversampling_is_that_of_imbalanced_learn():
    (stage,) = find("random_oversampling").stages
    drawn = stage.sampler(LABELS, np.random.default_rng(3))
    sampler = RandomOverSampler(random_state=0)
    _, expected = sampler.fit_resample(np.arange(len(LABELS)).reshape(-1, 1), LABELS)
    np.testing.assert_array_equal(np.bincount(LABELS[drawn]), np.bincount(expected))
    assert set(drawn) == set(range(len(LABELS))), "no image is lost"
    assert not np.array_equal(np.sort(LABELS[drawn]), LABELS[drawn]), "the order is shuffled"


# ---- augmentation_oversampling -------------------------------------------------------------------


def test_augmentation_oversampling_has_the_draws_of_random_oversampling():
    (augmented,), (plain,) = (
        find(name).stages for name in ("augmentation_oversampling", "random_oversampling")
    )
    assert augmented.sampler == plain.sampler
    assert augmented.loss == plain.loss


def test_only_repeats_are_augmented_and_each_differently():
    (stage,) = find("augmentation_oversampling").stages
    repeat_index = torch.tensor([0, 1, 2, 0])
    assert stage.augmentation.selects(repeat_index).tolist() == [False, True, True, False]
    image = torch.randint(0, 256, (1, 3, 64, 64), dtype=torch.uint8).expand(2, -1, -1, -1)
    first, second = stage.augmentation(image, repeat_index[1:3], torch.Generator().manual_seed(0))
    assert not torch.equal(first, image[0])
    assert not torch.equal(first, second)


def test_augmented_images_still_show_the_same_object():
    """A centred disc stays centred: the augmentation is mild."""
    (stage,) = find("augmentation_oversampling").stages
    y, x = torch.meshgrid(torch.linspace(-1, 1, 96), torch.linspace(-1, 1, 96), indexing="ij")
    disc = ((x**2 + y**2 < 0.25) * 200).to(torch.uint8).expand(50, 3, -1, -1).clone()
    augmented = stage.augmentation(disc, torch.ones(50), torch.Generator().manual_seed(0)).float()
    mass = augmented.mean(1) / augmented.mean(1).sum((1, 2), keepdim=True)
    assert (mass * x).sum((1, 2)).abs().max() < 0.25
    assert (mass * y).sum((1, 2)).abs().max() < 0.25


# ---- threshold_moving ----------------------------------------------------------------------------


def biased_outputs(images, seed):
    """Outputs of a model that has learnt the prior, so it is biased toward class 0."""
    rng = np.random.default_rng(seed)
    share = COUNTS / COUNTS.sum()
    labels = rng.choice(4, images, p=share)
    logits = rng.normal(0, 1, (images, 4)) + 2.0 * np.eye(4)[labels] + 1.5 * np.log(share)
    return Outputs(logits.astype(np.float32), np.zeros((images, 1)), labels)


def test_threshold_moving_trains_as_its_base():
    assert find("threshold_moving").stages == find("no_change").stages
    assert find("threshold_moving:base=focal_loss").stages == find("focal_loss").stages


def test_moved_thresholds_favour_the_rare_and_raise_macro_f1():
    validation, test = biased_outputs(400, 0), biased_outputs(4000, 1)
    rule = find("threshold_moving").decision.fit(validation, COUNTS)
    assert np.all(np.diff(rule.offset) > 0), "the rarer the class, the larger its offset"
    before, after = (
        f1_score(test.labels, decision(test), average="macro")
        for decision in (OffsetArgmax((0.0,) * 4), rule)
    )
    assert after > before + 0.05


def test_without_validation_images_nothing_shows_a_gain_and_nothing_is_moved():
    empty = Outputs(np.zeros((0, 4), np.float32), np.zeros((0, 1)), np.zeros(0, np.int64))
    images = np.tile(np.float32([3, 2, 1, 0]), (5, 1))
    rule = find("threshold_moving").decision.fit(empty, COUNTS)
    assert (rule(Outputs(images, np.zeros((5, 1)), np.zeros(5, np.int64))) == 0).all()


def test_the_less_evidence_the_closer_to_a_prior_correction():
    validation = biased_outputs(60, 2)
    offsets = {
        weight: np.array(ClassByClass(weight).fit(validation, COUNTS).offset)
        for weight in (0.1, 10, 1000, 1e9)
    }
    anchor = offsets.pop(1e9)
    prior = -np.log(COUNTS / COUNTS.sum())
    strength = anchor / (prior - prior.mean())
    assert np.ptp(strength) < 1e-6, "one strength for all classes"
    assert 0 < strength[0] <= 1.5
    distance = [np.abs(offset - anchor).max() for offset in offsets.values()]
    assert distance[0] > distance[1] > distance[2]
    assert distance[2] < 0.1


def test_a_network_that_already_favours_rare_classes_is_not_moved_further():
    rng = np.random.default_rng(0)
    labels = rng.choice(4, 2000, p=COUNTS / COUNTS.sum())
    logits = (rng.normal(0, 1, (2000, 4)) + 3.0 * np.eye(4)[labels]).astype(np.float32)
    logits -= 0.9 * np.log(COUNTS / COUNTS.sum())  # as after training on balanced draws
    outputs = Outputs(logits, np.zeros((2000, 1)), labels)
    rule = find("threshold_moving").decision.fit(outputs, COUNTS)
    assert rule.offset[0] > rule.offset[3], "macro-F1 is best with fewer rare labels"


def test_its_macro_f1_is_scikit_learns():
    rng = np.random.default_rng(0)
    for _ in range(50):
        labels, predicted = rng.integers(0, 5, 30), rng.integers(0, 4, 30)
        expected = f1_score(labels, predicted, labels=range(6), average="macro", zero_division=0)
        assert macro_f1(labels, predicted, 6) == pytest.approx(expected, abs=1e-12)


# ---- prior_correction ----------------------------------------------------------------------------


def test_prior_correction_is_menons_equation_9():
    """The network's logits minus tau times the log of the class's share of the training images."""
    outputs = biased_outputs(300, 0)
    for tau in (0.5, 1.0):
        rule = find(f"prior_correction:tau={tau}").decision.fit(outputs, COUNTS)
        expected = (outputs.logits - tau * np.log(COUNTS / COUNTS.sum())).argmax(1)
        np.testing.assert_array_equal(rule(outputs), expected)


def test_with_tau_1_it_is_buda_s_posterior_over_prior():
    outputs = biased_outputs(300, 1)
    probability = np.exp(log_softmax(outputs.logits.astype(float), axis=1))
    rule = find("prior_correction").decision.fit(outputs, COUNTS)
    np.testing.assert_array_equal(rule(outputs), (probability / COUNTS).argmax(1))


def test_prior_correction_trains_what_it_corrects_and_a_class_without_images_gets_no_infinity():
    assert find("prior_correction:base=focal_loss").stages == find("focal_loss").stages
    rule = find("prior_correction").decision.fit(biased_outputs(9, 0), np.array([5, 3, 1, 0]))
    assert np.isfinite(rule.offset).all()
    with pytest.raises(ValueError, match="tau must be 0 or more, got -1"):
        find("prior_correction:tau=-1")
