"""Recipes and what is fixed before a run begins."""

from dataclasses import replace

import pytest

from benchmark.plan.experiment import (
    RECIPES,
    Experiment,
    changed_from_recipe,
    default_name,
    recipe_for,
)


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


def test_a_rate_keeps_the_ratio_of_the_head_to_the_rest():
    strong = recipe_for("strong", lr=1e-3).phases[1]
    assert strong.lr == 1e-3
    assert strong.head_lr == pytest.approx(1e-2)
    assert recipe_for("forum", lr=1e-3).phases[1].head_lr is None


@pytest.mark.parametrize(
    ("images", "expected"), [(38_880, 64), (4_076, 64), (1_920, 32), (600, 8), (100, 8), (5, 5)]
)
def test_small_sets_get_smaller_batches(images, expected):
    assert Experiment().batch_for(images) == expected


def test_a_batch_size_that_is_asked_for_is_kept():
    assert Experiment(batch_size=100).batch_for(600) == 100
    assert Experiment(batch_size=100).batch_for(50) == 50


def test_names_and_words_do_not_change_what_is_trained():
    plain = Experiment()
    renamed = replace(plain, recipe=replace(plain.recipe, name="x", description="y"))
    assert plain.training_fingerprint() == renamed.training_fingerprint()
    other = replace(plain, recipe=RECIPES["strong"])
    assert plain.training_fingerprint() != other.training_fingerprint()


def test_runs_are_named_after_what_they_are():
    assert default_name(Experiment()) == "wheels-forum"
    named = Experiment(data="some/My Images/", imbalance="exp:100", quick=True)
    assert default_name(named) == "My-Images-exp-100-forum-quick"
    assert default_name(Experiment(data="lists/a.csv")) == "a-forum"
    assert default_name(Experiment(data="wheels:classes=7")) == "wheels-classes-7-forum"
    assert default_name(Experiment(image_size=299, fine_tune="full")) == "wheels-forum-299px-full"


def test_what_differs_from_the_named_recipe_is_said():
    assert changed_from_recipe(Experiment()) == []
    changed = Experiment(recipe=recipe_for("forum", [1, 2], 1e-3), fine_tune="head")
    assert changed_from_recipe(changed) == ["epochs", "lr", "fine_tune"]
