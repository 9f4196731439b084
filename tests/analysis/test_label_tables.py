"""The tables of a label audit."""

import numpy as np
import pytest

from benchmark.analysis.label_tables import BETWEEN, LARGEST, RAREST, LabelTables
from tests.analysis.label_audits import make_audit


def test_suspects_come_first_the_most_suspicious_of_all_at_the_top():
    audit = make_audit([0, 0, 1, 1, 2], suspect=(1, 2, 4), quality=[0.0, 0.3, 0.2, 0.9, 0.1])
    table = LabelTables.from_audit(audit).labels
    assert list(table.columns) == [
        *("path", "label", "given", "suggested", "quality", "suspect", "judged")
    ]
    assert table.index.tolist() == [4, 2, 1, 0, 3]
    assert table["suspect"].tolist() == [True] * 3 + [False] * 2
    assert table.loc[4, ["path", "label", "given", "suggested"]].tolist() == [
        *("emu/4.jpg", "emu", "emu", "cat")
    ]


def test_what_the_data_and_what_a_file_say_are_kept_apart():
    audit = make_audit([0, 1, 1, 2], suspect=(1,), uncorrected=[0, 0, 1, 2])
    table = LabelTables.from_audit(audit).labels
    assert list(table.columns)[:5] == ["path", "label", "given", "corrected", "suggested"]
    assert table.loc[1, ["label", "given", "corrected"]].tolist() == ["dog", "cat", "dog"]
    assert table.loc[2, ["label", "given", "corrected"]].tolist() == ["dog", "dog", ""]


def test_the_largest_and_the_rarest_stand_side_by_side():
    labels = [0] * 60 + [1] * 12 + [2] * 5
    audit = make_audit(labels, suspect=[*range(6), 60, 72, 73])
    tables = LabelTables.from_audit(audit)
    assert tables.class_rates["class"].tolist() == ["cat", "dog", "emu"]
    groups = tables.group_rates.set_index("group")
    assert groups.index.tolist() == [LARGEST, BETWEEN, RAREST]
    assert groups.loc[LARGEST, ["images", "suspects", "share"]].tolist() == [60, 6, 0.1]
    assert groups.loc[RAREST, ["images", "suspects", "share"]].tolist() == [5, 2, 0.4]
    assert groups.loc[RAREST, "low"] < 0.1 < 0.4 < groups.loc[RAREST, "high"]


def test_among_classes_of_about_one_size_none_is_rare():
    tables = LabelTables.from_audit(make_audit([0] * 10 + [1] * 12 + [2] * 19))
    assert tables.group_rates["group"].tolist() == [BETWEEN]
    assert tables.group_rates["classes"].tolist() == [3]


def test_confusions_are_those_of_suspects():
    audit = make_audit([0, 0, 0, 1, 2], suspect=(0, 1, 3), suggested=[2, 2, 1, 0, 0])
    table = LabelTables.from_audit(audit).confusions
    assert table.to_numpy().tolist() == [["cat", "emu", 2], ["dog", "cat", 1]]


def test_copies_with_two_labels_are_listed():
    table = LabelTables.from_audit(make_audit([0, 1, 2], conflicts=[(0, 1)])).conflicts
    assert table.drop(columns="kind").to_numpy().tolist() == [
        ["dog/1.jpg", "dog", "cat/0.jpg", "cat"]
    ]


def test_images_that_were_not_judged_are_in_no_table():
    audit = make_audit([0, 0, 1, 2, 2], suspect=(3,), readable=[0, 2, 3, 4])
    tables = LabelTables.from_audit(audit)
    assert sorted(tables.labels.index) == [0, 2, 3, 4]
    assert tables.suspects["path"].tolist() == ["emu/3.jpg"]
    assert dict(zip(tables.class_rates["class"], tables.class_rates["images"], strict=True)) == {
        "cat": 1, "dog": 1, "emu": 2,
    }  # fmt: skip


def test_a_class_without_a_readable_image_has_no_share():
    tables = LabelTables.from_audit(make_audit([0, 0, 1, 2], readable=[0, 1, 2]))
    row = tables.class_rates.set_index("class").loc["emu"]
    assert row["images"] == 0
    assert np.isnan(row["share"])


def test_what_is_not_judged_is_no_part_of_a_rate_and_has_no_suggestion():
    audit = make_audit([0] * 60 + [1] * 12 + [2], suspect=(0, 60), not_judged=(61, 72))
    tables = LabelTables.from_audit(audit)
    rows = tables.labels.loc[[61, 72]]
    assert rows["judged"].tolist() == [False, False]
    assert rows["suggested"].tolist() == ["", ""]
    assert rows["quality"].isna().all()
    assert tables.labels["judged"].sum() == 71
    assert tables.labels.index[-2:].tolist() == [61, 72], "last"
    rates = tables.class_rates.set_index("class")
    assert rates.loc["dog", ["images", "judged", "suspects", "share"]].tolist() == [
        *(12, 11, 1, 1 / 11)
    ]
    assert rates.loc["emu", ["images", "judged", "suspects"]].tolist() == [1, 0, 0]
    assert np.isnan(rates.loc["emu", "share"])
    assert tables.group_rates.set_index("group").loc[RAREST, "judged"] == 0


@pytest.mark.parametrize("suspect", [(), (0,)])
def test_shares_are_of_all_images(suspect):
    tables = LabelTables.from_audit(make_audit([0, 0, 1, 2], suspect=suspect))
    assert tables.group_rates["suspects"].sum() == len(suspect) == len(tables.suspects)


def test_a_class_of_which_no_image_can_be_read_is_not_counted_as_rare():
    labels = [0] * 60 + [1] * 12 + [2] * 20 + [3]
    audit = make_audit(labels, classes=("cat", "dog", "emu", "fox"), readable=range(92))
    rates = LabelTables.from_audit(audit).class_rates.set_index("class")
    assert rates.loc["dog", "group"] == RAREST
    assert rates.loc["fox", "group"] == BETWEEN
