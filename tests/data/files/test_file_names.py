import pytest

from benchmark.data.files.file_names import WITHOUT_FOLDER, match_names

FILES = ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg")


def messages(name, file, way):
    return [f"1 row names its image {way}, e.g. {name!r} for {file!r}."]


@pytest.mark.parametrize("name", ["cat/1.jpg", "./cat/1.jpg", "cat\\1.jpg", "cat//x/../1.jpg"])
def test_a_name_as_it_is(name):
    match = match_names([name, "gone.jpg"], FILES)
    assert match.files == {name: "cat/1.jpg"}
    assert match.messages() == []


@pytest.mark.parametrize(
    ("name", "file", "way"),
    [
        ("2.jpg", "cat/2.jpg", "without their folder"),
        ("caf\u00e9/1.jpg", "cafe\u0301/1.jpg", "in another Unicode form"),
        ("CAT/1.JPG", "cat/1.jpg", "in other letter case"),
        ("2.JPG", "cat/2.jpg", "in other letter case"),
        ("cat/1", "cat/1.jpg", "without suffix"),
        ("ISIC_1", "part_1/ISIC_1.jpg", "without suffix"),
        ("1.2.840.1", "a/1.2.840.1.png", "without suffix"),
        ("1.dcm", "a/1.dcm.png", "without suffix"),
        ("cat/1.png", "cat/1.jpg", "with another suffix"),
        ("Cat/1.dcm", "cat/1.jpg", "with another suffix"),
        ("7", "cat/007.png", "as a number"),
        ("7.0", "cat/007.png", "as a number"),
        ("data/train/cat/1.jpg", "cat/1.jpg", "below another folder"),
        ("C:\\Users\\me\\cat\\1.jpg", "cat/1.jpg", "below another folder"),
        ("D:\\CAT\\1.JPG", "cat/1.jpg", "below another folder and in other letter case"),
        ("/kaggle/input/9", "9.png", "below another folder and without suffix"),
        ("/kaggle/input/9.png", "part_1/9.png", "below another folder"),
        ("/cat/1.jpg", "cat/1.jpg", "below another folder"),
        ("\\\\server\\share\\9.png", "part_1/9.png", "below another folder"),
        ("https://host.org/a/9.png", "part_1/9.png", "below another folder"),
    ],
)
def test_a_name_that_is_written_in_another_way_is_reported(name, file, way):
    match = match_names([name], ["other/3.jpg", file])
    assert match.files == {name: file}
    assert match.messages() == messages(name, file, way)


def test_ways_can_be_silent_and_are_counted():
    match = match_names(["2.jpg", "CAT/1", "dog/1"], FILES)
    assert match.messages(silent=[WITHOUT_FOLDER]) == [
        "2 rows name images without suffix, e.g. 'CAT/1' for 'cat/1.jpg'."
    ]


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("1.jpg", ("cat/1.jpg", "dog/1.jpg")),
        ("A/1.jpg", ("a/1.jpg", "x/a/1.jpg")),  # no exact match, two ends
        ("cat/1", ("cat/1.jpg", "cat/1.png")),
        ("1", ("a/1.png", "b/1.png")),
        ("7", ("a/007.png", "a/07.png")),
        ("C:/x/1.png", ("a/1.png", "b/1.png")),
    ],
)
def test_of_two_files_none_is_guessed(name, files):
    with pytest.raises(ValueError, match="could be") as error:
        match_names([name], files)
    assert all(repr(file) in str(error.value) for file in files)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("1.jpg", "1.jpg"),  # other files end so
        ("cat/1.jpg", "cat/1.jpg"),  # another has the same name but for its case
        ("CAT/1.JPG", "CAT/1.JPG"),
    ],
)
def test_the_strict_way_decides(name, file):
    files = ["1.jpg", "cat/1.jpg", "CAT/1.JPG", "cat/1.png"]
    assert match_names([name], files).files == {name: file}


def test_a_file_that_is_named_as_it_is_is_not_guessed_for_another_name():
    match = match_names(["a/1.png", "a/1", "A/1.PNG"], ["a/1.png"])
    assert match.files == {"a/1.png": "a/1.png"}
    assert match_names(["A/1.PNG"], ["a/1.png"], taken=["a/1.png"]).files == {}


@pytest.mark.parametrize("names", [("A/1.png", "a/1.PNG"), ("train/1.png", "test/1.png")])
def test_two_names_do_not_share_a_file(names):
    files = ["1.png"] if "train/1.png" in names else ["a/1.png"]
    with pytest.raises(ValueError, match=r"could both be '.*1.png'"):
        match_names(names, files)


def test_two_names_of_one_file_by_its_end_are_two_rows_about_it():
    match = match_names(["cat/1.jpg", "a/cat/1.jpg"], ["a/cat/1.jpg"])
    assert set(match.files.values()) == {"a/cat/1.jpg"}


@pytest.mark.parametrize(
    ("names", "files"),
    [
        (["b/1.png"], ["a/1.png"]),  # of another folder, perhaps another class
        (["train/1.png", "/data/val/1.png"], ["train/1.png", "x/2.png"]),
        (["a/1.png", "/data/b/2.png"], ["a/1.png", "c/2.png"]),  # the list's folders are right
        (["/data/val/1.png"], ["train/1.png"]),
        (["1.png"], ["a/01.png"]),  # a spreadsheet makes no numbers of names with suffix
        (["x1"], ["a/1.png"]),
    ],
)
def test_what_is_not_certain_is_left_out(names, files):
    match = match_names(names, files)
    assert all(name == file for name, file in match.files.items())
    assert names[-1] not in match.files
