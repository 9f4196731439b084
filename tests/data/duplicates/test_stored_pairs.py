from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.data.duplicates import stored_pairs
from benchmark.data.duplicates.look_alikes import LookAlikes, find_look_alikes
from benchmark.data.duplicates.stored_pairs import NAME, stored_look_alikes
from benchmark.data.imageset import ImageSet
from benchmark.data.pixels.store import Pixels, prepare_pixels
from benchmark.data.sources import open_data

SIZE = 32


@pytest.fixture
def opened(
    leaking_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ImageSet, Pixels]:
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    images = open_data(str(leaking_folder))
    return images, prepare_pixels(images, SIZE)


@pytest.fixture
def comparisons(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Has an entry for each time that all images are compared."""
    done: list[int] = []
    compare = stored_pairs.compare

    def counted(images: ImageSet, infos: dict) -> tuple:
        done.append(len(infos))
        return compare(images, infos)

    monkeypatch.setattr(stored_pairs, "compare", counted)
    return done


def assert_same(actual: LookAlikes, expected: LookAlikes) -> None:
    for name in ("pairs", "sets", "too_alike", "flat_or_small"):
        assert getattr(actual, name).tolist() == getattr(expected, name).tolist()


def test_images_are_compared_once(opened: tuple[ImageSet, Pixels], comparisons: list[int]) -> None:
    images, pixels = opened
    expected = find_look_alikes(images, pixels.infos)
    assert len(expected.pairs) == 2
    for _ in range(3):
        assert_same(stored_look_alikes(images, pixels), expected)
    assert len(comparisons) == 1


def replace_text(old: str, new: str) -> Callable[[Path], object]:
    return lambda file: file.write_text(file.read_text().replace(old, new, 1))


def link_elsewhere(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


@pytest.mark.parametrize(
    "harm",
    [
        replace_text('"pairs": [', '"pairs": [0, 1,'),
        replace_text("{", ""),
        lambda file: file.write_bytes(b"\xff" * 40),
        lambda file: file.write_text(""),
        Path.unlink,
        link_elsewhere,
    ],
)
def test_a_damaged_file_is_made_again(
    harm: Callable[[Path], object], opened: tuple[ImageSet, Pixels], comparisons: list[int]
) -> None:
    images, pixels = opened
    expected = stored_look_alikes(images, pixels)
    harm(pixels.folder / NAME)
    assert_same(stored_look_alikes(images, pixels), expected)
    assert_same(stored_look_alikes(images, pixels), expected)
    assert len(comparisons) == 2


def test_pairs_of_other_images_are_not_taken(
    opened: tuple[ImageSet, Pixels], leaking_folder: Path, comparisons: list[int]
) -> None:
    images, pixels = opened
    stored_look_alikes(images, pixels)
    (leaking_folder / "test/cat/copy.jpg").unlink()
    fewer = open_data(str(leaking_folder))
    others = prepare_pixels(fewer, SIZE)
    (others.folder / NAME).write_text((pixels.folder / NAME).read_text())
    assert len(stored_look_alikes(fewer, others).pairs) == 1
    assert len(comparisons) == 2


def test_a_cache_that_takes_no_file_is_no_error(
    opened: tuple[ImageSet, Pixels], comparisons: list[int]
) -> None:
    images, pixels = opened
    (pixels.folder / NAME).mkdir()
    for _ in range(2):
        assert len(stored_look_alikes(images, pixels).pairs) == 2
    assert len(comparisons) == 2
