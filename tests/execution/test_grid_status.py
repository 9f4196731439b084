"""How far the runs of a sweep or a study are."""

import pytest

from benchmark.execution.folder_lock import locked
from benchmark.execution.grid_status import read_grid_status
from benchmark.execution.sweep_folder import SweepManifest, SweepRunInfo
from benchmark.storage.typed_json import write
from tests.execution.fabricated_status import KEYS, beat, list_segments


def make_sweep(path):
    runs = (SweepRunInfo(("forum",), "forum"), SweepRunInfo(("strong",), "strong"))
    path.mkdir(parents=True, exist_ok=True)
    write(path / "sweep.json", SweepManifest(settings=("recipe",), runs=runs))


@pytest.mark.parametrize("inner", [".", "grid"])
def test_a_sweep_or_a_study_has_several_runs(tmp_path, inner):
    make_sweep(tmp_path / inner)
    folder = list_segments(tmp_path / inner / "strong")
    status = read_grid_status(tmp_path)
    assert status.is_grid
    assert list(status.runs) == ["forum", "strong"]
    assert [len(run.segments) for run in status.runs.values()] == [0, 6]
    assert not status.is_at_work
    beat(folder, KEYS[0])
    assert read_grid_status(tmp_path).is_at_work
    with locked(tmp_path / inner, ""):
        assert read_grid_status(tmp_path).holder


def test_a_run_is_one(tmp_path):
    folder = list_segments(tmp_path)
    folder.run_file.touch()
    status = read_grid_status(tmp_path)
    assert not status.is_grid
    assert list(status.runs) == [""]


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no run: there is no run\.json in it"):
        read_grid_status(tmp_path)
    with locked(tmp_path, ""):  # it has just begun
        assert read_grid_status(tmp_path).is_at_work
