"""One walk over a folder: what lies in it, and what is left out."""

import pytest

from benchmark.data.files import folder_tree
from benchmark.data.files.folder_tree import walk_folder
from tests.data.trees import make_files


def test_images_folders_and_totals(tmp_path):
    root = make_files(tmp_path, {"b/deep/er": 2, "a": 1, "empty": 0, "b": 1})
    (root / "b/notes").write_text("x")
    (root / "b/list.csv").write_text("x")
    tree, left_out = walk_folder(root)
    assert [folder.path for folder in tree.walk()] == ["", "a", "b", "b/deep", "b/deep/er", "empty"]
    assert [folder.name for folder in tree.filled] == ["a", "b"]
    b = tree.folders[1]
    assert (b.total, list(b.images)) == (3, ["b/000.jpg"])
    assert (dict(b.others), b.tables) == ({"": 1}, ["list.csv"])
    assert left_out.messages() == []


@pytest.mark.parametrize("where", [".", "train", "train/cat", "cat"])
@pytest.mark.parametrize("junk", ["@eaDir/001.jpg", "__MACOSX", ".ipynb_checkpoints", "lost+found"])
def test_junk_is_counted_at_any_depth(tmp_path, where, junk):
    root = make_files(tmp_path, {"cat": 1, f"{where}/{junk}": 3})
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    name = junk.partition("/")[0]
    assert left_out.messages() == [
        f"3 images lie in folders that a system or a program made: left out: {name} (3)."
    ]


def test_junk_without_images_is_left_out_in_silence(tmp_path):
    root = make_files(tmp_path, {"cat": 1, ".git/objects": 0, "cat/@eaDir": 0})
    for name in ("Thumbs.db", ".DS_Store", "._000.jpg"):
        (root / "cat" / name).write_bytes(b"x")
    tree, left_out = walk_folder(root)
    assert (tree.total, left_out.messages()) == (1, [])
    assert not tree.folders[0].others


def test_thumbs_are_left_out_below_a_class_and_may_be_a_class(tmp_path):
    root = make_files(tmp_path, {"cat/thumbs": 1, "thumbs": 1, "train/thumbs": 1})
    tree, left_out = walk_folder(root)
    assert [folder.path for folder in tree.walk() if folder.images] == ["thumbs", "train/thumbs"]
    assert left_out.junk == {"thumbs": 1}


def test_hidden_folders_and_images_are_counted(tmp_path):
    root = make_files(tmp_path, {"cat": 1, ".lynx": 4, "cat/.old": 2})
    (root / "cat/.x.jpg").write_bytes(b"x")
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    assert left_out.messages() == [
        "6 images lie in folders whose names begin with a dot: left out: .lynx (4), cat/.old (2).",
        "1 image has a name that begins with a dot: left out: cat/.x.jpg.",
    ]


def test_links_are_followed_but_in_no_circle(tmp_path):
    root = make_files(tmp_path / "root", {"cat": 1})
    make_files(tmp_path / "elsewhere", {"dog": 2})
    (root / "dog").symlink_to(tmp_path / "elsewhere/dog")
    (root / "self").symlink_to(root)
    (root / "cat/up").symlink_to(root)
    (root / "cat/round").symlink_to("round")
    (root / "gone").symlink_to("nowhere")
    tree, left_out = walk_folder(root)
    assert tree.total == 3
    assert sorted(left_out.broken) == ["cat/round", "cat/up", "gone", "self"]
    assert left_out.messages() == [
        "4 links lead nowhere or to a folder above: left out: cat/round, cat/up, gone and 1 more."
    ]


def test_a_folder_that_cannot_be_opened_is_named(tmp_path, monkeypatch):
    root = make_files(tmp_path, {"cat": 1, "secret": 1})
    scandir = folder_tree.os.scandir

    def refuse(path):
        if str(path).endswith("secret"):
            raise PermissionError(path)
        return scandir(path)

    monkeypatch.setattr(folder_tree.os, "scandir", refuse)
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    assert left_out.messages() == [
        "1 folder can't be opened, for lack of permission: left out: secret."
    ]


def test_a_pipe_is_no_image(tmp_path):
    root = make_files(tmp_path, {"cat": 1})
    folder_tree.os.mkfifo(root / "cat/pipe.jpg")
    tree, _ = walk_folder(root)
    assert list(tree.folders[0].images) == ["cat/000.jpg"]
