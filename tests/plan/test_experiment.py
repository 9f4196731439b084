"""What is fixed before a run begins."""

from dataclasses import replace

import pytest

from benchmark.plan.experiment import Experiment
from benchmark.plan.recipe_changes import changed_from_recipe
from benchmark.plan.recipes import RECIPES, recipe_for


@pytest.mark.parametrize(
    ("images", "expected"), [(38_880, 64), (4_076, 64), (1_920, 32), (600, 8), (100, 8), (5, 5)]
)
def test_small_sets_get_smaller_batches(images, expected):
    assert Experiment().batch_size_for(images) == expected


def test_a_given_batch_size_is_kept():
    assert Experiment(batch_size=100).batch_size_for(600) == 100
    assert Experiment(batch_size=100).batch_size_for(50) == 50


def test_names_and_descriptions_do_not_change_what_is_trained():
    plain = Experiment()
    renamed = replace(plain, recipe=replace(plain.recipe, name="x", description="y"))
    assert plain.training_fingerprint() == renamed.training_fingerprint()
    others = [
        replace(plain, recipe=RECIPES["strong"]),
        Experiment(epochs=3),
        Experiment(lr=1e-3),
        Experiment(image_size=100),
        Experiment(fine_tune="head"),
    ]
    fingerprints = [other.training_fingerprint() for other in [plain, *others]]
    assert all(fingerprints.count(fingerprint) == 1 for fingerprint in fingerprints)


def test_content_enters_the_keys_elsewhere():
    other = Experiment(
        data="digits",
        class_level=2,
        merge_classes=True,
        seeds=3,
        weights="none",
        device="cpu",
        precision="fp32",
    )
    assert other.training_fingerprint() == Experiment().training_fingerprint()


def test_what_differs_from_the_named_recipe_is_listed():
    assert changed_from_recipe(Experiment()) == []
    changed = Experiment(recipe=recipe_for("forum", [1, 2], 1e-3), fine_tune="head")
    assert changed_from_recipe(changed) == ["epochs", "lr", "fine_tune"]
    assert changed_from_recipe(Experiment(epochs=1, lr=1e-3)) == ["epochs", "lr"]


def test_quick_is_one_epoch_a_phase_unless_epochs_are_given():
    assert [phase.epochs for phase in Experiment(quick=True).recipe.phases] == [1, 1]
    assert [phase.epochs for phase in Experiment(quick=True, epochs=2).recipe.phases] == [2, 2]


@pytest.mark.parametrize(
    ("settings", "seeds"),
    [
        ({}, (0,)),
        ({"seeds": 3}, (0, 1, 2)),
        ({"seeds": "3"}, (0, 1, 2)),
        ({"seeds": (4, 2)}, (4, 2)),
        ({"seed_list": "7,8"}, (7, 8)),
        ({"seed_list": [7]}, (7,)),
        ({"seed_list": 7}, (7,)),
    ],
)
def test_seeds_counts_and_seed_list_names(settings, seeds):
    assert Experiment(**settings).seeds == seeds


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"seeds": "0"}, "seeds '0' is not allowed; allowed: a number of seeds, 1 or more"),
        ({"seeds": "many"}, "a number of seeds, 1 or more"),
        ({"seeds": "1,2"}, "--seeds counts; to name seeds, write --seed-list 1,2"),
        ({"seeds": "7,"}, "write --seed-list 7 "),
        ({"seeds": (0, 0)}, "each once"),
        ({"seed_list": ()}, "each once"),
        ({"seed_list": "0,0"}, "each once"),
        ({"seed_list": (-1,)}, "each once"),
        ({"seed_list": "a"}, "whole numbers like 7,8, each once"),
        ({"seeds": 2, "seed_list": (7,)}, "seeds and seed-list are both given; give one of them"),
        ({"image_size": 10}, r"image size 10 is not allowed; allowed: 75 or more \(inception_v3\)"),
        ({"class_level": 0}, "class level 0 is not allowed; allowed: 1 or more"),
        ({"class_level": "two"}, "class level 'two' is not allowed; allowed: 1 or more"),
        ({"merge_classes": "yes"}, "merge classes 'yes' is not allowed; allowed: true or false"),
        ({"image_size": "big"}, "image size 'big' is not allowed; allowed: a whole number"),
        ({"batch_size": 1}, "batch size 1 is not allowed; allowed: 2 or more"),
        ({"precision": "fp16"}, "precision 'fp16' is not allowed; allowed: auto, fp32, bf16"),
        ({"device": "gpu"}, "device 'gpu' is not allowed; allowed: auto, cpu, cuda, cuda:1 or"),
        ({"device": "cuda:0,"}, "device 'cuda:0,' is not allowed"),
        ({"fine_tune": "quarter"}, "fine-tune"),
        ({"backbone": "resnet"}, "unknown backbone 'resnet'"),
        ({"quick": "yes"}, "quick 'yes' is not allowed; allowed: true or false"),
        ({"data": True}, "data True is not allowed"),
        ({"lr": "x"}, "lr 'x' is not allowed; allowed: a number"),
    ],
)
def test_a_value_that_is_not_allowed_is_an_error_that_says_what_is(settings, error):
    with pytest.raises(ValueError, match=error):
        Experiment(**settings)


def test_an_experiment_can_be_copied_with_changes():
    experiment = Experiment(recipe="strong", seeds=2, lr=3e-4, epochs="1+2")
    assert replace(experiment) == experiment
    assert replace(experiment, quick=True).seeds == (0, 1)


def test_the_budget_fixes_images_or_steps():
    images = Experiment(batch_size=16).budget_for(6400)
    steps = Experiment(batch_size=16, budget="steps").budget_for(6400)
    usual = Experiment().budget_for(6400)
    assert (usual.batch_size, usual.steps) == (64, 400)
    assert (images.batch_size, images.steps) == (16, 1600)
    assert (steps.batch_size, steps.steps) == (16, 400)


def test_all_settings_are_described_by_name():
    described = Experiment(recipe="strong", seeds=2).describe()
    assert described["recipe"] == "strong"
    assert described["seeds"] == (0, 1)
    assert described["image_size"] == 128
