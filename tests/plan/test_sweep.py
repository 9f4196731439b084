"""Several values of one setting become experiments that differ in it alone."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from benchmark.plan.experiment import Experiment
from benchmark.plan.recipes import RECIPES
from benchmark.plan.sweep import Sweep, read_experiments, value_name

MINE = replace(RECIPES["forum"], name="mine")
FIRST = "Conv2d_1a_3x3"  # the first block of InceptionV3


@pytest.mark.parametrize("recipe", ["forum,strong", " forum , strong", ["forum", "strong"]])
def test_several_recipes_make_a_sweep(recipe):
    sweep = read_experiments({"recipe": recipe, "image_size": 75, "seeds": 2})
    assert isinstance(sweep, Sweep)
    assert (sweep.settings, list(sweep.runs)) == (("recipe",), ["forum", "strong"])
    forum, strong = sweep.experiments.values()
    assert sweep.first is forum
    assert strong == replace(forum, recipe=RECIPES["strong"])
    assert forum.image_size == 75


def test_one_recipe_makes_an_experiment():
    for value in ("strong", ["strong"], RECIPES["strong"]):
        assert read_experiments({"recipe": value}) == Experiment(recipe="strong")
    assert read_experiments({}) == Experiment()


def test_a_recipe_of_ones_own_stands_beside_a_named():
    sweep = read_experiments({"recipe": [MINE, "strong"], "lr": 0.01})
    assert list(sweep.experiments) == ["mine", "strong"]
    assert {e.recipe.phases[0].lr for e in sweep.experiments.values()} == {0.01}


@pytest.mark.parametrize(
    ("recipe", "message"),
    [
        ("forum,stron", "unknown recipe 'stron'. Did you mean 'strong'?"),
        ("forum,forum", "recipe 'forum' is given twice"),
        (["forum", replace(MINE, name="forum")], "recipe 'forum' is given twice"),
        ([], "allowed: forum or strong, or both as forum,strong"),
        (["forum", 3], "recipe 3 is not allowed"),
        ("forum,", "unknown recipe ''"),
    ],
)
def test_what_is_no_list_of_recipes_is_told(recipe, message):
    with pytest.raises(ValueError, match="recipe") as error:
        read_experiments({"recipe": recipe})
    assert message in str(error.value)


def test_epochs_must_fit_every_recipe():
    single = replace(MINE, phases=MINE.phases[:1])
    with pytest.raises(ValueError, match=r"recipe 'mine' has 1 phase \(head\)"):
        read_experiments({"recipe": ["forum", single], "epochs": "2+3"})


def test_values_have_names():
    values = ("half", 0.001, 64, MINE, (2.0,), (2.0, 0.5))
    assert [value_name(v) for v in values] == ["half", "0.001", "64", "mine", "2", "2+0.5"]


def test_several_settings_make_a_grid():
    sweep = read_experiments({"fine_tune": "head,half", "lr": [1e-4, 1e-3, 1e-2], "seeds": 2})
    assert sweep.settings == ("fine_tune", "lr")
    assert [run.values for run in sweep.runs.values()] == [
        *(("head", "0.0001"), ("head", "0.001"), ("head", "0.01")),
        *(("half", "0.0001"), ("half", "0.001"), ("half", "0.01")),
    ]
    run = sweep.experiments["fine-tune=half,lr=0.01"]
    assert run == Experiment(fine_tune="half", lr=1e-2, seeds=2)
    assert sweep.folders["fine-tune=half,lr=0.01"] == "fine-tune=half,lr=0.01"
    assert sweep.first == Experiment(fine_tune="head", lr=1e-4, seeds=2)


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({"epochs": "2,4,8"}, ["2", "4", "8"]),
        ({"epochs": [2, "2+3", (1, 0.5)]}, ["2", "2+3", "1+0.5"]),
        ({"batch_size": "16,64"}, ["16", "64"]),
        ({"lr_schedule": "constant,cosine"}, ["constant", "cosine"]),
        ({"augmentation": "0,1,2"}, ["0", "1", "2"]),
        ({"budget": ("images", "steps"), "batch_size": 16}, ["images", "steps"]),
        ({"label_noise": "0,0.18,asymmetric:0.18"}, ["0", "0.18", "asymmetric:0.18"]),
        ({"backbone": "inception_v3,resnet18"}, ["inception_v3", "resnet18"]),
    ],
)
def test_what_may_have_several_values(values, names):
    assert list(read_experiments(values).runs) == names


def test_epochs_of_phases_are_no_values():
    experiment = read_experiments({"epochs": "2+3"})
    assert [phase.epochs for phase in experiment.recipe.phases] == [2, 3]


def test_too_many_runs_are_refused_before_they_are_made():
    rates = [k / 1000 for k in range(1, 40)]
    with pytest.raises(ValueError, match=r"39 of lr x 6 of epochs make 234 runs; allowed are 200"):
        read_experiments({"lr": rates, "epochs": "1,2,3,4,5,6"})
    with pytest.raises(ValueError, match=r"lr '0.1' is given twice; give each value once$"):
        read_experiments({"lr": [0.1, "1e-1"]})
    with pytest.raises(ValueError, match=r"once; for epochs of each phase write 2\+3$"):
        read_experiments({"epochs": (2, 2)})


def test_folders_of_values_are_names_of_folders():
    long = ["x" * 300, "x" * 301]
    names = ["strong", "a/b c", "a-b-c", "Strong", "figures", "sweep.json", "..", *long]
    sweep = read_experiments({"recipe": [replace(MINE, name=name) for name in names]})
    assert (sweep.folders["strong"], sweep.folders["a-b-c"]) == ("strong", "a-b-c")
    folders = list(sweep.folders.values())
    assert len({folder.casefold() for folder in folders}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9][\w.=,-]{0,79}", folder) for folder in folders)
    assert not {"figures", "sweep.json"}.intersection(folders)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"fine_tune": "half,Mixed_6c"}, "fine tune half and Mixed_6c are two names of the same"),
        ({"fine_tune": f"full,head,{FIRST}"}, f"fine tune full and {FIRST} are two names of the"),
        ({"epochs": ["2", "2+2"]}, "epochs 2 and 2+2 are two names of the same: give one"),
    ],
)
def test_two_names_of_one_value_are_refused(values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        read_experiments(values)


def test_a_depth_that_is_another_under_one_backbone_is_a_value_of_its_own():
    sweep = read_experiments({"fine_tune": "head,half", "backbone": "resnet18,inception_v3"})
    assert isinstance(sweep, Sweep)
    assert len(sweep.runs) == 4
