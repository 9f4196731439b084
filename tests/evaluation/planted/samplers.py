"""Samplers with a planted error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmark.strategy import (
    Shuffle,
    Strategy,
)
from strategies.random_oversampling import Oversampler
from tests.evaluation.planted.planted_error import PlantedError, component, every, last


def _rows(labels, c):
    return np.flatnonzero(labels == c)


@component()
def one_image_of_each_class(self, labels, rng):
    size = np.bincount(labels).max()
    classes = np.unique(labels)
    repeats = [np.full(size - len(_rows(labels, c)), _rows(labels, c)[0]) for c in classes]
    return rng.permutation(np.concatenate([np.arange(len(labels)), *repeats]))


@component()
def class_after_class(self, labels, rng):
    size = np.bincount(labels).max()
    return np.concatenate([rng.choice(_rows(labels, c), size) for c in np.unique(labels)])


@component()
def first_images_alone(self, labels, rng):
    counts = np.bincount(labels)
    size = counts[counts > 0].min()
    return rng.permutation(np.concatenate([_rows(labels, c)[:size] for c in np.unique(labels)]))


@component()
def half_of_the_gap(self, labels, rng):
    counts = np.bincount(labels)
    rows = [
        rng.choice(_rows(labels, c), (counts[c] + counts.max()) // 2) for c in np.unique(labels)
    ]
    return rng.permutation(np.concatenate(rows))


@component()
def large_classes_more(self, labels, rng):
    p = np.bincount(labels)[labels].astype(float)
    return rng.choice(len(labels), 4 * len(labels), p=p / p.sum())


@component()
def half_of_the_images(self, labels, rng):
    size = np.bincount(labels).max()
    rows = [_rows(labels, c) for c in np.unique(labels)]
    rows = [rng.choice(each[: -(-len(each) // 2)], size) for each in rows]
    return rng.permutation(np.concatenate(rows))


@component()
def only_the_largest_is_cut(self, labels, rng):
    counts = np.bincount(labels)
    second = np.sort(counts)[-2]
    rows = [rng.permutation(_rows(labels, c))[:second] for c in np.unique(labels)]
    return rng.permutation(np.concatenate(rows))


@component()
def batches_of_one_class(self, labels, rng):
    size = np.bincount(labels).max()
    order = rng.permutation(np.unique(labels))
    return np.concatenate([rng.permutation(np.resize(_rows(labels, c), size)) for c in order])


def backwards(right: Strategy) -> Strategy:
    samplers = [stage.sampler for stage in right.stages][::-1]
    pairs = zip(right.stages, samplers, strict=True)
    return replace(right, stages=tuple(replace(stage, sampler=s) for stage, s in pairs))


_oversampling = "random_oversampling"
PLANTED = [
    PlantedError(
        "oversampling repeats one image",
        "sampler",
        _oversampling,
        every(sampler=one_image_of_each_class),
    ),
    PlantedError("a plain epoch", "sampler", _oversampling, every(sampler=Shuffle())),
    PlantedError(
        "epochs in order of class", "sampler", _oversampling, every(sampler=class_after_class)
    ),
    PlantedError(
        "always the same images are kept",
        "sampler",
        "undersampling",
        every(sampler=first_images_alone),
    ),
    PlantedError(
        "half of the gap is filled", "sampler", _oversampling, every(sampler=half_of_the_gap)
    ),
    PlantedError(
        "large classes are drawn more", "sampler", _oversampling, every(sampler=large_classes_more)
    ),
    PlantedError(
        "repeats of one image in a later stage",
        "sampler",
        "deferred_resampling",
        last(sampler=one_image_of_each_class),
    ),
    PlantedError(
        "the wrong power", "sampler", "square_root_sampling", every(sampler=Oversampler(0.75))
    ),
    PlantedError("stages run backwards", "sampler", "progressive_sampling:stages=3", backwards),
]
KEPT_APART = [
    PlantedError(
        "half of the images are never drawn",
        "sampler",
        _oversampling,
        every(sampler=half_of_the_images),
    ),
    PlantedError(
        "only the largest class is cut",
        "sampler",
        "undersampling",
        every(sampler=only_the_largest_is_cut),
    ),
    PlantedError(
        "batches of one class", "sampler", _oversampling, every(sampler=batches_of_one_class)
    ),
]
