"""Several finished runs, each on its own data set; pairs of strategies are tested over these."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path

import pandas as pd

from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.analysis.run_grid import (
    RANKED_BY,
    RunGrid,
    require_distinct,
    strategies_of_runs,
)
from benchmark.evaluation.statistics.ranks import Pair, min_datasets, pairwise
from benchmark.storage.user_folders import real_path

PAIRS = ["strategy_a", "strategy_b", "datasets", "wins", "losses", "median", "p", "p_adj"]


@dataclass(frozen=True)
class MultiDatasetComparison(RunGrid):
    """D runs on D data sets: `names` are those of the data sets, see `RunGrid` for the rest."""

    @property
    def axis(self) -> str:
        """What the runs differ in."""
        return "dataset"

    @property
    def axis_title(self) -> str:
        """The same as the heading of a table."""
        return "Data set"

    @property
    def datasets(self) -> tuple[str, ...]:
        """(D,) all different."""
        return self.names

    @cached_property
    def pair_tests(self) -> list[Pair]:
        """Every two of `common_strategies`, by index, compared by macro-F1 over data sets."""
        return pairwise(self.metric_values(RANKED_BY))

    @property
    def pairs(self) -> pd.DataFrame:
        """One row per pair of strategies: PAIRS; `median` is of a minus b."""
        names, rows = self.common_strategies, []
        for pair in self.pair_tests:
            numbers = (getattr(pair, name) for name in PAIRS[2:])
            rows.append((names[pair.a], names[pair.b], *numbers))
        return pd.DataFrame(rows, columns=PAIRS)

    @property
    def significant_pairs(self) -> list[tuple[str, str]]:
        """Pairs that differ significantly: the better strategy, then the worse one."""
        pairs = [pair for pair in self.pair_tests if pair.is_significant]
        indices = [(p.a, p.b) if p.signed_rank_sum > 0 else (p.b, p.a) for p in pairs]
        return [(self.common_strategies[a], self.common_strategies[b]) for a, b in indices]

    @property
    def tested_pairs(self) -> int:
        """Pairs of strategies that finished on a common data set."""
        return sum(pair.datasets > 0 for pair in self.pair_tests)

    @property
    def min_datasets(self) -> int:
        """Data sets below which no pair can differ significantly."""
        return min_datasets(self.tested_pairs)


def load_multi_dataset(
    folders: Sequence[str | Path], baseline: str | None = None
) -> MultiDatasetComparison:
    """Read several runs; `baseline` None takes each run's own.

    Raises
    ------
    FileNotFoundError
        If a folder holds no run, naming it.
    ValueError
        For fewer than two folders, a folder that is given twice, a copy of a run that is given too,
        or a run that has no strategy `baseline`.
    """
    if len(folders) < 2:
        raise ValueError(
            f"a comparison needs the folders of two runs or more, got {len(folders)}; give another"
        )
    require_distinct(folders)
    runs = [load_comparison(Path(folder), baseline) for folder in folders]
    _require_no_copies(runs)
    return merge(runs)


def _require_no_copies(runs: Sequence[Comparison]) -> None:
    """Raise ValueError, naming both, if a run is the copy of another: of the same networks."""
    for first, second in combinations(runs, 2):
        networks, others = (  # by strategy, and by seed in it
            {strategy.name: strategy.networks for strategy in run.manifest.strategies}
            for run in (first, second)
        )
        common = networks.keys() & others.keys()
        same_images = first.manifest.data.content == second.manifest.data.content
        if same_images and common and all(networks[name] == others[name] for name in common):
            raise ValueError(
                f"{first.folder} and {second.folder} hold the same run: the same images and seeds, "
                f"and networks of the same keys; a copy counts as no other data set, so give one"
            )


def merge(runs: Sequence[Comparison]) -> MultiDatasetComparison:
    """Compare runs. Data sets of the same name get the folders of their runs as a suffix."""
    return MultiDatasetComparison(tuple(runs), _dataset_names(runs), strategies_of_runs(runs))


def _dataset_names(runs: Sequence[Comparison]) -> tuple[str, ...]:
    """Return different names (D,): the plain name, or with the folder's name, or with its path."""
    names = [run.manifest.data.name for run in runs]
    for suffix in (lambda run: real_path(run.folder).name, lambda run: run.folder):
        times = Counter(names)
        names = [
            f"{run.manifest.data.name} ({suffix(run)})" if times[name] > 1 else name
            for name, run in zip(names, runs, strict=True)
        ]
    return tuple(names)
