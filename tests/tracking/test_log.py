"""Logging costs a run nothing: each result is logged once, and what fails is a sentence."""

import pytest

import benchmark
from benchmark.tracking import log
from tests.notes import Notes
from tests.report.fabricate import fabricate, with_manifest


@pytest.fixture
def logged(monkeypatch):
    """Trackers that note what they are given, of which mlflow is away."""
    runs = []

    def tracker(name):
        def track(run):
            if name == "mlflow":
                raise ConnectionError("the server is away")
            runs.append((name, run))
            return "there"

        return track

    monkeypatch.setattr(log, "_tracker", tracker)
    return runs


@pytest.fixture
def comparison(tmp_path):
    return fabricate(tmp_path, classes=("cat", "dog"), images=100)


def texts(comparison, *trackers):
    """Log a run and return what is said."""
    notes, reports = Notes(), {"html": comparison.folder / "report.html"}
    benchmark.Result(comparison, reports).track(trackers, notes)
    return notes.texts


def test_a_run_is_logged_with_its_report_and_its_verdict(comparison, logged):
    assert texts(comparison, "wandb", "tensorboard") == [
        *("wandb: logged to there", "tensorboard: logged to there")
    ]
    (_, run), _ = logged
    assert run.files == (comparison.folder / "report.html",)
    assert "plain fine-tuning" in run.sentence.lower()


def test_the_same_results_are_logged_once_to_each_tracker(comparison, logged):
    texts(comparison, "wandb")
    assert texts(comparison, "wandb", "tensorboard", "wandb") == [
        "wandb: nothing new; these results were logged before",
        "tensorboard: logged to there",
    ]
    other = with_manifest(comparison, baseline="focal_loss", seeds=(0, 1))
    assert texts(other, "wandb", "tensorboard") == [
        *("wandb: logged to there", "tensorboard: logged to there")
    ]


def test_what_fails_is_said_and_tried_again_and_the_others_are_logged(comparison, logged):
    for _ in range(2):
        failed, *rest = texts(comparison, "mlflow", "wandb")
        assert failed == (
            "note: mlflow has not logged the run: ConnectionError: the server is away. The run is "
            "whole, and the same command tries again"
        )
        assert rest[0].startswith("wandb: ")


def test_without_a_tracker_nothing_is_done(comparison, logged):
    assert texts(comparison) == []
    assert not list(comparison.folder.iterdir())
