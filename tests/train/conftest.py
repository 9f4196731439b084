"""The experiment on which the training room is tested."""

import pytest

from benchmark.api import make_experiment


@pytest.fixture(scope="session")
def experiment_on(image_folder):
    """Three classes at 75 px, random weights; Mixed_7b and what follows is trained."""

    def make(device, precision="fp32"):
        return make_experiment(
            data=image_folder,
            weights="none",
            recipe="forum",
            epochs=None,
            lr=None,
            seeds=(0,),
            quick=False,
            fine_tune="Mixed_7b",
            image_size=75,
            precision=precision,
            device=device,
        )

    return make
