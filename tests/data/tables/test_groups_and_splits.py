import numpy as np
import pytest

from benchmark.data.tables.groups_and_splits import (
    group_ids,
    match_files,
    translate_splits,
    value_messages,
)

FILES = ("cat/1.png", "cat/2.png", "dog/1.png")
ISIC = tuple(f"{'mel' if k % 2 else 'nv'}/ISIC_{k:03}.png" for k in range(10))


@pytest.fixture
def table(tmp_path):
    """Write a CSV file and return its path."""

    def write(text, name="groups.csv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8-sig")
        return path

    return write


def rows(names, values, header="file,group"):
    return "\n".join([header, *(f"{n},{v}" for n, v in zip(names, values, strict=True))])


def test_a_row_names_a_file_by_a_unique_end(table):
    values, messages = match_files(table("file,group\n2.png,a\ndog/1.png,a\n"), "group", FILES)
    assert values == ["", "a", "a"]
    assert messages == (
        "groups.csv: 1 image has no group (e.g. 'cat/1.png'): each is a group of its own.",
        "groups.csv: one group, 'a', holds 2 of 3 images and is kept whole.",
    )


def test_an_ambiguous_name_is_an_error(table):
    with pytest.raises(ValueError, match=r"'1.png' could be 'cat/1.png' or 'dog/1.png'.*folder"):
        match_files(table("file,group\n1.png,a\n"), "group", FILES)


def test_ids_without_suffix_are_matched_and_said(table):
    names = [file.partition("/")[2].removesuffix(".png") for file in ISIC]
    values, messages = match_files(table(rows(names, "aabbccddee")), "group", ISIC)
    assert values == list("aabbccddee")
    assert messages == (
        "groups.csv: 10 rows name images without suffix, e.g. 'ISIC_000' for 'nv/ISIC_000.png'.",
    )


@pytest.mark.parametrize("name", ["{}.jpeg.bak", "b/{}", "x{}"])
@pytest.mark.parametrize("column", ["group", "split"])
def test_a_file_of_which_no_row_fits_is_an_error(table, name, column):
    path = table(rows([name.format(k) for k in range(10)], ["train"] * 10, f"file,{column}"))
    with pytest.raises(ValueError, match=rf"10 of its 10 rows .*without any {column}, rename"):
        match_files(path, column, ISIC)


def test_few_images_with_a_row_are_an_error_only_if_rows_are_unknown(table):
    known = "file,group\nnv/ISIC_000.png,a\nmel/ISIC_001.png,a\n"
    assert match_files(table(known), "group", ISIC)[0] == ["a", "a", *[""] * 8]
    with pytest.raises(ValueError, match=r"1 of its 3 rows .*'gone.png', and 8 of 10 images"):
        match_files(table(f"{known}gone.png,b\n"), "group", ISIC)


def test_rows_of_other_images_are_counted(table):
    path = table(rows(["x", *ISIC], "aaabbbccdde"))
    _, messages = match_files(path, "group", ISIC)
    assert messages == (
        "groups.csv: 1 row names a file that is not among the images (e.g. 'x'): ignored.",
    )


@pytest.mark.parametrize(
    "header", ["image_id,lesion_id", "Image ID,Patient", "id,anything", "anything,group", "path,g"]
)
def test_two_columns_are_certain_by_one_of_their_names(table, header):
    values, messages = match_files(table(rows(ISIC, "aabbccddee", header)), "group", ISIC)
    assert values == list("aabbccddee")
    image, group = header.split(",")
    assert messages == (
        f"groups.csv: the column {image!r} is taken as the file, {group!r} as the group.",
    )


def test_the_columns_may_come_in_another_order_with_others_beside_them(table):
    pairs = zip("aabbccddee", ISIC, strict=True)
    lines = ["lesion_id;age;image_id", *(f"{group};50;{file}" for group, file in pairs)]
    values, _ = match_files(table("\n".join(lines)), "group", ISIC)
    assert values == list("aabbccddee")


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("x,y", "must name the columns file,group; it has 'x', 'y'"),
        ("image,x,y", "must name the columns file,group"),
        ("image,patient,lesion", "are the groups in the column 'patient' or 'lesion'.*'group'"),
        ("image,filename,group", "are the images in the column 'image' or 'filename'.*'file'"),
    ],
)
def test_columns_are_not_guessed(table, header, message):
    row = ",".join("a" * (header.count(",") + 1))
    with pytest.raises(ValueError, match=message):
        match_files(table(f"{header}\n{row}\n"), "group", FILES)


def test_two_groups_of_an_image_are_shown_with_their_lines(table):
    path = table("file,group\ncat/1.png,a\n2.png,b\n\ncat\\1.png,b\n")
    with pytest.raises(ValueError, match=r"'cat/1.png': 'a' in line 2, 'b' in line 5"):
        match_files(path, "group", FILES)


def test_a_row_without_a_file_is_an_error(table):
    with pytest.raises(ValueError, match="line 3 names no file: ', b'"):
        match_files(table("file,group\ncat/1.png,a\n,b\n"), "group", FILES)


@pytest.mark.parametrize("name", ["unknown", "NaN", "n/a", "-", "None"])
def test_a_group_of_images_whose_group_is_not_known_is_named(name):
    messages = value_messages("group", [name, name, *"aabbcc"], list("abcdefgh"))
    assert messages == [
        f"one group, {name!r}, holds 2 of 8 images and is kept whole: leave the cell empty where "
        "the group is not known."
    ]


def test_a_group_that_holds_most_images_is_named():
    assert "'p', holds 5 of 8" in value_messages("group", list("pppppaab"), list("abcdefgh"))[0]
    assert value_messages("group", list("ppppaabb"), list("abcdefgh")) == []


def test_groups_that_only_differ_in_their_spelling_are_named():
    messages = value_messages("group", ["P1", "p1", "02", "2.0", "x", "x"], list("abcdef"))
    assert messages == [
        "groups whose names are the same to a person are kept apart: '02' and '2.0', 'P1' and 'p1'."
    ]


def test_groups_of_one_image_each_keep_nothing_together():
    messages = value_messages("group", list("abcd"), list("abcd"))
    assert messages == ["every image is a group of its own: nothing is kept together."]


def test_images_without_a_group_are_groups_of_their_own():
    assert group_ids(["b", "", "a", "b", ""]).tolist() == [1, 2, 0, 1, 3]


@pytest.mark.parametrize(
    ("values", "splits"),
    [
        (["Training", "dev", "TEST", ""], ["train", "val", "test", ""]),
        (["train", "val", "evaluation"], ["train", "val", "test"]),
        (["train", "evaluation", "test"], ["train", "val", "test"]),
        (["train", "train"], ["train", "train"]),
    ],
)
def test_owners_names_of_splits_are_translated(tmp_path, values, splits):
    np.testing.assert_array_equal(translate_splits(tmp_path, values), splits)


def test_the_meaning_of_evaluation_is_said():
    assert value_messages("split", ["train", "val", "Evaluation"], list("abc")) == [
        "'Evaluation' is taken as test."
    ]
    assert value_messages("split", ["train", "val", "test"], list("abc")) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["train", "no"], "'no' is no split.*Write train, val or test"),
        (["0", "1"], "'0' is no split. Numbers of folds are no splits"),
        (["train", "evaluation"], "'evaluation' val or test"),
        (["train", "val", "test", "evaluation"], "'evaluation' val or test"),
    ],
)
def test_what_is_no_split_is_refused(tmp_path, values, message):
    with pytest.raises(ValueError, match=message):
        translate_splits(tmp_path, values)
