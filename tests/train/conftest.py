"""The trainings that several files of this folder look at."""

import pytest

from benchmark.model.registry import BACKBONES
from tests.train.small_training import SMALL, Setup, small_features


@pytest.fixture(scope="session")
def features():
    """Three classes, 20 px; the block `body` and all after it is trained."""
    return small_features()


@pytest.fixture
def setup(features):
    """3 + 3 steps of 4 images."""
    return Setup(features)


@pytest.fixture(autouse=True)
def small_network():
    """Register the small network again: other tests may have unloaded it as a plug-in."""
    BACKBONES.register(SMALL.name, SMALL, SMALL.build)
