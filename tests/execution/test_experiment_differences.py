"""What differs between two runs besides the setting of their sweep, and what follows from that."""

from dataclasses import asdict, replace

import pytest

from benchmark.execution.experiment_differences import differences_besides, values_in_manifest
from benchmark.execution.manifest_schema import TuningInfo
from benchmark.plan.experiment import Experiment
from benchmark.plan.recipe_changes import changed_from_recipe
from benchmark.plan.recipes import RECIPES
from benchmark.storage.typed_json import from_json, to_json
from tests.report.fabricate import fabricate_run


@pytest.fixture
def make(tmp_path):
    """What makes the manifest of a run with some settings, as it is read again."""

    def make_manifest(content="", sha256="", trials=0, **settings):
        experiment, run = Experiment(**settings), fabricate_run().manifest
        recipe, own = experiment.recipe, run.experiment
        phases = tuple(map(asdict, recipe.phases))
        plain = {"phases": phases, "augmentation": repr(recipe.augmentation)}
        own = replace(
            own,
            settings=experiment.describe(),
            recipe=replace(own.recipe, **vars(recipe) | plain),
            batch_size=experiment.batch_size_for(10**4),
            first_trained=experiment.trainable[0],
            changed=tuple(changed_from_recipe(experiment)),
        )
        run = replace(
            run,
            experiment=own,
            weights=replace(run.weights, sha256=sha256),
            data=replace(run.data, content=content),
            tuning=TuningInfo(trials, ()) if trials else None,
        )
        return from_json(type(run), to_json(run), tmp_path)

    return make_manifest


def besides(setting, there, here):
    return "; ".join(differences_besides((setting,), there, here, ("in a", "in b")))


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("recipe", ("forum", "strong")),
        ("fine_tune", ("half", "head", "full")),
        ("lr", (None, 1e-4, 1e-2)),
        ("epochs", (None, (1.0,), (2.0, 3.0))),
        ("lr_schedule", (None, "cosine")),
        ("augmentation", (None, 1.0, 2.0)),
        ("budget", ("images", "steps")),
        ("backbone", ("inception_v3", "resnet18")),
        ("batch_size", (None, 8, 32)),
        ("image_size", (128, 299)),
        ("imbalance", ("natural", "exp:10")),
        ("merge_classes", (False, True)),
    ],
)
def test_what_follows_from_the_setting_is_no_difference(make, setting, values):
    is_of_images = setting in ("imbalance", "merge_classes")
    runs = [make(f"{value}" * is_of_images, **{setting: value}) for value in values]
    assert len({values_in_manifest((setting,), run) for run in runs}) == len(values)
    for run in runs[1:]:
        assert not besides(setting, runs[0], run)
    if setting != "recipe":
        assert setting.split("_")[0] in besides("recipe", runs[0], runs[-1])


@pytest.mark.parametrize("quick", [False, True])
def test_one_rate_or_number_of_epochs_under_two_recipes_is_the_same(make, quick):
    for settings in ({}, {"lr": 0.01}, {"epochs": (1,)}, {"fine_tune": "head"}):
        runs = [make(recipe=name, quick=quick, **settings) for name in ("forum", "strong")]
        assert not besides("recipe", *runs)
    of_own = replace(RECIPES["forum"], name="mine")
    assert not besides("recipe", make(recipe=of_own, lr=0.1), make(recipe="forum", lr=0.1))
    # given or not, these lead to the same
    assert not besides("recipe", make(recipe="forum", epochs=(2, 2)), make(recipe="strong"))
    short = make(recipe="strong", epochs=(1,), quick=True)
    assert not besides("recipe", make(recipe="forum", quick=True), short)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"lr": 0.02}, "lr as in the recipe in a, 0.02 in b"),
        ({"epochs": (3,)}, "epochs as in the recipe in a, 3 in b"),
        ({"lr_schedule": "cosine"}, "lr schedule default in a, cosine in b"),
        ({"augmentation": 2}, "augmentation default in a, 2.0 in b"),
        ({"budget": "steps"}, "budget images in a, steps in b"),
        ({"fine_tune": "head"}, "fine-tune half in a, head in b"),
        ({"batch_size": 8}, "batch size 64 in a, 8 in b"),
        ({"image_size": 299}, "image size 128 in a, 299 in b"),
        ({"quick": True}, "quick in b, not in a"),
        ({"sha256": "other"}, "weights bundled in a, bundled other in b"),
        ({"content": "other"}, "images of clothes in a, clothes in b"),
        ({"trials": 3}, "tune 0 in a, 3 in b"),
    ],
)
def test_everything_else_is_told(make, other, words):
    text = besides("recipe", make(recipe="forum"), make(recipe="strong", **other))
    assert text == words
    assert not besides("recipe", make(recipe="forum", **other), make(recipe="strong", **other))


def test_a_recipe_of_the_same_name_with_other_values_is_told(make):
    other = replace(RECIPES["forum"], weight_decay=0.5)
    assert "had other values in a than in b" in besides("image_size", make(), make(recipe=other))
