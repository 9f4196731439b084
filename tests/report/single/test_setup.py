"""The recipe section shows what was carried out, where that differs from the recipe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmark.report.render.blocks import Page, Section
from benchmark.report.render.markdown import render
from benchmark.report.single.page import headline
from benchmark.report.single.setup import (
    class_images_table,
    facts,
    phases_table,
    recipe_title,
    setup_section,
)
from tests.report.fabricate import RECIPE, fabricate, phase, with_manifest

PHASES = (
    phase(lr=1e-3),
    phase(epochs=9, train_from="rest", head_lr=1e-3, warmup=0.1, cosine=True),
)


def section(**experiment: Any) -> str:
    comparison = fabricate(strategies=("no_change",))
    recipe = replace(RECIPE, phases=PHASES, description="2 epochs.")
    changed = replace(comparison.manifest.experiment, recipe=recipe, **experiment)
    blocks = tuple(setup_section(with_manifest(comparison, experiment=changed)))
    return render(Page("", "", "", "", (), (), (Section("setup", "Set-up", blocks),)))


def test_the_batch_size_is_the_one_used() -> None:
    assert "\n- Batch size: 8 (recipe: 64)\n" in section(batch_size=8)
    assert "\n- Batch size: 64\n" in section(batch_size=64)


def test_batches_that_are_not_the_recipes_are_told_where_the_recipe_is_named() -> None:
    comparison = fabricate(strategies=("no_change",))
    experiment = comparison.manifest.experiment
    assert recipe_title(experiment) == "Recipe forum"
    assert headline(comparison).subtitle.endswith(" · recipe forum")
    small = replace(experiment, batch_size=8)
    subtitle = headline(with_manifest(comparison, experiment=small)).subtitle
    assert subtitle.endswith(" · recipe forum, in batches of 8 (recipe: 64)")
    halved = "Batches have 8 images, not 64: they were halved until an epoch had 60 steps"
    assert halved in section(batch_size=8)
    given = section(batch_size=8, settings={**experiment.settings, "batch_size": 8})
    assert "Batches have 8 images, not 64, as the run was told." in given
    assert "Batches have" not in section()


def test_phases_are_a_table() -> None:
    text = section(phase_steps=(60, 1270), first_trained="Mixed_6c")
    assert "| Phase | Epochs | Steps | Trained | Learning rate | Schedule |" in text
    assert "| 1 | 2 | 60 | the new last layer | 0.001 | constant |" in text
    assert (
        "| 2 | 9 | 1,270 | Mixed\\_6c and all after it | 0.0001, last layer 0.001 "
        "| linear warm-up over the first 10 %, then cosine to 0 |"
    ) in text
    assert "- Phase steps" not in text
    assert "- First trained" not in text


def test_where_only_the_head_is_trained_both_phases_show_that() -> None:
    experiment = replace(fabricate().manifest.experiment, first_trained="head")
    assert {row.cells[3].text for row in phases_table(experiment).rows} == {"the new last layer"}


def test_learning_rate_milestones_are_shown() -> None:
    experiment = fabricate().manifest.experiment
    recipe = replace(RECIPE, phases=(phase(), phase(lr_milestones=(0.8, 0.9))))
    cells = [row.cells[-1].text for row in phases_table(replace(experiment, recipe=recipe)).rows]
    assert cells == [
        "constant",
        "divided by 100 at 80 %, then divided by 100 at 90 %",
    ]


def test_a_changed_recipe_is_called_changed() -> None:
    plain, changed = section(), section(changed=("epochs", "lr"))
    assert "### Recipe forum\n\n2 epochs.\n" in plain
    assert (
        "### Recipe forum, with epochs and learning rate changed\n\n"
        "As the recipe is defined: 2 epochs.\n"
    ) in changed
    assert "- Changed" not in changed


def test_settings_are_shown_as_chosen() -> None:
    text = section()
    assert "\n- Precision: bf16\n" in text
    assert "\n- Image size: 160\n" in text
    assert "auto" not in [line.removeprefix("- Precision: ") for line in text.splitlines()]


def test_images_by_split_follow_the_order_of_the_report() -> None:
    comparison = fabricate()
    table = class_images_table(comparison)
    assert table.columns == ("Class", "Train", "Validation", "Test")
    assert [row.cells[0].text for row in table.rows] == comparison.classes
    assert table.rows[-1].cells[1].text == str(comparison.train_counts[-1])


def test_facts_without_a_value_are_left_out() -> None:
    pairs = {"lr": 0.1, "nothing": None, "flag": True, "empty": "", "seeds": (0, 1)}
    assert facts(pairs).items == (("Learning rate", "0.1"), ("Flag", "yes"), ("Seeds", "0, 1"))
