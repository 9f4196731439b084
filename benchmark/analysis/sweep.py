"""The runs of a sweep side by side: does the ranking of strategies hold under every value?

All runs have the same images, splits and strategies; one setting differs, like the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.analysis.claims import Claim, primary_claims
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.analysis.run_files import read_sweep
from benchmark.analysis.run_grid import RANKED_BY, RunGrid, strategies_of_runs
from benchmark.evaluation.statistics import LEVEL, Floats
from benchmark.evaluation.statistics.agreement import (
    AxisEffect,
    Concordance,
    axis_effect,
    concordance,
    kendall_taus,
    min_p_of_axis_effect,
    reversed_pairs,
)
from benchmark.execution.experiment_differences import differences_besides, name_in_manifest
from benchmark.execution.run_folder import RunFolder, why_links
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.storage.stored_file import is_there
from benchmark.system.text import join_names

ALPHA = 1 - LEVEL
_ANEW = "and run the command of the sweep again, which trains it anew"
AGREEMENT = ["a", "b", "strategies", "pairs", "reversed", "tau"]


@dataclass(frozen=True, kw_only=True)
class SweepComparison(RunGrid):
    """D runs, one for each value of a setting; `names` are the values."""

    folder: Path
    setting: str  # like "recipe"
    missing: tuple[str, ...] = ()  # values whose runs have not begun

    @property
    def axis(self) -> str:
        """The setting."""
        return self.setting

    @property
    def seeds(self) -> list[int]:
        """The seeds that all runs have, in the order of the first."""
        return [seed for seed in self.runs[0].seeds if all(seed in run.seeds for run in self.runs)]

    @cached_property
    def ranked(self) -> tuple[str, ...]:
        """(R,) strategies that finished under every value, and are compared by rank."""
        complete = np.isfinite(self.values(RANKED_BY)).all(1)
        return tuple(np.array(self.common_strategies, object)[complete])

    @cached_property
    def ranked_scores(self) -> Floats:
        """Macro-F1 of `ranked`, (R, D)."""
        scores = self.values(RANKED_BY)
        return scores[np.isfinite(scores).all(1)]

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """One row per two values: AGREEMENT, with Kendall's tau of the two rankings."""
        scores, number = self.ranked_scores, len(self.ranked)
        taus, rows = kendall_taus(scores), []
        for a, b in combinations(range(len(self.names)), 2):
            turned = reversed_pairs(scores[:, a], scores[:, b])
            pairs = number * (number - 1) // 2
            rows.append((self.names[a], self.names[b], number, pairs, turned, taus[a, b]))
        return pd.DataFrame(rows, columns=AGREEMENT)

    @cached_property
    def concordance(self) -> Concordance:
        """Kendall's W of all rankings."""
        return concordance(self.ranked_scores)

    @cached_property
    def effect(self) -> AxisEffect | None:
        """Whether rankings differ more between values than between seeds; None of one seed."""
        scores = self._scores_by_seed
        return axis_effect(scores) if scores.shape[2] > 1 and len(scores) > 1 else None

    @property
    def seeds_needed(self) -> int:
        """Seeds from which on `effect` can be significant."""
        number = len(self.names)
        return next(n for n in range(2, 99) if min_p_of_axis_effect(number, n) <= ALPHA)

    @cached_property
    def rank_changes(self) -> pd.Series:
        """Strategy -> the range of its ranks over the values, of `ranked`."""
        ranks = self.scores[self.scores["strategy"].isin(self.ranked)]
        by_strategy = ranks.groupby("strategy", sort=False)["rank"]
        return by_strategy.max() - by_strategy.min()

    def ranks_of(self, strategy: str) -> list[float]:
        """Return the ranks (D,) of a strategy."""
        rows = self.scores[self.scores["strategy"] == strategy].set_index(self.axis)
        return rows["rank"].reindex(list(self.names)).tolist()

    @cached_property
    def paired(self) -> pd.DataFrame:
        """One row per value and strategy: macro-F1 minus the baseline's, with interval and p."""
        tables = [
            run.paired[run.paired["metric"] == RANKED_BY].assign(**{self.axis: name})
            for name, run in zip(self.names, self.runs, strict=True)
        ]
        whole = pd.concat(tables, ignore_index=True)
        return whole[[self.axis, *(column for column in whole if column != self.axis)]]

    @cached_property
    def claims(self) -> dict[tuple[str, str], Claim]:
        """(strategy, value) -> what its run may claim of macro-F1 against the baseline."""
        return {
            (claim.strategy, name): claim
            for name, run in zip(self.names, self.runs, strict=True)
            for claim in primary_claims(run)
        }

    @cached_property
    def directions(self) -> pd.DataFrame:
        """Strategies × values: `Claim.strategy_direction` of each; strategies of all runs."""
        rows = {
            strategy: [self.claims[strategy, name].strategy_direction for name in self.names]
            for strategy in self.strategies
            if all((strategy, name) in self.claims for name in self.names)
        }
        return pd.DataFrame.from_dict(rows, "index", int, list(self.names))

    @property
    def _scores_by_seed(self) -> Floats:
        """Macro-F1 of `ranked` by value and seed, (R, D, n)."""
        tables = [
            run.seed_rows.pivot(index="strategy", columns="seed", values=RANKED_BY)
            .reindex(index=list(self.ranked), columns=self.seeds)
            .to_numpy(float)
            for run in self.runs
        ]
        return np.stack(tables, axis=1)


