"""What is kept of scores while classes are moved is what would be computed from all of them."""

import numpy as np
from scipy.special import logsumexp

from benchmark.strategy.moved_scores import MovedScores


def check(moved, scores):
    """Compare with scores (N, C); rivals of equal scores are the first."""
    images = np.arange(len(scores))
    for k in range(scores.shape[1]):
        others = np.where(np.arange(scores.shape[1]) == k, -np.inf, scores)
        rival, highest = moved.rivals_of(k)
        np.testing.assert_array_equal(rival, others.argmax(1))
        np.testing.assert_array_equal(highest, others[images, rival])
        np.testing.assert_array_equal(moved.scores_of(k), scores[:, k])
        own, rest = moved.exponentials(k)
        np.testing.assert_allclose(
            np.log(own + rest) - np.log(own), logsumexp(scores, axis=1) - scores[:, k], atol=1e-9
        )


def test_after_any_moves_all_is_as_if_computed_anew():
    rng = np.random.default_rng(0)
    # few levels, so that many scores are equal
    log_p = rng.integers(-6, 0, (40, 7)) / 2.0
    moved, offset = MovedScores(log_p, np.zeros(7)), np.zeros(7)
    for _ in range(3):
        moved.begin_sweep()
        check(moved, log_p + offset)
        for k in rng.permutation(7):
            step = rng.integers(-6, 7) / 2
            offset[k] += step
            moved.move(k, step)
            check(moved, log_p + offset)
    np.testing.assert_array_equal(moved.offset, offset)


def test_a_class_that_has_all_the_probability_leaves_the_others_none():
    moved = MovedScores(np.array([[0.0, -800.0]]), np.zeros(2))
    moved.begin_sweep()
    own, rest = moved.exponentials(0)
    assert own.tolist() == [1.0]
    assert rest.tolist() == [0.0]


def test_what_is_given_is_not_changed():
    log_p, offset = np.log([[0.5, 0.3, 0.2]]), np.zeros(3)
    moved = MovedScores(log_p, offset)
    moved.begin_sweep()
    moved.move(1, 2.0)
    np.testing.assert_array_equal(log_p, np.log([[0.5, 0.3, 0.2]]))
    assert not offset.any()
