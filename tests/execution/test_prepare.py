"""What is opened before a run trains."""

import errno
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data import split_images
from benchmark.data.content_digests import Digests
from benchmark.data.splits import LeakError, make_splits
from benchmark.execution import prepare as module
from benchmark.execution.prepare import prepare
from benchmark.model.registry import find_backbone
from benchmark.model.weights import load_weights
from benchmark.system.device import Device, choose_device
from tests.system.gpus import pretend_gpus


def test_device_and_weights_are_found(image_folder, small_experiment):
    settings = {"backbone": "inception_v3", "image_size": 75, "weights": "bundled"}
    prepared = prepare(small_experiment(**settings))
    weights = load_weights("bundled", find_backbone("inception_v3"))
    assert prepared.device == choose_device("cpu", "fp32")
    assert (prepared.weights.name, prepared.weights.sha256) == (weights.name, weights.sha256)


def test_the_device_may_be_that_of_a_worker_on_another_machine(small_experiment, monkeypatch):
    pretend_gpus(monkeypatch)
    gpu = Device("cuda", "bfloat16", "a GPU", "2.10.0", (0, 1), "GPU 2 is left out.")
    prepared = prepare(small_experiment(device="cuda"), device=gpu)
    assert prepared.device is gpu
    assert "GPU 2 is left out." in prepared.messages
    assert prepared.with_seeds((1,)).device is gpu
    here = prepared.with_processes(4).here()
    assert (here.device.name, here.processes, here.processes_per_device) == ("cpu", 1, 1)
    assert here.base_fingerprints != prepared.base_fingerprints
    pretend_gpus(monkeypatch, "a GPU")
    assert prepared.here() is prepared


def test_processes_share_the_memory_of_their_gpu_alone(small_experiment):
    prepared = replace(prepare(small_experiment()), device=Device("cuda", "float32", gpus=(0, 1)))
    spread = prepared.with_processes(4)
    assert (spread.processes, spread.processes_per_device) == (4, 2)
    assert prepared.with_processes(64, per_device=1).processes_per_device == 1, "a cluster's"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"weights": "nowhere.pth"}, "'nowhere.pth', which is no file; allowed"),
        ({"imbalance": "expo:10"}, "'exp:RATIO'"),
        ({"device": "cuda:99"}, "use --device cpu"),
        ({"data": "nowhere/"}, "nowhere"),
    ],
)
def test_no_image_is_decoded_before_a_mistake_is_reported(
    small_experiment, monkeypatch, settings, error
):
    monkeypatch.setattr(module, "prepare_pixels", None)
    with pytest.raises((ValueError, FileNotFoundError), match=error):
        prepare(small_experiment(**settings))


def test_each_message_is_given_once(small_experiment):
    prepared = prepare(small_experiment(seeds=3, imbalance="exp:5"))
    assert len(set(prepared.messages)) == len(prepared.messages)
    assert "Made imbalanced (exp:5)" in " ".join(prepared.messages)


def test_base_fingerprints_differ_by_seed_and_by_settings(small_experiment):
    seeds = prepare(small_experiment(seeds=2)).base_fingerprints
    assert seeds[0] != seeds[1]
    assert prepare(small_experiment()).base_fingerprints[0] == seeds[0]
    assert prepare(small_experiment(lr=1e-3)).base_fingerprints[0] != seeds[0]


@pytest.fixture(scope="module")
def prepared(small_experiment):
    return prepare(small_experiment())


