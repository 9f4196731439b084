"""Activations: where they are stored changes nothing, and each is computed once."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmark.model.network import IMAGES_AT_ONCE
from benchmark.plan.schedule import Budget
from benchmark.storage.stored_array import RowReader
from benchmark.system.device import Device
from benchmark.train.activation_store import DeviceActivationStore, DiskActivationStore
from benchmark.train.frozen_features import (
    FEATURES,
    FORWARD_PASSES,
    FROZEN_LAYERS,
    MIDDLE,
    FrozenFeatures,
)
from tests.train.small_training import LABELS, SPLIT, Setup, small_features


def on_disk(features, folder):
    shape = tuple(features.at_cut.read(np.arange(1)).shape[1:])
    at_cut = DiskActivationStore(folder / "at_cut", len(LABELS), shape, "float32")
    pooled = DiskActivationStore(folder / "pooled", len(LABELS), (24,), "float32")
    return replace(features, at_cut=at_cut, pooled=pooled)


def with_pixels_on_the_device(features):
    return replace(features, pixels=torch.from_numpy(features.pixels))


@pytest.mark.parametrize("cut", ["body", "head"])
def test_where_activations_are_stored_changes_nothing(tmp_path, cut):
    # as many as pass the frozen layers at once: sums of another number of images round otherwise,
    # of which batch norm over 4 of them makes .003 of a logit
    budget = Budget(IMAGES_AT_ONCE, (3, 3))
    features = small_features(cut)
    others = [on_disk(features, tmp_path), with_pixels_on_the_device(features)]
    if cut != "head":
        others.append(replace(features, at_cut=None))
    expected = Setup(features, budget).trained().outputs(SPLIT.test)
    for other in others:
        for forward_pass in FORWARD_PASSES:
            other.fill(forward_pass, np.arange(len(LABELS)))
        for left, right in zip(
            expected, Setup(other, budget).trained().outputs(SPLIT.test), strict=True
        ):
            torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)
    assert not len(others[0].at_cut.missing(SPLIT.train))


def with_pixels_in_a_file(features, folder):
    """As on a file system that maps no file."""
    (folder / "pixels.bin").write_bytes(features.pixels.tobytes())
    return replace(
        features, pixels=RowReader(folder / "pixels.bin", np.uint8, features.pixels.shape)
    )


def test_pixels_come_as_channels_first_from_each_memory(features, tmp_path):
    on_device, in_file = (
        with_pixels_on_the_device(features),
        with_pixels_in_a_file(features, tmp_path),
    )
    for source in (features, on_device, in_file):
        images = source.images(np.array([3, 1]))
        assert images.dtype == torch.uint8
        expected = torch.from_numpy(features.pixels[[3, 1]]).permute(0, 3, 1, 2)
        assert torch.equal(images, expected)
        assert images.is_contiguous(memory_format=torch.channels_last)


def test_stores_are_found_by_forward_pass(features):
    assert features.store(FROZEN_LAYERS) is features.at_cut
    assert features.store(FEATURES) is features.pooled
    nothing = replace(features, at_cut=None)
    assert nothing.store(FROZEN_LAYERS) is None
    nothing.fill(FROZEN_LAYERS, np.arange(3))  # nothing to do


@pytest.mark.parametrize("cut", ["head", "body", "stem"])
def test_pretrained_features_are_computed_where_no_pass_has_stored_them(cut):
    filled = small_features(cut)
    indices = np.array([3, 30, 46])
    expected = filled.pretrained_features(indices)
    empty = DeviceActivationStore(len(LABELS), filled.pooled.shape, "float32", "cpu")
    unfilled = replace(filled, pooled=empty, at_cut=empty if cut == "head" else filled.at_cut)
    assert torch.equal(unfilled.pretrained_features(indices), expected)
    assert not len(unfilled.pooled.missing(indices))
    if unfilled.at_cut is not None and cut != "head":  # not stored before the cut either
        shape = filled.at_cut.shape
        at_cut = DeviceActivationStore(len(LABELS), shape, "float32", "cpu")
        pooled = DeviceActivationStore(len(LABELS), filled.pooled.shape, "float32", "cpu")
        unfilled = replace(filled, pooled=pooled, at_cut=at_cut)
        assert torch.equal(unfilled.pretrained_features(indices), expected)
        assert len(at_cut.missing(indices)) == 3


@pytest.mark.parametrize("cut", ["head", "body", "stem"])
def test_pretrained_features_are_of_the_middle_and_the_end_which_count_the_same(cut):
    features, indices = small_features(cut), np.arange(len(LABELS))
    both = features.pretrained_features(indices)
    half = replace(features.pretrained, cut=features.pretrained.backbone.half)
    middle = half.prefix(features.images(indices)).mean((2, 3))  # (N, C, H, W) -> (N, C)
    width = middle.shape[1]
    assert both.shape == (len(LABELS), width + features.pooled.shape[0])
    for part, given in (
        (both[:, :width], middle),
        (both[:, width:], features.pooled.read(indices)),
    ):
        assert part.square().mean(0).sum() == pytest.approx(1, abs=0.05)  # constant ones are 0
        varies = given.std(0) > 1e-6
        scaled = (given - given.mean(0)) / given.std(0, correction=0) / given.shape[1] ** 0.5
        torch.testing.assert_close(part[:, varies], scaled[:, varies], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize(("cut", "passes"), [("head", 1), ("tail", 1), ("body", 1), ("stem", 2)])
def test_images_of_which_nothing_is_stored_pass_the_layers_once(monkeypatch, cut, passes):
    """Or twice, where the middle comes after the cut."""
    filled, indices = small_features(cut), np.array([3, 30, 46])
    expected = filled.pretrained_features(indices)

    def empty(store):
        return DeviceActivationStore(len(LABELS), store.shape, "float32", "cpu")

    pooled = empty(filled.pooled)
    at_cut = pooled if cut == "head" else None
    unfilled = replace(filled, pooled=pooled, at_cut=at_cut, middle=empty(filled.middle))
    images, calls = FrozenFeatures.images, []
    monkeypatch.setattr(
        FrozenFeatures, "images", lambda self, i: calls.append(len(i)) or images(self, i)
    )
    assert torch.equal(unfilled.pretrained_features(indices), expected)
    assert len(calls) == passes
    assert len(unfilled.middle.missing(np.arange(len(LABELS)))) == len(LABELS) - 3
    blocks = unfilled.pretrained.prefix.blocks
    hooks = [hook for m in blocks.modules() for hook in (m._forward_hooks, m._forward_pre_hooks)]
    assert not any(hooks), "they are taken off again"


@pytest.mark.parametrize("cut", ["body", "head"])
def test_the_middle_is_read_from_what_is_stored_before_it(monkeypatch, cut):
    filled, indices = small_features(cut), np.array([3, 30, 46])
    expected = filled.middle.read(indices)
    again = DeviceActivationStore(len(LABELS), filled.middle.shape, "float32", "cpu")
    unfilled = replace(filled, middle=again)
    if cut == "body":  # no image passes the frozen layers a second time
        monkeypatch.setattr(FrozenFeatures, "images", None)
    unfilled.fill(MIDDLE, indices)
    assert torch.equal(again.read(indices), expected)


class Values:
    """Stands in for a tensor in the host's memory, and notes how it is copied."""

    is_cuda = False

    def __init__(self):
        self.calls = []

    def pin_memory(self):
        self.calls.append("pinned")
        return self

    def to(self, device, non_blocking):
        self.calls.append((device.type, non_blocking))
        return self


@pytest.mark.parametrize(("device", "pinned"), [("cpu", []), ("cuda", ["pinned"])])
def test_values_are_copied_to_a_gpu_from_pinned_memory_without_waiting(features, device, pinned):
    """Other memory would have to be copied before the host may go on."""
    pretrained = replace(features.pretrained, device=Device(device, "float32"))
    values = replace(features, pretrained=pretrained).to_device(Values())
    assert values.calls == [*pinned, (device, True)]
