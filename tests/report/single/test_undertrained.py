"""Sentences on what a ranking is a ranking of: one recipe, and networks that may be unfinished."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from benchmark.analysis.comparison import Comparison
from benchmark.execution.manifest_schema import RecipeInfo
from benchmark.report.single.notices import highlights, warnings
from benchmark.report.single.undertrained import recipe_sentence, undertrained_sentence
from tests.report.fabricate import fabricate, with_manifest
from tests.report.sweep.sweeps import two_recipes

NAMES = ("no_change", "class_weights", "focal_loss", "random_oversampling")


def with_losses(comparison: Comparison, falling: tuple[str, ...]) -> Comparison:
    """Give every strategy and seed a loss that falls to the end, or one that has reached 0.5."""
    curves, losses = [], []
    for name in comparison.strategies:
        for seed in comparison.seeds:
            for k in range(1, 11):
                loss = 2.8 - 0.2 * k if name in falling else 0.5
                key = {"strategy": name, "seed": seed, "step": 10 * k}
                curves.append({**key, "val_loss": loss, "val_loss_over_classes": loss})
                losses.append(
                    {**key, "start": 0, "schedule_start": 0, "loss": loss, "learning": 10.0}
                )
    return replace(comparison, curves=pd.DataFrame(curves), losses=pd.DataFrame(losses))


@pytest.fixture(scope="module")
def comparison() -> Comparison:
    return fabricate(strategies=NAMES)


def test_nothing_is_said_of_losses_that_have_reached_their_floor(comparison):
    assert undertrained_sentence(with_losses(comparison, ())) == ""


def test_a_ranking_of_undertrained_networks_says_so(comparison):
    unfinished = with_losses(comparison, NAMES[:3])
    assert undertrained_sentence(unfinished) == (
        "The loss was still falling for 3 of 4 strategies when training ended: this ranking is one "
        "of under-trained networks. Longer training may turn it: `--recipe forum,strong` shows it."
    )
    assert undertrained_sentence(unfinished) in list(warnings(unfinished))
    assert "for all 4 strategies when" in undertrained_sentence(with_losses(comparison, NAMES))
    assert recipe_sentence(unfinished) == "", "the command is named once"


def test_two_strategies_are_both():
    text = undertrained_sentence(with_losses(fabricate(strategies=NAMES[:2]), NAMES[:2]))
    assert text.startswith("The loss was still falling for both strategies when training ended: ")


def test_one_strategy_is_no_ranking():
    alone = fabricate(strategies=NAMES[1:2])
    assert recipe_sentence(alone) == ""
    assert undertrained_sentence(with_losses(alone, NAMES[1:2])) == (
        f"The loss was still falling for `{NAMES[1]}` when training ended: it is under-trained. "
        "Longer training may change its numbers: `--recipe forum,strong` shows it."
    )


def test_few_of_them_are_named(comparison):
    text = undertrained_sentence(with_losses(comparison, ("focal_loss",)))
    assert text.startswith("The loss was still falling for 1 of 4 strategies when training ended ")
    assert "(`focal_loss`): it is under-trained." in text


def test_a_strategy_counts_by_half_of_its_seeds():
    three = fabricate(strategies=NAMES, seeds=(0, 1, 2))
    falling, flat = (with_losses(three, names) for names in (NAMES, ()))

    def mixed(number: int) -> str:
        tables = {}
        for table in ("curves", "losses"):
            a, b = getattr(falling, table), getattr(flat, table)
            tables[table] = pd.concat([a[a["seed"] < number], b[b["seed"] >= number]])
        return undertrained_sentence(replace(three, **tables))

    assert mixed(1) == ""
    assert "all 4 strategies" in mixed(2)


def test_a_run_of_an_earlier_version_has_no_training_losses(comparison):
    assert comparison.losses.empty
    assert undertrained_sentence(comparison) == ""


def recipe_named(comparison: Comparison, name: str) -> Comparison:
    recipe: RecipeInfo = replace(comparison.manifest.experiment.recipe, name=name)
    experiment = replace(comparison.manifest.experiment, recipe=recipe)
    return with_manifest(comparison, experiment=experiment)


def test_under_the_longer_recipe_more_epochs_are_named(comparison):
    strong = recipe_named(with_losses(comparison, NAMES), "strong")
    assert "`--epochs 4+4`, twice as many, shows it" in undertrained_sentence(strong)


def test_a_run_says_that_its_ranking_is_of_one_recipe(comparison):
    assert recipe_sentence(comparison) == (
        "This ranking is that of one recipe, `forum`: `--recipe forum,strong` tells whether it "
        "holds under another."
    )
    assert recipe_sentence(comparison) in list(highlights(comparison))
    assert "one recipe, `mine`" in recipe_sentence(recipe_named(comparison, "mine"))
    assert "--recipe" not in recipe_sentence(recipe_named(comparison, "mine"))


def test_a_run_of_a_sweep_names_the_report_on_all(tmp_path: Path):
    run = two_recipes(tmp_path).runs[0]
    assert recipe_sentence(run) == (
        "This ranking is that of one recipe, `forum`; `../report.html` puts it beside others."
    )
