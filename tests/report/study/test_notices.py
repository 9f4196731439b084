"""What the runs of a study warn of stands on its page too."""

from dataclasses import replace

from benchmark.report.single.follow_up import QUICK_LOOK
from benchmark.report.study.notices import notices
from tests.report.sweep.sweeps import fabricated_grid

AXES = {"fine_tune": ("head", "half"), "epochs": ("2", "6")}


def test_the_page_has_the_warnings_of_its_runs(tmp_path):
    grid = fabricated_grid(tmp_path, AXES, failed_audit=["class_weights"])
    runs = [replace(run, manifest=replace(run.manifest, quick=True)) for run in grid.runs]
    texts = list(notices(replace(grid, runs=tuple(runs))))
    assert texts[0] == QUICK_LOOK
    assert "`class_weights` failed the audit: see the report of each run." in texts
    assert not any("baseline failed" in text for text in texts)


def test_a_baseline_that_failed_somewhere_is_told(tmp_path):
    grid = fabricated_grid(tmp_path, AXES, failed=[("no_change", 0)])
    (text,) = [text for text in notices(grid) if "The baseline failed under" in text]
    assert text.startswith("The baseline failed under `fine-tune=head,epochs=2`, `fine-tune=head,e")
