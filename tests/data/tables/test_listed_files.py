import os

import pytest

from benchmark.data.files import folder_tree
from benchmark.data.tables.listed_files import find_listed_files


@pytest.fixture
def build(tmp_path):
    """Create empty files and return the path of a table beside them."""

    def build(*files, table="list.csv"):
        for file in files:
            (tmp_path / "home" / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "home" / file).touch()
        return tmp_path / "home" / table

    return build


def listed_below(table, names, allow_outside=False):
    listed = find_listed_files(table, names, allow_outside)
    below = {name: os.path.relpath(path, table.parent) for name, path in listed.paths.items()}
    assert set(listed.marks) == set(listed.paths.values())
    return below, list(listed.messages)


def test_files_as_written(build, monkeypatch):
    table = build("a/1.png", "a/2.png", "a/x\\y.png", "../home2/3.png")
    names = ["a/1.png", "a\\2.png", "a/x\\y.png", str(table.parent.parent / "home2/3.png")]
    below, messages = listed_below(table, [*names, "gone.png"], allow_outside=True)
    assert list(below.values()) == ["a/1.png", "a/2.png", "a/x\\y.png", "../home2/3.png"]
    assert messages == []
    monkeypatch.setenv("HOME", str(table.parent))
    assert listed_below(table, ["~/a/1.png", "a/2.png", "a/x\\y.png"])[0]["~/a/1.png"] == "a/1.png"


def test_ids_of_images_in_folders_below_are_found(build):
    table = build("part_1/ISIC_1.jpg", "part_2/ISIC_2.jpg", ".hidden/ISIC_2.jpg")
    below, messages = listed_below(table, ["ISIC_1", "ISIC_2"])
    assert below == {"ISIC_1": "part_1/ISIC_1.jpg", "ISIC_2": "part_2/ISIC_2.jpg"}
    assert messages == ["2 rows name images without suffix, e.g. 'ISIC_1' for 'part_1/ISIC_1.jpg'."]


def test_a_folder_is_no_image(build):
    assert listed_below(build("7/1.png", "x/7.png"), ["7"])[0] == {"7": "x/7.png"}


@pytest.mark.parametrize("table", ["train.csv", "Train_Labels.csv"])
@pytest.mark.parametrize("folder", ["train", "train_images"])
def test_a_table_that_is_called_like_a_split_lists_the_images_of_its_folder(build, table, folder):
    path = build(f"{folder}/007.png", "test/007.png", "test/008.png", table=table)
    below, messages = listed_below(path, ["007", "008"])
    assert below == {"007": f"{folder}/007.png"}  # test/008.png has another label
    assert messages[0] == f"names are looked up in {folder}/, as the table is called {table}."


def test_a_folder_of_masks_called_like_the_table_is_not_preferred(build):
    with pytest.raises(ValueError, match=r"labels.csv: '7' could be"):
        listed_below(build("labels/7.png", "images/7.png", table="labels.csv"), ["7"])


def test_of_two_files_none_is_guessed(build):
    with pytest.raises(ValueError, match=r"'007' could be 'a/007.png' or 'b/007.png'"):
        listed_below(build("a/007.png", "b/007.png"), ["007"])


def test_images_that_no_row_lists_are_counted(build):
    table = build("a/1.png", "a/2.png", "a/3.png", "a/._3.png", "a/note.txt", "b/4.png")
    assert listed_below(table, ["a/1.png"])[1] == [
        "2 images lie beside the listed ones without a row (e.g. 'a/2.png'): not used."
    ]
    unlisted = find_listed_files(table, ["a/1.png"]).unlisted
    assert unlisted == [str(table.parent / "a/2.png"), str(table.parent / "a/3.png")]


def test_files_in_a_folder_that_cannot_be_listed_are_read(build, monkeypatch):
    table = build("a/1.png", "a/2.png")

    def refuse(path):
        raise PermissionError(path)

    monkeypatch.setattr(os, "scandir", refuse)
    assert listed_below(table, ["a/1.png"]) == ({"a/1.png": "a/1.png"}, [])
    assert listed_below(table, ["a/1.png", "2"])[0] == {"a/1.png": "a/1.png"}


def test_a_file_that_is_removed_meanwhile_is_not_found(build, monkeypatch):
    table = build("a/1.png", "a/2.png", "a/3.png")
    stamp = folder_tree.stamp

    def remove(path, status):
        if path == "a/3.png":  # when a/2.png has been seen
            (table.parent / "a/2.png").unlink()
        return stamp(path, status)

    monkeypatch.setattr(folder_tree, "stamp", remove)
    assert listed_below(table, ["1", "2"])[0] == {"1": "a/1.png"}


@pytest.mark.parametrize(
    ("files", "hint"), [(["a/1.png"], "images there are called e.g. 'a/1.png'"), ([], "no image")]
)
def test_a_table_without_any_image_is_an_error(build, files, hint):
    table = build("x/note.txt", *files)
    with pytest.raises(FileNotFoundError, match=f"none exists, e.g. .*gone.png.*{hint}"):
        find_listed_files(table, ["gone.png"])


def test_what_lies_outside_or_is_no_file_is_refused_and_counted(build):
    table = build("a/1.png", "../home2/3.png")
    folder = table.parent
    (folder / "a/out.png").symlink_to(folder.parent / "home2/3.png")
    (folder / "a/in.png").symlink_to("1.png")
    (folder / "a/zero.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "a/pipe.png")
    outside = ["../home2/3.png", str(folder.parent / "home2/3.png"), "a/out.png", "/dev/zero"]
    names = ["a/1.png", "a/in.png", *outside, "a/pipe.png"]
    listed = find_listed_files(table, names)
    assert list(listed.paths) == ["a/1.png", "a/in.png"]
    assert set(listed.refused) == {*outside, "a/pipe.png"}
    assert listed.messages[0] == (
        "4 rows lead out of the folder of the table (e.g. '../home2/3.png'): left out. Only files "
        "inside it are opened: move the table to a folder above the images, copy the images into "
        "its folder (`cp -rL` copies what links lead to), or give "
        "--allow-outside if you trust it."
    )
    assert "1 row names a pipe, a device or a socket (e.g. 'a/pipe.png')" in listed.messages[1]
    trusted = find_listed_files(table, names, allow_outside=True)
    assert list(trusted.paths) == names[:5]
    assert set(trusted.refused) == {"/dev/zero", "a/pipe.png"}
    with pytest.raises(
        FileNotFoundError, match=r"no image that it lists is read[\s\S]*--allow-outs"
    ):
        find_listed_files(table, outside)


def test_links_that_lead_outside_are_named_where_a_name_fits_no_file(build):
    table = build("a/1.png", "../home2/3.png")
    (table.parent / "linked").symlink_to(table.parent.parent / "home2")
    (message,) = [m for m in find_listed_files(table, ["1.png", "3.png"]).messages if "link" in m]
    assert message.startswith("1 link leads out of the folder: left out: linked.")
    assert "--allow-outside" in message
    with pytest.raises(FileNotFoundError, match=r"none exists[\s\S]*linked[\s\S]*--allow-outside"):
        find_listed_files(table, ["3.png"])
    assert list(find_listed_files(table, ["3.png"], allow_outside=True).paths) == ["3.png"]
