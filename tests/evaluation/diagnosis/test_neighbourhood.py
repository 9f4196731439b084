"""Images of one side among those of another, or apart from them."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from benchmark.evaluation.diagnosis import neighbourhood as module
from benchmark.evaluation.diagnosis.neighbourhood import PER_CLASS, Neighbourhood, evenly_spaced


def side(rng, shift=0.0, images=40):
    labels = np.repeat([0, 1, 2], images)
    features = rng.normal(size=(len(labels), 6)) + 4 * labels[:, None]
    features[labels == 2] += shift
    return features, labels


def test_sides_that_are_alike_have_as_many_neighbours_of_each_as_by_chance():
    rng = np.random.default_rng(0)
    values = [
        Neighbourhood.between(side(rng), side(rng)).first_among_neighbours(k)
        for _ in range(20)
        for k in range(3)
    ]
    assert np.mean(values) == pytest.approx(1, abs=0.05)


def test_sizes_of_the_sides_do_not_matter():
    rng = np.random.default_rng(1)
    values = [
        Neighbourhood.between(side(rng, images=90), side(rng, images=10)).first_among_neighbours(2)
        for _ in range(20)
    ]
    assert np.mean(values) == pytest.approx(1, abs=0.1)


def test_a_class_that_lies_apart_has_neighbours_of_its_own_side():
    rng = np.random.default_rng(2)
    neighbourhood = Neighbourhood.between(side(rng), side(rng, shift=9))
    assert neighbourhood.first_among_neighbours(2) < 0.05
    assert neighbourhood.first_among_neighbours(0) > 0.8


def test_a_class_without_images_on_the_second_side_has_no_neighbours():
    features, labels = side(np.random.default_rng(3))
    second = features[labels < 2], labels[labels < 2]
    assert np.isnan(Neighbourhood.between((features, labels), second).first_among_neighbours(2))


def test_large_classes_and_many_are_sampled(monkeypatch):
    rng = np.random.default_rng(4)
    neighbourhood = Neighbourhood.between(side(rng, images=3 * PER_CLASS), side(rng))
    assert neighbourhood.is_first.sum() == 3 * PER_CLASS
    monkeypatch.setattr(module, "IMAGES", 30)  # of three classes
    neighbourhood = Neighbourhood.between(side(rng), side(rng))
    assert np.bincount(neighbourhood.labels).tolist() == [22, 22, 22]
    positions = np.arange(10, 20)
    assert evenly_spaced(positions, 10) is positions
    assert evenly_spaced(positions, 3).tolist() == [10, 14, 19]


def test_neighbours_are_those_by_all_distances_and_of_equally_near_the_first():
    rng = np.random.default_rng(5)
    for width in (3, 400):
        features = rng.normal(5, 1, (90, width)).astype(np.float16)
        features[60:] = features[:30]  # twice, so that some are equally near
        labels = rng.integers(0, 2, 90)
        neighbourhood = Neighbourhood.between((features[:40], labels[:40]), (features, labels))
        distance = cdist(neighbourhood.features, neighbourhood.features)
        np.fill_diagonal(distance, np.inf)
        expected = np.argsort(distance, axis=1, kind="stable")[:, :5]
        np.testing.assert_array_equal(neighbourhood._nearest(np.arange(130), 5), expected)


def test_where_all_features_are_equal_the_first_are_the_nearest():
    features, labels = np.ones((7, 4), np.float16), np.arange(7) % 2
    neighbourhood = Neighbourhood.between((features[:0], labels[:0]), (features, labels))
    assert neighbourhood._nearest(np.array([0, 6]), 3).tolist() == [[1, 2, 3], [0, 1, 2]]
