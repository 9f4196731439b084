"""The plan that `plan` and `run` print."""

import re
from pathlib import Path

from benchmark.cli import main

SMALL = [
    *("--plugin", str(Path(__file__).parents[1] / "small_backbone.py"), "--backbone", "small"),
    *("--image-size", "16", "--weights", "none", "--device", "cpu"),
]


def test_the_plan_shows_what_is_trained_once(image_folder, tmp_path, capsys, forgotten):
    words = ["plan", "--data", str(image_folder), *SMALL]
    names = "no_change,threshold_moving,crt,deferred_resampling,focal_loss"
    assert main([*words, "--out", str(tmp_path), "--strategies", names]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert re.search(r"recipe forum: .* 8 images each \(the recipe has 64\), 16 px", printed)
    assert "compared 5: 5 strategies x 1 seed (0)" in printed
    assert "null row no_change once more" in printed
    assert "another head: 1 network; --no-null leaves it out" in printed
    budget = int(re.search(r"to train 5 of 5 networks, (\d+) steps", printed)[1])
    alone = [int(steps) for steps in re.findall(r": (\d+) steps of its own", printed)]
    assert "train crt: " in printed
    assert "train deferred_resampling: " in printed
    assert re.search(r"train no_change = threshold_moving: \d+ steps of its own, after", printed)
    shared = r"crt: .*? shared with no_change, threshold_moving, deferred_resampling"
    assert re.search(shared, printed)
    assert "focal_loss:" not in printed, "it has nothing in common with the others"
    assert 0 < sum(alone) < budget
    assert main([*words, "--out", str(tmp_path), "--strategies", names, "--no-null"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "to train 4 of 4 networks" in printed
    assert "null row" not in printed


def test_the_plan_of_a_search_lists_what_would_be_tried(image_folder, capsys, forgotten):
    words = ["plan", "--data", str(image_folder), *SMALL]
    assert main([*words, "--tune", "3", "--strategies", "no_change,focal_loss"]) == 0
    *_, title, plain, focal = capsys.readouterr().out.splitlines()
    assert title == "tuning     3 trials of each strategy on validation, up to 6 networks first"
    assert plain.split() == ["no_change", "lr_factor", "0.1", "to", "10"]
    assert focal.split()[:2] == ["focal_loss", "gamma"]


def test_a_given_learning_rate_is_not_tuned(image_folder, capsys, forgotten):
    words = ["plan", "--data", str(image_folder), *SMALL, "--lr", "1e-3"]
    assert main([*words, "--tune", "3", "--strategies", "no_change,focal_loss"]) == 0
    *_, title, plain, focal = capsys.readouterr().out.splitlines()
    assert title == "tuning     3 trials of each strategy on validation, up to 3 networks first"
    assert plain.split() == ["no_change", "nothing"]
    assert "lr_factor" not in focal
