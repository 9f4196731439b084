"""Where `data` writes: never into what is another's, and no page stays of an earlier call."""

import shutil
from pathlib import Path

import pytest
from PIL import Image

from benchmark.cli import main
from benchmark.data.sources import open_data
from benchmark.execution.data_folder import (
    OWNER,
    PAGES,
    begin_pages,
    find_data_folder,
    own,
    require_data_folder,
)
from tests.data.trees import make_files

PLACE = Path("results/data-set")


@pytest.fixture(autouse=True)
def working_folder(tmp_path_factory, monkeypatch):
    """Be in an empty folder, which is where a command writes."""
    monkeypatch.chdir(tmp_path_factory.mktemp("working"))


def test_pages_of_an_earlier_call_do_not_stay(leaking_folder, capsys):
    where = leaking_folder.rename(leaking_folder.parent / "set")
    (where / "notes.txt").write_text("x")
    Image.new("RGB", (40, 30)).save(where / "train/cat/flat.png")
    main(["data", str(where), "--page"])
    of_many = {"classes.csv"}  # where a page can't hold all classes
    assert {path.name for path in PLACE.iterdir()} == {*PAGES, OWNER} - of_many
    (where / "notes.txt").unlink()
    main(["data", str(where)])
    assert {path.name for path in PLACE.iterdir()} == {*PAGES, OWNER} - of_many - {
        "left_out.csv",
        "data.html",
    }
    shutil.rmtree(where)
    capsys.readouterr()


def test_without_anything_to_write_the_folder_goes(image_folder, tmp_path, capsys):
    shutil.copytree(image_folder, tmp_path / "set")
    (tmp_path / "set/notes.txt").write_text("x")
    main(["data", str(tmp_path / "set")])
    printed = " ".join(capsys.readouterr().out.split())
    page = PLACE / "left_out.csv"
    assert f"List of 1 file or folder that is left out, with the reason: {page}" in printed
    (tmp_path / "set/notes.txt").unlink()
    main(["data", str(tmp_path / "set")])
    assert not PLACE.exists()


def test_files_of_others_stay_where_pages_go(image_folder, tmp_path, capsys):
    shutil.copytree(image_folder, tmp_path / "set")
    PLACE.mkdir(parents=True)
    (PLACE / "mine.txt").write_text("x")
    (PLACE / "left_out.csv").write_text("x")
    main(["data", str(tmp_path / "set")])
    assert {path.name for path in PLACE.iterdir()} == {"mine.txt", "left_out.csv"}
    capsys.readouterr()


def test_a_link_is_not_followed(image_folder, tmp_path, capsys):
    shutil.copytree(image_folder, tmp_path / "set")
    (tmp_path / "set/notes.txt").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/left_out.csv").write_text("mine")
    PLACE.parent.mkdir()
    PLACE.symlink_to(tmp_path / "elsewhere")
    assert main(["data", str(tmp_path / "set")]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "No list of 1 file" in printed
    assert "results/data-set is a link, which is not followed; remove it" in printed
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["left_out.csv"]
    assert (tmp_path / "elsewhere/left_out.csv").read_text() == "mine"


def test_two_data_sets_of_one_name_have_folders_of_their_own(image_folder, tmp_path, capsys):
    folders = []
    for parent in ("one", "two", "more/two"):
        shutil.copytree(image_folder, tmp_path / parent / "set")
        (tmp_path / parent / "set/notes.txt").write_text(parent)
    for _ in range(2):  # each finds its own again
        for parent in ("one", "two", "more/two"):
            main(["data", str(tmp_path / parent / "set")])
            folders.append(find_data_folder(open_data(str(tmp_path / parent / "set"))).name)
    assert folders == ["data-set", "data-two-set", "data-two-set-2"] * 2
    capsys.readouterr()


def test_a_data_set_finds_its_folder_by_any_name_of_its_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_files(Path("set"), {"a": 1, "b": 1})
    relative, absolute = open_data("set"), open_data(str(tmp_path / "set"))
    begin_pages(find_data_folder(relative), relative)
    assert find_data_folder(absolute) == find_data_folder(relative) == PLACE
    (PLACE / OWNER).write_text("damaged")
    assert find_data_folder(absolute) == PLACE


def test_a_folder_that_the_user_names_must_be_empty_or_about_the_same_data(tmp_path):
    make_files(tmp_path / "set", {"a": 2, "b": 2})
    make_files(tmp_path / "other", {"a": 2, "b": 2})
    images, others = (open_data(str(tmp_path / name)) for name in ("set", "other"))
    out = tmp_path / "out"
    assert require_data_folder(out, images, PAGES) == out
    own(out, images)
    (out / "labels-2.csv").write_text("mine")
    assert require_data_folder(out, images, PAGES) == out
    for folder, about in ((out, others), (tmp_path / "set", images), (out / "data.json", images)):
        with pytest.raises(ValueError, match="Choose another --out"):
            require_data_folder(folder, about, PAGES)
