"""Labels are judged by classifiers on stored features."""

import shutil

import numpy as np
import pytest
from PIL import Image

from benchmark.execution import label_audit
from benchmark.execution.frozen_layers import required_forward_passes
from benchmark.execution.label_audit import audit_labels
from benchmark.execution.prepare import prepare
from benchmark.model.backbone import HEAD
from benchmark.system.progress import NullProgress

WRONG = ("rare/c000.png", "rare/c001.png", "common/m000.png")


@pytest.fixture(scope="module")
def mislabelled(image_folder, tmp_path_factory):
    """Three classes that are easy to tell apart, and three images under a wrong one."""
    root = tmp_path_factory.mktemp("mislabelled") / "set"
    shutil.copytree(image_folder, root)
    for name, file in {"c000": "common/000", "c001": "common/001", "m000": "middling/000"}.items():
        wrong = "common" if name[0] == "m" else "rare"
        (root / f"{file}.png").rename(root / wrong / f"{name}.png")
    return root


@pytest.fixture
def audit(small_experiment):
    def run(data, **settings):
        prepared = prepare(small_experiment(data=str(data), fine_tune=HEAD, **settings))
        return prepared, audit_labels(prepared, NullProgress())

    return run


def test_planted_wrong_labels_are_the_most_suspicious(mislabelled, audit):
    _, result = audit(mislabelled)
    assert result.network == "small at 32 px, weights: random"
    files = np.array(result.images.files)[result.readable]
    assert set(files[np.argsort(result.quality)[:3]]) == set(WRONG)
    suspects = set(files[result.suspect])
    assert len(suspects) >= 2
    assert suspects <= set(WRONG)
    wrong = np.isin(files, WRONG)
    names = np.array(result.images.classes)[result.suggested[wrong]]
    assert sorted(names) == ["common", "common", "middling"]


def test_a_second_call_runs_no_frozen_layer(mislabelled, audit, monkeypatch):
    prepared, first = audit(mislabelled)
    assert not len(prepared.frozen_features.pooled.missing(first.readable))
    monkeypatch.setattr("benchmark.train.frozen_features.FrozenFeatures._frozen", None)
    _, second = audit(mislabelled)
    np.testing.assert_array_equal(first.quality, second.quality)


def test_a_run_of_the_head_shares_the_features(mislabelled, audit, small_experiment):
    audit(mislabelled)
    prepared = prepare(small_experiment(data=str(mislabelled), fine_tune=HEAD))
    for forward_pass, indices in required_forward_passes(prepared, [0]).items():
        assert not len(prepared.frozen_features.store(forward_pass).missing(indices))


def test_with_corrected_labels_they_are_shared_too(
    mislabelled, audit, small_experiment, tmp_path, monkeypatch
):
    audit(mislabelled)
    fixed = tmp_path / "fixed.csv"
    fixed.write_text("path,label\nrare/c000.png,common\nrare/c001.png,common\n")
    monkeypatch.setattr("benchmark.train.frozen_features.FrozenFeatures._frozen", None)
    prepared, result = audit(mislabelled, labels=str(fixed))
    assert prepared.train_counts(0).sum() == len(prepared.splits[0].train)
    suspects = set(np.array(result.images.files)[result.readable[result.suspect]])
    assert "rare/c000.png" not in suspects
    assert "common/m000.png" in suspects


def test_copies_and_groups_are_judged_by_one_classifier(grouped_folder, audit, monkeypatch):
    folds = {}

    def probabilities(features, labels, classes, *, groups):
        folds["groups"] = groups
        return np.full((len(labels), classes), 1 / classes)

    monkeypatch.setattr(label_audit, "out_of_fold_probabilities", probabilities)
    _, result = audit(grouped_folder)
    groups = dict(zip(result.images.files, folds["groups"], strict=True))
    together = [groups[f"rare/00{n}{again}.png"] for n in (0, 1) for again in ("", "_again")]
    assert len(set(together)) == 1
    assert groups["rare/002.png"] != together[0]
    assert groups["common/000.png"] != together[0]


def test_copies_with_other_labels_and_unreadable_images(mislabelled, audit, tmp_path):
    shutil.copytree(mislabelled, tmp_path / "set")
    (tmp_path / "set/rare/copy.png").write_bytes((tmp_path / "set/common/005.png").read_bytes())
    (tmp_path / "set/rare/broken.png").write_bytes(b"x")
    _, result = audit(tmp_path / "set")
    files = result.images.files
    assert [(files[c.original], files[c.image]) for c in result.conflicts] == [
        ("common/005.png", "rare/copy.png")
    ]
    assert len(result.readable) == len(result.images) - 1 == len(result.suspect)
    assert files.index("rare/broken.png") not in result.readable


def test_nothing_is_said_of_a_class_of_one_image(mislabelled, audit, tmp_path):
    shutil.copytree(mislabelled, tmp_path / "set")
    (tmp_path / "set/single").mkdir()
    Image.new("RGB", (40, 40), (5, 90, 200)).save(tmp_path / "set/single/1.png")
    _, result = audit(tmp_path / "set")
    files = np.array(result.images.files)[result.readable]
    is_single = files == "single/1.png"
    assert not result.suspect[is_single][0]
    assert result.judged.tolist() == (~is_single).tolist()


def test_nothing_is_said_of_a_class_of_copies(mislabelled, audit, tmp_path):
    """They are in one fold, so no other tells what the class looks like."""
    shutil.copytree(mislabelled, tmp_path / "set")
    (tmp_path / "set/copies").mkdir()
    for number in range(4):
        Image.new("RGB", (40, 40), (5, 90, 200)).save(tmp_path / f"set/copies/{number}.png")
    _, result = audit(tmp_path / "set")
    copies = result.labels == result.images.classes.index("copies")
    assert copies.sum() == 4
    assert result.judged.tolist() == (~copies).tolist()
    assert np.isnan(result.quality[copies]).all()


def test_the_labels_that_a_seed_is_given_can_be_judged(image_folder, small_experiment):
    """The half of the network is trained, so that features come after another store."""
    prepared = prepare(small_experiment(data=str(image_folder), label_noise=0.1, seeds=2))
    for seed in (0, 1):
        result = audit_labels(prepared, NullProgress(), seed)
        is_wrong = prepared.labels(seed) != prepared.images.labels
        np.testing.assert_array_equal(result.labels, prepared.labels(seed)[result.readable])
        assert result.quality[is_wrong].mean() < result.quality[~is_wrong].mean() / 2
