"""The trainings that several files of this folder look at."""

import pytest

from tests.train.small_training import Setup, small_features


@pytest.fixture(scope="session")
def features():
    """Three classes, 20 px; the block `body` and all after it is trained."""
    return small_features()


@pytest.fixture
def setup(features):
    """3 + 3 steps of 4 images."""
    return Setup(features)
