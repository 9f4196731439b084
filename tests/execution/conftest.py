"""An experiment on the small backbone."""

import pytest

from benchmark.plan.experiment import Experiment
from benchmark.plugins import load_plugin, unload_plugin
from tests.integration.commands import SMALL_BACKBONE


@pytest.fixture(scope="module")
def small_experiment(image_folder):
    """Return a function that makes an experiment on the small backbone, with other settings."""
    load_plugin(SMALL_BACKBONE)

    def make(**settings):
        small = {"backbone": "small", "image_size": 32, "weights": "none", "epochs": (1, 0.5)}
        fixed = {"data": str(image_folder), "precision": "fp32", "device": "cpu"}
        return Experiment(**{**fixed, **small, **settings})

    yield make
    unload_plugin(SMALL_BACKBONE)
