from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.digits import digits
from benchmark.data.duplicates.look_alikes import MOST_ALIKE, LookAlikes, find_look_alikes
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.image_info import read_image_info
from benchmark.data.sources import open_data
from benchmark.data.wheels import Wheels
from tests.data.duplicates.pictures import COPIES, encode, make_photographs


def look_alikes_of(images: ImageSet) -> LookAlikes:
    infos, errors = read_image_info(images.reader, range(len(images)))
    assert not errors
    return find_look_alikes(images, infos)


def open_files(root: Path, contents: Sequence[bytes]) -> ImageSet:
    """Write files to two classes in turn, 000, 001 and on; the set is in the same order."""
    for folder in "ab":
        (root / folder).mkdir()
    for number, content in enumerate(contents):
        half = number >= len(contents) // 2
        (root / "ab"[half] / f"{number:03}.png").write_bytes(content)
    return open_data(str(root))


@pytest.mark.parametrize("kind", COPIES)
def test_copies_are_found_and_nothing_else(kind: str, tmp_path: Path) -> None:
    originals = make_photographs(60)
    contents = [*map(encode, originals), *(COPIES[kind](image) for image in originals)]
    alike = look_alikes_of(open_files(tmp_path, contents))
    pairs = {tuple(pair) for pair in alike.pairs.tolist()}
    planted = {(number, number + 60) for number in range(60)}
    assert len(pairs & planted) >= 0.95 * len(planted), kind
    assert not pairs - planted
    assert (alike.sets[:60] == alike.sets[60:]).mean() >= 0.95
    assert len(np.unique(alike.sets)) <= 63


def test_tiny_copies_of_small_images_are_found(tmp_path: Path) -> None:
    originals = make_photographs(60, (36, 36))
    copies = [encode(image.resize((18, 18), Image.Resampling.LANCZOS)) for image in originals]
    alike = look_alikes_of(open_files(tmp_path, [*map(encode, originals), *copies]))
    assert np.mean(alike.sets[:60] == alike.sets[60:]) >= 0.95
    assert len(alike.pairs) <= 60


def test_byte_identical_images_share_a_set_and_are_no_pair(tmp_path: Path) -> None:
    content = encode(make_photographs(1)[0])
    others = [encode(image) for image in make_photographs(3, seed=1)]
    alike = look_alikes_of(open_files(tmp_path, [content, content, *others]))
    assert alike.pairs.tolist() == []
    assert alike.sets[0] == alike.sets[1]
    assert len(np.unique(alike.sets)) == 4


def test_flat_and_noisy_images_are_not_compared(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    flat = [encode(Image.new("RGB", (64, 64), (level,) * 3)) for level in range(0, 200, 5)]
    noise = [
        encode(Image.fromarray(rng.integers(120, 124, (64, 64, 3), dtype=np.uint8)))
        for _ in range(40)
    ]
    alike = look_alikes_of(open_files(tmp_path, flat + noise))
    assert len(alike.pairs) == len(alike.too_alike) == 0


def test_many_images_of_a_kind_are_counted_and_make_no_pairs(tmp_path: Path) -> None:
    template, *others = make_photographs(20)
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(MOST_ALIKE + 5):
        pixels = np.asarray(template) + rng.normal(0, 4, np.asarray(template).shape)
        frames.append(encode(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))))
    alike = look_alikes_of(open_files(tmp_path, [*frames, *map(encode, others)]))
    assert alike.too_alike.tolist() == list(range(MOST_ALIKE + 5))
    assert alike.pairs.tolist() == []
    assert len(np.unique(alike.sets)) == len(frames) + len(others)


def test_each_seed_is_compared_with_itself_alone(tmp_path: Path) -> None:
    image = make_photographs(1)[0]
    contents = [encode(image), encode(image, "JPEG"), encode(image, "WEBP"), encode(image, "GIF")]
    images = open_files(tmp_path, contents)
    assert len(look_alikes_of(images).pairs) == 6
    own = look_alikes_of(replace(images, seeds=np.array([0, 0, 1, 1]), source_key="drawn"))
    assert own.pairs.tolist() == [[0, 1], [2, 3]]


def test_the_built_in_images_have_no_copies() -> None:
    alike = look_alikes_of(Wheels(images=60, classes=3).draw((0,)))
    assert len(alike.pairs) == len(alike.too_alike) == 0
    alike = look_alikes_of(digits())
    assert len(np.unique(alike.pairs)) <= 0.01 * len(digits())
