"""The images of a run by their files, and where its kept networks look."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from benchmark.execution.networks import NetworkStore
from benchmark.execution.prepare import prepare
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.run_images import RunImages
from benchmark.inference.grad_cam import GradCam
from benchmark.inference.trained_network import TrainedNetwork
from benchmark.model.network import Network, freeze, split
from tests.model.small_chain import small_chain


@pytest.fixture(scope="module")
def prepared(small_experiment):
    return prepare(small_experiment())


def network(prepared, seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        prefix, suffix = split(small_chain().eval(), "tail")
        trained = Network(suffix, nn.Linear(24, 3), 0.0).eval().requires_grad_(False)
    return TrainedNetwork(freeze(prefix), trained, prepared.device)


def test_a_network_looks_at_the_pixels_of_the_files(prepared):
    loaded, trained = [], network(prepared)

    def load(*arguments):
        loaded.append(arguments)
        return trained

    images = RunImages(prepared, SimpleNamespace(load=load), {"key": "head"})
    files = ("rare/003.png", "common/000.png")
    attention = images.attention("key", files, [2, 0])
    assert loaded == [("key", prepared, "head")]
    rows = [prepared.images.files.index(file) for file in files]
    expected = GradCam.choose(trained, 32).maps(prepared.pixels.array[rows], np.array([2, 0]))
    assert attention.block == "tail"
    assert np.array_equal(attention.maps, expected)
    assert images.pixels is prepared.pixels


def test_networks_are_kept_whose_files_are_there(prepared, tmp_path):
    store = NetworkStore(RunFolder(tmp_path))
    images = RunImages(prepared, store, {})
    store.file("a" * 40).parent.mkdir()
    store.file("a" * 40).touch()
    assert images.kept(["a" * 40, "b" * 40]) == {"a" * 40}
    ensembles = {"ab": ("a" * 40, "b" * 40), "aa": ("a" * 40,)}
    assert RunImages(prepared, store, {}, ensembles).kept(["ab", "aa"]) == {"aa"}


def test_an_ensemble_looks_where_its_networks_look_on_average(prepared):
    trained = {key: network(prepared, seed) for seed, key in enumerate("ab")}
    store = SimpleNamespace(load=lambda key, prepared, head: trained[key])
    images = RunImages(prepared, store, dict.fromkeys("ab"), {"both": ("a", "b")})
    files = ("rare/003.png", "common/000.png")
    both, *single = (images.attention(key, files, [1, 1]) for key in ("both", "a", "b"))
    mean = (single[0].maps + single[1].maps) / 2
    assert (both.networks, single[0].networks) == (2, 1)
    assert both.maps == pytest.approx(mean / mean.max((1, 2), keepdims=True), abs=1e-6)


def executor(folder, others=()):
    segments = [SimpleNamespace(key="key", head="head")]
    plan = SimpleNamespace(segments=segments, members={"both": ("key", "other")})
    prepared = SimpleNamespace(here=lambda: "on this machine")
    return SimpleNamespace(prepared=prepared, folder=RunFolder(folder), plan=plan, others=others)


def test_images_are_shown_unless_they_must_not_be_or_the_run_is_one_of_a_sweep(tmp_path):
    page = tmp_path / "gallery.html"
    page.touch()
    images = RunImages.to_show(executor(tmp_path), no_gallery=False)
    assert images.prepared == "on this machine"
    assert (images.heads, images.members) == ({"key": "head"}, {"both": ("key", "other")})
    assert RunImages.to_show(executor(tmp_path, others=("run",)), no_gallery=False) is None
    assert page.exists()
    assert RunImages.to_show(executor(tmp_path), no_gallery=True) is None
    assert not page.exists()
