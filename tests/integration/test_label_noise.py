"""Whole runs with labels that are wrong on purpose."""

import json

import numpy as np
import pytest

from tests.integration.commands import SMALL, assert_same_outputs, call, load_outputs


@pytest.fixture(scope="module")
def flags(image_folder):
    short = (*SMALL.flags, "--epochs", "1+0.5", "--strategies", "no_change", "--no-null")
    return ("--data", image_folder, *short)


@pytest.fixture(scope="module")
def noisy(flags, tmp_path_factory):
    """A run with wrong labels in training."""
    folder = tmp_path_factory.mktemp("noisy") / "run"
    result = call("run", *flags, "--label-noise", "0.3", "--out", folder)
    assert result.returncode == 0, result.stderr
    return folder


def read_json(folder, pattern):
    (file,) = folder.glob(pattern)
    return json.loads(file.read_text())


def test_the_run_knows_given_and_right_labels(noisy):
    split = read_json(noisy, "splits/*.json")
    given, right = (np.array(split["train"][name]) for name in ("labels", "right_labels"))
    assert (given != right).sum() == round(0.3 * len(right))
    assert split["train"]["counts"] == np.bincount(given).tolist()
    assert right.tolist() == [sorted(["common", "middling", "rare"]).index(f.split("/")[0])
                              for f in split["train"]["files"]]  # fmt: skip
    assert split["val"]["right_labels"] is split["test"]["right_labels"] is None
    assert read_json(noisy, "run.json")["experiment"]["settings"]["label_noise"] == "0.3"


def test_training_outputs_have_given_labels_and_test_outputs_right_ones(noisy):
    (tensors,) = load_outputs(noisy).values()
    split = read_json(noisy, "splits/*.json")
    assert tensors["train.labels"].tolist() == split["train"]["labels"]
    assert tensors["test.labels"].tolist() == split["test"]["labels"]
    fit = read_json(noisy, "records/*.json")["wrong_labels"]
    predicted = tensors["train.logits"].argmax(1)
    given, right = (np.array(split["train"][name]) for name in ("labels", "right_labels"))
    wrong = given != right
    assert fit["images"] == wrong.sum()
    assert fit["as_given"] == pytest.approx((predicted == given)[wrong].mean())
    assert fit["as_right"] == pytest.approx((predicted == right)[wrong].mean())


def test_a_selection_gets_given_labels_and_says_so_where_it_leaves_nothing_out(flags, tmp_path):
    strategies = ("--strategies", "drop_suspects:min_images=1", "--label-noise", "0.3")
    result = call("run", *flags, *strategies, "--out", tmp_path / "run")
    assert result.returncode == 0, result.stderr
    left_out = read_json(tmp_path / "run", "records/*.json")["left_out"]
    split = read_json(tmp_path / "run", "splits/*.json")["train"]
    wrong = np.array(split["labels"]) != np.array(split["right_labels"])
    # features of a random network tell nothing
    assert left_out == {"counts": [0, 0, 0], "wrong": 0, "all_wrong": wrong.sum()}
    report = (tmp_path / "run" / "report.md").read_text()
    assert "left out because their labels are suspect" in report
    assert f"undecided (none of {len(wrong)} images is left out)" in report


def test_the_report_says_that_labels_were_changed_on_purpose(noisy):
    for page in ("report.md", "report.html"):
        text = (noisy / page).read_text().replace("\u00a0", " ")
        assert "training labels of seed 0 are wrong, on purpose (29.7 %, symmetric)" in text
        assert "What is learnt of wrong labels" in text
    assert (noisy / "wrong_labels.csv").exists()


def test_the_plan_says_so_too_and_finds_what_is_stored(flags, noisy):
    before = load_outputs(noisy)
    result = call("plan", *flags, "--label-noise", "0.3", "--out", noisy)
    assert "training labels of seed 0 are wrong, on purpose" in result.stdout + result.stderr
    assert "to train   0 of 1 networks" in result.stdout
    assert call("run", *flags, "--label-noise", "0.3", "--out", noisy).returncode == 0
    assert_same_outputs(before, load_outputs(noisy))


def test_other_noise_is_another_experiment(flags, noisy):
    result = call("plan", *flags, "--label-noise", "0.2", "--out", noisy)
    assert result.returncode != 0
    assert "label noise 0.3 there, 0.2 here" in result.stderr
