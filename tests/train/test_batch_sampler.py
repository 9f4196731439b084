"""Batches are a function of the step."""

import numpy as np
import pytest

from benchmark.strategy import Shuffle, find
from benchmark.train.batch_sampler import BatchSampler, showing_numbers

LABELS = np.repeat([0, 1, 2], [20, 5, 2])


def test_showing_numbers_count_what_stood_before():
    drawn = np.array([3, 1, 3, 3, 0, 1])
    assert showing_numbers(drawn).tolist() == [0, 0, 1, 2, 0, 1]


def test_plain_passes_show_every_image_once_and_batches_are_full():
    stream = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=8)
    shown = np.concatenate([stream.batch(step)[0] for step in range(27)])  # 8 passes exactly
    assert len(shown) == 27 * 8
    for one_pass in shown.reshape(8, 27):  # (216,) -> (8 passes, 27 images)
        assert sorted(one_pass) == list(range(27))
    assert not np.array_equal(shown[:27], shown[27:54])


def test_any_step_can_be_asked_for_in_any_order():
    there = BatchSampler(Shuffle(), LABELS, seed=3, batch_size=5)
    forward = [there.batch(step) for step in range(30)]
    back = BatchSampler(Shuffle(), LABELS, seed=3, batch_size=5)
    for step in (29, 4, 17, 0):
        for mine, theirs in zip(back.batch(step), forward[step], strict=True):
            np.testing.assert_array_equal(mine, theirs)


def test_seed_changes_the_order_and_start_shifts_it():
    one = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=5).batch(0)[0]
    assert not np.array_equal(
        one, BatchSampler(Shuffle(), LABELS, seed=1, batch_size=5).batch(0)[0]
    )
    shifted = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=5, start=7).batch(7)[0]
    np.testing.assert_array_equal(one, shifted)


def test_oversampled_repeats_are_numbered():
    sampler = find("random_oversampling").stages[0].sample
    stream = BatchSampler(sampler, LABELS, seed=0, batch_size=60)  # one pass: 3 classes of 20
    positions, repeat_index = stream.batch(0)
    assert np.bincount(LABELS[positions]).tolist() == [20, 20, 20]
    assert (repeat_index[LABELS[positions] == 0] == 0).all()
    for image in (25, 26):
        numbers = repeat_index[positions == image]
        assert numbers.tolist() == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (np.array([27]), "the training split has 0 to 26"),
        (np.array([-1]), "the training split has 0 to 26"),
        (np.array([]), "non-empty"),
        (np.array([0.5]), "integers"),
    ],
)
def test_a_sampler_may_draw_from_the_training_split_only(drawn, says):
    with pytest.raises(ValueError, match=says):
        BatchSampler(lambda labels, rng: drawn, LABELS, seed=0, batch_size=4).batch(0)
