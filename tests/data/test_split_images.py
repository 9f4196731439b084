"""The splits of one seed: given splits that all seeds share, --resplit, images of each seed."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark.data.imageset import SPLITS, ImageSet
from benchmark.data.split_images import split_images
from benchmark.data.splits import Splits


def image_set(given: dict[str, int] | None, groups: np.ndarray | None = None) -> ImageSet:
    """Two classes, three images of the second to each of the first; `given` images a split."""
    n = sum(given.values()) if given else 80
    labels = (np.arange(n) % 4 > 0).astype(np.int64)
    return ImageSet(
        name="made",
        spec="made",
        description="",
        files=tuple(f"{i}" for i in range(n)),
        labels=labels,
        classes=("a", "b"),
        stamps=tuple(f"{i}" for i in range(n)),
        reader=None,
        groups=groups,
        split=np.repeat(list(given), list(given.values())) if given else None,
    )


def split(images: ImageSet, seed: int = 0, **options: object) -> Splits:
    digests = [f"sha{i}" for i in range(len(images))]
    readable = np.ones(len(images), dtype=bool)
    return split_images(images, seed, digests=digests, readable=readable, **options)


def sizes(splits: Splits) -> list[int]:
    return [len(getattr(splits, name)) for name in SPLITS]


def test_resplit_makes_splits_of_the_given_sizes_another_for_each_seed() -> None:
    images = image_set({"train": 60, "val": 20, "test": 40})
    given, first, second = split(images), *(split(images, seed, resplit=True) for seed in (0, 1))
    assert sizes(given) == sizes(first) == sizes(second) == [60, 20, 40]
    assert np.array_equal(given.test, split(images, 1).test)
    assert not np.array_equal(first.test, second.test)
    assert set(first.train) & set(given.test)  # what was given for the test may be trained on
    for made in (first, second):
        assert np.bincount(images.labels[made.test]).tolist() == [10, 30]  # stratified
        assert made.title(0) == "Default split, seed 0"
        (message,) = made.messages
        assert message.startswith("The given split (60 train, 20 val and 40 test images) is not")
        assert "may be trained on" in message
    both = split(images, resplit=True, imbalance="exp:2").messages
    assert both[0] == message
    assert both[1].startswith("Made imbalanced (exp:2): train 60 images, all kept")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"train": 90, "test": 30}, [80, 10, 30]),  # val at its usual 1 in 9 of the rest
        ({"train": 88, "val": 12}, [78, 12, 10]),
        ({"": 80, "val": 20, "test": 20}, [80, 20, 20]),
        ({"train": 120}, [96, 12, 12]),
        ({"val": 60, "test": 60}, [96, 12, 12]),  # nothing to train on: the usual fractions
    ],
)
def test_resplit_of_partly_given_splits(given: dict[str, int], expected: list[int]) -> None:
    made = sizes(split(image_set(given), resplit=True))
    assert np.abs(np.subtract(made, expected)).max() <= 2  # rounded for each class


def test_resplit_keeps_groups_whole() -> None:
    groups = np.arange(120) // 5
    made = split(image_set({"train": 60, "val": 20, "test": 40}, groups), resplit=True)
    units = [set(groups[getattr(made, name)]) for name in SPLITS]
    assert sum(map(len, units)) == len(set.union(*units)) == 24


def test_resplit_trains_on_a_class_that_only_the_given_test_had() -> None:
    images = image_set({"train": 60, "val": 20, "test": 40})
    images = replace(images, labels=(np.arange(120) >= 90).astype(np.int64))
    with pytest.raises(ValueError, match="No image to train on for 1 of 2 classes"):
        split(images)
    made = split(images, resplit=True)
    assert set(images.labels[made.train]) == {0, 1}


def test_resplit_of_data_without_a_split_is_refused() -> None:
    for images in (image_set(None), image_set({"": 80})):
        with pytest.raises(ValueError, match="made come without a split, so each seed makes one"):
            split(images, resplit=True)
    own = replace(image_set(None), seeds=np.zeros(80, np.int64))
    with pytest.raises(ValueError, match="made are drawn anew by each seed already"):
        split(own, resplit=True)


@pytest.mark.parametrize(
    ("given", "sentences"),
    [
        ({"train": 80, "val": 20, "test": 20}, ["seeds are other initialisations and orders"]),
        ({"train": 80, "test": 40}, ["its validation images. Several seeds are other trainings"]),
        ({"train": 80, "val": 40}, ["The validation images came with the data: all seeds share"]),
        ({"train": 80}, []),
        (None, []),
    ],
)
def test_what_all_seeds_share_is_said(given: dict[str, int] | None, sentences: list[str]) -> None:
    messages = [m for m in split(image_set(given)).messages if "all seeds share" in m]
    assert len(messages) == len(sentences)
    for message, sentence in zip(messages, sentences, strict=True):
        assert sentence in message
        assert ("--resplit" in message) == ("The test images" in message)


def test_a_seed_splits_its_own_images_alone() -> None:
    images = replace(image_set(None), seeds=np.arange(80) // 40, fractions=(0.5, 0.2, 0.3))
    first, second = split(images, 0), split(images, 1)
    assert sizes(first) == sizes(second) == [20, 8, 12]
    assert max(np.concatenate([first.train, first.val, first.test])) == 39
    assert min(np.concatenate([second.train, second.val, second.test])) == 40
    with pytest.raises(ValueError, match="images of seed 0, 1, none of seed 7; name the data"):
        split(images, 7)


def test_the_profile_of_a_seed_counts_its_own_images() -> None:
    images = replace(image_set(None), seeds=np.arange(80) // 40)
    thinned = split(images, 1, imbalance="exp:10")
    assert np.bincount(images.labels[thinned.train]).tolist() == [2, 24]
    assert min(thinned.train) >= 40
    assert "the rarest first: a, b." in thinned.messages[-1]
