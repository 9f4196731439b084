"""verdict.json: numbers of the tables, judgements of the claims, sentences of the page."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from benchmark import report
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.evaluation.metrics.registry import main_metrics
from benchmark.report.single.notices import warnings
from benchmark.report.single.verdict import verdict
from benchmark.report.single.verdict_file import build_verdict
from benchmark.report.verdict_schema import Verdict
from benchmark.storage.typed_json import read, to_json, write
from tests.report.fabricate import FabricatedRun, fabricate, fabricate_run, with_predictions
from tests.report.reader import HOSTILE

RESULTS = Path(__file__).parents[3] / "results" / "README.md"
CLASSES = ("cat", "dog", "owl", "emu")


@pytest.fixture(scope="module")
def run() -> FabricatedRun:
    failed = [("focal_loss", 1), *(("class_weights", seed) for seed in range(3))]
    how = {"seeds": (0, 1, 2), "classes": CLASSES, "images": 300, "null": True}
    return fabricate_run("run", failed=failed, test_images={"emu": 0}, **how)


@pytest.fixture(scope="module")
def comparison(run: FabricatedRun, tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("verdict") / "run"
    run.write(folder)
    return load_comparison(folder)


@pytest.fixture(scope="module")
def built(comparison: Comparison) -> Verdict:
    return build_verdict(comparison, ["report.html"])


def test_the_report_writes_it_and_names_its_other_files(
    comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables, pages = {"seeds.csv": tmp_path / "seeds.csv"}, {"html": tmp_path / "report.html"}
    monkeypatch.setattr(report, "write_frames", lambda frames, folder: tables)
    monkeypatch.setattr(report, "write_page", lambda page, folder, names: pages)
    monkeypatch.setattr(report.single_page, "build_page", lambda comparison: None)
    written = report.write_report(comparison, tmp_path)
    assert written == {**tables, **pages, "verdict": tmp_path / "verdict.json"}
    assert read(Verdict, written["verdict"]).files == ("report.html", "seeds.csv")
    text = written["verdict"].read_text(encoding="utf-8")
    assert "NaN" not in text
    assert list(json.loads(text)) == ["sha256", *(field.name for field in fields(Verdict))]
    report.write_report(comparison, tmp_path)
    assert written["verdict"].read_text(encoding="utf-8") == text


def test_numbers_are_those_of_the_tables(comparison: Comparison, built: Verdict) -> None:
    means = comparison.summary.set_index("strategy")
    for strategy in built.strategies:
        assert strategy.status == means.loc[strategy.name, "status"]
        if strategy.status == "failed":
            assert strategy.metrics == strategy.classes == ()
            continue
        assert [metric.name for metric in strategy.metrics] == [m.name for m in main_metrics()]
        for metric in strategy.metrics:
            assert metric.value == pytest.approx(means.loc[strategy.name, metric.name])
        recalls = comparison.class_recalls.query("strategy == @strategy.name").set_index("class")
        for each in strategy.classes:
            row = recalls.loc[each.name]
            assert (each.hits, each.test_images) == (row["hits"], row["images"])
            np.testing.assert_equal(each.recall.value, row["recall"])


def test_the_claims_alone_say_what_is_more_than_chance(
    comparison: Comparison, built: Verdict
) -> None:
    compared = 0
    for strategy in built.strategies:
        for metric in strategy.metrics:
            claim = comparison.claims.get((strategy.name, metric.name))
            assert (metric.difference is None) == (claim is None)
            if metric.difference and claim:
                assert metric.difference.is_more_than_chance == bool(claim.direction)
                assert (
                    metric.difference.doubts == ("includes_0", "few_seeds")[2 - len(claim.doubts) :]
                    or "noise" in metric.difference.doubts
                )
                compared += 1
    assert compared
    assert all(metric.difference is None for metric in built.strategies[0].metrics)


def test_a_difference_that_is_more_than_chance_has_no_doubt() -> None:
    how = {"classes": ("a", "b"), "images": 9000, "strategies": ("no_change", "focal_loss")}
    run = with_predictions(fabricate(**how), focal_loss=None)
    first, second = build_verdict(run, []).strategies
    difference = second.metrics[0].difference
    assert difference is not None
    assert difference.is_more_than_chance
    assert difference.about_networks
    assert difference.doubts == ()
    assert first.metrics[0].difference is None


def test_failures_and_classes_are_named(comparison: Comparison, built: Verdict) -> None:
    weights = next(s for s in built.strategies if s.name == "class_weights")
    assert [error.seed for error in weights.errors] == [0, 1, 2]
    assert "CUDA out of memory" in weights.errors[0].error
    baseline = built.strategies[0]
    counts = {each.name: each.seeds_never_predicted for each in baseline.classes}
    assert set(baseline.never_predicted) == {name for name, n in counts.items() if n == 3}
    assert "emu" in baseline.never_predicted, "it has no test image, and none is called by it"
    emu = json.loads(to_json(built))["strategies"][0]["classes"][3]
    assert emu["name"] == "emu"
    assert emu["recall"] == {"value": None, "low": None, "high": None}


def test_the_best_is_the_one_on_validation(built: Verdict) -> None:
    finished = [s for s in built.strategies if s.status == "ok"]
    assert built.best is not None
    best = max(finished, key=lambda s: s.validation_macro_f1 or 0)
    assert built.best.strategy == best.name
    assert built.best.strategies == len(finished)
    assert built.best.test == best.metrics
    assert not built.best.is_sure


def test_sentences_are_those_of_the_page_in_plain_text(
    comparison: Comparison, built: Verdict
) -> None:
    assert built.verdict == verdict(comparison).replace("`", "")
    assert list(built.warnings) == [text.replace("`", "") for text in warnings(comparison)]
    assert built.null_row is not None
    assert built.null_row.moves["macro_f1"]


def test_a_run_that_lacks_a_record_is_not_complete(run: FabricatedRun, tmp_path: Path) -> None:
    run.write(tmp_path)
    next((tmp_path / "records").iterdir()).unlink()
    assert not build_verdict(load_comparison(tmp_path), []).is_complete


def test_any_names_come_back(tmp_path: Path) -> None:
    write(tmp_path / "verdict.json", build_verdict(fabricate(classes=HOSTILE, images=400), []))
    stored = read(Verdict, tmp_path / "verdict.json")
    assert {each.name for each in stored.data.classes} == set(HOSTILE)


def test_the_results_folder_documents_every_key() -> None:
    described = RESULTS.read_text(encoding="utf-8").partition("## verdict.json")[2]
    assert described
    keys = set(re.findall(r"`(\w+)`", described))
    assert {field.name for field in fields(Verdict)} - keys == set()
