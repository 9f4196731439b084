"""How much of a lost score is due to each of several causes: Shapley values, with intervals.

Between a start and an end that differ in k settings, the score changes by a total. The order in
which the settings are changed matters where they interact, so the part of a setting is the mean of
what it changes over all orders (Shapley 1953; for parts of a fit: Lindeman, Merenda & Gold 1980).
The parts add up to the total. Of two settings, they are the main effects of the 2 × 2 grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

from scipy.optimize import brentq

from benchmark.analysis.contrasts import Estimate, Term, contrast
from benchmark.plan.sweep import run_name

if TYPE_CHECKING:
    from benchmark.analysis.sweep import SweepComparison

FARTHEST = 50.0  # shares of the total beyond which a bound is not looked for


@dataclass(frozen=True)
class Share:
    """What one setting changes of a total."""

    setting: str
    effect: Estimate  # its part of the change
    # of the total; None where that is not clearly different from 0, or all of one setting
    share: Estimate | None


def cell(
    sweep: SweepComparison, values: Mapping[str, str], strategy: str, weight: float = 1.0
) -> Term:
    """Return the term of a strategy in the run with these values of all settings.

    Raises
    ------
    ValueError
        If the sweep has no such run.
    """
    name = run_name(sweep.settings, tuple(values[setting] for setting in sweep.settings))
    if name not in sweep.names:
        raise ValueError(
            f"there is no run {name} in {sweep.folder}: the command that made the folder trains "
            f"it; `report {sweep.folder}` reports those that are there"
        )
    return Term(weight, sweep.run_named(name), strategy)


def change_terms(
    sweep: SweepComparison, strategy: str, start: Mapping[str, str], end: Mapping[str, str]
) -> list[Term]:
    """Return the score at the end minus that at the start."""
    return [cell(sweep, end, strategy), cell(sweep, start, strategy, -1.0)]


def shapley_terms(
    sweep: SweepComparison,
    strategy: str,
    start: Mapping[str, str],
    end: Mapping[str, str],
    setting: str,
) -> list[Term]:
    """Return the part of `setting` in the change from start to end."""
    others = [name for name in start if start[name] != end[name] and name != setting]
    k, terms = len(others) + 1, []
    for size in range(len(others) + 1):
        weight = factorial(size) * factorial(k - size - 1) / factorial(k)
        for changed in combinations(others, size):
            before = {**start, **{name: end[name] for name in changed}}
            after = {**before, setting: end[setting]}
            terms.append(cell(sweep, after, strategy, weight))
            terms.append(cell(sweep, before, strategy, -weight))
    return terms


def shares(
    sweep: SweepComparison,
    strategy: str,
    start: Mapping[str, str],
    end: Mapping[str, str],
    metric: str,
) -> tuple[Estimate | None, list[Share]]:
    """Return the total change of a metric, and the part of each setting that differs.

    (None, []) where the runs share no seed.
    """
    change = change_terms(sweep, strategy, start, end)
    total = contrast(change).get(metric)
    if total is None:
        return None, []
    settings, parts = [name for name in start if start[name] != end[name]], []
    is_shared = total.direction != 0 and len(settings) > 1
    for setting in settings:
        terms = shapley_terms(sweep, strategy, start, end, setting)
        part = contrast(terms)[metric]
        share = share_of(terms, part, change, total, metric) if is_shared else None
        parts.append(Share(setting, part, share))
    return total, parts


def share_of(
    part_terms: Sequence[Term],
    part: Estimate,
    total_terms: Sequence[Term],
    total: Estimate,
    metric: str,
) -> Estimate:
    """Return part / total with Fieller's interval (1954, J. R. Stat. Soc. B 16, 175).

    A share s is in it if the interval of part − s × total includes 0. The total must clearly differ
    from 0, or the interval may have no end: a bound that is farther away than 50 is given as that.
    """
    sign, value = total.direction, part.value / total.value

    def rest(share: float) -> Estimate:
        scaled = [Term(-sign * share * t.weight, t.run, t.strategy) for t in total_terms]
        signed = [Term(sign * t.weight, t.run, t.strategy) for t in part_terms]
        return contrast([*signed, *scaled])[metric]

    low, high = -FARTHEST, FARTHEST
    if rest(low).low > 0:  # `rest` falls as the share grows
        low = float(brentq(lambda share: rest(share).low, low, value, xtol=1e-4))
    if rest(high).high < 0:
        high = float(brentq(lambda share: rest(share).high, value, high, xtol=1e-4))
    return Estimate(value, low, high, part.seeds)
