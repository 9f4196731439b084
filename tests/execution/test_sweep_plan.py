"""The plan of a sweep: few runs in full, many in a line each, what they share once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmark import api
from benchmark.plan.recipes import RECIPES, Phase
from benchmark.plan.run_options import RunOptions
from benchmark.plan.sweep import read_experiments
from tests.notes import Notes

HEADS = replace(RECIPES["forum"], name="heads", phases=(Phase(1, "head", 1e-3),))


@pytest.fixture
def planned(image_folder, small_experiment, tmp_path):
    """Return a function that plans a sweep on the small backbone."""
    small_experiment()  # which registers the backbone
    fixed = {
        **{"data": str(image_folder), "backbone": "small", "image_size": 32, "weights": "none"},
        **{"device": "cpu", "precision": "fp32"},
    }

    def plan(progress=None, **settings):
        options = RunOptions(strategies="no_change", no_null=True, out=tmp_path / "sweep")
        return api.plan(read_experiments({**fixed, **settings}), options, progress)

    return plan


def test_few_values_of_one_setting_have_their_whole_plans(planned):
    lines = planned(fine_tune="head,half", epochs=1).format(0).splitlines()
    assert [line for line in lines if line.startswith("fine-tune ")] == [
        *("fine-tune head", "fine-tune half")
    ]
    assert sum(line.startswith("data  ") for line in lines) == 2
    assert lines[-1].startswith("in all     ")
    assert lines[-1].endswith(" under fine-tune half")


def test_many_runs_have_a_line_each_and_what_they_share_stands_once(planned, tmp_path):
    sweep = planned(fine_tune="head,half", lr="0.1,0.01", epochs=1)
    lines = sweep.format(0).splitlines()
    for heading, number in {"data": 1, "weights": 1, "recipe": 2, "compared": 1}.items():
        assert sum(line.startswith(f"{heading} ") for line in lines) == number
    assert f"runs       4 in {tmp_path / 'sweep'}: 2 of fine tune x 2 of lr" in lines
    steps = sum(sweep.executors["fine-tune=head,lr=0.1"].plan.budgets[0].phase_steps)
    assert lines[-5:] == [
        f"  fine-tune=head,lr=0.1   1 of 1 networks, {steps} steps; 0 are stored",
        f"  fine-tune=head,lr=0.01  1 of 1 networks, {steps} steps; 0 are stored",
        f"  fine-tune=half,lr=0.1   1 of 1 networks, {steps} steps; 0 are stored",
        f"  fine-tune=half,lr=0.01  1 of 1 networks, {steps} steps; 0 are stored",
        f"in all     {4 * steps} steps to train, of 4 networks",
    ]


def test_lines_that_differ_much_are_counted(planned):
    lines = planned(fine_tune="half", epochs="1,2,3,4,5,6").format(2).splitlines()
    assert sum(line.startswith("recipe ") for line in lines) == 3
    assert "           and 3 others" in lines
    assert sum(line.startswith("tuning ") for line in lines) == 1


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        (
            {"recipe": HEADS, "fine_tune": "head,half"},
            "note: fine-tune head and half train the same networks: the recipe heads trains the "
            "head alone. Nothing is learnt of that setting; give one value",
        ),
        (
            {"batch_size": "5000,6000", "epochs": 1},
            "note: batch-size 5000 and 6000 train the same networks: a step has all ",
        ),
        (
            {"recipe": [HEADS, "forum"], "fine_tune": "head,half"},
            "note: these runs train the same networks: recipe=heads,fine-tune=head and ",
        ),
        ({"fine_tune": "head,half"}, ""),
    ],
)
def test_what_would_train_the_same_is_told(planned, settings, note):
    notes = Notes()
    planned(progress=notes, **settings)
    about = [line for line in notes.texts if "train the same networks" in line]
    assert len(about) == bool(note)
    assert not note or about[0].startswith(note)
