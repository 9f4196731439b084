"""The folder of a sweep: what it is written to, and what it is never written over."""

from __future__ import annotations

import pytest

from benchmark.execution.run_folder import RunFolder
from benchmark.execution.sweep_folder import SweepFolder, SweepManifest, SweepRunInfo
from benchmark.plan.sweep import read_experiments
from benchmark.storage.stored_file import DamagedFileError, set_aside
from benchmark.storage.typed_json import write

TWO = read_experiments({"recipe": "forum,strong"})


def test_values_that_it_has_had_stay(tmp_path):
    folder = SweepFolder(tmp_path / "sweep")
    assert not folder.exists
    folder.write(TWO)
    assert folder.read().settings == ("recipe",)
    assert [(run.values, run.folder) for run in folder.read().runs] == [
        (("forum",), "forum"),
        (("strong",), "strong"),
    ]
    folder.write(read_experiments({"recipe": "strong,forum"}))
    assert [run.folder for run in folder.read().runs] == ["strong", "forum"], (
        "the order is that of the command"
    )


def test_a_grid_is_completed_and_keeps_the_runs_that_it_had(tmp_path):
    folder = SweepFolder(tmp_path)
    folder.write(read_experiments({"fine_tune": "head,half", "lr": "0.1,0.01"}))
    wider = read_experiments({"fine_tune": "head,full", "lr": "0.1,0.01"})
    assert folder.reason_against(wider) == ""
    folder.write(wider)
    manifest = folder.read()
    assert manifest.settings == ("fine_tune", "lr")
    assert [run.values for run in manifest.runs] == [
        (depth, lr) for depth in ("head", "half", "full") for lr in ("0.1", "0.01")
    ]
    assert manifest.runs[0].folder == "fine-tune=head,lr=0.1"
    assert folder.reason_against(TWO) == (
        f"{tmp_path} holds a sweep of fine tune and lr, which have several values each"
    )
    single = read_experiments({"fine_tune": "half", "lr": 0.01})
    assert folder.reason_against_run(single).endswith(
        f" each; its run with these values is in {tmp_path / 'fine-tune=half,lr=0.01'}"
    )
    other = read_experiments({"fine_tune": "full", "lr": 3})
    assert folder.reason_against_run(other).endswith("each; none of its runs has these")


def test_a_sweep_is_of_one_setting(tmp_path):
    folder = SweepFolder(tmp_path)
    folder.write(TWO)
    assert folder.reason_against(TWO) == ""
    write(folder.file, SweepManifest(settings=("lr",), runs=(SweepRunInfo(("0.1",), "0.1"),)))
    assert folder.reason_against(TWO) == (
        f"{tmp_path} holds a sweep of lr, which has several values"
    )


def test_the_folder_of_a_study_names_that_of_its_runs(tmp_path):
    (tmp_path / "study.json").touch()
    assert SweepFolder(tmp_path).reason_against(TWO) == (
        f"{tmp_path} holds a study; its runs are in {tmp_path / 'grid'}"
    )


def test_a_damaged_sweep_is_written_anew(tmp_path):
    folder = SweepFolder(tmp_path)
    folder.write(TWO)
    (tmp_path / "report.html").touch()
    folder.file.write_text(folder.file.read_text().replace("recipe", "recjpe"))
    assert folder.exists
    with pytest.raises(DamagedFileError, match=r"sweep.json is damaged: its content has another"):
        folder.read()
    (damage,) = folder.damaged_files()
    assert "values that it had before come back" in damage.remedy
    assert folder.reason_against(TWO) == ""
    assert set_aside(damage.file) == tmp_path / "sweep.json.damaged"
    assert folder.reason_against(TWO) == "", "the process may have been killed then"
    folder.write(TWO)
    assert not folder.damaged_files()


@pytest.mark.parametrize("name", ["report.html", "figures/seeds.svg", "scores.csv"])
def test_what_is_no_sweeps_is_not_written_over(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("mine", encoding="utf-8")
    assert "of no sweep" in SweepFolder(tmp_path).reason_against(TWO)


def test_runs_files_and_images_are_no_folder_of_a_sweep(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}", encoding="utf-8")
    assert "holds a single run" in SweepFolder(tmp_path / "run").reason_against(TWO)
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "is a file" in SweepFolder(tmp_path / "file" / "x").reason_against(TWO)
    mine = read_experiments({"recipe": "forum,strong", "data": str(tmp_path)})
    assert "is the folder of the images" in SweepFolder(tmp_path).reason_against(mine)


def test_a_sweep_is_no_run(tmp_path):
    SweepFolder(tmp_path).write(TWO)
    (tmp_path / "forum").mkdir()
    (tmp_path / "forum" / "run.json").write_text("{}", encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"holds a sweep .* give a single one: .*forum"):
        RunFolder(tmp_path).read_manifest()


def test_a_run_of_a_sweep_is_no_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "strong").symlink_to(tmp_path / "elsewhere")
    reason = SweepFolder(tmp_path).reason_against(TWO)
    assert reason.startswith(f"{tmp_path / 'strong'} is a link, which no run follows")


def test_a_folder_without_a_sweep_is_refused_with_what_to_do(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"holds no sweep: .*sweep\.json.* the command again"
    ):
        SweepFolder(tmp_path).read()
