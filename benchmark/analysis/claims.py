"""What a run may claim: the only place that decides whether a difference is more than chance.

A strategy differs from the baseline if three things hold: the 95 % interval of the difference, as
it is written, excludes 0; a test agrees, after Holm's correction for all strategies; and the
difference is larger than what the null row moves, which changes nothing. The test is that over
seeds. It needs 8 seeds, or more for many strategies: `seeds_needed`. Of one seed it is the exchange
of test images, and the claim is about these networks: another training may differ. A run of several
seeds claims nothing of a strategy that finished only one of them.

A class's recall differs if its interval excludes 0 after Bonferroni's correction for all strategies
and classes, the exact sign test of its images agrees, and the null row moves that class less.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmark.analysis.confidence import PRIMARY_METRIC
from benchmark.analysis.noise_floor import is_no_larger, noise_floor
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.evaluation.statistics.paired_tests import min_seeds

if TYPE_CHECKING:  # which holds the claims of a run
    from benchmark.analysis.comparison import Comparison

SIGNIFICANT = 0.05
MIN_SEEDS = 8
DIGITS, CLASS_DIGITS = 3, 2  # of an interval as it is written: ±.000 excludes nothing


class Doubt(Enum):
    """Why a difference may be chance."""

    INCLUDES_0 = auto()  # its interval does
    NOISE = auto()  # training the same once more moves as much
    FEW_SEEDS = auto()  # a test over seeds needs more
    TEST = auto()  # the test does not agree: of one seed the exchange, else that over seeds
    MANY_ROWS = auto()  # the interval excludes 0, but not after correction for all rows


@dataclass(frozen=True)
class Claim:
    """Whether one strategy's metric, or its recall of a class, differs from the baseline's."""

    strategy: str
    subject: str  # the metric, or the class
    difference: float
    low: float
    high: float
    seeds: int
    doubts: tuple[Doubt, ...]  # empty where the difference is told apart
    noise: float  # what the null row moves; 0 without one
    p: float = float("nan")  # of the test that counts; NaN for a class
    compared: int = 0  # strategies, or rows of strategies and classes, that are corrected for
    more_is_better: bool = True

    @property
    def direction(self) -> int:
        """1 if the number is higher than the baseline's, -1 if lower, 0 if not told apart."""
        return 0 if self.doubts else int(np.sign(self.difference))

    @property
    def is_gain(self) -> bool:
        """Whether the difference is told apart and for the better."""
        return self.direction == (1 if self.more_is_better else -1)

    @property
    def is_loss(self) -> bool:
        """Whether the difference is told apart and for the worse."""
        return self.direction == (-1 if self.more_is_better else 1)

    @property
    def about_networks(self) -> bool:
        """Whether the claim is about trained networks only: one seed has one training."""
        return self.seeds == 1

    @property
    def strategy_direction(self) -> int:
        """As `direction`, but 0 where only trained networks are told apart, not the strategy."""
        return 0 if self.about_networks else self.direction

    @property
    def excludes_0(self) -> bool:
        """Whether the interval excludes 0, whatever else speaks against the difference."""
        return Doubt.INCLUDES_0 not in self.doubts


def claims(comparison: Comparison) -> dict[tuple[str, str], Claim]:
    """Return (strategy, metric) -> its claim, for every row of `comparison.paired`."""
    rows = comparison.paired.to_dict("records")
    compared, several = len({row["strategy"] for row in rows}), len(comparison.seeds) > 1
    noise = {metric: noise_size(comparison, metric) for metric in {r["metric"] for r in rows}}
    result = {}
    for row in rows:
        name, metric = str(row["strategy"]), METRICS.get(row["metric"])
        p = float(row["p_seeds_adj"] if several else row["p_test_set_adj"])
        result[name, metric.name] = Claim(
            *(name, metric.name, row["difference"], row["low"], row["high"], int(row["seeds"])),
            tuple(_doubts(row, p, seeds_needed(compared) if several else 1, noise[metric.name])),
            *(noise[metric.name], p, compared, metric.better != "lower"),
        )
    return result


