"""An experiment on the small backbone."""

import shutil

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


@pytest.fixture(scope="module")
def grouped_folder(image_folder, tmp_path_factory):
    """The small folder, every image twice under two names, in groups of four."""
    folder = tmp_path_factory.mktemp("grouped")
    rows = ["file,group"]
    for file in sorted(image_folder.glob("*/*.png")):
        class_name, number = file.parent.name, int(file.stem)
        (folder / class_name).mkdir(exist_ok=True)
        for name in (f"{number:03}.png", f"{number:03}_again.png"):
            shutil.copyfile(file, folder / class_name / name)
            rows.append(f"{class_name}/{name},{class_name}{number // 2}")
    (folder / "groups.csv").write_text("\n".join(rows))
    return folder
