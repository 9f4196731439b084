"""What the decisions of every strategy cost, by the costs that a strategy of the run decides by."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from benchmark.analysis.confidence import (
    SeedPredictions,
    shared_images,
    strategies_of,
    variance_by_images,
)
from benchmark.evaluation.statistics import Floats, across_seeds
from benchmark.evaluation.statistics.sampling_variance import (
    DIFFERENCE_WEIGHT,
    SCORE_WEIGHT,
    Influences,
    normal_interval,
    variance,
)

COSTS = ["strategy", "costs_of", "baseline", "value", "low", "high", "seeds"]


def mean_costs(
    seeds: Sequence[SeedPredictions], costs: Mapping[str, Floats], baseline: str | None
) -> pd.DataFrame:
    """Return COSTS: the mean cost of a test image under every strategy, with 95 % intervals.

    `costs` are matrices (C, C) by the strategy that decides by them; rows are true classes. Rows
    with a baseline are differences from its cost. Intervals are those of `confidence.interval`.
    """
    rows: list[tuple[object, ...]] = []
    for source, matrix in costs.items():
        for name in strategies_of(seeds):
            finished = [seed for seed in seeds if name in seed.predicted]
            rows.append((name, source, None, *_interval(finished, matrix, name, None)))
            both = [seed for seed in finished if baseline in seed.predicted]
            if name != baseline and baseline is not None and both:
                difference = _interval(both, matrix, name, baseline)
                rows.append((name, source, baseline, *difference))
    return pd.DataFrame(rows, columns=COSTS)


def _interval(
    seeds: Sequence[SeedPredictions], matrix: Floats, name: str, baseline: str | None
) -> tuple[float, float, float, int]:
    """Return a mean cost, or the difference of two, with its bounds and the number of seeds."""
    by_seed = [_influences(seed, matrix, name) for seed in seeds]
    if baseline is not None:
        pairs = zip(by_seed, seeds, strict=True)
        by_seed = [own.minus(_influences(seed, matrix, baseline)) for own, seed in pairs]
    values = np.stack([each.estimates for each in by_seed], axis=-1)  # (1, n)
    if len(seeds) == 1:
        weight = SCORE_WEIGHT if baseline is None else DIFFERENCE_WEIGHT
        low, high = normal_interval(values[:, 0], variance(by_seed[0], seeds[0].units, weight))
    else:
        by_images, shared = variance_by_images(seeds, by_seed), shared_images(tuple(seeds))
        low, high = across_seeds.t_interval_corrected(values, by_images, shared)
    most = float(matrix.max() - matrix.min())
    least, most = (float(matrix.min()), float(matrix.max())) if baseline is None else (-most, most)
    low, high = (bound.clip(least, most) for bound in (low, high))
    return float(values.mean()), float(low[0]), float(high[0]), len(seeds)


def _influences(seed: SeedPredictions, matrix: Floats, name: str) -> Influences:
    """Return what each unit of test images does to the mean cost of one strategy.

    A mean is a sum of its units, so that its influence is known without adding any. A unit that is
    right or wrong, of which an image of each class stands for other images, costs what a right
    decision does, or the dearest wrong one.
    """
    units, labels, images = seed.units, seed.labels, len(seed.labels)
    costs = matrix[labels, seed.predicted[name]]  # (N,)
    sizes = np.bincount(labels, minlength=units.classes)  # (C,) images
    of_class = np.bincount(labels, weights=costs, minlength=units.classes) / np.maximum(sizes, 1)
    away = np.bincount(units.unit, weights=costs - of_class[labels])  # (U,)
    present, scale = units.present, units.counts / images
    share = sizes[present] / images
    right = share * (np.diag(matrix) - of_class)[present]
    wrong = share * (matrix.max(1) - of_class)[present]
    own = away * scale[units.class_of_unit]
    return Influences(np.array([costs.mean()]), own[None], right[None], wrong[None])
