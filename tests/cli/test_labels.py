"""The verb `labels`."""

import shutil
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmark.cli import main
from benchmark.plugins import unload_plugin
from tests.data.duplicates.pictures import encode, make_photographs
from tests.integration.commands import SMALL_BACKBONE

NETWORK = ("--plugin", str(SMALL_BACKBONE), "--backbone", "small", "--weights", "none",
           "--image-size", "32")  # fmt: skip
FOLDER = Path("results/labels-set")


@pytest.fixture(autouse=True)
def no_plugin_is_left():
    yield
    unload_plugin(SMALL_BACKBONE)


@pytest.fixture
def data(image_folder):
    """The small folder, with two common images among the rare, beside where results go."""
    shutil.copytree(image_folder, "set")
    for name in ("000", "001"):
        Path(f"set/common/{name}.png").rename(f"set/rare/wrong{name}.png")
    return "set"


def labels(*words):
    return main(["labels", *words, *NETWORK])


def test_suspects_are_printed_and_written(data, capsys):
    assert labels(data) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "of 47 labels look wrong" in printed
    assert "of the rarest classes' labels are flagged" in printed
    assert "Nothing is deleted or changed" in printed
    assert f"Pictures of the suspects: {FOLDER}/labels.html" in printed
    assert f"run --data set --labels {FOLDER}/labels.csv" in printed
    rows = pd.read_csv(FOLDER / "labels.csv")
    assert len(rows) == 47
    assert {"rare/wrong000.png", "rare/wrong001.png"} == set(rows["path"][:2])
    assert rows["suggested"][:2].tolist() == ["common"] * 2
    assert (FOLDER / "labels.html").stat().st_size > 10_000


def test_the_next_command_reads_the_data_in_the_same_way(data, capsys):
    """Without it, classes of the file are none of the data's."""
    Path("deep").mkdir()
    shutil.move(data, "deep/one")
    assert labels("deep", "--class-level", "2") == 0
    printed = capsys.readouterr().out
    command = "run --data deep --class-level 2 --labels results/labels-deep/labels.csv"
    assert command in printed
    assert command in Path("results/labels-deep/labels.html").read_text("utf-8")


def test_an_edited_file_is_read_back_and_not_written_over(data, capsys):
    labels(data)
    file = FOLDER / "labels.csv"
    rows = pd.read_csv(file)
    rows.loc[rows["path"].str.contains("wrong"), "label"] = "common"
    rows.to_csv(file, index=False)
    edited = file.read_bytes()
    capsys.readouterr()
    assert labels(data, "--labels", str(file)) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 of 47 labels differ from those of the data" in printed
    assert (
        f"{file} was edited by a person and stays as it is. {FOLDER}/labels-2.csv has the "
        "corrected labels that were judged."
    ) in printed
    assert file.read_bytes() == edited
    again = pd.read_csv(FOLDER / "labels-2.csv").set_index("path")
    row = again.loc["rare/wrong000.png"]
    assert row[["label", "given", "corrected"]].tolist() == ["common", "rare", "common"]
    assert not again.loc["rare/wrong000.png", "suspect"]
    assert main(["data", data, "--labels", str(file)]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "2 of 47 labels differ from those of the data" in printed
    assert "│ common │ 30 │" in printed


def test_copies_with_other_labels_have_a_page_and_a_file(data, capsys):
    first, _ = make_photographs(2, seed=3)
    Path("set/rare/copy.png").write_bytes(encode(first))
    Path("set/common/copy.jpg").write_bytes(encode(first, "JPEG", quality=60))
    assert labels(data) == 0
    assert "1 pair of images looks the same and has different labels." in capsys.readouterr().out
    assert pd.read_csv(FOLDER / "conflicts.csv")["class"].tolist() == ["rare"]
    assert "Same picture, different labels (1)" in (FOLDER / "labels.html").read_text("utf-8")


def test_without_cleanlab_it_says_what_to_install_before_any_work(data, monkeypatch, capsys):
    for name in [*sys.modules]:
        if name.startswith("cleanlab"):
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, "cleanlab", None)
    for name in ("benchmark.strategy.label_issues", "benchmark.execution.label_audit",
                 "benchmark.cli.label_summary", "benchmark.analysis.label_tables"):  # fmt: skip
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert labels(data) != 0
    captured = capsys.readouterr()
    assert "pip install 'imbalance-bench[labels]'" in captured.err
    assert "frozen layers" not in captured.out
    assert not FOLDER.exists()


def test_mistakes_are_told(data, capsys):
    assert labels(data, "--labels", "nowhere.csv") != 0
    assert "nowhere.csv: no such file" in capsys.readouterr().err
    assert main(["labels", "nowhere"]) != 0
    assert "no such folder" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written_is_told_before_any_work(data, monkeypatch, capsys):
    monkeypatch.setattr("benchmark.result.labels.prepare", None)  # decodes images
    Path("results").write_text("mine")
    assert labels(data) != 0
    assert "can't be written (" in (error := capsys.readouterr().err)
    assert "choose another --out" in error
    Path("results").unlink()
    assert labels(data, "--out", data) != 0
    assert "holds files that are not about set. Choose another --out" in capsys.readouterr().err
    assert not Path("results").exists()


def test_another_folder(data, capsys):
    assert labels(data, "--out", "mine/here") == 0
    assert "Pictures of the suspects: mine/here/labels.html" in capsys.readouterr().out
    assert not FOLDER.exists()


def test_nothing_in_the_data_changes(data, capsys):
    before = {path: path.read_bytes() for path in Path(data).rglob("*.png")}
    labels(data)
    assert {path: path.read_bytes() for path in Path(data).rglob("*") if path.is_file()} == before
    capsys.readouterr()
