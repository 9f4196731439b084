from itertools import combinations
from pathlib import Path

import pytest

from benchmark.data.tables.column_names import (
    GROUPS,
    IMAGES,
    LABELS,
    SPLIT,
    choose_column,
    shown_header,
)


@pytest.mark.parametrize(
    ("kind", "header", "column"),
    [
        (IMAGES, ["id", "path", "file", "image"], 1),
        (IMAGES, ["id", "label", "file_name"], 2),
        (IMAGES, ["Image Index", "Finding Labels"], 0),
        (IMAGES, ["id", "breed"], 0),
        (LABELS, ["class", "Label", "dx"], 1),
        (LABELS, ["Image Index", "Finding Labels"], 1),
        (LABELS, ["Filename", "Roi.X1", "ClassId"], 2),
        (LABELS, ["image", "type", "species"], 2),
        (GROUPS, ["patient_id", "group"], 1),
        (SPLIT, ["subset", "x"], 0),
        (LABELS, ["class id", "filepaths", "labels", "data set"], 2),
        (SPLIT, ["class id", "filepaths", "labels", "data set"], 3),
        (LABELS, ["path", "weight"], None),
    ],
)
def test_the_best_name_is_taken(kind, header, column):
    assert choose_column(Path("t.csv"), header, kind) == column


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        (IMAGES, ["image", "filename"]),
        (LABELS, ["diagnosis", "age", "target"]),
        (GROUPS, ["lesion_id", "patient_id"]),
    ],
)
def test_of_two_columns_none_is_guessed(kind, header):
    with pytest.raises(ValueError, match=r"Rename the right one to '(path|label|group)'") as error:
        choose_column(Path("t.csv"), header, kind)
    assert repr(header[0]) in str(error.value)


def test_no_name_is_of_two_kinds():
    names = [{*kind.names, *kind.synonyms, *kind.weak} for kind in (IMAGES, LABELS, GROUPS, SPLIT)]
    assert not any(a & b for a, b in combinations(names, 2))


def test_columns_without_a_name_and_many_columns_fit_in_a_sentence():
    assert shown_header(["", "a"]) == "one without a name, 'a'"
    assert shown_header(["a"] * 40).endswith("'a' and 10 more")
