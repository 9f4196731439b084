"""Cross-fitting: no image is decided by a rule that was fitted to it."""

from dataclasses import dataclass

import numpy as np

from benchmark.strategy import Argmax, OffsetArgmax, Outputs
from benchmark.strategy.cross_fit import FOLDS, cross_fit

COUNTS = np.array([46, 10, 4])
LABELS = np.repeat([0, 1, 2], COUNTS)


def outputs():
    logits = np.random.default_rng(0).normal(0, 1, (60, 3)).astype(np.float32)
    logits[np.arange(60), LABELS] += 1
    return Outputs(logits, logits, LABELS)


@dataclass(frozen=True)
class ByHeart:
    """Knows the label of every image that it was fitted to, and predicts 0 for all others."""

    def fit(self, validation, counts):
        known = {
            row.tobytes(): label
            for row, label in zip(validation.logits, validation.labels, strict=True)
        }
        return lambda outputs: np.array([known.get(row.tobytes(), 0) for row in outputs.logits])


def test_a_decision_that_fits_nothing_gives_its_own_labels():
    predicted = cross_fit(Argmax(), outputs(), COUNTS)
    np.testing.assert_array_equal(predicted, outputs().logits.argmax(1))


def test_a_decision_that_learns_validation_by_heart_gains_nothing():
    assert not cross_fit(ByHeart(), outputs(), COUNTS).any()


def test_each_fold_has_its_share_of_each_class():
    fitted = []

    @dataclass(frozen=True)
    class Counting:
        def fit(self, validation, counts):
            fitted.append(np.bincount(validation.labels, minlength=3))
            return OffsetArgmax((0.0,) * 3)

    cross_fit(Counting(), outputs(), COUNTS)
    held_out = COUNTS - np.array(fitted)
    assert len(fitted) == FOLDS
    assert (held_out.max(0) - held_out.min(0) <= 1).all()
    assert held_out.sum(0).tolist() == COUNTS.tolist()


def test_a_rule_gets_no_label_of_the_images_it_decides():
    @dataclass(frozen=True)
    class Peeks:
        def fit(self, validation, counts):
            return lambda outputs: np.maximum(outputs.labels, 0)

    assert not cross_fit(Peeks(), outputs(), COUNTS).any()
