"""A finished run as tables, for the report, the CSV files and notebooks.

They come from the manifest, the splits and the records alone. `run` renews records whose metrics
have changed from stored outputs, so a new metric needs no new training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import pandas as pd

from benchmark.analysis.claims import Claim, claims, class_claims
from benchmark.analysis.confidence import SeedPredictions, intervals, paired
from benchmark.analysis.findings import Findings
from benchmark.analysis.more_images import MORE_IMAGES, read_more_images
from benchmark.analysis.per_class import class_changes, class_recalls, confusion_matrix
from benchmark.analysis.run_files import NOT_TRAINED, read_records, read_splits
from benchmark.analysis.run_records import PredictedImages, RunRecords, mean_over_seeds
from benchmark.analysis.undertrained import still_falling
from benchmark.execution.manifest_schema import RunManifest, SplitManifest
from benchmark.execution.record_schema import FailedRecord, Record
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import require_baseline
from benchmark.system.text import pluralize


@dataclass(frozen=True)
class Comparison:
    """All strategies of one run. C classes, by training size, largest first, ties by name.

    Strategies are those that compete. The null row, which trains one of them once more, is in no
    table and no test but those of `null_row`; `with_null` appends it.
    """

    folder: Path
    manifest: RunManifest
    baseline: str | None  # the strategy that all others are compared with
    classes: list[str]  # (C,)
    train_counts: list[int]  # (C,) images before any resampling, mean over seeds
    test_counts: list[int]  # (C,) images, sum over seeds
    summary: pd.DataFrame  # the table summary.csv
    seed_rows: pd.DataFrame  # the table seeds.csv
    per_class: pd.DataFrame  # the table per_class.csv
    predicted_images: list[PredictedImages]  # of validation and test, the table predictions.csv
    curves: pd.DataFrame  # one row per strategy, seed and validation
    losses: pd.DataFrame  # training losses, one row per strategy, seed and tenth of a step range
    failures: pd.DataFrame  # one row per strategy, or null row, and seed that failed: its error
    seed_predictions: list[SeedPredictions]  # of the test images, seed by seed
    findings: Findings  # what the records hold besides scores
    null_row: Comparison | None = None  # the null row and, as its baseline, what it repeats
    more_images: pd.DataFrame = field(default_factory=partial(pd.DataFrame, columns=MORE_IMAGES))
    lacks: tuple[str, ...] = ()  # sentences on records that are damaged, missing or another run's

    @property
    def strategies(self) -> list[str]:
        """The names of the strategies that compete, those that failed included."""
        return [strategy.name for strategy in self.manifest.competing]

    @property
    def null(self) -> str | None:
        """The name of the null row, the same training once more; None of a run without one."""
        return self.null_row.strategies[1] if self.null_row else None

    @property
    def rows(self) -> list[str]:
        """The names of all rows of a table: strategies, and the null row below its original."""
        return [strategy.name for strategy in self.manifest.strategies]

    @property
    def finished_rows(self) -> list[str]:
        """The rows that finished a seed."""
        runs = [run for run in (self, self.null_row) if run]
        finished = {name for run in runs for name in run.finished_in_any_seed}
        return [name for name in self.rows if name in finished]

    def with_null(self, table_of: Callable[[Comparison], pd.DataFrame]) -> pd.DataFrame:
        """Return a table of the strategies, with the rows of the null row at its end.

        The table has a column "strategy", or that as its index.
        """
        table = table_of(self)
        if self.null_row is None:
            return table
        own = table_of(self.null_row)
        mine = own[own.get("strategy", own.index) == self.null]
        if mine.empty or table.empty:
            return table if mine.empty else mine
        return pd.concat([table, mine], ignore_index="strategy" in own)

    def seed_means(
        self, table_of: Callable[[Comparison], pd.DataFrame], columns: Sequence[str]
    ) -> pd.DataFrame:
        """Return means over seeds of columns of a table, by strategy and null row."""
        rows = self.with_null(table_of).astype(dict.fromkeys(columns, float))
        return rows.groupby("strategy")[list(columns)].mean()

    @property
    def descriptions(self) -> dict[str, str]:
        """Strategy -> its docstring."""
        return {strategy.name: strategy.doc for strategy in self.manifest.strategies}

    @property
    def seeds(self) -> list[int]:
        """The seeds of the run."""
        return list(self.manifest.seeds)

    @property
    def has_groups(self) -> bool:
        """Whether test images come in groups, and are not independent."""
        return any(seed.groups is not None for seed in self.seed_predictions)

    @property
    def test_units(self) -> list[float]:
        """(C,) independent test images of each class, or groups of such; mean over seeds."""
        counts = [seed.units.counts for seed in self.seed_predictions]
        return np.mean(counts, axis=0).tolist() if counts else list(self.test_counts)

    @property
    def predictions(self) -> pd.DataFrame:
        """The table predictions.csv; of many images it takes seconds."""
        return PredictedImages.stack(self.predicted_images)

    @property
    def confusion(self) -> dict[str, np.ndarray]:
        """Strategy -> (C, C) test images of all seeds, rows are the truth; not kept: 8 MB each."""
        seeds = self.seed_predictions
        return {name: confusion_matrix(seeds, name) for name in self.finished_in_any_seed}

    @property
    def finished_in_all_seeds(self) -> list[str]:
        """Strategies that finished every seed; the means of others are over other seeds."""
        return list(self.summary["strategy"][self.summary["status"] == "ok"])

    @property
    def finished_in_any_seed(self) -> list[str]:
        """Strategies that finished a seed, in the order of the run."""
        finished = set(self.per_class["strategy"])
        return [name for name in self.strategies if name in finished]

    @property
    def incomplete(self) -> list[str]:
        """Sentences on the records that the run will have when it has ended; empty if it has."""
        rows = self.failures[self.failures["error"].str.startswith(NOT_TRAINED)]
        names = pluralize(len(rows), "strategy and seed is", "strategies and seeds are")
        return [*self.lacks, *([f"{names} {NOT_TRAINED}"] if len(rows) else [])]

    @cached_property
    def failed_checks(self) -> dict[str, list[str]]:
        """Strategy -> the expectations that it failed in any seed, if there are some."""
        checks = self.findings.checks
        failed = checks[checks["passed"].eq(False)]
        return {
            str(strategy): list(dict.fromkeys(rows["expectation"]))
            for strategy, rows in failed.groupby("strategy", sort=False)
        }

    @cached_property
    def network_owners(self) -> dict[str, str]:
        """Each strategy -> the one whose network it uses, which is mostly itself.

        Of several strategies that share a network the baseline owns it, or else the first.
        """
        return self._owners(frozenset())

    @cached_property
    def probability_owners(self) -> dict[str, str]:
        """The same of probabilities: a decision that corrects them has some of its own."""
        return self._owners(self.findings.calibrated)

    def _owners(self, alone: frozenset[str]) -> dict[str, str]:
        """Return the owners of networks; strategies in `alone` own theirs, and nobody else's."""
        networks = {  # (seed, key)
            info.name: (frozenset(info.networks.items()), info.name if info.name in alone else "")
            for info in self.manifest.competing
        }
        owners: dict[tuple[frozenset[tuple[int, str]], str], str] = {}
        for name in sorted(networks, key=lambda name: name != self.baseline):
            owners.setdefault(networks[name], name)
        return {name: owners[key] for name, key in networks.items()}

    def paired_differences(self, strategy: str, metric: str) -> np.ndarray:
        """Return strategy minus baseline, one number for each seed that both finished."""
        wide = self.seed_rows.pivot(index="seed", columns="strategy", values=metric)
        return (wide[strategy] - wide[self.baseline]).dropna().to_numpy(float)

    @cached_property
    def intervals(self) -> pd.DataFrame:
        """One row per strategy and metric, with its 95 % interval: the columns of intervals.csv."""
        return intervals(self.seed_predictions)

    @cached_property
    def paired(self) -> pd.DataFrame:
        """One row per strategy and metric, minus the baseline's: the columns of paired.csv."""
        return paired(self.seed_predictions, self.baseline)

    @cached_property
    def class_recalls(self) -> pd.DataFrame:
        """One row per strategy and class, over all seeds: the columns of recalls.csv."""
        return class_recalls(self.seed_predictions)

    @cached_property
    def class_changes(self) -> pd.DataFrame:
        """One row per strategy and class, minus the baseline's: columns of class_changes.csv."""
        return class_changes(self.seed_predictions, self.baseline)

    @cached_property
    def still_falling(self) -> dict[str, bool]:
        """Strategy -> whether its loss was still falling when training ended."""
        return still_falling(self)

    @cached_property
    def claims(self) -> dict[tuple[str, str], Claim]:
        """(strategy, metric) -> whether the difference from the baseline is more than chance."""
        return claims(self)

    @cached_property
    def class_claims(self) -> dict[tuple[str, str], Claim]:
        """(strategy, class) -> whether the change of its recall is more than chance."""
        return class_claims(self)


