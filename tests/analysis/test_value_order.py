"""The order of a setting's values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.analysis.sweep import compare_sweep
from benchmark.analysis.value_order import values_in_order
from tests.report.multi.runs import run


def sweep(setting: str, values: tuple[str, ...], blocks: tuple[int | None, ...] | None = None):
    runs = []
    for k, value in enumerate(values):
        own = run(value, {"a": 0.5})
        experiment = replace(own.manifest.experiment, trained_blocks=blocks[k] if blocks else None)
        runs.append(replace(own, manifest=replace(own.manifest, experiment=experiment)))
    return compare_sweep(Path("x"), (setting,), [(value,) for value in values], runs)


@pytest.mark.parametrize(
    ("setting", "values", "order"),
    [
        ("lr", ("0.001", "1e-05", "0.0001"), ("1e-05", "0.0001", "0.001")),
        ("epochs", ("16", "2", "None"), None),
        ("epochs", ("2+3", "4"), None),
        ("label_noise", ("asymmetric:0.18", "0", "asymmetric:0.1"), ("0", "asymmetric:0.1")),
        ("label_noise", ("0.18", "asymmetric:0.18", "0"), None),
        ("label_noise", ("0.18", "0.18@val"), None),
        ("label_noise", ("0", "labels.csv"), None),
        ("recipe", ("strong", "forum"), None),
        ("backbone", ("a", "b"), None),
        ("fine_tune", ("full", "head", "half"), ("head", "half", "full")),
        ("fine_tune", ("head", "Mixed_7a"), None),
    ],
)
def test_values_that_have_an_order(setting, values, order):
    met = values_in_order(sweep(setting, values), setting)
    assert met == order or (met is not None and met[: len(order)] == order)


def test_depths_are_ordered_by_the_blocks_that_they_train():
    depths = ("half", "head", "Mixed_7a")
    assert values_in_order(sweep("fine_tune", depths, (9, 0, 3)), "fine_tune") == (
        *("head", "Mixed_7a", "half"),
    )
    assert values_in_order(sweep("fine_tune", ("half", "full"), (9, 9)), "fine_tune") is None
