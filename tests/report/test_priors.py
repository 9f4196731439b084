"""Scores at two priors beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fabricate import STRATEGIES, fabricate

from benchmark.report.single.priors import PAIRS, priors_table


def test_every_score_stands_beside_its_balanced_twin() -> None:
    comparison = fabricate(seeds=(0, 1), failed=(("focal_loss", 0), ("focal_loss", 1)))
    table = priors_table(comparison)
    assert table is not None
    assert [row.cells[0].text for row in table.rows] == list(STRATEGIES)
    rows = comparison.seed_rows
    mine = rows[rows["strategy"] == "class_weights"]
    cells = table.rows[STRATEGIES.index("class_weights")].cells[1:]
    for (name, (_, write, _better)), cell in zip(PAIRS.items(), cells, strict=True):
        assert cell.text == write(mine[name].astype(float).mean())
    assert table.rows[STRATEGIES.index("focal_loss")].kind == "failed"
    assert "Mean over 2 seeds" in table.caption
    for name in PAIRS:
        assert name in rows


@pytest.mark.parametrize("counts", [[10] * 17, [10] * 16 + [0]])
def test_equal_classes_have_one_prior(counts: list[int]) -> None:
    assert priors_table(replace(fabricate(), test_counts=counts)) is None


def test_a_run_from_before_has_no_such_table() -> None:
    comparison = fabricate()
    old = [name for name in PAIRS if name.endswith("_balanced")]
    rows = comparison.seed_rows.assign(**dict.fromkeys(old, float("nan")))
    assert priors_table(replace(comparison, seed_rows=rows)) is None
