from __future__ import annotations

import numpy as np

from benchmark.data.duplicates import correlation
from benchmark.data.duplicates.candidates import MOST_NEIGHBOURS, parallel_pairs
from benchmark.data.duplicates.correlation import COARSE, MOST_ALIKE, compare_thumbnails
from benchmark.data.pixels.thumbnail import SIDE

RNG = np.random.default_rng(4)


def unit_rows(number: int) -> np.ndarray:
    rows = RNG.normal(size=(number, 112)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def beside(rows: np.ndarray, correlation: float) -> np.ndarray:
    """Rows that have just this product with the given ones."""
    other = unit_rows(len(rows))
    other -= (other * rows).sum(axis=1, keepdims=True) * rows
    other /= np.linalg.norm(other, axis=1, keepdims=True)
    return (correlation * rows + np.sqrt(1 - correlation**2) * other).astype(np.float32)


def test_pairs_are_found_nearly_all_and_no_others() -> None:
    rows = unit_rows(2000)
    near, apart = beside(rows[:500], 0.985), beside(rows[500:1000], 0.97)
    pairs = parallel_pairs(np.concatenate([rows, near, apart]), COARSE)
    assert {(a, b - 2000) for a, b in pairs.tolist()} <= {(i, i) for i in range(500)}
    assert len(pairs) >= 499


def test_of_a_crowd_each_has_neighbours() -> None:
    rows = np.repeat(unit_rows(1), 3 * MOST_NEIGHBOURS, axis=0)
    pairs = parallel_pairs(rows, COARSE)
    assert np.bincount(pairs.ravel()).min() >= MOST_NEIGHBOURS


def test_hashing_gives_what_comparing_all_gives(monkeypatch) -> None:
    thumbnails = RNG.uniform(0, 255, (400, SIDE, SIDE)).astype(np.float32)
    thumbnails[200:260] = thumbnails[:60] + RNG.normal(0, 4, (60, SIDE, SIDE))
    crowd = thumbnails[300] + RNG.normal(0, 2, (2 * MOST_ALIKE, SIDE, SIDE))
    thumbnails[300 : 300 + len(crowd)] = crowd
    thumbnails[390:] = 7  # flat
    sides = np.where(np.arange(400) % 9, 300, 20)
    expected = compare_thumbnails(thumbnails, sides)
    monkeypatch.setattr(correlation, "MOST_IN_ALL_PAIRS", 10)
    comparison = compare_thumbnails(thumbnails, sides)
    for name in ("pairs", "too_alike", "flat"):
        assert getattr(comparison, name).tolist() == getattr(expected, name).tolist()
    assert len(expected.pairs) >= 60 + len(crowd) - 1
