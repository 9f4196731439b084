"""One walk over a folder: what lies in it, and what is left out."""

import errno
import os
import socket
from contextlib import nullcontext
from pathlib import Path

import pytest

from benchmark.data.decoding.unreadable import require_listing
from benchmark.data.files import folder_tree
from benchmark.data.files.folder_tree import walk_folder
from benchmark.data.files.left_out import MOST_LEVELS
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
    assert (b.others, b.kinds, b.tables) == (["notes"], {"": 1}, ["list.csv"])
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
    assert left_out.junk_folders == {"cat/thumbs": 1}


def test_hidden_folders_and_images_are_counted(tmp_path):
    root = make_files(tmp_path, {"cat": 1, ".lynx": 4, "cat/.old": 2})
    (root / "cat/.x.jpg").write_bytes(b"x")
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    assert left_out.messages() == [
        "6 images lie in folders whose names begin with a dot: left out: .lynx (4), cat/.old (2).",
        "1 image has a name that begins with a dot: left out: cat/.x.jpg.",
    ]


def test_links_are_followed_inside_the_folder_and_each_folder_is_read_once(tmp_path):
    root = make_files(tmp_path / "root", {"cat": 1, "blue": 2, ".store/owl": 4})
    make_files(tmp_path / "elsewhere", {"dog": 2})
    (root / "dog").symlink_to(tmp_path / "elsewhere/dog")
    (root / "cat/one.jpg").symlink_to(tmp_path / "elsewhere/dog/000.jpg")
    (root / "above").symlink_to(tmp_path)
    (root / "self").symlink_to(root)
    (root / "cat/up").symlink_to(root)
    (root / "blue/loop").symlink_to("../cat")
    (root / "cat/loop").symlink_to("../blue")
    (root / "cat/round").symlink_to("round")
    (root / "gone").symlink_to(tmp_path / "nowhere")
    (root / "cat/same.jpg").symlink_to("000.jpg")
    (root / "owl").symlink_to(".store/owl")
    tree, left_out = walk_folder(root)
    assert [(folder.path, len(folder.images)) for folder in tree.walk()] == [
        ("", 0),
        ("blue", 2),
        ("cat", 2),
        ("owl", 4),
    ]
    assert sorted(left_out.broken) == ["cat/round", "gone"]
    assert sorted(left_out.outside) == ["above", "cat/one.jpg", "dog"]
    assert sorted(left_out.repeated) == ["blue/loop", "cat/loop", "cat/up", "self"]
    tree, left_out = walk_folder(root, allow_outside=True)
    assert {folder.name: len(folder.images) for folder in tree.folders} == {
        "blue": 2,
        "cat": 3,
        "dog": 2,
        "owl": 4,
    }
    assert sorted(left_out.repeated) == ["above", "blue/loop", "cat/loop", "cat/up", "self"]
    assert not left_out.outside


def test_the_folder_itself_may_be_a_link(tmp_path):
    make_files(tmp_path / "root", {"cat": 1})
    (tmp_path / "link").symlink_to("root")
    tree, left_out = walk_folder(tmp_path / "link")
    assert (tree.total, left_out.messages()) == (1, [])


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


@pytest.mark.parametrize("allow_outside", [False, True])
def test_pipes_devices_and_sockets_are_no_files(tmp_path, allow_outside):
    root = make_files(tmp_path / "root", {"cat": 1})
    os.mkfifo(root / "cat/pipe.jpg")
    os.mkfifo(root / "cat/groups.csv")
    (root / "cat/link.jpg").symlink_to("pipe.jpg")
    (root / "cat/zero.jpg").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "cat/socket.jpg"))  # a name of 108 bytes at most
    tree, left_out = walk_folder(root, allow_outside)
    assert list(tree.folders[0].images) == ["cat/000.jpg"]
    assert not tree.folders[0].documents
    names = ["cat/groups.csv", "cat/link.jpg", "cat/pipe.jpg", "cat/socket.jpg", "cat/zero.jpg"]
    assert sorted(left_out.no_files + left_out.outside) == names
    assert left_out.outside == ([] if allow_outside else ["cat/zero.jpg"])


def failing_for(name, error, monkeypatch):
    """Let the listing of the folder of that name fail."""
    scandir = os.scandir

    def fail(path):
        if Path(path).name == name:
            raise error
        return scandir(path)

    monkeypatch.setattr(folder_tree.os, "scandir", fail)


