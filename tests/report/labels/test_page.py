"""The page of a label audit."""

import re

import pytest

from benchmark.analysis.label_tables import LabelTables
from benchmark.report.labels import page, suspects
from benchmark.report.labels.page import write_label_files
from tests.analysis.label_audits import make_audit
from tests.report.hostile_names import NAMES
from tests.report.reader import Reader


def write(audit, folder):
    """Write everything; return the page's text, with spaces that all break a line."""
    files = write_label_files(audit, LabelTables.from_audit(audit), folder)
    return files.page.read_text("utf-8").replace("\u00a0", " ")


@pytest.fixture
def audit():
    return make_audit([0] * 40 + [1] * 8 + [2] * 4, suspect=(0, 5, 40, 50), conflicts=[(1, 41)])


def test_suspects_have_pictures_with_both_labels_and_their_quality(audit, tmp_path):
    text = write(audit, tmp_path)
    assert text.count('<img src="data:image/jpeg;base64,') == 4 + 2
    assert "4 of 52 labels look wrong (7.7 %)." in text
    assert "features in inception_v3 at 128 px, weights: ImageNet." in text
    plain = Reader(text).text
    assert "cat → dog" in plain
    assert ".10 · cat/0.jpg" in plain
    assert "3 classes with one or two suspects: 4 suspects" in plain


def test_classes_with_three_suspects_or_more_have_a_sheet_of_their_own(tmp_path):
    audit = make_audit([0] * 9 + [1] * 9 + [2] * 9, suspect=(0, 1, 2, 9, 10, 11, 12, 18))
    plain = Reader(write(audit, tmp_path)).text
    titles = re.findall(r"\w+: \d suspects?", plain)
    assert titles == ["dog: 4 suspects", "cat: 3 suspects", "emu: 1 suspect"]


def test_the_largest_and_the_rarest_stand_in_the_first_table(audit, tmp_path):
    text = write(audit, tmp_path)
    first = re.search("<tbody>(.*?)</tbody>", text, re.DOTALL)[1]
    assert re.findall(r"largest|between|rarest", first) == ["largest", "between", "rarest"]
    assert "group_rates.csv" in text


def test_the_next_steps_name_the_file_and_the_command(audit, tmp_path):
    plain = Reader(write(audit, tmp_path / "a b")).text
    assert "--labels" in plain
    assert f"python -m benchmark run --data pets/ --labels '{tmp_path}/a b/labels.csv'" in plain
    assert "51 % in Northcutt et al. 2021" in plain


def test_copies_with_different_labels_stand_side_by_side(audit, tmp_path):
    text = write(audit, tmp_path)
    assert "Same picture, different labels (1)" in text
    assert "At least one label of a pair is wrong" in text


def test_the_most_suspicious_of_each_class_are_shown_where_all_are_too_many(tmp_path, monkeypatch):
    monkeypatch.setattr(suspects, "MOST_PICTURES", 4)
    audit = make_audit([0] * 40 + [1] * 10 + [2] * 4, suspect=[*range(30), 40, 41, 50])
    text = write(audit, tmp_path)
    assert text.count("<img ") == 4
    plain = Reader(text).text
    assert "4 of 33 suspects are shown" in plain
    assert "cat: 30 suspects, 2 of them shown" in plain
    assert "cat/0.jpg" in plain
    assert "cat/2.jpg" not in plain
    assert "dog/40.jpg" in plain
    assert "emu/50.jpg" in plain


def test_without_suspects_the_page_says_so(tmp_path):
    text = write(make_audit([0, 0, 1, 2]), tmp_path)
    assert "None of 4 labels looks wrong." in text
    assert "Northcutt" not in text
    assert "<img" not in text


def test_what_cannot_be_judged_is_said_and_has_no_rate(tmp_path):
    labels = [0] * 40 + [1] * 12 + [2]
    plain = Reader(write(make_audit(labels, suspect=(0,), not_judged=(52,)), tmp_path)).text
    assert "52 images of 3 classes, each judged by a linear classifier" in plain
    assert "1 of 52 labels looks wrong" in plain
    assert "Can't be judged: 1 class with one image (emu). They count in no rate." in plain
    assert re.search(r"emu\s+rarest\s+1\s+0\s+can't be judged", plain)


def test_where_no_label_can_be_judged_no_classifier_is_said_to_have_judged(tmp_path):
    plain = Reader(write(make_audit([0, 1, 2], not_judged=(0, 1, 2)), tmp_path)).text
    assert "3 images of 3 classes" in plain
    assert "linear classifier" not in plain


def test_where_no_class_is_rare_the_table_of_classes_has_no_groups(audit, tmp_path):
    equal = make_audit([0, 0, 1, 1, 2, 2])
    assert re.search(r"Class\s+Group\s+Images", Reader(write(audit, tmp_path / "a")).text)
    assert re.search(r"Class\s+Images", Reader(write(equal, tmp_path / "b")).text)


def test_an_edited_file_is_named(audit, tmp_path):
    (tmp_path / "labels.csv").write_text("mine")
    text = write(audit, tmp_path)
    assert "labels.csv was edited by a person and stays as it is. labels-2.csv has none of" in text
    assert "open labels-2.csv" in text
    text = write(make_audit([0, 1, 2], uncorrected=[0, 1, 1]), tmp_path)
    assert "labels-2.csv has the corrected labels that were judged." in text


def test_what_is_known_of_the_images_is_a_warning(tmp_path):
    text = write(make_audit([0, 1, 2], messages=("3 of 9 labels are <corrected>.",)), tmp_path)
    assert "<li>3 of 9 labels are &lt;corrected&gt;.</li>" in text


def test_whatever_stands_in_a_name_is_text(tmp_path):
    """Class and file names of any kind, in one page: nothing runs and nothing is fetched."""
    names = [name for name in NAMES if name.strip()]
    labels = [c for c in range(len(names)) for _ in range(2)]
    files = tuple(f"{name}/{i}.jpg" for i, name in enumerate(name for name in names for _ in "ab"))
    audit = make_audit(labels, suspect=range(0, len(labels), 2), classes=names, files=files,
                       conflicts=[(0, 2), (4, 7)])  # fmt: skip
    reader = Reader(write(audit, tmp_path))
    tags = {tag for tag, _ in reader.tags}
    assert not tags & {"script", "iframe", "object", "base", "link", "textarea", "plaintext"}
    for tag, attributes in reader.tags:
        assert not [key for key in attributes if key.startswith("on") or key == "srcdoc"]
        assert tag != "img" or attributes["src"].startswith("data:image/jpeg;base64,")
        if tag == "a":
            assert attributes["href"].startswith("#") or attributes["href"].endswith(".csv")


def test_the_size_of_the_page_is_limited(tmp_path):
    audit = make_audit([0] * 3000 + [1] * 3000, suspect=range(6000), classes=("a", "b"),
                       conflicts=[(i, 3000 + i) for i in range(500)])  # fmt: skip
    text = write(audit, tmp_path)
    assert text.count("<img ") == suspects.MOST_PICTURES + 2 * page.MOST_CONFLICTS


def test_of_many_classes_those_with_most_suspects_are_listed(audit, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "MOST_CLASSES", 2)
    monkeypatch.setattr(page, "LISTED", 1)
    plain = Reader(write(audit, tmp_path)).text
    table = plain[plain.index("Share", plain.index("Classes")) :]
    assert "emu" in table
    assert "Of 3 classes the 1 of which most do; the file has all." in plain
    assert (tmp_path / "class_rates.csv").read_text().count("\n") == 4
