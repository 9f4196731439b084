"""A sampler is tried in epochs of synthetic labels."""

import numpy as np

from benchmark.strategy.synthetic_epochs import EPOCHS, LARGEST, draw_epochs

COUNTS = np.array([5, 900, 0, 45])


def test_epochs_are_of_classes_in_proportion():
    def shuffled(labels, rng):
        sizes = np.bincount(labels, minlength=4)
        assert sizes.tolist() == [1, LARGEST, 0, 3]
        return rng.permutation(len(labels))

    epochs = draw_epochs(shuffled, COUNTS)
    assert epochs.class_counts.tolist() == [1, LARGEST, 0, 3]
    assert (epochs.image_draws == EPOCHS).all()


def test_draws_are_in_the_order_of_classes():
    epochs = draw_epochs(lambda labels, _: np.flatnonzero(labels == 3), COUNTS)
    assert epochs.image_draws.tolist() == [0] * (LARGEST + 1) + [EPOCHS] * 3
