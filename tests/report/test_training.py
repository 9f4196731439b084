"""The recipe section says what was done, where that differs from what the recipe says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fabricate import fabricate

from benchmark.report import write_report
from benchmark.report.single import training

PHASES = [
    {
        "epochs": 2,
        "train_from": "head",
        "lr": 1e-3,
        "head_lr": None,
        "warmup": 0.0,
        "cosine": False,
    },
    {"epochs": 9, "train_from": "rest", "lr": 1e-4, "head_lr": 1e-3, "warmup": 0.1, "cosine": True},
]
RECIPE = {"name": "forum", "description": "2 epochs.", "phases": PHASES, "batch_size": 64}


def page(tmp_path: Path, **experiment: Any) -> str:
    comparison = fabricate(strategies=("no_change",))
    known = {**comparison.manifest["experiment"], "recipe": RECIPE, **experiment}
    told = replace(comparison, manifest={**comparison.manifest, "experiment": known})
    return write_report(told, tmp_path)["markdown"].read_text(encoding="utf-8")


def test_the_batch_size_is_the_one_used(tmp_path: Path) -> None:
    assert "\n- Batch size: 8 (recipe: 64)\n" in page(tmp_path, batch_size=8)
    assert "\n- Batch size: 64\n" in page(tmp_path, batch_size=64)


@pytest.mark.parametrize(
    ("experiment", "said"),
    [
        ({"batch_size": 8, "recipe": "forum"}, "8"),
        ({"recipe": {"batch_size": 64}}, "64"),
        ({}, None),
    ],
)
def test_a_batch_size_half_recorded(experiment: dict[str, Any], said: str | None) -> None:
    assert training.batch_size(experiment) == said


def test_phases_in_words(tmp_path: Path) -> None:
    text = page(tmp_path, phase_steps=[60, 1270], first_trained="Mixed_6c")
    assert "| Phase | Epochs | Steps | Trained | Learning rate | Schedule |" in text
    assert "| 1 | 2 | 60 | the new last layer | 0.001 | constant |" in text
    assert (
        "| 2 | 9 | 1,270 | Mixed\\_6c and everything after it | 0.0001, last layer 0.001 "
        "| linear warm-up over the first 10 %, then cosine to 0 |"
    ) in text
    assert "- Phase steps" not in text
    assert "- First trained" not in text


def test_phases_of_a_run_that_recorded_less() -> None:
    phases = [{"epochs": 2, "train_from": "head"}, {"trains": "rest", "lr": 1e-4}, {}]
    table = training.phases_table({"recipe": {"phases": phases}, "phase_steps": [1]})
    assert table is not None
    assert table.columns == ("Phase", "Epochs", "Trained", "Learning rate")
    assert [[cell.text for cell in row.cells] for row in table.rows] == [
        ["1", "2", "the new last layer", "–"],
        ["2", "–", "the first trained block and everything after it", "0.0001"],
        ["3", "–", "–", "–"],
    ]
    assert training.phases_table({"recipe": "forum"}) is None


def test_where_only_the_head_is_trained_both_phases_say_so() -> None:
    table = training.phases_table({"recipe": RECIPE, "first_trained": "head"})
    assert table is not None
    assert {row.cells[2].text for row in table.rows} == {"the new last layer"}


def test_a_changed_recipe_is_called_changed(tmp_path: Path) -> None:
    plain, changed = page(tmp_path), page(tmp_path, changed=["epochs", "lr"])
    assert "### Recipe forum\n\n2 epochs.\n" in plain
    assert (
        "### Recipe forum, with epochs and learning rate changed\n\n"
        "The recipe unchanged: 2 epochs.\n"
    ) in changed
    assert "- Changed" not in changed
