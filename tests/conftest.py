"""What several rooms' tests share: a small imbalanced folder of images and a cache of their own."""

import gc
import os
import sys
import tempfile

# before anything loads OpenMP or BLAS: threads must not spin for cores that other tests work on
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pytest
from PIL import Image

from benchmark import plugins
from benchmark.model.registry import BACKBONES
from benchmark.strategy import registry
from tests.data.duplicates.pictures import write_leaking_folder

COUNTS = {"common": 30, "middling": 12, "rare": 5}
# files of whole runs, the longest first: what is short remains for the end, when cores fall idle
LONGEST = (
    *("integration/test_engines", "integration/test_misbehaving", "integration/test_stopping"),
    *("integration/test_run", "engines/test_ray_cluster", "engines/test_slurm_jobs"),
    *("integration/test_failures", "evaluation/test_planted_errors", "integration/test_sweep"),
    *("execution/test_tuning", "execution/test_executor", "execution/test_extension"),
)


def pytest_collection_modifyitems(items):
    """Put the longest files first; all others keep their order."""
    order = {f"tests/{name}.py": index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get(item.nodeid.partition("::")[0], len(order)))


@pytest.fixture(scope="module", autouse=True)
def older_objects_spared():
    """Look for garbage in what tests make alone: all that is imported takes longer than a test.

    A training in this process ends that.
    """
    if not gc.get_freeze_count():
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def own_folders(tmp_path_factory):
    """No test reads or fills the user's cache; what a killed process leaves goes with the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
        patch.setattr(tempfile, "tempdir", None)  # where it was found to be, before
        yield


@pytest.fixture(scope="session")
def image_folder(tmp_path_factory):
    """Three classes of 30, 12 and 5 noisy images, each with a brightness of its own."""
    rng = np.random.default_rng(0)
    root = tmp_path_factory.mktemp("images")
    for level, (name, count) in zip((60, 120, 180), COUNTS.items(), strict=True):
        (root / name).mkdir()
        for number in range(count):
            pixels = rng.normal(level, 40, (40, 40, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(root / name / f"{number:03}.png")
    return root


@pytest.fixture
def leaking_folder(tmp_path):
    """A given split whose test images are copies of training images, two of them."""
    return write_leaking_folder(tmp_path / "leaking")


@pytest.fixture
def forgotten():
    """Unload the plug-ins of a test, with all strategies and backbones that it registered."""
    registries = (registry.registered(), BACKBONES)
    before, files = [items.copy() for items in registries], plugins.loaded_files()
    of_tests = {name: m for name, m in sys.modules.items() if name.startswith("tests.")}
    yield
    sys.modules |= of_tests  # some are users' files to the plug-ins, which may have unloaded them
    for file in plugins.loaded_files().keys() - files:
        plugins.unload_plugin(file)
    for items, saved in zip(registries, before, strict=True):
        items.restore(saved)
    registry.broken.clear()
    plugins._sent.clear()  # else this process would be taken for a worker whose files were edited
