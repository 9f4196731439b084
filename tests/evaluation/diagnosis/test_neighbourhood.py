"""Images of one side among those of another, or apart from them."""

import numpy as np
import pytest

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


def test_large_classes_are_sampled():
    rng = np.random.default_rng(4)
    neighbourhood = Neighbourhood.between(side(rng, images=3 * PER_CLASS), side(rng))
    assert neighbourhood.is_first.sum() == 3 * PER_CLASS
    positions = np.arange(10, 20)
    assert evenly_spaced(positions, 10) is positions
    assert evenly_spaced(positions, 3).tolist() == [10, 14, 19]