def load_sweep(
    folder: Path, baseline: str | None = None, read: Mapping[str, Comparison] | None = None
) -> SweepComparison:
    """Read the runs of a sweep; `baseline` None takes each run's own.

    `read` are runs that are not read again, by their values.

    Raises
    ------
    FileNotFoundError
        If fewer than two runs have begun, saying which.
    ValueError
        If a file is damaged, a folder is a link or holds another run than its value says, the runs
        differ in more than the setting, or one has no strategy `baseline`.
    """
    manifest = read_sweep(SweepFolder(folder))
    if reason := why_links(folder, manifest.folders.values()):
        raise ValueError(reason)
    paths = {value: folder / name for value, name in manifest.folders.items()}
    begun = {v: path for v, path in paths.items() if is_there(RunFolder(path).run_file)}
    missing = tuple(value for value in paths if value not in begun)
    if len(begun) < 2:
        raise FileNotFoundError(
            f"{folder} holds no run with {manifest.setting} {join_names(missing, 'or')} yet, so "
            "there is nothing to compare: run its command again"
        )
    known = read or {}
    runs = [known.get(v) or load_comparison(path, baseline) for v, path in begun.items()]
    _require_runs_of_sweep(manifest.setting, begun, runs)
    return compare_sweep(folder, manifest.setting, list(begun), runs, missing)


def _require_runs_of_sweep(
    setting: str, folders: Mapping[str, Path], runs: Sequence[Comparison]
) -> None:
    """Raise ValueError if a folder, by value, holds another run than that of its value."""
    (first, its_folder), first_run = next(iter(folders.items())), runs[0]
    for (value, folder), run in zip(folders.items(), runs, strict=True):
        met = name_in_manifest(setting, run.manifest)
        if met != value:
            raise ValueError(
                f"{folder} holds a run with {setting} {met}, where that with {setting} {value} "
                f"belongs; put that there, or remove {folder} {_ANEW}"
            )
        names = (f"with {first}", f"with {value}")
        if others := differences_besides(setting, first_run.manifest, run.manifest, names):
            raise ValueError(
                f"the runs in {its_folder} and {folder} differ in more than {setting} "
                f"({'; '.join(others)}), so their ranks can't be compared; put the sweep's "
                f"own run in place of the one that is not, or remove that folder {_ANEW}"
            )


def compare_sweep(
    folder: Path,
    setting: str,
    values: Sequence[str],
    runs: Sequence[Comparison],
    missing: Sequence[str] = (),
) -> SweepComparison:
    """Compare runs that differ in one setting."""
    return SweepComparison(
        runs=tuple(runs),
        names=tuple(values),
        strategies=strategies_of_runs(runs),
        folder=folder,
        setting=setting,
        missing=tuple(missing),
    )
