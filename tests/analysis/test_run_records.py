"""Records as tables: rows, columns, the order of classes, and what the predictions are about."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmark.analysis.per_class import confusion_matrix
from benchmark.analysis.run_records import (
    CURVES,
    FAILURES,
    PER_CLASS,
    PREDICTIONS,
    PredictedImages,
    RunRecords,
    mean_over_seeds,
    seed_columns,
    summary_columns,
)
from benchmark.evaluation.metrics.registry import METRICS, main_metrics
from benchmark.execution.record_schema import FailedRecord, Record
from tests.analysis.records import CLASSES, ORDER, RIGHT, TEST_LABELS, WRONG, record, split


def run(*records: Record | FailedRecord, **changes: object) -> RunRecords:
    seeds = {record.seed: split() for record in records}
    return replace(RunRecords(CLASSES, ORDER, seeds, records), **changes)  # type: ignore[arg-type]


def test_columns_follow_the_registry_of_metrics() -> None:
    main = [metric.name for metric in main_metrics()]
    assert summary_columns() == [*main, "steps", "seconds", "status"]
    assert set(METRICS) <= set(seed_columns())
    rows = run(RIGHT).seed_rows()
    assert list(rows) == seed_columns()
    assert rows.loc[0, ["macro_f1", "val_macro_f1", "seconds"]].tolist() == [0.5, 0.25, 1.5]
    assert np.isnan(rows["mcc"].astype(float)).all(), "a metric that the record does not have"


def test_a_failure_has_a_row_without_numbers_and_one_with_its_error() -> None:
    failure = FailedRecord(strategy="b", seed=0, network="key", error="Error: e", traceback="t")
    records = run(RIGHT, failure)
    rows = records.seed_rows()
    assert rows["status"].tolist() == ["ok", "failed"]
    assert np.isnan(rows.loc[1, "macro_f1"])
    assert list(records.failures()) == FAILURES
    assert records.failures().to_numpy().tolist() == [["b", 0, "Error: e", "t"]]
    assert records.per_class()["strategy"].unique().tolist() == ["a"]


def test_classes_stand_by_training_size_in_all_tables() -> None:
    records = run(RIGHT, WRONG)
    table = records.per_class()
    assert list(table) == PER_CLASS
    assert table["class"].tolist() == ["common", "middle", "rare"] * 2
    assert table["train_count"].tolist()[:3] == [50, 20, 5]
    assert table["test_count"].tolist()[:3] == [3, 2, 1]
    assert table["recall"].tolist() == [1, 1, 1, 1, 0, 0]
    assert confusion_matrix(records.seed_predictions(), "b").tolist() == [
        [3, 0, 0],
        [2, 0, 0],
        [1, 0, 0],
    ]


def test_auroc_by_class_stands_by_training_size_too_and_is_missing_in_older_records() -> None:
    assert run(RIGHT).per_class()["auroc"].isna().all()
    values = {"auroc": (0.1, 0.2, None), "average_precision": (0.3, 0.4, None)}
    table = run(replace(RIGHT, one_against_rest=values)).per_class()
    expected = {CLASSES[c]: value for c, value in enumerate(values["auroc"])}
    by_name = dict(zip(table["class"], table["auroc"].astype(object), strict=True))
    assert {name: None if np.isnan(v) else v for name, v in by_name.items()} == expected


def test_confusions_are_summed_over_seeds() -> None:
    both = run(RIGHT, record("a", 1, (1, 1, 1, 1, 1, 1))).seed_predictions()
    assert confusion_matrix(both, "a").tolist() == [[6, 0, 0], [2, 2, 0], [1, 0, 1]]


def test_predictions_name_the_classes_of_both_splits() -> None:
    table = PredictedImages.stack(run(WRONG).predicted_images())
    assert list(table) == PREDICTIONS
    assert table["split"].tolist() == ["val"] + ["test"] * 6
    assert table["label"].tolist()[3:] == ["common", "middle", "middle", "rare"]
    assert table["predicted"].tolist() == ["rare"] + ["common"] * 6
    assert list(PredictedImages.stack(run().predicted_images())) == PREDICTIONS


def test_curves_have_a_row_a_validation() -> None:
    table = run(RIGHT, WRONG).curves()
    assert list(table) == CURVES
    assert table["step"].tolist() == [5, 5]


def test_seed_predictions_are_those_of_the_test_images_in_seed_order() -> None:
    later, earlier = run(record("a", 3, TEST_LABELS), RIGHT, WRONG).seed_predictions()[::-1]
    assert (earlier.seed, later.seed) == (0, 3)
    assert earlier.classes == ("common", "middle", "rare")
    assert earlier.labels.tolist() == [0, 0, 0, 1, 1, 2], "indices by training size"
    assert list(earlier.predicted) == ["a", "b"]
    assert earlier.predicted["b"].tolist() == [0] * 6
    assert earlier.files == tuple(f"{k}.jpg" for k in range(6))
    assert earlier.groups is None


@pytest.mark.parametrize("groups", [None, (0, 0, 1, 1, 2, 2)])
def test_seed_predictions_have_the_groups_of_the_split(groups: tuple[int, ...] | None) -> None:
    (seed,) = run(RIGHT, splits={0: split(groups)}).seed_predictions()
    assert groups == (None if seed.groups is None else tuple(seed.groups))


def test_means_are_over_the_seeds_that_finished() -> None:
    failure = FailedRecord(strategy="b", seed=1, network="key", error="e")
    a = (RIGHT, record("a", 1, TEST_LABELS, macro_f1=0.7))
    lost = FailedRecord(strategy="c", seed=0, network="key", error="e")
    summary = mean_over_seeds(run(*a, WRONG, failure, lost).seed_rows()).set_index("strategy")
    assert list(summary) == summary_columns()
    assert summary["status"].to_dict() == {"a": "ok", "b": "partly failed", "c": "failed"}
    assert summary["macro_f1"].tolist()[:2] == pytest.approx([0.6, 0.5])
    assert np.isnan(summary["macro_f1"]["c"])
