"""A sampler is tried in epochs of synthetic labels."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.strategy import ExpectClassSampling
from benchmark.strategy.expectations.draws import BatchesMixed
from benchmark.strategy.measurements import StageMeasurement
from benchmark.strategy.synthetic_epochs import EPOCHS, LARGEST, draw_epochs
from strategies.random_oversampling import Oversampler

COUNTS = np.array([5, 900, 0, 45])


def test_epochs_are_of_classes_in_proportion():
    def shuffled(labels, rng):
        sizes = np.bincount(labels, minlength=4)
        assert sizes.tolist() == [1, LARGEST, 0, 3]
        return rng.permutation(len(labels))

    epochs = draw_epochs(shuffled, COUNTS)
    assert epochs.class_counts.tolist() == [1, LARGEST, 0, 3]
    assert (epochs.image_draws == EPOCHS).all()
    assert epochs.class_draws.tolist() == [[1, LARGEST, 0, 3]] * EPOCHS


def test_draws_are_in_the_order_of_classes():
    epochs = draw_epochs(lambda labels, _: np.flatnonzero(labels == 3), COUNTS)
    assert epochs.image_draws.tolist() == [0] * (LARGEST + 1) + [EPOCHS] * 3
    assert epochs.same_class_neighbours == 2 * EPOCHS


def measurement(sampler):
    """A training too short to tell, and epochs of a sampler."""
    norms, few = np.zeros((4, 10, 2)), np.array([1, 1, 0, 1])
    epochs = draw_epochs(sampler, COUNTS)
    return StageMeasurement(
        COUNTS, few, 0 * few, (3, 0), (0, 0), 0, norms, batches=(1, 3), epochs_drawn=epochs
    )


def independent(labels, rng):
    weights = 1 / np.bincount(labels, minlength=4)[labels]
    return rng.choice(len(labels), len(labels), p=weights / weights.sum())


def test_whole_epochs_have_the_declared_shares():
    for blend in (0.0, 0.5, 0.8, 1.0):
        drawn = measurement(Oversampler(blend=blend))
        for declared in (0.0, 0.5, 0.8, 1.0):
            result = ExpectClassSampling(0, blend=declared).check(drawn)
            assert result.passed is (declared == blend)
    assert ExpectClassSampling(0).check(measurement(independent)).passed is True, "chance"
    assert ExpectClassSampling(1).check(measurement(independent)).passed is False


@pytest.mark.parametrize(
    ("sampler", "independently", "hinted"),
    [(independent, False, True), (independent, True, False), (Oversampler(), False, False)],
)
def test_who_draws_with_replacement_is_told_to_declare_it(sampler, independently, hinted):
    drawn = np.array([960, 880, 0, 860])  # of 2,700: chance, and more than whole epochs allow
    result = ExpectClassSampling(0, independent=independently).check(
        replace(measurement(sampler), drawn=drawn)
    )
    assert result.passed is independently
    assert ("declare independent=True" in result.observed) is hinted


def test_an_epoch_is_in_random_order():
    for sampler in (Oversampler(), independent, lambda labels, rng: rng.permutation(len(labels))):
        assert BatchesMixed().check(measurement(sampler)).passed is True
    in_order = measurement(lambda labels, _: np.argsort(labels))
    assert BatchesMixed().check(in_order).passed is False
    one_class = measurement(lambda labels, _: np.flatnonzero(labels == 1))
    assert BatchesMixed().check(one_class).passed is True, "its order does not matter"


def test_parts_of_an_image_are_rounded_in_each_epoch():
    counts = np.array([12, 8, 5, 3])  # 12 : 8.3 : 5.5 : 3.4 to the power of 0.9
    drawn = Oversampler(0.9)(np.repeat(np.arange(4), counts), np.random.default_rng(0))
    assert len(drawn) == counts.sum()
    for epochs in (8, 100):
        of_epochs = replace(measurement(Oversampler(0.9)), class_counts=counts)
        result = ExpectClassSampling(0.9).check(replace(of_epochs, drawn=epochs * counts))
        assert result.passed is True
    off = replace(of_epochs, drawn=100 * np.array([14, 7, 4, 3]))
    assert ExpectClassSampling(0.9).check(off).passed is False
