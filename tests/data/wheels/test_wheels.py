from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmark.data.sources import open_data
from benchmark.data.split_images import split_images
from benchmark.data.wheels import MIN_PER_CLASS, TEST_IMAGES, VAL_IMAGES, Wheels, long_tail
from benchmark.data.wheels.rims import DESIGNS
from tests.data.wheels.contact_sheet import contact_sheet


@given(images=st.integers(17, 60_000), classes=st.integers(2, 17), ratio=st.floats(1, 1000))
def test_counts_fall_and_sum_exactly(images: int, classes: int, ratio: float) -> None:
    counts = long_tail(images, classes, ratio)
    assert counts.sum() == images
    assert (np.diff(counts) <= 0).all()
    assert counts.min() >= min(MIN_PER_CLASS, images // classes)


def test_counts_follow_the_published_profile() -> None:
    # Cui et al. 2019, CIFAR-10-LT with ratio 100; they round down
    published = [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    assert np.abs(long_tail(sum(published), 10, 100.0) - published).max() <= 1


def test_the_forum_case() -> None:
    forum = Wheels(images=48_600, ratio=100)
    assert len(forum.draw()) == 48_600
    assert forum.counts[0] == pytest.approx(100 * forum.counts[-1], rel=0.01)
    assert forum.fractions == pytest.approx((0.8, 0.1, 0.1))  # its rarest class has enough


def test_the_default_has_test_images_to_conclude_from() -> None:
    """Intervals of one seed need 8 test images of every class."""
    images = Wheels().draw((0, 1))
    readable, digests = np.ones(len(images), dtype=bool), [str(i) for i in range(len(images))]
    for seed in (0, 1):
        splits = split_images(images, seed, digests=digests, readable=readable)
        train, val, test = (
            np.bincount(images.labels[split], minlength=17)
            for split in (splits.train, splits.val, splits.test)
        )
        assert test.min() >= TEST_IMAGES == 8
        assert val.min() >= VAL_IMAGES
        assert (np.diff(test) <= 0).all()
        for counts in (val, test):  # the same long tail
            np.testing.assert_allclose(counts / counts.sum(), train / train.sum(), atol=0.005)
        assert splits.messages == ()


def test_each_seed_of_a_run_has_its_own_photographs() -> None:
    source = Wheels(images=34)
    images = source.draw((3, 0))
    assert np.bincount(images.seeds).tolist() == [34, 0, 0, 34]
    assert len(set(images.stamps)) == len(set(images.files)) == 68
    alone = source.draw((0,))
    assert alone.stamps == images.stamps[34:]
    assert alone.source_key == images.source_key != Wheels(images=35).draw().source_key
    picture = images.reader.image(40, 16).tobytes()
    assert picture == alone.reader.image(6, 16).tobytes() != images.reader.image(6, 16).tobytes()


def test_names_and_labels() -> None:
    images = Wheels(images=340, ratio=20).draw()
    assert images.classes == tuple(DESIGNS)
    assert len(images.classes) == 17
    assert images.files[0] == "seed0/00_five_spoke/000000.png"
    assert images.files[-1] == "seed0/16_deep_dish/000339.png"
    folders = [file.split("/")[1] for file in images.files]
    assert folders == [f"{label:02d}_{images.classes[label]}" for label in images.labels]
    assert len(set(images.stamps)) == len({*map(images.reader.content, range(340))}) == 340


def test_data_source_by_name() -> None:
    images = open_data("wheels:classes=7,images=700,ratio=1.25,seed=3", seeds=(2, 5))
    assert images.classes == tuple(DESIGNS)[:7]
    assert open_data(images.spec, seeds=(2, 5)).stamps == images.stamps
    assert Wheels(700, 7, 1.25, seed=4).draw((2, 5)).stamps != images.stamps
    assert set(images.seeds.tolist()) == {2, 5}


def test_reads_at_the_size_asked_for_also_after_pickling() -> None:
    reader = Wheels(images=34).draw().reader
    again = pickle.loads(pickle.dumps(reader))
    assert reader.image(5, 40).size == (40, 40)
    assert reader.image(5).size == (299, 299)
    assert reader.image(5).mode == "RGB"
    assert reader.image(5, 40).tobytes() == again.image(5, 40).tobytes()


def test_every_index_and_seed_is_another_picture() -> None:
    readers = [Wheels(34, seed=seed).draw((0, 1)).reader for seed in (0, 1)]
    pictures = [reader.image(i, 16).tobytes() for reader in readers for i in (0, 1, 34)]
    assert len(set(pictures)) == 6


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"images": 16}, "images=16"),
        ({"images": 10**12}, "wheels: 1,000,000,000,000 images are too many"),
        ({"classes": 1}, "classes=1"),
        ({"classes": 18}, "classes=18"),
        ({"ratio": 0.5}, "ratio=0.5"),
        ({"ratio": float("nan")}, "ratio=nan"),
        ({"ratio": float("inf")}, "ratio=inf"),
        ({"seed": -1}, "seed=-1"),
    ],
)
def test_impossible_values_are_refused(params: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Wheels(**params)  # type: ignore[arg-type]


def test_contact_sheet(tmp_path) -> None:
    contact_sheet(tmp_path / "sheet.png", per_class=2, size=16)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.size == (16 + 2 * 17, 17 * 17)
