"""What a reader is warned of before comparing data sets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmark.analysis.multi_dataset import merge
from benchmark.report.multi.notices import warnings
from tests.report.multi.runs import MISSING, run

NUMBERS = {"c": 0.5, "a": 0.6}
BASE = run("x", NUMBERS)


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("image_size", 299, "The runs differ in image size: 160 px on `x`; 299 px on `y`."),
        ("fine_tune", "full", "The runs differ in fine-tune depth: half on `x`; full on `y`."),
    ],
)
def test_settings_that_differ_are_listed_by_name(name: str, value: Any, text: str) -> None:
    experiment = BASE.manifest.experiment
    changed = replace(experiment, settings={**experiment.settings, name: value})
    assert list(warnings(merge([BASE, run("y", NUMBERS, experiment=changed)]))) == [text]


def test_recipes_precision_and_weights_that_differ_are_listed_by_name() -> None:
    experiment, weights = BASE.manifest.experiment, BASE.manifest.weights
    strong = replace(experiment, recipe=replace(experiment.recipe, name="strong"))
    for changed, text in (
        ({"experiment": strong}, "differ in recipe: forum (2 epochs of the head at 0.0001, then 2"),
        ({"experiment": replace(experiment, precision="fp32")}, "precision: bf16 on `x`; fp32 on"),
        ({"weights": replace(weights, name="imagenet")}, "weights: bundled 9f9f9f9f on `x`; image"),
        ({"weights": replace(weights, sha256="0a" * 32)}, "on `x`; bundled 0a0a0a0a on `y`"),
        ({"quick": True}, "These runs are quick looks and no evidence: `y`."),
    ):
        (warning,) = warnings(merge([BASE, run("y", NUMBERS, **changed)]))
        assert text in warning
    (warning,) = warnings(merge([BASE, run("y", NUMBERS, seeds=(0, 1))]))
    assert warning == "The runs differ in seeds: 0 on `x`; 0, 1 on `y`."
    assert not list(warnings(merge([BASE, run("y", NUMBERS)])))


def test_different_baselines_are_warned_of() -> None:
    other = replace(run("y", NUMBERS), baseline="a")
    assert list(warnings(merge([BASE, other]))) == [
        "The runs have different baselines: `c` on `x`; `a` on `y`. Differences are from each "
        "run's own; `--baseline NAME` takes one for all."
    ]
    assert not list(warnings(merge([replace(BASE, baseline=None), replace(other, baseline=None)])))


def test_classes_without_test_images_are_told_with_what_is_the_best() -> None:
    absent = run("y", NUMBERS)
    seeds = [replace(s, labels=np.zeros_like(s.labels)) for s in absent.seed_predictions]
    texts = list(warnings(merge([BASE, replace(absent, seed_predictions=seeds)])))
    assert any(
        t.startswith("On `y`, ") and "a perfect classifier has a macro-F1" in t for t in texts
    )


def test_failed_audits_and_few_test_images_are_warned_of() -> None:
    bad = run("y", NUMBERS)
    checks = bad.findings.checks
    checks = checks.assign(passed=checks["passed"] & (checks["strategy"] != "a"))
    bad = replace(bad, findings=replace(bad.findings, checks=checks))
    few = replace(run("z", NUMBERS), seed_predictions=[], test_counts=[300, 7, 100])
    assert list(warnings(merge([BASE, bad, few]))) == [
        "On `y` `a` failed the audit: see that run's report.",
        "Classes with fewer than 8 test images are on `z`: the report of the run names them and "
        "says how uncertain its numbers are.",
    ]


def test_strategies_that_failed_or_were_not_run_are_named() -> None:
    runs = [
        run("x", {**NUMBERS, "b": 0.7}),
        run("y", {**NUMBERS, "a": MISSING, "b": 0.7}),
        run("z", {**NUMBERS, "b": 0.7}, seeds=(0,), partly=("b",)),
        run("u", NUMBERS),
    ]
    assert list(warnings(merge(runs))) == [
        "Not run on `u`, so shown but neither ranked nor tested: `b`.",
        "Failed on `y`, so not compared there: `a`.",
        "Failed for some seeds on `z`, so not compared there: `b`.",
    ]


def test_the_same_images_twice_are_warned_of() -> None:
    first, second = run("x", NUMBERS, "runs/forum"), run("x", NUMBERS, "runs/strong")

    def warn(**data: Any) -> list[str]:
        manifest = replace(second.manifest, data=replace(second.manifest.data, **data))
        return list(warnings(merge([first, replace(second, manifest=manifest)])))

    assert warn() == [
        "`x (forum)` and `x (strong)` seem to be the same images: they count as two data sets "
        "here, but are not independent."
    ]
    assert len(warn(counts={"train": (9, 3, 1)})) == 1, "the same source, cut to a long tail"
    assert len(warn(spec="elsewhere/x")) == 1, "the same counts, copied to another folder"
    assert not warn(spec="x:ratio=10", counts={"train": (1, 2, 3)}), "another sample"
