"""Pairs of nearly parallel rows among a million, without a look at all pairs.

Cross-polytope hashing (Andoni et al. 2015): rows are turned at random, and the coordinate that is
largest, with its sign, is a row's value. Rows are compared where two such values agree, in each of
several tables. A pair is missed if it agrees in no table: 2 of 10,000 pairs with a correlation of
.98, and 1 of 100,000 with .99, counted on rows of 112 numbers.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

TABLES = 12
TURNS = 2  # values that must agree
MOST_COMPARED = 2048  # rows with the same values; of more, one value more must agree
MOST_NEIGHBOURS = 64  # of a row in a table: with more, it is one of a crowd
_CHUNK = 2**16  # rows that are turned at once


def parallel_pairs(rows: NDArray[np.float32], least: float) -> NDArray[np.int64]:
    """Return the pairs of rows whose product is at least `least`, nearly all of them, (P, 2).

    Of each pair the first is below the second. Of a row with more than MOST_NEIGHBOURS in a table,
    those with the largest product.

    Parameters
    ----------
    rows
        (n, D), each of length 1.
    least
        Near 1: with smaller ones, more pairs are missed.
    """
    rng, n = np.random.default_rng(0), len(rows)
    known = np.empty(0, np.int64)  # n times the first and the second
    for _ in range(TABLES):
        values = [_values(rows, rng) for _ in range(TURNS + 1)]
        pairs = [_parallel(rows, own, least) for own in _buckets(values)]
        if pairs:
            low, high = np.sort(np.concatenate(pairs), axis=1).T
            known = np.union1d(known, low * n + high)
    return np.column_stack(np.divmod(known, n))


def _values(rows: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the largest coordinate of each row after a random turn, with its sign, (n,)."""
    turn = np.linalg.qr(rng.normal(size=(rows.shape[1],) * 2))[0].astype(np.float32)
    values = []
    for begin in range(0, len(rows), _CHUNK):
        turned = rows[begin : begin + _CHUNK] @ turn
        largest = np.abs(turned).argmax(axis=1)
        is_positive = turned[np.arange(len(turned)), largest] > 0
        values.append(2 * largest + is_positive)
    return np.concatenate(values).astype(np.int64)


def _buckets(values: list[NDArray[np.int64]]) -> Iterator[NDArray[np.int64]]:
    """Yield the rows that are compared with each other: two or more with the same values."""
    key = np.zeros(len(values[0]), np.int64)
    for value in values[:TURNS]:
        key = key * (value.max() + 1) + value
    order = np.lexsort([values[-1], key])
    for bucket in _cut(order, key):
        if len(bucket) <= MOST_COMPARED:
            yield bucket
            continue
        for part in _cut(bucket, values[-1]):
            yield from (
                part[begin : begin + MOST_COMPARED] for begin in range(0, len(part), MOST_COMPARED)
            )


def _cut(order: NDArray[np.int64], key: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Cut ordered rows where their key changes; single rows are left out."""
    edges = np.flatnonzero(np.diff(key[order])) + 1
    starts, ends = np.append(0, edges), np.append(edges, len(order))
    several = ends - starts > 1
    return [order[a:b] for a, b in zip(starts[several], ends[several], strict=True)]


def _parallel(rows: NDArray[np.float32], own: NDArray[np.int64], least: float) -> NDArray[np.int64]:
    """Return the pairs of the rows at `own` with a product of at least `least`, (P, 2)."""
    products = rows[own] @ rows[own].T
    np.fill_diagonal(products, -1)
    if products.max() < least:
        return np.empty((0, 2), np.int64)
    is_near = products >= least
    for row in np.flatnonzero(is_near.sum(axis=1) > MOST_NEIGHBOURS):
        nearest = np.argpartition(products[row], -MOST_NEIGHBOURS)[-MOST_NEIGHBOURS:]
        is_near[row] = False
        is_near[row, nearest] = True
    a, b = np.nonzero(is_near)
    return np.column_stack([own[a], own[b]])
