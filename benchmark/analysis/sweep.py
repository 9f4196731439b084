"""The runs of a sweep side by side: does the ranking of strategies hold under every value?

All runs have the same images, splits and strategies; some settings differ, like the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.analysis import gain_changes, main_effects
from benchmark.analysis.axis_ranking import AxisRanking
from benchmark.analysis.best_cell import BestCell, best_cells
from benchmark.analysis.claims import Claim, primary_claims
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.analysis.run_files import read_sweep
from benchmark.analysis.run_grid import RANKED_BY, RunGrid, strategies_of_runs
from benchmark.analysis.run_records import FIT
from benchmark.evaluation.statistics import Floats
from benchmark.evaluation.statistics.ranks import ranks
from benchmark.execution.experiment_differences import differences_besides, values_in_manifest
from benchmark.execution.run_folder import RunFolder, why_links
from benchmark.execution.same_training import train_the_same
from benchmark.execution.sweep_folder import SweepFolder, SweepRunInfo
from benchmark.plan.same_values import SameValues, same_values
from benchmark.plan.sweep import run_name, run_title, title_of
from benchmark.storage.stored_file import is_there
from benchmark.system.text import join_names

_ANEW = "and run the command of the sweep again, which trains it anew"


@dataclass(frozen=True, kw_only=True)
class SweepComparison(RunGrid):
    """D runs, one for each combination of the values of A settings; `names` are those of the runs.

    A sweep that is not finished lacks some of the combinations.
    """

    folder: Path
    settings: tuple[str, ...]  # (A,) like ("fine_tune", "label_noise")
    values: tuple[tuple[str, ...], ...]  # (D, A) of each run
    missing: tuple[str, ...] = ()  # names of runs that have not begun

    @property
    def axis(self) -> str:
        """The setting; of several, what a combination of their values is called: run."""
        return self.settings[0] if len(self.settings) == 1 else super().axis

    @property
    def seeds(self) -> list[int]:
        """The seeds that all runs have, in the order of the first."""
        return [seed for seed in self.runs[0].seeds if all(seed in run.seeds for run in self.runs)]

    @cached_property
    def ranked(self) -> tuple[str, ...]:
        """(R,) strategies that finished in every run, and are compared by rank."""
        complete = np.isfinite(self.metric_values(RANKED_BY)).all(1)
        return tuple(np.array(self.common_strategies, object)[complete])

    def values_of(self, setting: str) -> tuple[str, ...]:
        """Return the values of a setting, in the order in which they were given."""
        k = self.settings.index(setting)
        return tuple(dict.fromkeys(values[k] for values in self.values))

    def slices(self, setting: str) -> dict[str, list[Comparison]]:
        """Return each value of a setting -> its runs, those with equal other values side by side.

        Combinations of the other settings count that have a run under every value; {} without one,
        or where runs of one value alone have begun.
        """
        k = self.settings.index(setting)
        by_values = dict(zip(self.values, self.runs, strict=True))
        others = dict.fromkeys((v[:k], v[k + 1 :]) for v in by_values)
        values = self.values_of(setting)
        whole = [(a, b) for a, b in others if all((*a, v, *b) in by_values for v in values)]
        if not whole or len(values) < 2:
            return {}
        return {v: [by_values[*a, v, *b] for a, b in whole] for v in values}

    @cached_property
    def axes(self) -> tuple[AxisRanking, ...]:
        """The ranking along each setting, in the order of `settings`."""
        rankings = (self._axis_ranking(setting) for setting in self.settings)
        return tuple(ranking for ranking in rankings if ranking is not None)

    def _axis_ranking(self, setting: str) -> AxisRanking | None:
        slices = self.slices(setting)
        if not slices:
            return None
        scores = np.stack(
            [np.mean([self._means_of(run) for run in runs], axis=0) for runs in slices.values()], 1
        )  # (R, V)
        by_seed = np.stack(
            [np.mean([self._by_seed(run) for run in runs], axis=0) for runs in slices.values()], 1
        )  # (R, V, n)
        return AxisRanking(
            setting=setting,
            values=tuple(slices),
            strategies=self.ranked,
            scores=scores,
            ranks=ranks(scores, True),
            scores_by_seed=by_seed,
            averaged=len(next(iter(slices.values()))),
        )

    @cached_property
    def same_values(self) -> list[SameValues]:
        """Values under which the same networks are trained: what differs there is no effect."""
        runs = {v: run.manifest for v, run in zip(self.values, self.runs, strict=True)}
        return same_values(self.settings, runs, train_the_same)

    @cached_property
    def main_effects(self) -> pd.DataFrame:
        """What each value of a setting changes, see `main_effects.main_effects`."""
        return main_effects.main_effects(self)

    @cached_property
    def gains(self) -> pd.DataFrame:
        """What each strategy gains under each value of a setting, see `main_effects.gains`."""
        return main_effects.gains(self)

    @cached_property
    def gain_changes(self) -> pd.DataFrame:
        """Where gains begin or cease to be clear, see `gain_changes.gain_changes`."""
        return gain_changes.gain_changes(self)

    @cached_property
    def best_cells(self) -> tuple[BestCell, ...]:
        """The best run and strategy on validation, see `best_cell.best_cells`."""
        return best_cells(self)

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per run and strategy: `scores`, the values of the settings, and the fit.

        The fit are accuracy, macro-F1 and loss on training images, and the gap: accuracy there
        minus that on test images.
        """
        keys = [self.axis, "strategy"]
        means = []
        for name, run in zip(self.names, self.runs, strict=True):
            columns = [*FIT, "val_macro_f1"]
            table = run.seed_rows.groupby("strategy", sort=False)[columns].mean().reset_index()
            means.append(table.assign(**{self.axis: name}))
        table = self.scores.merge(pd.concat(means, ignore_index=True), on=keys, how="left")
        table["gap"] = table["train_accuracy"] - table["accuracy"]
        if len(self.settings) > 1:
            values = pd.DataFrame(self.values, columns=list(self.settings), index=list(self.names))
            for k, setting in enumerate(self.settings):
                table.insert(1 + k, setting, table[self.axis].map(values[setting]))
        return table

    @cached_property
    def paired(self) -> pd.DataFrame:
        """One row per run and strategy: macro-F1 minus the baseline's, with interval and p."""
        tables = [
            run.paired[run.paired["metric"] == RANKED_BY].assign(**{self.axis: name})
            for name, run in zip(self.names, self.runs, strict=True)
        ]
        whole = pd.concat(tables, ignore_index=True)
        return whole[[self.axis, *(column for column in whole if column != self.axis)]]

    @cached_property
    def claims(self) -> dict[tuple[str, str], Claim]:
        """(strategy, name of a run) -> what the run may claim of macro-F1 against the baseline."""
        return {
            (claim.strategy, name): claim
            for name, run in zip(self.names, self.runs, strict=True)
            for claim in primary_claims(run)
        }

    @cached_property
    def directions(self) -> pd.DataFrame:
        """Strategies × runs: `Claim.strategy_direction` of each; strategies of all runs."""
        rows = {
            strategy: [self.claims[strategy, name].strategy_direction for name in self.names]
            for strategy in self.strategies
            if all((strategy, name) in self.claims for name in self.names)
        }
        return pd.DataFrame.from_dict(rows, "index", int, list(self.names))

    def _means_of(self, run: Comparison) -> Floats:
        """Macro-F1 of `ranked` in a run, mean over its seeds, (R,)."""
        means = run.summary.set_index("strategy")[RANKED_BY]
        return means.reindex(list(self.ranked)).to_numpy(float)

    def _by_seed(self, run: Comparison) -> Floats:
        """Macro-F1 of `ranked` in a run by seed, (R, n)."""
        table = run.seed_rows.pivot(index="strategy", columns="seed", values=RANKED_BY)
        return table.reindex(index=list(self.ranked), columns=self.seeds).to_numpy(float)


