"""What is not the owner's."""

import pytest

from benchmark.data.files.junk import is_junk_file, is_junk_folder


@pytest.mark.parametrize(
    "name",
    [
        *("@eaDir", "__MACOSX", "lost+found", "$RECYCLE.BIN", "System Volume Information"),
        *(".ipynb_checkpoints", "#recycle", "@Recycle", ".Trash-1000", ".Trashes", ".thumbnails"),
        *(".git", "__pycache__", "thumbnails", ".@__thumb", "__MACOSX (1)", "@EADIR"),
        *("iPod Photo Cache", "catalog Previews.lrdata"),
    ],
)
def test_folders_of_systems_and_programs(name):
    assert is_junk_folder(name)


@pytest.mark.parametrize("name", ["cat", "recycled", "git", "thumb_up", "eaDir", "trash", "found"])
def test_folders_of_owners(name):
    assert not is_junk_folder(name)
    assert not is_junk_folder(name, below_class=True)


def test_thumbs_are_copies_only_below_a_class():
    assert not is_junk_folder("Thumbs")
    assert is_junk_folder("Thumbs", below_class=True)


def test_files_of_systems():
    names = ("._001.jpg", "Thumbs.db", ".DS_Store", "~$a.xlsx", "001.jpg", "_.jpg")
    assert [is_junk_file(name) for name in names] == [True] * 4 + [False] * 2
