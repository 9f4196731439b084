"""A bad disk under the cache: a run that needs what was damaged has the tensors of any other."""

import os
import shutil

import pytest
import torch
from safetensors.torch import load_file

from benchmark import api
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin
from benchmark.storage.cache import cache_in
from benchmark.system.progress import NullProgress
from tests.integration.commands import SMALL_BACKBONE


class Sentences(NullProgress):
    """Keeps the sentences of a run."""

    def __init__(self):
        self.sentences = []

    def say(self, text):
        self.sentences.append(text)


def train(image_folder, cache, out):
    """Train two networks; return their tensors, and what was said of damage."""
    load_plugin(SMALL_BACKBONE)
    small = {"backbone": "small", "image_size": 32, "weights": "none", "epochs": "1+0.5"}
    experiment = Experiment(data=str(image_folder), precision="fp32", device="cpu", **small)
    options = RunOptions(strategies="no_change,class_weights", out=out, jobs=1, no_null=True)
    progress = Sentences()
    with cache_in(cache):
        executor = api.plan(experiment, options, progress)
        executor.train(progress)
    networks = {
        name: load_file(executor.outputs.tensor_file(key))
        for (name, _), key in executor.plan.networks.items()
    }
    return networks, [text for text in progress.sentences if "damaged" in text]


@pytest.fixture(scope="module")
def reference(image_folder, tmp_path_factory):
    """A cache that a run has filled, and the tensors of that run."""
    folder = tmp_path_factory.mktemp("reference")
    networks, damage = train(image_folder, folder / "cache", folder / "run")
    assert not damage
    return folder / "cache", networks


def change(path, middle):
    """Put other bytes into the middle of a file, and leave its size and time as they were."""
    before, content = path.stat(), bytearray(path.read_bytes())
    start = len(content) // 2
    content[start : start + len(middle)] = middle
    path.write_bytes(content)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def flip_rows(cache):
    for file in cache.glob("activations/*/rows.bin"):
        change(file, bytes([file.read_bytes()[file.stat().st_size // 2] ^ 64]))


def zero_pixels(cache):
    shutil.rmtree(cache / "activations")
    (file,) = cache.glob("pixels/*/pixels.bin")
    change(file, bytes(4096))


def cut_all(cache):
    for file in (*cache.glob("activations/*/rows.bin"), *cache.glob("pixels/*/*")):
        os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("harm", "notes"),
    [
        (flip_rows, ["1 row of activations before body was", "1 row of pooled features"]),
        (zero_pixels, ["the stored pixels of"]),
        pytest.param(
            cut_all, ["the stored pixels of", "before body", "features"], marks=pytest.mark.slow
        ),
    ],
)
def test_what_was_damaged_in_the_cache_changes_no_tensor(
    harm, notes, reference, image_folder, tmp_path
):
    filled, networks = reference
    shutil.copytree(filled, tmp_path / "cache")
    harm(tmp_path / "cache")
    again, damage = train(image_folder, tmp_path / "cache", tmp_path / "run")
    assert len(damage) == len(notes), damage
    assert all(note in text for note, text in zip(notes, damage, strict=True)), damage
    for name, tensors in networks.items():
        assert all(torch.equal(tensor, again[name][key]) for key, tensor in tensors.items()), name
    assert not train(image_folder, tmp_path / "cache", tmp_path / "once_more")[1]
