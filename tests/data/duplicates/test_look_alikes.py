from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmark.data.digits import digits
from benchmark.data.duplicates.correlation import MOST_COPIES
from benchmark.data.duplicates.look_alikes import LookAlikes, find_look_alikes
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


def test_flat_and_noisy_images_are_flat_or_small(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    flat = [encode(Image.new("RGB", (64, 64), (level,) * 3)) for level in range(0, 200, 5)]
    noise = [
        encode(Image.fromarray(rng.integers(120, 124, (64, 64, 3), dtype=np.uint8)))
        for _ in range(40)
    ]
    alike = look_alikes_of(open_files(tmp_path, flat + noise))
    assert len(alike.pairs) == len(alike.too_alike) == 0
    assert alike.flat_or_small.tolist()[: len(flat)] == list(range(len(flat)))


def test_images_that_are_too_small_are_said_to_be_flat_or_small(tmp_path: Path) -> None:
    small = [image.resize((9, 7)) for image in make_photographs(3)]
    contents = [*map(encode, small), encode(small[2]), *map(encode, make_photographs(4))]
    alike = look_alikes_of(open_files(tmp_path, contents))
    assert alike.flat_or_small.tolist() == [0, 1, 2, 3]


def test_copies_of_dark_images_are_found(tmp_path: Path) -> None:
    dark = [
        Image.fromarray((np.asarray(image) // 24).astype(np.uint8))
        for image in make_photographs(30, seed=5)
    ]
    copies = [image.resize((80, 60), Image.Resampling.BILINEAR) for image in dark]
    alike = look_alikes_of(open_files(tmp_path, [*map(encode, dark), *map(encode, copies)]))
    planted = {(number, number + 30) for number in range(30)}
    pairs = {tuple(pair) for pair in alike.pairs.tolist()}
    assert len(pairs & planted) >= 29
    assert not pairs - planted


@pytest.mark.parametrize("number", [25, 100])
def test_many_copies_of_one_picture_are_one_set(number: int, tmp_path: Path) -> None:
    picture, *others = make_photographs(40)
    kinds = list(COPIES.values())
    copies = [
        encode(picture.resize((60 + i, 45 + i)), "JPEG", quality=60 + i % 30)
        if i % 2
        else kinds[i % 4](picture.resize((90 + i, 70 + i)))
        for i in range(number)
    ]
    alike = look_alikes_of(open_files(tmp_path, [*copies, *map(encode, others)]))
    sets, counts = np.unique(alike.sets[:number], return_counts=True)
    assert counts.max() >= 0.95 * number
    assert not np.isin(alike.sets[number:], sets).any()
    assert len(alike.pairs) < number
    assert len(alike.too_alike) <= 0.05 * number


def draw_frames(number: int, seed: int) -> list[Image.Image]:
    """Return frames of one scene, with something small at another place in each."""
    rng = np.random.default_rng(seed)
    scene, frames = make_photographs(1)[0], []
    for _ in range(number):
        frame = scene.copy()
        x, y = rng.uniform(0, 140), rng.uniform(0, 100)
        colour = str(rng.choice(["black", "white"]))
        ImageDraw.Draw(frame).ellipse((x, y, x + 8, y + 8), fill=colour)
        pixels = np.asarray(frame) + rng.normal(0, 3, np.asarray(frame).shape)
        frames.append(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))
    return frames


def test_frames_of_one_scene_stay_apart_and_copies_among_them_are_found(tmp_path: Path) -> None:
    frames = draw_frames(150, 0)
    copies = [encode(frames[0], "JPEG", quality=60 + i) for i in range(30)]
    alike = look_alikes_of(open_files(tmp_path, [*copies, *map(encode, frames)]))
    assert len(np.unique(alike.sets[:31])) == 1
    assert (alike.sets[31:] != alike.sets[0]).all()
    sizes = np.bincount(alike.sets)[alike.sets[31:]]
    assert np.mean(sizes > 1) <= 0.01
    assert len(alike.too_alike) >= 90


def test_a_scene_in_which_nothing_moves_can_be_split(tmp_path: Path) -> None:
    template, *others = make_photographs(20)
    rng = np.random.default_rng(0)
    frames = []
    for _ in range(MOST_COPIES + 5):
        pixels = np.asarray(template) + rng.normal(0, 4, np.asarray(template).shape)
        frames.append(encode(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))))
    alike = look_alikes_of(open_files(tmp_path, [*frames, *map(encode, others)]))
    assert alike.too_alike.tolist() == list(range(MOST_COPIES + 5))
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
