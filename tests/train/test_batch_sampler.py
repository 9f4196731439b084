"""Batches are a function of the step."""

import numpy as np
import pytest

from benchmark.strategy import Shuffle, find
from benchmark.train.batch_sampler import Batch, BatchSampler, repeat_indices

LABELS = np.repeat([0, 1, 2], [20, 5, 2])


def test_a_repeat_index_counts_earlier_occurrences():
    drawn = np.array([3, 1, 3, 3, 0, 1])
    assert repeat_indices(drawn).tolist() == [0, 0, 1, 2, 0, 1]


def test_plain_epochs_draw_every_image_once_and_batches_are_full():
    sampler = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=8)
    drawn = np.concatenate([sampler.batch(step)[0] for step in range(27)])  # 8 epochs exactly
    assert len(drawn) == 27 * 8
    for epoch in drawn.reshape(8, 27):  # (216,) -> (8 epochs, 27 images)
        assert sorted(epoch) == list(range(27))
    assert not np.array_equal(drawn[:27], drawn[27:54])


def test_steps_can_be_drawn_in_any_order():
    forwards = BatchSampler(Shuffle(), LABELS, seed=3, batch_size=5)
    batches = [forwards.batch(step) for step in range(30)]
    backwards = BatchSampler(Shuffle(), LABELS, seed=3, batch_size=5)
    for step in (29, 4, 17, 0):
        for left, right in zip(backwards.batch(step), batches[step], strict=True):
            np.testing.assert_array_equal(left, right)


def test_seed_changes_the_order_and_start_shifts_it():
    first = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=5).batch(0)[0]
    other = BatchSampler(Shuffle(), LABELS, seed=1, batch_size=5).batch(0)[0]
    assert not np.array_equal(first, other)
    shifted = BatchSampler(Shuffle(), LABELS, seed=0, batch_size=5, start=7).batch(7)[0]
    np.testing.assert_array_equal(first, shifted)


def test_rows_that_are_a_part_of_the_training_split_are_drawn_by_their_positions():
    positions = np.array([2, 3, 11, 20, 26])
    sampler = BatchSampler(Shuffle(), LABELS[positions], 0, 5, 0, positions)
    assert [sorted(sampler.batch(step)[0]) for step in range(3)] == [positions.tolist()] * 3
    assert sampler.batch(1)[1].tolist() == [0] * 5


def test_oversampled_repeats_are_numbered():
    sampler = find("random_oversampling").stages[0].sampler
    batches = BatchSampler(sampler, LABELS, seed=0, batch_size=60)  # one epoch: 3 classes of 20
    positions, repeat_index = batches.batch(0)
    assert np.bincount(LABELS[positions]).tolist() == [20, 20, 20]
    assert (repeat_index[LABELS[positions] == 0] == 0).all()
    for image in (25, 26):
        numbers = repeat_index[positions == image]
        assert numbers.tolist() == list(range(len(numbers)))


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (np.array([27]), "the training split has 0 to 26"),
        (np.array([-1]), "the training split has 0 to 26"),
        (np.array([]), "non-empty"),
        (np.array([0.5]), "integers"),
    ],
)
def test_a_sampler_may_draw_from_the_training_split_only(drawn, message):
    with pytest.raises(ValueError, match=message):
        BatchSampler(lambda labels, rng: drawn, LABELS, seed=0, batch_size=4).batch(0)


def test_a_batch_is_cut_into_micro_batches_of_nearly_one_size():
    batch = Batch(np.arange(7), np.arange(7) % 2, np.arange(7) > 3)
    cut = batch.micro_batches(3)
    assert [len(micro_batch) for micro_batch in cut] == [3, 2, 2]
    for name in ("positions", "repeat_index", "augmented"):
        whole = np.concatenate([getattr(micro_batch, name) for micro_batch in cut])
        np.testing.assert_array_equal(whole, getattr(batch, name))