def load_sweep(
    folder: Path, baseline: str | None = None, read: Mapping[str, Comparison] | None = None
) -> SweepComparison:
    """Read the runs of a sweep; `baseline` None takes each run's own.

    `read` are runs that are not read again, by their names.

    Raises
    ------
    FileNotFoundError
        If fewer than two runs have begun, saying which.
    ValueError
        If a file is damaged, a folder is a link or holds another run than its values say, the runs
        differ in more than the settings, or one has no strategy `baseline`.
    """
    manifest = read_sweep(SweepFolder(folder))
    settings = manifest.settings
    if reason := why_links(folder, [run.folder for run in manifest.runs]):
        raise ValueError(reason)
    runs = {run_name(settings, run.values): run for run in manifest.runs}
    begun = {
        name: run for name, run in runs.items() if is_there(RunFolder(folder / run.folder).run_file)
    }
    missing = tuple(name for name in runs if name not in begun)
    if len(begun) < 2:
        which = join_names([run_title(settings, runs[name].values) for name in missing], "or")
        raise FileNotFoundError(
            f"{folder} holds no run with {which} yet, so there is nothing to compare: run its "
            "command again"
        )
    known = read or {}
    read_runs = [
        known.get(name) or load_comparison(folder / run.folder, baseline)
        for name, run in begun.items()
    ]
    _require_runs_of_sweep(folder, settings, list(begun.values()), read_runs)
    values = [run.values for run in begun.values()]
    return compare_sweep(folder, settings, values, read_runs, missing)


def _require_runs_of_sweep(
    folder: Path,
    settings: tuple[str, ...],
    infos: Sequence[SweepRunInfo],
    runs: Sequence[Comparison],
) -> None:
    """Raise ValueError if a folder holds another run than that of its values."""

    first, first_run = infos[0], runs[0]
    for info, run in zip(infos, runs, strict=True):
        met = values_in_manifest(settings, run.manifest)
        path = folder / info.folder
        if met != info.values:
            raise ValueError(
                f"{path} holds a run with {run_title(settings, met)}, where that with "
                f"{run_title(settings, info.values)} belongs; put that there, or remove {path} "
                f"{_ANEW}"
            )
        own = [run_title(settings, values) for values in (first.values, info.values)]
        names = (f"with {own[0]}", f"with {own[1]}")
        if others := differences_besides(settings, first_run.manifest, run.manifest, names):
            raise ValueError(
                f"the runs in {folder / first.folder} and {path} differ in more than "
                f"{join_names([title_of(setting) for setting in settings])} "
                f"({'; '.join(others)}), so their ranks can't be compared; put the sweep's "
                f"own run in place of the one that is not, or remove that folder {_ANEW}"
            )


def compare_sweep(
    folder: Path,
    settings: Sequence[str],
    values: Sequence[tuple[str, ...]],
    runs: Sequence[Comparison],
    missing: Sequence[str] = (),
) -> SweepComparison:
    """Compare runs that differ in some settings; `values` are those of each run."""
    return SweepComparison(
        runs=tuple(runs),
        names=tuple(run_name(tuple(settings), own) for own in values),
        strategies=strategies_of_runs(runs),
        folder=folder,
        settings=tuple(settings),
        values=tuple(values),
        missing=tuple(missing),
    )
