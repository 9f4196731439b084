"""Which images get wrong labels, and what is said about them."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from benchmark.data.imageset import ImageSet, NoReader
from benchmark.data.label_noise.inject import check_label_noise, inject_label_noise
from benchmark.data.label_noise.noise import read_label_noise
from benchmark.data.splits import Splits

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(4), [60, 30, 8, 2]))
CLASSES = ("a", "b", "c", "d")
POSITIONS = np.arange(100)
# every class is in the training split
SPLIT = Splits(*(np.sort(p) for p in (POSITIONS[:60], POSITIONS[60:80], POSITIONS[80:])))


def image_set(**changes):
    fields = {
        "name": "set",
        "spec": "set/",
        "description": "A set.",
        "files": tuple(f"{i}.png" for i in range(100)),
        "labels": LABELS,
        "classes": CLASSES,
        "stamps": ("",) * 100,
        "reader": NoReader(),
    }
    return ImageSet(**fields | changes)


def pixel_array(seed=0):
    """Classes a and b are dark, c and d are bright."""
    noise = np.random.default_rng(seed).normal(0, 5, (100, 8, 8, 3))
    level = np.array([50, 60, 200, 190])[LABELS][:, None, None, None]  # (N,) -> (N, 1, 1, 1)
    return SimpleNamespace(
        array=(level + noise).clip(0, 255).astype(np.uint8), readable=np.ones(100, bool)
    )


def inject(noise, images=None, splits=None):
    splits = splits or {0: SPLIT}
    return inject_label_noise(read_label_noise(noise), images or image_set(), pixel_array(), splits)


def test_without_noise_there_is_nothing_to_say_and_no_copy():
    given = inject(0)
    assert not given.by_seed
    assert not given.message


@pytest.mark.parametrize("noise", [0.3, "asymmetric:0.3"])
def test_training_labels_alone_are_wrong_and_the_right_ones_stay(noise):
    injected = inject(noise)
    given = injected.by_seed[0]
    wrong = np.flatnonzero(given != LABELS)
    assert len(wrong) in (17, 18)
    assert np.isin(wrong, SPLIT.train).all()
    for labels in (injected, pickle.loads(pickle.dumps(injected))):
        with pytest.raises(ValueError, match="read-only"):
            labels.by_seed[0][0] = 1


def test_validation_labels_are_wrong_when_that_is_asked_for():
    given = inject("0.3@val").by_seed[0]
    np.testing.assert_array_equal(given[SPLIT.train], inject(0.3).by_seed[0][SPLIT.train])
    assert (given[SPLIT.val] != LABELS[SPLIT.val]).sum() in (5, 6)
    np.testing.assert_array_equal(given[SPLIT.test], LABELS[SPLIT.test])


def test_each_seed_has_wrong_labels_of_its_own_whatever_seeds_run_beside_it():
    both = inject(0.3, splits={0: SPLIT, 1: SPLIT}).by_seed
    assert (both[0] != both[1]).any()
    np.testing.assert_array_equal(both[1], inject(0.3, splits={1: SPLIT}).by_seed[1])


def test_asymmetric_noise_is_toward_the_class_that_looks_alike():
    given = inject("asymmetric:0.3")
    wrong = given.by_seed[0] != LABELS
    alike = np.array([1, 0, 3, 2])
    np.testing.assert_array_equal(given.by_seed[0][wrong], alike[LABELS[wrong]])
    assert "a → b, b → a, c → d, d → c." in given.message


def test_further_seeds_with_images_of_their_own_do_not_change_what_looks_alike(monkeypatch):
    looked_at = []
    monkeypatch.setattr(
        "benchmark.data.label_noise.similar_classes.most_similar_classes",
        lambda pixels, labels, indices, classes: looked_at.append(indices) or np.roll(range(4), 1),
    )
    seeds = (POSITIONS >= 80).astype(np.int64)
    inject("asymmetric:0.3", image_set(seeds=seeds))
    np.testing.assert_array_equal(looked_at[0], POSITIONS[:80])


def test_a_file_gives_the_labels_of_training_images(tmp_path):
    file = tmp_path / "given.csv"
    trained, evaluated, tested = SPLIT.train[0], SPLIT.val[0], SPLIT.test[0]
    other = CLASSES[(LABELS[trained] + 1) % 2]
    rows = [f"{i}.png,{other}" for i in (trained, evaluated, tested)]
    file.write_text("\n".join(["path,label", *rows]))
    given = inject(file)
    assert np.flatnonzero(given.by_seed[0] != LABELS).tolist() == [trained]
    assert f"1 of 60 training labels of seed 0 is wrong, on purpose (1.67 %, by {file})" in (
        given.message
    )
    changed = np.flatnonzero(inject(f"{file}@val").by_seed[0] != LABELS)
    assert set(changed) <= {trained, evaluated}


def test_a_file_must_leave_each_class_a_training_image(tmp_path):
    file = tmp_path / "given.csv"
    rows = [f"{i}.png,a" for i in np.flatnonzero(LABELS == 3)]
    file.write_text("\n".join(["path,label", *rows]))
    with pytest.raises(ValueError, match="no training image is labelled as one of 1 class: d"):
        inject(file)


def test_a_file_is_read_before_images_are_decoded(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file"):
        check_label_noise(read_label_noise(tmp_path / "none.csv"), image_set(), False)
    check_label_noise(read_label_noise(0.18), image_set(), False)


def test_the_message_counts_what_is_wrong():
    message = inject(0.3).message
    assert message.startswith("Label noise: 18 of 60 training labels of seed 0 are wrong, on ")
    assert "(30 %, symmetric). Validation and test labels are those of the data." in message
    # of two and eight images that are d and c, and of 90 others of which some are labelled so
    assert "most of the training images labelled so are of others" in message


def test_the_message_has_the_range_over_seeds():
    message = inject("0.3@val", splits=dict.fromkeys(range(5), SPLIT)).message
    assert "18 of 60 training labels of each of 5 seeds are wrong" in message
    assert "So are 5 to 6 of 20 validation labels of each of 5 seeds" in message
    assert "Test labels are those of the data." in message
