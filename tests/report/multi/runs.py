"""Fabricated runs with given scores, for tests of comparisons over data sets."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.multi_dataset import MultiDatasetComparison, merge
from benchmark.report.render.blocks import Table
from tests.report.fabricate import fabricate

MISSING = float("nan")


@cache
def fabricated(
    strategies: tuple[str, ...], seeds: tuple[int, ...], classes: tuple[str, ...]
) -> Comparison:
    return fabricate(Path("x"), classes, strategies, seeds, baseline=strategies[0], images=18_000)


def run(
    name: str,
    macro_f1: dict[str, float],
    folder: str = "",
    never: dict[str, float] | None = None,
    seeds: tuple[int, ...] = (0,),
    classes: tuple[str, ...] = ("a", "b", "c"),
    partly: tuple[str, ...] = (),
    **manifest: Any,
) -> Comparison:
    """Return a run with these scores, the same for each seed; NaN is a failure.

    Parameters
    ----------
    partly
        Strategies that failed on the first seed.
    manifest
        Fields of the manifest.
    """
    whole = fabricated(tuple(macro_f1), seeds, classes)
    scores = {"macro_f1": macro_f1, "never_predicted": never or dict.fromkeys(macro_f1, 0.0)}

    def with_scores(table: pd.DataFrame) -> pd.DataFrame:
        columns = {m: table["strategy"].map(by_name.get) for m, by_name in scores.items()}
        return table.assign(**columns)

    status = [
        "partly failed" if name in partly else "failed" if np.isnan(value) else "ok"
        for name, value in macro_f1.items()
    ]
    failed = [(name, 0, "Error: e", "") for name, value in macro_f1.items() if np.isnan(value)]
    failed += [(name, seeds[0], "Error: e", "") for name in partly]
    counts = {"train": tuple(ord(letter) for letter in name)}
    data = replace(whole.manifest.data, name=name, spec=name, counts=counts)
    return replace(
        whole,
        folder=Path(folder or f"results/{name}-forum"),
        manifest=replace(whole.manifest, data=data, **manifest),
        summary=with_scores(whole.summary).assign(status=status),
        seed_rows=with_scores(whole.seed_rows),
        failures=pd.DataFrame(failed, columns=whole.failures.columns),
    )


@cache
def several(number: int, strategies: int = 6) -> MultiDatasetComparison:
    """Every strategy beats the one before it on every data set, by more on each."""
    names = ["baseline", *(f"s{k}" for k in range(1, strategies))]
    return merge(
        [
            run(f"d{d}", {n: 0.5 + (k - strategies) * 0.001 * (d + 1) for k, n in enumerate(names)})
            for d in range(number)
        ]
    )


def cells(table: Table) -> dict[str, list[tuple[str, str]]]:
    """Return for each row's heading the texts and notes of its other cells."""
    return {row.cells[0].text: [(c.text, c.note) for c in row.cells[1:]] for row in table.rows}
