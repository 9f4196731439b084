"""What makes another experiment, said with the value there and here."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark import api
from benchmark.data.content_digests import Digests
from benchmark.execution.manifest import write_manifest
from benchmark.execution.run_identity import differences
from benchmark.plan.recipes import RECIPES, recipe_for
from benchmark.plan.run_options import RunOptions


@pytest.fixture(scope="module")
def stored(small_experiment, tmp_path_factory):
    """A run in its folder of which nothing is trained yet."""
    options = RunOptions("no_change", out=tmp_path_factory.mktemp("run"))
    executor = api.plan(small_experiment(), options)
    write_manifest(executor, None)
    return executor


def compare(stored, prepared, trials=0):
    return differences(stored.folder, stored.folder.read_manifest(), prepared, trials)


def with_experiment(stored, **settings):
    prepared = stored.prepared
    return replace(prepared, experiment=replace(prepared.experiment, **settings))


def with_images(stored, **fields):
    prepared = stored.prepared
    return replace(prepared, images=replace(prepared.images, **fields))


def test_the_same_experiment_differs_in_nothing(stored):
    assert compare(stored, stored.prepared) == []
    assert compare(stored, stored.prepared.with_seeds((3, 0))) == []
    assert compare(stored, replace(stored.prepared, processes=7, cache_limit=1)) == []
    # the images are compared, not which others could have been among them
    assert compare(stored, with_experiment(stored, allow_outside=True)) == []


def test_weights_are_compared_by_their_hash_and_not_by_their_name(stored):
    weights = stored.prepared.weights
    renamed = replace(stored.prepared, weights=replace(weights, name="x", source="y"))
    assert compare(stored, renamed) == []
    other = replace(weights, name="mine.pth", sha256="0123456789")
    expected = ["weights random there, mine.pth 01234567 here"]
    assert compare(stored, replace(stored.prepared, weights=other)) == expected


def test_labels_that_changed_are_counted(stored):
    labels = stored.prepared.images.labels.copy()
    labels[[0, 1]] = 2
    (text,) = compare(stored, with_images(stored, labels=labels))
    assert text.endswith("have changed since: 2 relabelled")


def test_what_names_do_not_show_counts_too(stored):
    count = len(stored.prepared.images)
    pixels = stored.prepared.pixels
    digests = Digests.from_texts(["0f" * 32, *pixels.digests[1:]])
    for changed in (
        replace(stored.prepared, pixels=replace(pixels, digests=digests)),
        with_images(stored, groups=np.arange(count)),
        with_images(stored, split=np.array(["train"] * count)),
    ):
        (text,) = compare(stored, changed)
        assert text.endswith("have changed since: their contents, groups or given splits")


def test_a_copy_elsewhere_is_the_same_and_other_images_are_named(stored):
    assert compare(stored, with_images(stored, spec="elsewhere")) == []
    classes = ("a", "b", "c")
    (text,) = compare(stored, with_images(stored, spec="elsewhere", classes=classes))
    assert text == f"other images: 47 of {stored.prepared.images.spec} there, 47 of elsewhere here"


def test_a_setting_that_chooses_images_explains_that_they_differ(stored):
    changed = replace(
        with_images(stored, classes=("a", "b", "c")),
        experiment=replace(stored.prepared.experiment, merge_classes=True),
    )
    assert compare(stored, changed) == ["merge classes here, not there"]


def test_a_recipe_is_compared_by_what_it_does(stored):
    epochs = (1, 0.5)
    described = replace(recipe_for("forum", epochs), description="other words")
    assert compare(stored, with_experiment(stored, recipe=described)) == []
    decayed = replace(described, weight_decay=0.1)
    expected = ["the recipe forum had other values there than here"]
    assert compare(stored, with_experiment(stored, recipe=decayed)) == expected
    strong = with_experiment(stored, recipe=recipe_for(RECIPES["strong"], epochs))
    assert compare(stored, strong) == ["recipe forum there, strong here"]


def test_several_differences_are_all_named(stored):
    changed = with_experiment(stored, lr=1e-2, fine_tune="head")
    expected = ["lr 0.0001 there, 0.01 here", "fine-tune half there, head here"]
    assert compare(stored, changed, trials=3) == [*expected, "tune 0 there, 3 here"]
