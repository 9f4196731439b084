"""The CSV files of a label audit: what a person has edited stays."""

from dataclasses import replace
from io import StringIO

import pandas as pd
import pytest

from benchmark.analysis.label_tables import LabelTables
from benchmark.data.corrected_labels import correct_labels
from benchmark.report.labels.files import CORRECTIONS, write_corrections, write_tables
from tests.analysis.label_audits import make_audit
from tests.report.hostile_names import NAMES


@pytest.fixture
def tables():
    return LabelTables.from_audit(make_audit([0, 0, 1, 2], suspect=(1,)))


@pytest.fixture
def other_tables():
    return LabelTables.from_audit(make_audit([0, 0, 1, 2], suspect=(2,)))


def test_all_images_are_in_the_file(tables, tmp_path):
    file = write_corrections(tables, tmp_path / "new")
    assert file.path == tmp_path / "new/labels.csv"
    rows = pd.read_csv(file.path)
    assert rows["path"].tolist() == ["cat/1.jpg", "cat/0.jpg", "dog/2.jpg", "emu/3.jpg"]
    assert rows["label"].tolist() == rows["given"].tolist() == ["cat", "cat", "dog", "emu"]


def test_the_quality_is_as_long_as_a_person_reads(tmp_path):
    audit = make_audit([0, 1, 2], suspect=(0,), quality=[1 / 30, 2 / 3, 1])
    text = write_corrections(LabelTables.from_audit(audit), tmp_path).path.read_text()
    assert [line.split(",")[4] for line in text.splitlines()[1:]] == ["0.0333", "0.6667", "1"]


def test_a_file_that_nobody_edited_is_replaced(tables, other_tables, tmp_path):
    write_corrections(tables, tmp_path)
    file = write_corrections(other_tables, tmp_path)
    assert file.path.name == CORRECTIONS
    assert not file.edited
    assert pd.read_csv(file.path)["path"][0] == "dog/2.jpg"


@pytest.mark.parametrize("again", [1, 3])
def test_an_edited_file_stays_and_the_new_one_lies_beside_it(tables, tmp_path, again):
    first = write_corrections(tables, tmp_path).path
    edited = first.read_text().replace("cat/1.jpg,cat", "cat/1.jpg,dog")
    first.write_text(edited)
    for _ in range(again):
        file = write_corrections(tables, tmp_path)
        assert file.path.name == "labels-2.csv"
        assert file.edited == (first,)
    assert first.read_text() == edited
    file.path.write_text("path,label\ncat/1.jpg,dog\n")
    third = write_corrections(tables, tmp_path)
    assert third.path.name == "labels-3.csv"
    assert third.edited == (first, tmp_path / "labels-2.csv")


def test_a_file_of_unknown_origin_or_another_encoding_counts_as_edited(tables, tmp_path):
    (tmp_path / CORRECTIONS).write_bytes("path,label\ncafé.jpg,cat\n".encode("cp1252"))
    assert write_corrections(tables, tmp_path).path.name == "labels-2.csv"
    (tmp_path / "written.json").write_text("damaged")
    assert write_corrections(tables, tmp_path).path.name == "labels-2.csv"  # the same content


def test_a_link_is_not_written_through(tables, tmp_path):
    (tmp_path / "elsewhere.csv").write_text("mine")
    (tmp_path / CORRECTIONS).symlink_to(tmp_path / "elsewhere.csv")
    assert write_corrections(tables, tmp_path).path.name == "labels-2.csv"
    assert (tmp_path / "elsewhere.csv").read_text() == "mine"


def test_a_spreadsheet_is_told_the_encoding(tmp_path):
    plain = write_corrections(LabelTables.from_audit(make_audit([0, 1, 2])), tmp_path)
    assert plain.path.read_bytes().startswith(b"path,label")
    audit = make_audit([0, 1], classes=("café", "thé"))
    marked = write_corrections(LabelTables.from_audit(audit), tmp_path)
    assert marked.path.read_bytes().startswith("\ufeffpath,label".encode())
    assert pd.read_csv(marked.path)["label"].tolist() == ["café", "thé"]


