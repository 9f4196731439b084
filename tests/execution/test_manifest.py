"""The manifest and the splits of a run."""

from dataclasses import replace

import pytest

from benchmark import api
from benchmark.execution.manifest import write_manifest
from benchmark.plan.run_options import RunOptions
from benchmark.strategy.registration import StrategyEntry
from benchmark.strategy.registry import resolve

NAMES = "focal_loss,no_change"


@pytest.fixture
def executor(small_experiment, tmp_path):
    return api.plan(small_experiment(seeds=2), RunOptions(strategies=NAMES, out=tmp_path))


def test_the_manifest_holds_settings_data_and_strategies(executor, tmp_path):
    write_manifest(executor, "the command")
    manifest = executor.folder.read_manifest()
    assert (manifest.name, manifest.command, manifest.quick) == (
        tmp_path.name,
        "the command",
        False,
    )
    assert manifest.experiment.settings["backbone"] == "small"
    assert manifest.experiment.settings["recipe"] == manifest.experiment.recipe.name == "forum"
    assert manifest.experiment.first_trained == "body"
    assert manifest.experiment.trained_blocks == 3  # body, tail and pool
    assert manifest.experiment.changed == ("epochs",)
    assert [phase["epochs"] for phase in manifest.experiment.recipe.phases] == [1, 0.5]
    assert (manifest.data.images, manifest.data.groups) == (47, None)
    assert manifest.data.classes == ("common", "middling", "rare")
    assert [sum(counts) for counts in zip(*manifest.data.counts.values(), strict=True)] == [
        *(30, 12, 5)
    ]
    competing = [strategy.name for strategy in manifest.strategies if not strategy.is_null]
    assert competing == NAMES.split(",")
    (null,) = (strategy for strategy in manifest.strategies if strategy.is_null)
    assert (null.name, null.replicate_of) == ("no_change again", "no_change")
    focal_loss = manifest.strategies[0]
    assert focal_loss.parameters == {"gamma": 2.0}
    assert focal_loss.networks == {
        seed: executor.plan.networks["focal_loss", seed] for seed in (0, 1)
    }
    assert manifest.available["focal_loss"].components == ("loss",)
    assert manifest.available["no_change"].components == ()
    assert manifest.tuning is None


def test_the_baseline_is_the_strategy_that_changes_nothing_unless_another_is_chosen(executor):
    write_manifest(executor, None)
    assert executor.folder.read_manifest().baseline == "no_change"
    write_manifest(executor, None, baseline="focal_loss")
    assert executor.folder.read_manifest().baseline == "focal_loss"


def test_parameters_that_differ_between_seeds_are_all_given(executor):
    (spec,) = resolve("focal_loss:gamma=1")
    specs = executor.plan.specs | {("focal_loss", 1): replace(spec, name="focal_loss")}
    write_manifest(executor.with_plan(replace(executor.plan, specs=specs)), None)
    assert executor.folder.read_manifest().strategies[0].parameters == {"gamma": "2.0, 1.0"}


def test_a_strategy_that_can_no_longer_be_built_is_left_out(executor, monkeypatch):
    def build(entry):
        if entry.name == "class_weights":
            raise SystemExit(0)
        return entry.build()

    monkeypatch.setattr(StrategyEntry, "build_default", build)
    write_manifest(executor, None)
    available = executor.folder.read_manifest().available
    assert "class_weights" not in available
    assert "focal_loss" in available


def test_the_files_of_splits_hold_every_image_once(executor):
    write_manifest(executor, None)
    images = executor.prepared.images
    for seed in (0, 1):
        split = executor.folder.read_split(seed)
        parts = (split.train, split.val, split.test)
        assert sorted(file for part in parts for file in part.files) == sorted(images.files)
        for part in parts:
            labels = [images.labels[images.files.index(file)] for file in part.files]
            assert part.labels == tuple(labels)
            assert part.counts == tuple(labels.count(c) for c in range(3))
            assert part.groups is None


def test_the_files_of_splits_hold_the_group_of_every_image(
    small_experiment, grouped_folder, tmp_path
):
    experiment = small_experiment(data=str(grouped_folder))
    executor = api.plan(experiment, RunOptions(strategies=NAMES, out=tmp_path))
    write_manifest(executor, None)
    images, split = executor.prepared.images, executor.folder.read_split(0)
    assert executor.folder.read_manifest().data.groups == 24  # of 4 images or fewer, of 94
    for part in (split.train, split.val, split.test):
        groups = [images.groups[images.files.index(file)] for file in part.files]
        assert part.groups == tuple(groups)