def primary_claims(comparison: Comparison) -> list[Claim]:
    """Return the claims about the metric that decides, one per strategy, in their order."""
    result = comparison.claims.items()
    return [claim for (_, metric), claim in result if metric == PRIMARY_METRIC]


def class_claims(comparison: Comparison) -> dict[tuple[str, str], Claim]:
    """Return (strategy, class) -> the claim about its recall, where the class has test images."""
    changes = comparison.class_changes.dropna(subset="difference")
    noise: dict[str, float] = {}
    if comparison.null_row is not None:
        null = comparison.null_row.class_changes.dropna(subset="difference")
        noise = dict(zip(null["class"], null["difference"].astype(float).abs(), strict=True))
    result = {}
    for row in changes.to_dict("records"):
        name, label = str(row["strategy"]), str(row["class"])
        moved = noise.get(label, 0.0)
        result[name, label] = Claim(
            *(name, label, row["difference"], row["low"], row["high"], int(row["seeds"])),
            tuple(_class_doubts(row, moved)),
            noise=moved,
            compared=len(changes),
        )
    return result


def largest_changes(comparison: Comparison) -> tuple[Claim | None, Claim | None]:
    """Return the claims of the largest gain and the largest loss of a class's recall, or None.

    The largest gain is the one with the highest lower bound, among those that are told apart if
    there are any: one test image that flips is no large gain. Where no interval of a gain excludes
    0, it is the largest difference; of equals the one with most test images.
    """
    images = dict(zip(comparison.classes, comparison.test_counts, strict=True))
    result = list(comparison.class_claims.values())
    return _largest(result, images, 1), _largest(result, images, -1)


def _largest(
    claims_of_classes: Sequence[Claim], images: Mapping[str, int], direction: int
) -> Claim | None:
    changes = [claim for claim in claims_of_classes if direction * claim.difference > 0]
    changes = [claim for claim in changes if claim.direction] or changes

    def nearest_to_0(claim: Claim) -> float:
        return claim.low if direction > 0 else -claim.high

    clear = any(nearest_to_0(claim) > 0 for claim in changes)

    def size(claim: Claim) -> tuple[float, int]:
        by = nearest_to_0(claim) if clear else direction * claim.difference
        return by, images[claim.subject]

    return max(changes, key=size, default=None)


def seeds_needed(strategies: int) -> int:
    """Return how many seeds it takes to call one of so many strategies different."""
    return max(MIN_SEEDS, min_seeds(max(strategies, 1), SIGNIFICANT))


def noise_size(comparison: Comparison, metric: str) -> float:
    """Return how far the null row's mean lies from the strategy that it repeats; 0 without one."""
    floor = noise_floor(comparison)
    return floor.of_mean(metric) if floor else 0.0


def _doubts(row: Mapping[Any, Any], p: float, needed: int, noise: float) -> Iterator[Doubt]:
    if _includes_0(row, DIGITS):
        yield Doubt.INCLUDES_0
    if is_no_larger(row["difference"], noise):
        yield Doubt.NOISE
    if row["seeds"] < needed:
        yield Doubt.FEW_SEEDS
    elif not p <= SIGNIFICANT:  # also NaN, where nothing was tested
        yield Doubt.TEST


def _class_doubts(row: Mapping[Any, Any], noise: float) -> Iterator[Doubt]:
    if _includes_0(row, CLASS_DIGITS):
        yield Doubt.INCLUDES_0
    elif not row["significant_bonferroni"]:
        yield Doubt.MANY_ROWS
    if is_no_larger(row["difference"], noise):
        yield Doubt.NOISE


def _includes_0(row: Mapping[Any, Any], digits: int) -> bool:
    return bool(round(row["low"], digits) <= 0 <= round(row["high"], digits))
