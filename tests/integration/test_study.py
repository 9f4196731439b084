"""A whole study on small images: planned, trained, answered, resumed, and read again."""

from __future__ import annotations

import pandas as pd
import pytest

import benchmark
from tests.integration.commands import SMALL, call

NAMES = "no_change,class_weights"


@pytest.fixture(scope="module")
def finished(image_folder, tmp_path_factory):
    """A study of one's own images, and what its command printed."""
    folder = tmp_path_factory.mktemp("study") / "mine"
    epochs = SMALL.flags.index("--epochs")
    small = (*SMALL.flags[:epochs], *SMALL.flags[epochs + 2 :])
    kept = ("--data", image_folder, *small, "--jobs", "1", "--strategies", NAMES)
    with pytest.MonkeyPatch.context() as patch:  # the runs' own reports take most of the time
        patch.setattr("benchmark.result.run.write_report", lambda comparison: {})
        done = call("study", *kept, "--seeds", "1", "--out", folder)
    assert done.returncode == 0, done.stderr
    return folder, done.stdout, kept


@pytest.mark.slow
def test_the_page_answers_and_the_grid_is_beside_it(finished):
    folder, printed, _ = finished
    assert f"report: {folder / 'report.html'}" in printed
    assert "In the run in question (`fine-tune=head,epochs=2`: the settings" in printed
    assert (folder / "grid" / "report.html").exists()
    remedies = pd.read_csv(folder / "remedies.csv")
    assert remedies["strategy"].tolist() == ["class_weights"]
    changes = pd.read_csv(folder / "changes.csv")
    assert set(changes["setting"]) == {"fine_tune", "epochs"}
    shares = pd.read_csv(folder / "shares.csv")
    assert shares.groupby("metric")["effect"].sum().to_numpy() == pytest.approx(
        shares.groupby("metric")["total"].first().to_numpy()
    )


@pytest.mark.slow
def test_the_same_command_trains_nothing_and_a_notebook_gets_the_same(finished):
    folder, _, flags = finished
    before = (folder / "report.html").read_bytes()
    again = call("study", *flags, "--seeds", "1", "--out", folder)
    assert again.returncode == 0, again.stderr
    assert "in all     0 steps" in again.stdout
    assert (folder / "report.html").read_bytes() == before
    result = benchmark.load(folder)  # as `report` does
    assert (folder / "report.html").read_bytes() == before
    assert isinstance(result, benchmark.StudyResult)
    assert result.tables.baseline["classes"].tolist() == [
        len(result.grid.comparison.runs[0].classes)
    ]
    assert result.answer in repr(result)
    assert "plain fine-tuning" in result._repr_html_()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("noisy",), "there is no study 'noisy'. Did you mean 'noisy7'? Known: forum17, noisy7"),
        ((), "give the name of a study, forum17 or noisy7, or data of your own, and not both"),
        (("own",), "there is no study 'own'"),
        (("noisy7", "--lr", "1e-3,1e-4"), "the study noisy7 takes one value of lr"),
        (("noisy7", "--epochs", "3"), "the study noisy7 varies epochs itself"),
        (("noisy7", "--scale", "2"), "scale 2 is not allowed; allowed: above 0 and up to 1"),
        (("forum17", "--strategies", "class_weights"), "add no_change, or give --baseline"),
    ],
)
def test_what_can_be_no_study_is_told_before_anything_is_trained(words, message):
    done = call("study", *words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_study_is_not_written_over_a_run(finished):
    folder, _, flags = finished
    wrong = call("study", *flags, "--out", folder / "grid")
    assert "holds a run. Choose another --out" in wrong.stderr