def test_a_folder_that_is_removed_meanwhile_is_left_out(tmp_path, monkeypatch):
    root = make_files(tmp_path, {"cat": 1, "gone": 1})
    failing_for("gone", FileNotFoundError(errno.ENOENT, "No such file or directory"), monkeypatch)
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    assert left_out.messages() == [
        "1 file or folder was removed while the folder was listed: left out: gone."
    ]
    assert left_out.reasons() == {"gone": "it was removed while the folder was listed"}


def test_a_file_that_is_removed_meanwhile_is_left_out(tmp_path, monkeypatch):
    root = make_files(tmp_path, {"cat": 2})
    stamp = folder_tree.stamp

    def remove(path, status):
        (root / "cat/001.jpg").unlink(missing_ok=True)
        return stamp(path, status)

    monkeypatch.setattr(folder_tree, "stamp", remove)
    tree, left_out = walk_folder(root)
    assert (tree.total, left_out.gone) == (1, ["cat/001.jpg"])


@pytest.mark.parametrize("number", [errno.EIO, errno.ESTALE, errno.ELOOP, errno.ENAMETOOLONG])
def test_a_folder_that_the_system_does_not_give_is_left_out(tmp_path, monkeypatch, number):
    root = make_files(tmp_path, {"cat": 1, "bad": 1})
    failing_for("bad", OSError(number, os.strerror(number)), monkeypatch)
    tree, left_out = walk_folder(root)
    assert tree.total == 1
    reason = f"can't be opened ({os.strerror(number)})"
    assert left_out.messages() == [f"1 file or folder {reason}: left out: bad."]
    assert left_out.reasons() == {"bad": f"it {reason}"}
    is_passing = number in (errno.EIO, errno.ESTALE)  # the splits of a run would be others
    with pytest.raises(OSError, match="bad: it") if is_passing else nullcontext():
        require_listing("set", left_out.reasons())


def test_the_root_itself_must_be_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        walk_folder(tmp_path / "nowhere")


def test_a_root_that_cannot_be_opened_is_an_error_in_words(tmp_path, monkeypatch):
    failing_for("cat", PermissionError(errno.EACCES, "Permission denied"), monkeypatch)
    root = make_files(tmp_path, {"cat": 1}) / "cat"
    with pytest.raises(OSError, match=r"cat can't be read \(Permission denied\).*let this user"):
        walk_folder(root)


def test_a_link_to_a_folder_that_cannot_be_opened_says_so(tmp_path, monkeypatch):
    root = make_files(tmp_path, {"cat": 1, "secret": 1})
    (root / "link").symlink_to("secret")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name in ("secret", "link"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(folder_tree.os, "scandir", refuse)
    _, left_out = walk_folder(root)
    assert (left_out.closed, left_out.repeated) == (["secret", "link"], [])


def make_deep(folder, levels):
    """Make so many folders in each other, deeper than a path can name, and an image in the last."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(levels):
            Path("a").mkdir()
            os.chdir("a")
        Path("x.jpg").write_bytes(b"x")
    finally:
        os.chdir(here)


def remove_deep(folder, levels):
    """Remove what `make_deep` has made: shutil.rmtree has a limit too."""
    here = Path.cwd()
    os.chdir(folder)
    try:
        for _ in range(levels):
            os.chdir("a")
        Path("x.jpg").unlink()
        for _ in range(levels):
            os.chdir("..")
            Path("a").rmdir()
    finally:
        os.chdir(here)


@pytest.mark.parametrize("where", ["cat", ".hidden"])
def test_very_deep_folders_are_left_out(tmp_path, where, monkeypatch):
    root = make_files(tmp_path, {"cat": 1, where: 1})
    make_deep(root / where, 1500)
    resolved, realpath = [], os.path.realpath
    monkeypatch.setattr(os.path, "realpath", lambda path: resolved.append(path) or realpath(path))
    try:
        tree, left_out = walk_folder(root)
    finally:
        remove_deep(root / where, 1500)
    assert tree.total == 1
    deep = ["cat" + "/a" * MOST_LEVELS] if where == "cat" else []
    assert left_out.deep == deep
    assert left_out.hidden_folders == ({} if deep else {".hidden": 2})
    assert len(resolved) < 4  # each takes time that grows with the depth, for each folder in it