def load_comparison(folder: Path, baseline: str | None = None) -> Comparison:
    """Read the folder of a run, finished or not.

    A strategy whose record is missing or damaged is a failed one, see `lacks`. `baseline`
    None takes the baseline of the run.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run.
    ValueError
        If `baseline` is no strategy of the run, saying which there are, or a file is damaged.
    """
    files = RunFolder(Path(folder))
    manifest = files.read_manifest()
    if baseline is not None:
        require_baseline(baseline, [s.name for s in manifest.competing], f"of {folder}")
    splits = read_splits(files, manifest)
    records, lacks = read_records(files, manifest)
    run = compare_records(files.path, manifest, splits, records, baseline or manifest.baseline)
    more_images = read_more_images(files, manifest, run.classes)
    return replace(run, lacks=tuple(lacks), more_images=more_images)


def compare_records(
    folder: Path,
    manifest: RunManifest,
    splits: Mapping[int, SplitManifest],
    records: Sequence[Record | FailedRecord],
    baseline: str | None,
) -> Comparison:
    """Return the comparison of a run from its files; `records` by strategy, then by seed."""
    names, seeds = manifest.data.classes, manifest.seeds
    counts = np.mean([splits[seed].train.counts for seed in seeds], axis=0)
    order = sorted(range(len(names)), key=lambda c: (-counts[c], names[c]))
    competing = {strategy.name for strategy in manifest.competing}
    run = RunRecords(names, order, splits, [r for r in records if r.strategy in competing])
    seed_rows = run.seed_rows()
    return Comparison(
        folder=folder,
        manifest=manifest,
        baseline=baseline,
        classes=[names[c] for c in order],
        train_counts=[round(counts[c]) for c in order],
        test_counts=[sum(splits[seed].test.counts[c] for seed in seeds) for c in order],
        summary=mean_over_seeds(seed_rows),
        seed_rows=seed_rows,
        per_class=run.per_class(),
        predicted_images=run.predicted_images(),
        curves=run.curves(),
        losses=run.losses(),
        failures=replace(run, records=records).failures(),
        seed_predictions=run.seed_predictions(),
        findings=Findings.from_records(run),
        null_row=_null_row(folder, manifest, splits, records),
    )


def _null_row(
    folder: Path,
    manifest: RunManifest,
    splits: Mapping[int, SplitManifest],
    records: Sequence[Record | FailedRecord],
) -> Comparison | None:
    """Return the comparison of the null row with the strategy that it repeats."""
    infos = {info.name: info for info in manifest.strategies}
    null = next((info for info in infos.values() if info.replicate_of in infos), None)
    if null is None:
        return None
    original = str(null.replicate_of)
    pair = replace(manifest, strategies=(infos[original], replace(null, replicate_of=None)))
    own = [record for record in records if record.strategy in (original, null.name)]
    return compare_records(folder, pair, splits, own, original)
