"""The names of run folders: what differs has another name, what is the same has the same."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.plan.experiment import Experiment
from benchmark.plan.folder_name import (
    default_folder_name,
    is_same_source,
    parent_name,
)
from benchmark.plan.recipes import RECIPES
from benchmark.storage.file_names import LONGEST_FOLDER, MOST_BYTES
from tests.report.hostile_names import NAMES


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({}, "wheels-forum"),
        (
            {"data": "some/My Images/", "imbalance": "exp:100", "quick": True},
            "My-Images-exp-100-forum-quick",
        ),
        ({"data": "lists/a.csv"}, "a-forum"),
        ({"data": "scans.2024"}, "scans.2024-forum"),
        ({"data": "~/images"}, "images-forum"),
        ({"data": "/"}, "data-forum"),
        ({"data": "..."}, "data-forum"),
        ({"data": "写真/画像"}, "画像-forum"),
        ({"data": "wheels:classes=7"}, "wheels-classes-7-forum"),
        ({"image_size": 299, "fine_tune": "full"}, "wheels-forum-299px-full"),
        ({"lr": 1e-2}, "wheels-forum-lr0.01"),
        ({"data": "images", "labels": "results/labels-images/labels.csv"}, "images-forum-labels"),
        ({"epochs": (1, 0.5)}, "wheels-forum-epochs1-0.5"),
        ({"epochs": 5, "lr": 1e-5}, "wheels-forum-lr1e-05-epochs5"),
        ({"batch_size": 32}, "wheels-forum-batch32"),
        ({"augmentation": 2, "lr_schedule": "cosine"}, "wheels-forum-cosine-augmentation-2"),
        ({"batch_size": 32, "budget": "steps"}, "wheels-forum-batch32-steps"),
        ({"label_noise": 0.18}, "wheels-forum-label-noise-0.18"),
        ({"weights": "bundled"}, "wheels-forum-bundled"),
        ({"weights": "models/mine.pth"}, "wheels-forum-mine"),
        ({"weights": "none"}, "wheels-forum-no-weights"),
        ({"precision": "fp32"}, "wheels-forum-fp32"),
        ({"recipe": "strong"}, "wheels-strong"),
        ({"label_noise": 0}, "wheels-forum"),
        ({"label_noise": "asymmetric:0.18"}, "wheels-forum-label-noise-asymmetric-0.18"),
        ({"label_noise": "lists/wrong.csv@val"}, "wheels-forum-label-noise-lists-wrong.csv-val"),
        ({"class_level": 2, "merge_classes": True}, "wheels-forum-class-level-2-merge-classes"),
    ],
)
def test_a_run_is_named_after_its_data_and_what_differs_from_the_defaults(settings, name):
    assert default_folder_name(Experiment(**settings)) == name


def test_what_changes_no_result_is_not_in_the_name():
    settings = {"seeds": 3, "device": "cpu", "lr": 1e-4, "epochs": (2, 2), "allow_outside": True}
    assert default_folder_name(Experiment(**settings)) == "wheels-forum"
    assert default_folder_name(Experiment(seed_list="7")) == "wheels-forum"
    assert default_folder_name(Experiment(quick=True, epochs=1)) == "wheels-forum-quick"


def test_a_recipe_of_the_users_own_has_its_own_name():
    recipe = replace(RECIPES["forum"], name="mine", weight_decay=0.1)
    assert default_folder_name(Experiment(recipe=recipe)) == "wheels-mine"


def test_the_number_of_trials_comes_last():
    assert default_folder_name(Experiment(quick=True), tune=3) == "wheels-forum-quick-tune3"


def test_the_present_folder_has_a_name_too(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    monkeypatch.chdir(tmp_path / "images")
    assert default_folder_name(Experiment(data=".")) == "images-forum"
    assert default_folder_name(Experiment(data="..")) == f"{tmp_path.name.replace(' ', '-')}-forum"


def test_the_parent_can_stand_before_the_name():
    experiment = Experiment(data="lab1/images")
    assert default_folder_name(experiment, parent=True) == "lab1-images-forum"
    assert parent_name("/b/a.csv") == "b"
    assert parent_name("wheels:classes=7") == ""


def test_a_long_name_is_cut_and_stays_its_own():
    names = {default_folder_name(Experiment(data="x" * 200 + end)) for end in ("a", "b")}
    assert len(names) == 2
    assert {len(name) for name in names} == {LONGEST_FOLDER}


@pytest.mark.parametrize("letter", ["é", "漢", "𠮷"])  # of 2, 3 and 4 bytes
def test_a_long_name_fits_in_a_file_system_whatever_its_letters(letter, tmp_path):
    names = {default_folder_name(Experiment(data=letter * 90 + end)) for end in ("a", "b")}
    assert len(names) == 2
    for name in names:
        assert len(name.encode()) <= MOST_BYTES
        (tmp_path / f"{name}-2.lock").mkdir()


def test_no_name_of_data_leads_out_of_the_folder_of_results():
    for name in filter(str.strip, NAMES):
        folder = default_folder_name(Experiment(data=name), parent=True)
        assert Path(folder).parts == (folder,)
        assert re.fullmatch(r"[\w.-]*\w", folder), ascii(folder)
        assert not folder.startswith((".", "-"))
        assert folder.split(".")[0].upper() not in ("CON", "NUL", "AUX", "COM1", "LPT9")
        assert len(os.fsencode(folder)) <= MOST_BYTES


def test_one_folder_may_be_written_in_several_ways(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()
    Path("link").symlink_to("images")
    for text in ("images", "./images/", str(tmp_path / "images"), "link", "link/../images"):
        assert is_same_source("images", text), text
    for text in ("lab/images", "wheels", "wheels:classes=7"):
        assert not is_same_source("images", text), text
