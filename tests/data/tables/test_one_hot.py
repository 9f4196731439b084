from pathlib import Path

import pytest

from benchmark.data.tables.csv_file import CsvFile, Row
from benchmark.data.tables.one_hot import one_hot_columns, read_one_hot


def table(header, *rows):
    lines = [Row(number, tuple(row.split())) for number, row in enumerate(rows, 2)]
    return CsvFile(Path("t.csv"), tuple(header.split()), tuple(lines))


def test_columns_of_0_and_1_are_classes():
    isic = table("image age MEL NV BCC", "a 40 1.0 0.0 0", "b 1 0 True false", "c 0 0 0. 1.")
    assert one_hot_columns(isic, [0]) == [2, 3, 4]
    labels, message = read_one_hot(isic, [2, 3, 4])
    assert labels == ["MEL", "NV", "BCC"]
    assert message == "each of 3 columns of 0 and 1 is taken as a class: MEL, NV, BCC."


def test_a_class_without_an_image_is_left_out_and_said():
    _, message = read_one_hot(table("image A B UNK", "a 1 0 0", "b 0 1 0"), [1, 2, 3])
    assert message.endswith("No row has a 1 for UNK: left out.")


@pytest.mark.parametrize("header", ["image has_cactus", "image A B"])
def test_one_column_alone_is_no_set_of_classes(header):
    assert one_hot_columns(table(header, "a 1 5", "b 0 0"), [0]) == []


def test_rows_with_several_1_are_refused():
    xray = table("image A B C", "a 1 0 0", "b 1 0 1", "c 0 1 1")
    with pytest.raises(ValueError, match=r"2 rows have more than one 1\..*keep one") as error:
        read_one_hot(xray, [1, 2, 3])
    assert str(error.value).splitlines()[1:] == ["- line 3: A, C", "- line 4: B, C"]


def test_rows_without_a_1_are_refused():
    with pytest.raises(ValueError, match=r"1 row has no 1\..*remove the row.*\n- line 3: b, 0, 0"):
        read_one_hot(table("image A B", "a 1 0", "b 0 0"), [1, 2])
