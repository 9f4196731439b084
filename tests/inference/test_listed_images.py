"""Images that are named on the command line: files, folders, tables."""

import pytest
from PIL import Image

from benchmark.inference.listed_images import list_images


@pytest.fixture
def folder(tmp_path):
    for name in ("b.png", "sub/a.jpg", "sub/c.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (4, 4)).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    return tmp_path


def test_files_and_folders_each_image_once(folder):
    listed = list_images([folder / "sub" / "c.png", folder])
    names = [f"{folder}/{name}" for name in ("sub/c.png", "b.png", "sub/a.jpg")]
    assert list(listed.names) == names
    assert [str(path) for path in listed.paths] == names


def test_a_table_names_files_relative_to_itself_and_those_that_are_gone(folder):
    table = folder / "list.csv"
    table.write_text("id,path\n1,sub/a.jpg\n2,gone.jpg\n3,sub/a.jpg\n")
    listed = list_images([table])
    assert listed.names == ("sub/a.jpg", "gone.jpg")
    assert [path.exists() for path in listed.paths] == [True, False]


def test_a_file_with_two_names_is_one_image_and_two_files_with_one_name_are_two(folder):
    (folder / "list.csv").write_text("path\na.jpg\nb.png\n")
    Image.new("RGB", (4, 4)).save(folder / "a.jpg")
    (folder / "sub" / "list.csv").write_text("path\na.jpg\n")
    given = [
        folder / "b.png",
        f"{folder}/sub/../b.png",
        folder / "list.csv",
        folder / "sub/list.csv",
    ]
    listed = list_images(given)
    assert listed.names == (f"{folder}/b.png", "a.jpg", f"{folder}/sub/a.jpg")
    assert [str(path.relative_to(folder)) for path in listed.paths] == [
        "b.png",
        "a.jpg",
        "sub/a.jpg",
    ]


@pytest.mark.parametrize(
    ("content", "error"),
    [("label\na\n", "no column is called path or file; it has 'label'"), ("", "is empty")],
)
def test_a_table_without_paths_is_refused(folder, content, error):
    (folder / "list.csv").write_text(content)
    with pytest.raises(ValueError, match=error):
        list_images([folder / "list.csv"])


def test_what_is_not_there_is_refused_and_so_is_a_folder_without_images(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone.png: there is no such file; give image"):
        list_images([tmp_path / "gone.png"])
    with pytest.raises(ValueError, match="no image is there"):
        list_images([tmp_path])
    for nothing in ([], [""]):
        with pytest.raises(ValueError, match="no image is given; give image files"):
            list_images(nothing)
    with pytest.raises(ValueError, match=r"of the type Image is not allowed; .* use predict of"):
        list_images([Image.new("RGB", (4, 4))])
    with pytest.raises(ValueError, match="images None are not allowed; give image files"):
        list_images(None)
