from __future__ import annotations

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from benchmark.data.sources import open_data
from benchmark.data.wheels import MIN_PER_CLASS, long_tail, wheels
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


def test_the_forum_case_and_the_default() -> None:
    forum = wheels(images=48_600, ratio=100)
    assert len(forum) == 48_600
    assert forum.counts[0] == pytest.approx(100 * forum.counts[-1], rel=0.01)
    default = wheels()
    assert len(default) == 2400
    assert default.counts.min() >= 10


def test_names_and_labels() -> None:
    images = wheels(images=340, ratio=20)
    assert images.classes == tuple(DESIGNS)
    assert len(images.classes) == 17
    assert images.files[0] == "00_five_spoke/000000.png"
    assert images.files[-1] == "16_deep_dish/000339.png"
    folders = [file.split("/")[0] for file in images.files]
    assert folders == [f"{label:02d}_{images.classes[label]}" for label in images.labels]
    assert len(set(images.stamps)) == len({*map(images.reader.content, range(340))}) == 340


def test_data_source_by_name() -> None:
    images = open_data("wheels:classes=7,images=700,ratio=1.25,seed=3")
    assert images.classes == tuple(DESIGNS)[:7]
    assert open_data(images.spec).stamps == images.stamps
    assert wheels(700, 7, 1.25, seed=4).stamps != images.stamps


def test_reads_at_the_size_asked_for_also_after_pickling() -> None:
    reader = wheels(images=34).reader
    again = pickle.loads(pickle.dumps(reader))
    assert reader.image(5, 40).size == (40, 40)
    assert reader.image(5).size == (299, 299)
    assert reader.image(5).mode == "RGB"
    assert reader.image(5, 40).tobytes() == again.image(5, 40).tobytes()


def test_every_index_and_seed_is_another_picture() -> None:
    pictures = [
        wheels(34, seed=seed).reader.image(i, 16).tobytes() for seed in (0, 1) for i in (0, 1)
    ]
    assert len(set(pictures)) == 4


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"images": 16}, "images=16"),
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
        wheels(**params)  # type: ignore[arg-type]


def test_contact_sheet(tmp_path) -> None:
    contact_sheet(tmp_path / "sheet.png", per_class=2, size=16)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.size == (16 + 2 * 17, 17 * 17)
