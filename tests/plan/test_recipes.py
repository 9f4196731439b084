"""The named recipes, and what a user may change in them."""

from dataclasses import replace

import pytest

from benchmark.plan.recipes import Phase, Recipe, recipe_for
from benchmark.strategy import NoAugmentation


def test_the_forum_recipe_is_the_forums():
    forum = recipe_for("forum")
    assert [(p.epochs, p.train_from, p.lr) for p in forum.phases] == [
        (2, "head", 1e-4),
        (2, "rest", 1e-4),
    ]
    assert forum.batch_size == 64
    assert forum.weight_decay == 0


def test_epochs_for_all_phases_or_for_each():
    assert [p.epochs for p in recipe_for("forum", [3]).phases] == [3, 3]
    assert [p.epochs for p in recipe_for("forum", [1, 5]).phases] == [1, 5]
    with pytest.raises(ValueError, match="forum' has 2 phases"):
        recipe_for("forum", [1, 2, 3])
    short = replace(recipe_for("forum"), name="short", phases=recipe_for("forum").phases[:1])
    with pytest.raises(ValueError, match=r"short' has 1 phase \(head\); give one number"):
        recipe_for(short, [1, 2])


def test_a_rate_keeps_the_ratio_of_the_head_to_the_rest():
    strong = recipe_for("strong", lr=1e-3)
    assert strong.phases[1].lr == 1e-3
    assert strong.phases[1].head_lr == pytest.approx(1e-2)
    assert recipe_for("forum", lr=1e-3).phases[1].head_lr is None
    assert recipe_for(strong, lr=1e-3) == strong


def test_the_schedule_of_the_rates_is_that_of_every_phase():
    cosine = recipe_for("forum", lr_schedule="cosine")
    assert [phase.cosine for phase in cosine.phases] == [True, True]
    milestones = replace(cosine.phases[1], lr_milestones=(0.8,), cosine=False, warmup=0.1)
    falling = replace(cosine, phases=(cosine.phases[0], milestones))
    constant = recipe_for(falling, lr_schedule="constant")
    assert [(p.cosine, p.lr_milestones) for p in constant.phases] == [(False, ())] * 2
    assert constant.phases[1].warmup == 0.1
    assert recipe_for("forum", lr_schedule="constant") == recipe_for("forum")


def test_the_strength_of_augmentation_is_in_units_of_the_strong_recipes():
    strong = recipe_for("strong")
    assert recipe_for("forum", augmentation=1).augmentation == strong.augmentation
    assert recipe_for("strong", augmentation=0).augmentation == NoAugmentation()
    twice = recipe_for("forum", augmentation=2).augmentation
    assert (twice.degrees, twice.zoom, twice.shift, twice.light) == (10, 0.2, 0.1, 0.2)
    assert recipe_for(strong, augmentation=1) == strong


def test_an_unknown_name_is_an_error_with_the_closest():
    with pytest.raises(ValueError, match=r"unknown recipe 'strang'. Did you mean 'strong'\?"):
        recipe_for("strang")


def test_epochs_and_rates_are_positive():
    with pytest.raises(ValueError, match="must be positive, got epochs=0 and lr=1"):
        Phase(0, "head", 1.0)
    with pytest.raises(ValueError, match="got epochs=1 and lr=inf"):
        Phase(1, "head", float("inf"))


def test_name_and_description_do_not_change_what_is_trained():
    phases = (Phase(1, "head", 1.0),)
    same, other = Recipe("a", "b", phases, 8), Recipe("c", "d", phases, 8)
    assert same.fingerprint() == other.fingerprint()
    assert same.fingerprint() != Recipe("a", "b", phases, 8, weight_decay=0.1).fingerprint()
