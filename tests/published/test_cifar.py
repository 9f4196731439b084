"""Another network and recipe through the same harness: ResNet-32 of the long-tail papers."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from benchmark import api
from benchmark.execution.prepare import prepare
from benchmark.model.network import build_network, freeze, split
from benchmark.model.registry import find_backbone
from benchmark.model.weights import load_weights
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.strategy import NoAugmentation
from benchmark.system.progress import NullProgress, Timer
from tests.published import cifar, cifar10_lt

RESNET = find_backbone("resnet32")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """train/ with 40, 20 and 8 images of 32 px, test/ with 14 of each class."""
    root, rng = tmp_path_factory.mktemp("cifar"), np.random.default_rng(0)
    for part, counts in (("train", (40, 20, 8)), ("test", (14, 14, 14))):
        for level, count in zip((60, 120, 180), counts, strict=True):
            class_folder = root / part / f"level{level}"
            class_folder.mkdir(parents=True)
            for number in range(count):
                pixels = rng.normal(level, 40, (32, 32, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(class_folder / f"{number:03}.png")
    return root


def experiment(folder, **others):
    settings = {
        "data": str(cifar10_lt.manifest(folder, folder / "images.csv")),
        "backbone": "resnet32",
        "weights": "none",
        "recipe": replace(cifar.make_recipe(2), batch_size=8),
        "image_size": 32,
        "device": "cpu",
        "precision": "fp32",
    }
    return Experiment(**{**settings, **others})


def test_the_network_is_that_of_the_papers():
    """He et al. 2016, section 4.2: 32 layers, 0.46 million parameters, 69 million products."""
    network = build_network(RESNET, None)
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d)]
    assert len(convolutions) + 1 == 32
    parameters = sum(p.numel() for p in network.parameters()) + 64 * 10 + 10
    assert round(parameters / 1e6, 2) == 0.46
    sides = (32,) * 11 + (16,) * 10 + (8,) * 10
    products = sum(m.weight.numel() * side**2 for m, side in zip(convolutions, sides, strict=True))
    assert round(products / 1e6) == 69


def test_shapes_are_known_without_weights():
    network, x = build_network(RESNET, None).eval(), torch.zeros(2, 3, 32, 32)
    assert RESNET.blocks == ("stem", "layer1", "layer2", "layer3", "average")
    for name, block in network.named_children():
        assert RESNET.input_shape(name, 32) == tuple(x.shape[1:])
        x = block(x)
    assert RESNET.width == x.shape[1] == 64


def test_images_are_normalised_to_mean_0_and_deviation_1():
    mean, std = (255 * torch.tensor(v) for v in (cifar.Normalise.mean, cifar.Normalise.std))
    stem = build_network(RESNET, None).stem
    for pixel, expected in ((mean, 0.0), (mean + std, 1.0)):
        normalised = stem[0](pixel.view(1, 3, 1, 1) / 127.5 - 1)
        torch.testing.assert_close(normalised.flatten(), torch.full((3,), expected))


@pytest.mark.parametrize("first", ["layer2", "head"])
def test_a_frozen_prefix_in_bfloat16_is_close(first):
    torch.manual_seed(0)
    network = build_network(RESNET, None)
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    with torch.no_grad():
        network(images / 127.5 - 1)  # batch-norm statistics that matter
    prefix = split(network, first)[0]
    exact, rough = (freeze(prefix, dtype)(images) for dtype in (torch.float32, torch.bfloat16))
    assert rough.dtype == (torch.float32 if first == "head" else torch.bfloat16)
    assert (rough.float() - exact).abs().max() < 0.03 * exact.abs().max()


def test_weights_of_a_file_are_those_of_its_blocks(tmp_path):
    torch.save({"state_dict": build_network(RESNET, None).state_dict()}, tmp_path / "its.pt")
    weights = load_weights(str(tmp_path / "its.pt"), RESNET)
    stored = torch.load(tmp_path / "its.pt")["state_dict"]
    for name, parameter in build_network(RESNET, weights.read()).named_parameters():
        assert torch.equal(parameter, stored[name])
    with pytest.raises(ValueError, match=r"no inception_v3 by .*Conv2d_1a_3x3"):
        load_weights(str(tmp_path / "its.pt"))


@pytest.mark.parametrize("spec", ["auto", "imagenet", "bundled"])
def test_weights_that_the_network_lacks_are_refused(spec):
    with pytest.raises(ValueError, match=r"resnet32 has no .* weights: give --weights none"):
        load_weights(spec, RESNET)


def test_settings_are_checked_before_anything_is_opened():
    with pytest.raises(ValueError, match=r"image size 4 .*8 or more \(resnet32\)"):
        Experiment(backbone="resnet32", image_size=4)
    with pytest.raises(ValueError, match=r"'Mixed_6c'.*stem, layer1, layer2, layer3, average"):
        Experiment(backbone="resnet32", fine_tune="Mixed_6c")
    with pytest.raises(ValueError, match=r"'resnet23'.*Did you mean 'resnet32'.*--plugin"):
        Experiment(backbone="resnet23")


def test_every_image_is_shifted_and_half_of_them_mirrored():
    images = torch.arange(32 * 32).remainder(251).to(torch.uint8).view(1, 1, 32, 32) + 1
    images = images.expand(400, 3, 32, 32)
    augmented = cifar.CropAndFlip()(images, torch.zeros(400), torch.Generator().manual_seed(0))
    padded = np.pad(images[0].numpy(), ((0, 0), (4, 4), (4, 4)))
    possible = {}
    for down in range(9):
        for right in range(9):
            window = padded[:, down : down + 32, right : right + 32]
            possible[window.tobytes()] = (down, right, False)
            possible[window[:, :, ::-1].tobytes()] = (down, right, True)
    windows = [possible[image.tobytes()] for image in augmented.contiguous().numpy()]
    assert {down for down, _, _ in windows} == {right for _, right, _ in windows} == set(range(9))
    assert 0.4 < np.mean([mirrored for _, _, mirrored in windows]) < 0.6


@pytest.mark.slow
@pytest.mark.parametrize("fine_tune", ["full", "half", "head"])
def test_strategies_of_every_kind_are_trained_on_it(folder, tmp_path, fine_tune):
    names = "no_change,ldam_drw,crt,prior_correction,tau_norm,deferred_resampling"
    recipe = replace(cifar.make_recipe(2, head_epochs=2), batch_size=8)
    phases = tuple(replace(phase, lr=0.01) for phase in recipe.phases)
    recipe = replace(recipe, phases=phases)
    if fine_tune == "half":  # then activations at the cut are stored
        recipe = replace(recipe, augmentation=NoAugmentation())
    trained = experiment(folder, recipe=recipe, fine_tune=fine_tune)
    options = RunOptions(names, out=tmp_path, jobs=1)
    executor = api.plan(trained, options)
    result = api.execute(executor, options, Timer(NullProgress()))
    assert set(result.summary["status"]) == {"ok"}
    assert result.comparison.manifest.experiment.settings["backbone"] == "resnet32"
    checks = result.comparison.findings.checks
    assert len(checks)
    assert checks[checks["passed"].eq(False)].empty


def test_results_of_one_network_are_not_used_for_another(folder):
    prepared = prepare(experiment(folder))
    other = replace(prepared, experiment=replace(prepared.experiment, recipe=cifar.make_recipe(3)))
    assert prepared.base_fingerprints != other.base_fingerprints
    network = replace(prepared.experiment, backbone="inception_v3", image_size=75)
    assert replace(prepared, experiment=network).base_fingerprints != prepared.base_fingerprints


def test_the_manifest_trains_on_all_of_train_and_tests_on_the_rest_of_test(folder):
    splits = prepare(experiment(folder)).splits[0]
    assert [len(getattr(splits, name)) for name in ("train", "val", "test")] == [68, 30, 12]


def test_the_script_compares_with_the_published_errors(folder, tmp_path, capsys, monkeypatch):
    flags = ["--images", folder, "--out", tmp_path, "--epochs", "3", "--device", "cpu"]
    monkeypatch.setattr("sys.argv", ["cifar10_lt", *map(str, flags)])
    monkeypatch.setattr(cifar10_lt, "errors", lambda _: dict(cifar10_lt.PUBLISHED))
    assert cifar10_lt.main() == 0
    worse = {**cifar10_lt.PUBLISHED, "ldam_drw": 33.0}
    monkeypatch.setattr(cifar10_lt, "errors", lambda _: worse)
    assert cifar10_lt.main() == 1
    output = capsys.readouterr().out
    assert "more than 2 points apart: ldam_drw" in output
    assert "ldam_drw and no_change" in output


def test_published_counts_are_an_exponential_profile():
    """Cui et al. 2019, section 5.1: n_c = 5000 * 100^(-c / 9)."""
    counts = [int(5000 * 100 ** (-c / 9)) for c in range(10)]
    assert counts == [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert sum(counts) == 12_406
    assert Path(cifar10_lt.__file__).read_text().count("12,406") == 1
