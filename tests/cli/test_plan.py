"""Settings of a run, from flags and a file, and the plan that `plan` and `run` print."""

import re
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.cli.commands.plan import settings_from
from benchmark.cli.parser import build_parser, parse

SMALL = [
    *("--plugin", str(Path(__file__).parents[1] / "small_backbone.py"), "--backbone", "small"),
    *("--image-size", "16", "--weights", "none", "--device", "cpu"),
]


@pytest.fixture
def settings(tmp_path):
    """Settings of a command line beside a file."""
    file = tmp_path / "study.toml"
    file.write_text("image-size = 96\nseed-list = [7]\njobs = 2\n")
    return lambda *words: settings_from(
        parse(build_parser(), ["plan", "--config", str(file), *words])
    )


def test_flags_win_over_the_file(settings):
    assert settings("--image-size", "80") == {"image_size": "80", "seed_list": (7,), "jobs": 2}


@pytest.mark.parametrize("words", [("--seeds", "2"), ("--seed-list", "3,4")])
def test_either_flag_of_seeds_replaces_those_of_the_file(settings, words):
    name = words[0].strip("-").replace("-", "_")
    assert settings(*words) == {"image_size": 96, "jobs": 2, name: words[1]}


def test_without_a_file_only_given_flags_count():
    chosen = parse(build_parser(), ["run", "--quick", "--strategies", "no_change"])
    assert settings_from(chosen) == {"quick": True, "strategies": "no_change"}


def test_the_plan_shows_what_is_trained_once(image_folder, tmp_path, capsys, forgotten):
    words = ["plan", "--data", str(image_folder), *SMALL]
    names = "no_change,threshold_moving,crt,deferred_resampling,focal_loss"
    assert main([*words, "--out", str(tmp_path), "--strategies", names]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "compared 5: 5 strategies x 1 seed (0)" in printed
    budget = int(re.search(r"to train 4 of 4 networks, (\d+) steps", printed)[1])
    alone = [int(steps) for steps in re.findall(r": (\d+) steps of its own", printed)]
    assert "train crt: " in printed
    assert "train deferred_resampling: " in printed
    assert re.search(r"train no_change = threshold_moving: \d+ steps of its own, after", printed)
    shared = r"crt: .*? shared with no_change, threshold_moving, deferred_resampling"
    assert re.search(shared, printed)
    assert "focal_loss:" not in printed, "it has nothing in common with the others"
    assert 0 < sum(alone) < budget


def test_the_plan_of_a_search_lists_what_would_be_tried(image_folder, capsys, forgotten):
    words = ["plan", "--data", str(image_folder), *SMALL]
    assert main([*words, "--tune", "3", "--strategies", "no_change,focal_loss"]) == 0
    *_, title, plain, focal = capsys.readouterr().out.splitlines()
    assert title == "tuning     3 trials of each strategy on validation, up to 3 networks first"
    assert plain.split() == ["no_change", "nothing"]
    assert focal.split()[:2] == ["focal_loss", "gamma"]