def test_each_table_has_its_file(tables, tmp_path):
    paths = write_tables(tables, tmp_path)
    assert {name: pd.read_csv(path).shape[0] for name, path in paths.items()} == {
        "conflicts.csv": 0, "class_rates.csv": 3, "group_rates.csv": 2, "confusions.csv": 1,
    }  # fmt: skip


def in_a_spreadsheet(text):
    """Saved in most of Europe: semicolons, CRLF, a BOM, TRUE, and commas in numbers."""
    rows = [row.split(",") for row in text.lstrip("\ufeff").splitlines()]
    rows = [[cell.replace("True", "WAHR").replace(".0", ",0") for cell in row] for row in rows]
    return "\ufeff" + "".join(";".join(row) + "\r\n" for row in rows)


def with_other_columns(text):
    """Columns in another order, one more of the user's, and backslashes in paths."""
    frame = pd.read_csv(StringIO(text), keep_default_na=False)
    frame["path"] = frame["path"].str.replace("/", "\\")
    frame["notes"] = "looked at; fine"
    return frame[sorted(frame, reverse=True)].sort_values("path").to_csv(index=False)


def with_fewer_rows(text):
    """Only the header and the rows of dogs."""
    header, *rows = text.splitlines()
    return "\n".join([header, *(row for row in rows if "dog" in row)])


@pytest.mark.parametrize("save", [in_a_spreadsheet, with_other_columns, with_fewer_rows])
def test_what_a_spreadsheet_makes_of_the_file_is_read_back_twice(save, tmp_path):
    """Two cats are dogs; after that correction is given, so is a third, of the new file."""
    audit = make_audit([0, 0, 0, 0, 1, 2], suspect=(1, 2))
    images = audit.images
    for number, (wrong, right) in enumerate((((1, 2), [0, 1, 1, 0]), ((3,), [0, 1, 1, 1]))):
        audit = replace(audit, images=images)
        file = write_corrections(LabelTables.from_audit(audit), tmp_path / str(number)).path
        text = file.read_text("utf-8")
        for index in wrong:
            text = text.replace(f"cat/{index}.jpg,cat", f"cat/{index}.jpg,dog")
        file.write_text(save(text), encoding="utf-8", newline="")
        corrected = correct_labels(audit.images, file)
        assert corrected.labels.tolist() == [*right, 1, 2]
        assert corrected.uncorrected.tolist() == [0, 0, 0, 0, 1, 2]
        images = corrected


def test_whatever_stands_in_names_the_file_is_read_back(tmp_path):
    names = [name for name in NAMES if name.strip() and "\ud800" not in name]
    files = tuple(f"{i}-{name}" for i, name in enumerate(names))
    audit = make_audit([i % 2 for i in range(len(files))], classes=("=1+1", "@b"), files=files)
    file = write_corrections(LabelTables.from_audit(audit), tmp_path).path
    corrected = correct_labels(audit.images, file)
    assert corrected.labels.tolist() == audit.images.labels.tolist()


@pytest.mark.parametrize(
    "name", ["=1", "-1", "a\nb", " a", "a ", "caf\udce9", "'=1", "a,b", "\x1b"]
)
def test_corrected_labels_of_odd_names_are_read_back(name, tmp_path):
    audit = make_audit([0, 1, 0], classes=(name, "plain"), files=(name, "b.jpg", "c.jpg"))
    tables = LabelTables.from_audit(audit)
    tables.labels.loc[0, "label"] = "plain"
    tables.labels.loc[1, "label"] = tables.labels.loc[2, "label"]
    corrected = correct_labels(audit.images, write_corrections(tables, tmp_path).path)
    assert corrected.labels.tolist() == [1, 0, 0]
