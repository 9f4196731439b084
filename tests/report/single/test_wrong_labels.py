"""What networks make of training images with a wrong label."""

from dataclasses import replace

import pandas as pd
import pytest

from benchmark.analysis.findings import WRONG_LABELS
from benchmark.report.single.csv_files import frames_of
from benchmark.report.single.page import headline
from benchmark.report.single.wrong_labels import wrong_labels_section, wrong_labels_sentence
from tests.report.fabricate import fabricate

ROWS = [
    ("no_change", 0, 30, 0.8, 0.1),
    ("no_change", 1, 34, 0.9, 0.0),
    ("focal_loss", 0, 30, 0.2, 0.5),
    ("focal_loss", 1, 34, 0.3, 0.6),
]


@pytest.fixture(scope="module")
def comparison():
    return fabricate(strategies=("no_change", "focal_loss"), seeds=(0, 1))


@pytest.fixture(scope="module")
def noisy(comparison):
    wrong_labels = pd.DataFrame(ROWS, columns=WRONG_LABELS)
    return replace(comparison, findings=replace(comparison.findings, wrong_labels=wrong_labels))


def test_the_table_has_shares_by_strategy(noisy):
    (table,) = wrong_labels_section(noisy)
    cells = [[cell.text for cell in row.cells] for row in table.rows]
    assert cells == [
        ["no_change", ".850", ".050", ".100"],
        ["focal_loss", ".250", ".550", ".200"],
    ]
    assert "estimated from 32 a seed), mean over seeds" in table.caption


def test_the_sentence_is_about_the_baseline(noisy):
    assert wrong_labels_sentence(noisy) == (
        "Of the training images with a wrong label, `no_change` predicts .850 as that label says "
        "and .050 as they are."
    )
    assert not wrong_labels_sentence(replace(noisy, baseline=None))


def test_a_run_without_wrong_labels_has_neither_table_nor_file(comparison, noisy):
    assert not list(wrong_labels_section(comparison))
    assert not wrong_labels_sentence(comparison)
    assert "wrong_labels.csv" not in frames_of(comparison)
    assert len(frames_of(noisy)["wrong_labels.csv"]) == 4
    assert "training images as labelled (ratio" in headline(noisy).subtitle
    assert "as labelled" not in headline(comparison).subtitle
