"""Learning curves at the end of a run: from the pretrained network's features, once."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark import api
from benchmark.evaluation.learning_curve.curves import learning_curves
from benchmark.execution import more_images as module
from benchmark.execution.class_curves import FILE, ClassCurves
from benchmark.execution.more_images import write_class_curves
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import NullProgress, Timer


@pytest.fixture
def planned(small_experiment, tmp_path, monkeypatch):
    """A run of two seeds, planned, with weights that count as pretrained."""
    options = RunOptions(strategies="no_change", out=tmp_path, jobs=1, no_null=True)
    executor = api.plan(small_experiment(seeds=2), options)
    _ = executor.prepared.frozen_features
    weights = replace(executor.prepared.weights, fetch=dict)
    monkeypatch.setitem(vars(executor.prepared), "weights", weights)
    return executor


def test_they_are_those_of_the_features_in_the_middle(planned):
    write_class_curves(planned, NullProgress())
    prepared = planned.prepared
    (first, second) = ClassCurves.read(planned.folder).seeds
    assert (first.seed, second.seed) == (0, 1)
    assert first.fingerprint != second.fingerprint
    split, labels = prepared.splits[0], prepared.labels(0)
    frozen = prepared.frozen_features
    parts = [
        (frozen.middle.read(images).numpy(), labels[images]) for images in (split.train, split.test)
    ]
    assert first.curves == learning_curves(*parts, prepared.classes)
    counts = prepared.train_counts(0)
    assert [curve.train_images for curve in first.curves] == counts.tolist()


def test_they_are_computed_once_and_for_new_seeds_alone(planned, monkeypatch):
    timer = Timer(NullProgress())
    write_class_curves(planned, timer)
    assert "learning curves" in timer.seconds
    file = planned.folder.path / FILE
    before = file.read_bytes()
    computed = []
    original = module._seed_curves
    monkeypatch.setattr(module, "_seed_curves", lambda *a: computed.append(a[1]) or original(*a))
    write_class_curves(planned, NullProgress())
    assert (computed, file.read_bytes()) == ([], before)
    stored = ClassCurves.read(planned.folder)
    replace(stored, seeds=stored.seeds[:1]).write(planned.folder)
    write_class_curves(planned, NullProgress())
    assert (computed, file.read_bytes()) == ([1], before)
    file.write_text(before.decode().replace("0.", "1.", 1))  # damaged
    write_class_curves(planned, NullProgress())
    assert (computed, file.read_bytes()) == ([1, 0, 1], before)


def test_labels_that_were_changed_give_other_curves(planned, monkeypatch):
    write_class_curves(planned, NullProgress())
    before = ClassCurves.read(planned.folder).seeds
    prepared = planned.prepared
    labels = prepared.images.labels.copy()
    train = prepared.splits[0].train
    labels[train] = np.roll(labels[train], 1)
    given = replace(prepared.given_labels, by_seed={0: labels})
    monkeypatch.setitem(vars(prepared), "given_labels", given)
    write_class_curves(planned, NullProgress())
    after = ClassCurves.read(planned.folder).seeds
    assert after[0] != before[0]
    assert after[1] == before[1]


def test_of_many_images_a_sample_stands_for_all(planned, monkeypatch):
    monkeypatch.setattr(module, "MOST_TRAINING_IMAGES", 0)
    monkeypatch.setattr(module, "FEWEST_OF_A_CLASS", 2)
    write_class_curves(planned, NullProgress())
    first = ClassCurves.read(planned.folder).seeds[0]
    assert [c.train_images for c in first.curves] == planned.prepared.train_counts(0).tolist()


def test_random_weights_have_no_curves(small_experiment, tmp_path):
    options = RunOptions(strategies="no_change", out=tmp_path, jobs=1, no_null=True)
    executor = api.plan(small_experiment(), options)
    assert executor.prepared.weights.fetch is None
    write_class_curves(executor, NullProgress())
    assert not (tmp_path / FILE).exists()
