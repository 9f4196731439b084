"""CSV files: exact columns, exact numbers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmark.evaluation.metrics.calibration import pooled_reliability
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.execution.run_folder import FILES
from benchmark.report.render.csv_writer import write_frames
from benchmark.report.single.csv_files import ROWS, files_section, frames_of
from tests.report.fabricate import fabricate, with_manifest
from tests.report.reader import read_csv


def test_the_folder_of_a_run_knows_which_files_a_report_writes() -> None:
    assert {name for name in FILES if name.endswith(".csv")} == set(ROWS)


def test_columns_have_fixed_names(tmp_path: Path) -> None:
    written = write_frames(frames_of(fabricate()), tmp_path)
    head = {name: path.read_text().splitlines()[0] for name, path in written.items()}
    summary = ",".join([*(metric.name for metric in main_metrics()), "steps", "seconds", "status"])
    assert head["paired.csv"].endswith("seeds,p_test_set,p_test_set_adj,p_seeds,p_seeds_adj")
    assert head["class_changes.csv"].endswith("images,seeds,significant_bonferroni")
    assert head["audit.csv"] == "strategy,seed,component,expectation,observed,passed"
    assert head["posthoc.csv"].startswith("strategy,seed,decision,macro_f1,")
    assert head["training_effects.csv"] == (
        "strategy,seed,class,train_count,drawn,gradient,cross_entropy_gradient,mean_logit,logit_shift"
    )
    assert head["diagnoses.csv"].startswith(
        "strategy,seed,class,train_count,recall,never_predicted,cause,confuser,explanation,suggestions"
    )
    assert head["summary.csv"] == f"strategy,{summary}"
    assert head["seeds.csv"].startswith(f"strategy,seed,{summary},val_macro_f1,")
    assert head["per_class.csv"].startswith(
        "strategy,seed,class,train_count,test_count,recall,precision,f1,predicted"
    )
    assert head["predictions.csv"] == "strategy,seed,split,file,label,predicted,confidence"
    assert head["confusion.csv"] == "strategy,label,predicted,images"
    assert head["reliability.csv"] == ("strategy,predicted_group,bin,images,confidence,accuracy")
    assert head["class_images.csv"].startswith("class,train,val,test")
    assert head["recalls.csv"] == "strategy,class,recall,low,high,hits,images,seeds"


def test_numbers_come_back(tmp_path: Path) -> None:
    comparison = fabricate(seeds=(0, 1), failed=(("no_change", 0), ("focal_loss", 1)))
    written = write_frames(frames_of(comparison), tmp_path)
    pd.testing.assert_frame_equal(
        read_csv(written["seeds.csv"]), comparison.seed_rows, check_dtype=False, rtol=1e-9
    )
    confusion = read_csv(written["confusion.csv"])
    total = sum(int(table.sum()) for table in comparison.confusion.values())
    assert confusion["images"].sum() == total
    pants = confusion[(confusion["strategy"] == "no_change") & (confusion["label"] == "Pants")]
    assert pants["images"].tolist() == comparison.confusion["no_change"][2].tolist()


def test_points_of_the_reliability_diagram_are_rows(tmp_path: Path) -> None:
    comparison = fabricate(seeds=(0, 1))
    rows = read_csv(write_frames(frames_of(comparison), tmp_path)["reliability.csv"])
    pooled = pooled_reliability(comparison.findings.reliability["focal_loss"])
    mine = rows[(rows["strategy"] == "focal_loss") & (rows["predicted_group"] == "rare")]
    assert mine["images"].tolist() == pooled["rare_images"]
    assert mine["accuracy"].tolist() == pytest.approx(pooled["rare_accuracy"])


def test_images_by_split_are_in_the_order_of_the_report(tmp_path: Path) -> None:
    comparison = fabricate()
    counts = dict.fromkeys(("train", "val", "test"), tuple(range(len(comparison.classes))))
    classes = tuple(reversed(comparison.classes))
    data = replace(comparison.manifest.data, classes=classes, counts=counts)
    rows = read_csv(
        write_frames(frames_of(with_manifest(comparison, data=data)), tmp_path)["class_images.csv"]
    )
    assert rows["class"].tolist() == comparison.classes
    assert rows["val"].tolist() == list(reversed(range(len(rows))))


def test_the_page_lists_the_files_that_are_written(tmp_path: Path) -> None:
    comparison = fabricate(strategies=("no_change",))
    names = set(write_frames(frames_of(comparison), tmp_path))
    (listed, _) = files_section(comparison)
    assert {name for name, _ in listed.items} == names
    assert names == set(ROWS) - {
        *("tuning.csv", "left_out.csv", "wrong_labels.csv", "selected_images.csv", "costs.csv"),
        "more_images.csv",
    }


def test_files_that_are_no_images_of_the_run_have_a_table(tmp_path: Path) -> None:
    comparison = fabricate(strategies=("no_change",))
    reasons = {"cat/=1+1.png": "the file is empty", "cat/pipe.png": "a pipe"}
    data = replace(comparison.manifest.data, left_out=reasons)
    comparison = replace(comparison, manifest=replace(comparison.manifest, data=data))
    written = write_frames(frames_of(comparison), tmp_path)["left_out.csv"]
    assert written.read_text() == (
        "file,reason\ncat/=1+1.png,the file is empty\ncat/pipe.png,a pipe\n"
    )
    assert "left_out.csv" in {name for name, _ in next(files_section(comparison)).items}