OTHER_INGREDIENTS = {
    "weights": lambda p: replace(p, weights=replace(p.weights, sha256="other")),
    "precision": lambda p: replace(p, device=replace(p.device, precision="bfloat16")),
    "device type": lambda p: replace(p, device=replace(p.device, name="cuda:1")),
    "torch version": lambda p: replace(p, device=replace(p.device, torch_version="99.0")),
    "decoding": lambda p: replace(p, pixels=replace(p.pixels, decoding="other")),
    "pixels": lambda p: replace(
        p, pixels=replace(p.pixels, digests=Digests.from_texts(["0f" * 32] * len(p.images)))
    ),
    "labels": lambda p: replace(p, images=replace(p.images, labels=p.images.labels[::-1])),
    "batch size": lambda p: replace(p, budgets={0: replace(p.budgets[0], batch_size=99)}),
    "training images": lambda p: _with_split(p, train=p.splits[0].train[1:]),
    "validation images": lambda p: _with_split(p, val=p.splits[0].val[1:]),
    "test images": lambda p: _with_split(p, test=p.splits[0].test[1:]),
    "groups": lambda p: replace(p, images=replace(p.images, groups=np.arange(len(p.images)) // 2)),
}


def _with_split(prepared, **indices):
    return replace(prepared, splits={0: replace(prepared.splits[0], **indices)})


@pytest.mark.parametrize("ingredient", OTHER_INGREDIENTS)
def test_base_fingerprints_change_with_every_ingredient(prepared, ingredient):
    other = OTHER_INGREDIENTS[ingredient](prepared)
    assert other.base_fingerprints[0] != prepared.base_fingerprints[0]


def test_wrong_labels_change_the_key_and_not_the_content(prepared, small_experiment):
    noisy = prepare(small_experiment(label_noise=0.2))
    assert noisy.base_fingerprints[0] != prepared.base_fingerprints[0]
    assert noisy.content_hash == prepared.content_hash
    np.testing.assert_array_equal(noisy.images.labels, prepared.images.labels)
    wrong = noisy.labels(0) != noisy.images.labels
    assert wrong.sum() == round(0.2 * len(noisy.splits[0].train))
    assert noisy.train_counts(0).sum() == len(noisy.splits[0].train)


def test_without_noise_labels_are_those_of_the_images(prepared, small_experiment):
    none = prepare(small_experiment(label_noise="none"))
    assert none.labels(0) is none.images.labels
    assert none.base_fingerprints == prepared.base_fingerprints


def test_keys_and_content_follow_corrected_labels_and_stored_images_do_not(
    prepared, small_experiment, tmp_path
):
    file = prepared.images.files[int(prepared.splits[0].train[0])]
    label = int(prepared.images.labels[prepared.images.files.index(file)])
    keys, contents = [], []
    for c in (label, (label + 1) % 3):
        (tmp_path / "fixed.csv").write_text(f"path,label\n{file},{prepared.images.classes[c]}\n")
        corrected = prepare(small_experiment(labels=str(tmp_path / "fixed.csv")))
        keys.append(corrected.base_fingerprints[0])
        contents.append(corrected.content_hash)
        assert corrected.pixels.key == prepared.pixels.key
        assert corrected.images.labels[prepared.images.files.index(file)] == c
    assert keys[0] == prepared.base_fingerprints[0] != keys[1]
    assert contents[0] == prepared.content_hash != contents[1]
    assert any("Corrected labels" in message for message in corrected.messages)


def test_corrected_labels_are_read_before_images_are_decoded(small_experiment, monkeypatch):
    monkeypatch.setattr(module, "prepare_pixels", None)
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv: no such file"):
        prepare(small_experiment(labels="nowhere.csv"))


def test_more_seeds_change_no_label_of_the_first(small_experiment):
    first, both = (prepare(small_experiment(label_noise="asymmetric:0.2", seeds=n)) for n in (1, 2))
    for other in (both, first.with_seeds((0, 1))):
        np.testing.assert_array_equal(other.labels(0), first.labels(0))
        assert other.base_fingerprints[0] == first.base_fingerprints[0]


@pytest.mark.parametrize("package", ["model", "train", "system", "strategy"])
def test_base_fingerprints_change_with_the_code_that_trains(prepared, monkeypatch, package):
    before, right = prepared.base_fingerprints[0], module.package_hash
    monkeypatch.setattr(
        module, "package_hash", lambda name: "other" if name == package else right(name)
    )
    assert replace(prepared).base_fingerprints[0] != before


def test_base_fingerprints_change_with_the_code_of_the_backbone(prepared, monkeypatch):
    before, hashed = prepared.base_fingerprints[0], []
    monkeypatch.setattr(module, "code_hashes", lambda code: hashed.append(code) or ["other"])
    assert replace(prepared).base_fingerprints[0] != before
    assert [code.__name__ for code in hashed] == ["small"]


def test_base_fingerprints_hold_nothing_that_changes_no_network(prepared):
    """Of the data and the machine, only what the network sees: no name, no path, no other card."""
    renamed = replace(
        prepared,
        images=replace(prepared.images, name="another"),
        weights=replace(prepared.weights, name="another", source="elsewhere"),
        device=replace(prepared.device, hardware="another"),
        processes=7,
    )
    assert renamed.base_fingerprints == prepared.base_fingerprints


def test_more_seeds_of_drawn_images_train_nothing_again(small_experiment):
    """Images of another seed move the indices of those that were there, not their networks."""
    data = "wheels:images=40,classes=2"
    single, both = (prepare(small_experiment(data=data, seed_list=s)) for s in ((3,), (0, 3)))
    assert single.base_fingerprints[3] == both.base_fingerprints[3] != both.base_fingerprints[0]
    assert single.content_hash == both.content_hash
    assert single.with_seeds((0, 3)).base_fingerprints == both.base_fingerprints
    assert len(single.with_seeds((0, 3)).images) == 80
    used = [set(both.splits[seed].test) | set(both.splits[seed].train) for seed in (0, 3)]
    assert not used[0] & used[1]
    other = prepare(small_experiment(data=f"{data},seed=1", seed_list=(3,)))
    assert other.content_hash != single.content_hash


def test_resplit_is_refused_before_images_are_decoded(small_experiment, monkeypatch):
    monkeypatch.setattr(module, "prepare_pixels", None)
    with pytest.raises(ValueError, match="come without a split"):
        prepare(small_experiment(resplit=True))


def test_a_folder_that_the_disk_does_not_give_ends_the_run(
    small_experiment, image_folder, monkeypatch
):
    scandir = os.scandir

    def fail(path):
        if Path(path).name == "rare":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", fail)
    monkeypatch.setattr(module, "prepare_pixels", lambda *_: pytest.fail("images are decoded"))
    with pytest.raises(OSError, match=r"could not give 1 file or folder(?s:.*)rare: it can't be"):
        prepare(small_experiment(data=str(image_folder)))


def _mixes_splits(right, arguments):
    split = right(**arguments)
    return replace(split, val=split.test)


def _ignores_groups(right, arguments):
    return right(**{**arguments, "groups": None})


def _ignores_groups_and_copies(right, arguments):
    return right(**{**arguments, "groups": None, "digests": None})


@pytest.mark.parametrize(
    ("leaky", "grouped", "error"),
    [
        (_mixes_splits, False, "is in the split twice"),
        (_ignores_groups, True, "groups are in two splits"),
        (_ignores_groups_and_copies, False, "file contents are in two splits"),
    ],
)
def test_a_split_that_leaks_is_found_before_anything_is_trained(
    small_experiment, grouped_folder, tmp_path, monkeypatch, leaky, grouped, error
):
    folder = grouped_folder
    if not grouped:
        folder = tmp_path / "without groups"
        shutil.copytree(grouped_folder, folder, ignore=shutil.ignore_patterns("groups.csv"))

    def make(labels, classes, seed, **options):
        return leaky(make_splits, {"labels": labels, "classes": classes, "seed": seed, **options})

    monkeypatch.setattr(split_images, "make_splits", make)
    with pytest.raises(LeakError, match=error):
        prepare(small_experiment(data=str(folder)))


def test_a_run_is_told_what_the_pixels_show(small_experiment, image_folder, tmp_path):
    folder = tmp_path / "wide"
    for number, file in enumerate(sorted(image_folder.glob("*/*.png"))):
        (folder / file.parent.name).mkdir(parents=True, exist_ok=True)
        wide = np.random.default_rng(number).integers(0, 4096, (9, 9)).astype(np.uint16)
        Image.fromarray(wide).save(folder / file.parent.name / file.name)
        file = folder / file.parent.name / f"{file.stem}_pointer.png"
        file.write_text("version https://git-lfs.github.com/spec/v1")
    messages = "\n".join(prepare(small_experiment(data=str(folder))).messages)
    assert "0 is shown black and 4095 white" in messages
    assert "images can't be read: a Git LFS pointer, not the image: run `git lfs pull`" in messages


def test_a_split_that_can_not_be_made_is_told_with_all_messages(small_experiment, tmp_path):
    for name in ("a/1.png", "a/2.png", "a/3.png", "b/4.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (8, 8), (int(name[2]), 0, 200)).save(tmp_path / name)
    (tmp_path / "b/4.png").write_text("<html>")
    with pytest.raises(ValueError, match=f"^{tmp_path}: No image to train on") as caught:
        prepare(small_experiment(data=str(tmp_path)))
    assert "\n- b/4.png can't be read: a web page (HTML)" in str(caught.value)
    assert "\n- 3 of 3 images are of one flat colour" in str(caught.value)


def test_images_that_look_the_same_are_named_and_kept_together_on_request(
    small_experiment, leaking_folder
):
    usual = prepare(small_experiment(data=str(leaking_folder)))
    together = small_experiment(data=str(leaking_folder), keep_duplicates_together=True)
    kept = prepare(together)
    assert any("2 validation or test images look the same as" in m for m in usual.messages)
    assert any("2 train images share their group, content or look" in m for m in kept.messages)
    assert len(usual.splits[0].train) - len(kept.splits[0].train) == 2
    np.testing.assert_array_equal(usual.splits[0].test, kept.splits[0].test)
    assert usual.base_fingerprints != kept.base_fingerprints
    assert kept.content_hash == usual.content_hash
    assert together.describe()["keep_duplicates_together"] is True
    assert "keep_duplicates_together" not in together.training_fingerprint()
