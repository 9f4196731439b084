"""What must be known of a sweep before it is carried out: damage, and runs that are the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmark.execution.damaged_files import describe
from benchmark.execution.manifest import describe_experiment
from benchmark.execution.prepare import PreparedExperiment
from benchmark.execution.same_training import training_of, why_the_same
from benchmark.execution.sweep_folder import SweepFolder
from benchmark.plan.same_values import same_values
from benchmark.plan.sweep import Sweep, run_title
from benchmark.system.text import first_names

MOST_NAMED = 2  # pairs of runs

Training = tuple[dict[str, Any], PreparedExperiment]  # `training_of` a run, and the run


def sweep_notes(
    sweep: Sweep, runs: Mapping[str, PreparedExperiment], folder: SweepFolder
) -> Iterator[str]:
    """Yield what is damaged, and which values train the same networks, and why; `runs` by name."""
    yield from map(describe, folder.damaged_files())
    described = {name: describe_experiment(run) for name, run in runs.items()}
    trainings = {
        run.values: (training_of(described[name]), runs[name]) for name, run in sweep.runs.items()
    }
    experiment = described[next(iter(sweep.runs))]
    for same in same_values(sweep.settings, trainings, _are_the_same):
        if same.in_all:
            first, second = same.values
            yield (
                f"{run_title((same.setting,), (first,))} and {second} train the same networks: "
                f"{why_the_same(same.setting, experiment)}. Nothing is learnt of that setting; "
                "give one value"
            )
        else:
            pairs = [f"{a} and {b}" for a, b in same.runs]
            yield f"these runs train the same networks: {first_names(pairs, MOST_NAMED, '; ')}"


def _are_the_same(first: Training, second: Training) -> bool:
    (settings, a), (others, b) = first, second
    return (
        settings == others
        and a.weights.sha256 == b.weights.sha256
        and all(np.array_equal(a.labels(seed), b.labels(seed)) for seed in a.splits)
    )
