from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from benchmark.data.imageset import ImageSet
from benchmark.data.parallel import BLOCK
from benchmark.data.pixels.store import Pixels, prepare_pixels
from benchmark.data.sources import open_data
from benchmark.storage.stored_array import RowReader

SIZE = 4


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache."""
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    for name in ("a/1.png", "a/2.png", "b/3.png", "b/4.png", "b/5.png"):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).save(path)
    return tmp_path / "set"


@pytest.fixture
def prepare(root: Path) -> Callable[..., tuple[Pixels, int]]:
    """Open `root` anew and return its pixels with the number of images decoded for that."""

    def run(
        where: Path = root, size: int = SIZE, cache_limit: int | None = None, **rest: Any
    ) -> tuple[Pixels, int]:
        decoded: list[int] = []
        pixels = prepare_pixels(open_data(str(where)), size, decoded.append, cache_limit, **rest)
        return pixels, sum(decoded)

    return run


def stored(tmp_path: Path) -> Path:
    (folder,) = (tmp_path / "cache/pixels").iterdir()
    return folder


def test_pixels_are_the_whole_image_resized(prepare: Callable, root: Path) -> None:
    pixels, decoded = prepare()
    assert decoded == 5
    assert pixels.array.shape == (5, SIZE, SIZE, 3)
    assert pixels.array.dtype == np.uint8
    with Image.open(root / "b/3.png") as image:
        expected = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    np.testing.assert_array_equal(pixels.array[2], expected)
    assert pixels.readable.all()
    assert pixels.errors == {}
    with pytest.raises(ValueError, match="read-only"):
        pixels.array[0] = 0


def test_a_second_time_reads_no_image(prepare: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = prepare()
    decode = "benchmark.data.files.image_files.decode"
    monkeypatch.setattr(decode, lambda *_: pytest.fail("decoded"))
    second, decoded = prepare()
    assert decoded == 0
    assert second.key == first.key
    assert second.digests == first.digests
    np.testing.assert_array_equal(second.array, first.array)


def test_where_no_file_can_be_mapped_the_same_pixels_are_read(
    prepare: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    mapped, _ = prepare()
    monkeypatch.setattr("benchmark.storage.stored_array.is_on_network", lambda _: True)
    read, _ = prepare()
    assert isinstance(read.array, RowReader)
    assert read.key == mapped.key
    np.testing.assert_array_equal(read.array[:], mapped.array)


def test_the_key_is_of_the_content_not_of_place_or_time(
    prepare: Callable, root: Path, tmp_path: Path
) -> None:
    first, _ = prepare()
    shutil.copytree(root, tmp_path / "copy")
    os.utime(tmp_path / "copy/a/1.png", (1, 1))
    moved, decoded = prepare(tmp_path / "copy")
    assert decoded == 5
    assert moved.key == first.key
    other_size, _ = prepare(size=SIZE + 1)
    Image.new("RGB", (9, 9)).save(root / "a/1.png")
    changed, decoded = prepare()
    assert decoded == 5
    assert changed.array[0].max() == 0
    (root / "groups.csv").write_text("file,group\n1.png,x\n3.png,x\n")
    grouped, decoded = prepare()
    assert decoded == 0  # the pixels are the same
    assert len({each.key for each in (first, other_size, changed, grouped)}) == 4


def test_other_labels_for_the_same_files_are_another_key(root: Path, tmp_path: Path) -> None:
    images = open_data(str(root))
    swapped = replace(images, labels=images.labels[::-1].copy())
    keys = {prepare_pixels(each, SIZE).key for each in (images, swapped)}
    assert len(keys) == 2
    stored(tmp_path)  # one store serves both


def test_unreadable_images_are_reported_and_black(prepare: Callable, root: Path) -> None:
    good = (root / "a/2.png").read_bytes()
    (root / "a/2.png").write_bytes(good[: len(good) // 2])
    (root / "b/4.png").write_text("no image")
    for _ in range(2):  # decoded, then from the store
        pixels, _ = prepare()
        assert pixels.readable.tolist() == [True, False, True, False, True]
        assert sorted(pixels.errors) == [1, 3]
        assert pixels.errors[3] == "text, not an image; it begins 'no image'"
        assert pixels.array[1].max() == 0
        assert [digest == "" for digest in pixels.digests] == (~pixels.readable).tolist()
    for path in root.glob("*/*.png"):
        path.write_text("")
    with pytest.raises(
        ValueError, match=r"none of the 5 images .*\n- 5 images .* the file is empty \(a/1.png"
    ):
        prepare()


def wide_folder(folder: Path, values: dict[str, list[float]], dtype: type) -> Path:
    """A folder of 1 x 2 TIFF images."""
    for name, row in values.items():
        path = folder / f"{name}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.array([row], dtype=dtype)).save(path)
    return folder


def test_grey_of_more_than_8_bits_has_one_scale_for_the_set(
    prepare: Callable, tmp_path: Path
) -> None:
    celsius = {"a/1": [-6, -6], "a/2": [9, 9], "b/3": [24, 24]}
    pixels, decoded = prepare(wide_folder(tmp_path / "celsius", celsius, np.float32))
    assert decoded == 3  # twice, and counted once
    assert pixels.array[:, 0, 0].tolist() == [[0] * 3, [128] * 3, [255] * 3]
    twelve = {"a/1": [0, 0], "a/2": [819, 819], "b/3": [4095, 4095]}
    pixels, _ = prepare(wide_folder(tmp_path / "twelve", twelve, np.uint16))
    assert pixels.array[:, 1, 1, 0].tolist() == [0, 51, 255]
    again, decoded = prepare(tmp_path / "twelve")
    assert decoded == 0
    assert again.messages == pixels.messages
    assert any("0 is shown black and 4095 white" in message for message in again.messages)


def test_one_more_image_may_change_the_scale_and_so_the_pixels(
    prepare: Callable, tmp_path: Path
) -> None:
    folder = wide_folder(tmp_path / "wide", {"a/1": [0, 0], "b/2": [255, 255]}, np.uint16)
    first, _ = prepare(folder)
    assert first.array[1].max() == 255
    second, decoded = prepare(wide_folder(folder, {"b/3": [1023, 1023]}, np.uint16))
    assert decoded == 3
    assert second.array[1].max() == 64
    assert second.key != first.key


def test_wide_and_ordinary_images_of_many_blocks_are_each_in_their_row(
    prepare: Callable, tmp_path: Path
) -> None:
    n = BLOCK + 40
    for index in range(n):
        path = tmp_path / "mixed" / "ab"[index % 2] / f"{index:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        dtype, factor = (np.uint16, 16) if index % 3 == 0 else (np.uint8, 1)
        Image.fromarray(np.full((2, 2), index * factor, dtype=dtype)).save(path)
    pixels, decoded = prepare(tmp_path / "mixed")
    assert decoded == n
    expected = [
        round(index * 16 / 4095 * 255) if index % 3 == 0 else index
        for index in [*range(0, n, 2), *range(1, n, 2)]
    ]
    assert pixels.array[:, 0, 0, 0].tolist() == expected


def test_a_set_of_which_no_image_can_be_read_says_all_that_is_known(
    prepare: Callable, root: Path
) -> None:
    for path in root.glob("*/*.png"):
        path.write_text("version https://git-lfs.github.com/spec/v1")
    (root / "b/notes.docx").write_text("")
    with pytest.raises(ValueError, match=r"5 images .*git lfs pull.*\n.*docx"):
        prepare()


def cut(folder: Path) -> None:
    with (folder / "pixels.bin").open("r+b") as handle:
        handle.truncate(150)


def flip(folder: Path, name: str, offset: int) -> None:
    """Change one bit, and leave size and time of the file as they were."""
    path = folder / name
    before = path.stat()
    with path.open("r+b") as handle:
        handle.seek(offset, os.SEEK_END)
        (byte,) = handle.read(1)
        handle.seek(offset, os.SEEK_END)
        handle.write(bytes([byte ^ 1]))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def scribble(folder: Path) -> None:
    flip(folder, "pixels.bin", -1)


def scribble_digest(folder: Path) -> None:
    flip(folder, "digests.bin", -5)


def cut_digests(folder: Path) -> None:
    os.truncate(folder / "digests.bin", 40)


def lose_digests(folder: Path) -> None:
    (folder / "digests.bin").unlink()


def forge(folder: Path) -> None:
    meta = json.loads((folder / "meta.json").read_text())
    meta["texts"]["mode"][0] = "CMYK"
    (folder / "meta.json").write_text(json.dumps(meta))


def forge_facts(folder: Path) -> None:
    flip(folder, "facts.npz", -300)


def scribble_thumbnail(folder: Path) -> None:
    flip(folder, "thumbnails.bin", -9)


def lose_facts(folder: Path) -> None:
    (folder / "facts.npz").unlink()


def lose_marker(folder: Path) -> None:
    (folder / "meta.json").unlink()


def lose_array(folder: Path) -> None:
    (folder / "pixels.bin").unlink()


def garble_marker(folder: Path) -> None:
    (folder / "meta.json").write_text("{")


@pytest.mark.parametrize(
    ("harm", "again", "named"),
    [
        (cut, 2, "(2 of 5 images): these are"),
        (scribble, 1, "(1 of 5 images): these are"),
        (scribble_digest, 1, "(1 of 5 images): these are"),
        (cut_digests, 5, "(5 of 5 images): these are"),
        (lose_digests, 5, "(5 of 5 images): these are"),
        (lose_array, 5, "(5 of 5 images): these are"),
        (forge, 5, "all images are"),
        (forge_facts, 5, "all images are"),
        (scribble_thumbnail, 5, "all images are"),
        (lose_facts, 5, "all images are"),
        (lose_marker, 5, "all images are"),
        (garble_marker, 5, "all images are"),
    ],
)
def test_what_is_damaged_is_decoded_again_and_named(
    harm: Callable[[Path], None], again: int, named: str, prepare: Callable, tmp_path: Path
) -> None:
    first, _ = prepare()
    expected = np.array(first.array)
    folder = stored(tmp_path)
    del first
    harm(folder)
    notes: list[str] = []
    second, decoded = prepare(say=notes.append)
    assert decoded == again
    np.testing.assert_array_equal(second.array, expected)
    assert stored(tmp_path) == folder  # and nothing is left beside it
    (note,) = notes
    assert note.startswith("note: the stored pixels of set were damaged on the disk")
    assert f"{named} decoded again" in note
    assert prepare(say=notes.append)[1] == 0
    assert len(notes) == 1


def test_damaged_grey_of_more_than_8_bits_keeps_the_scale_of_the_set(
    prepare: Callable, tmp_path: Path
) -> None:
    celsius = {"a/1": [-6, -6], "a/2": [9, 9], "b/3": [24, 24]}
    folder = wide_folder(tmp_path / "celsius", celsius, np.float32)
    prepare(folder)
    flip(stored(tmp_path), "pixels.bin", -SIZE * SIZE * 3 - 1)  # the image in the middle
    pixels, decoded = prepare(folder)
    assert decoded == 1
    assert pixels.array[:, 0, 0].tolist() == [[0] * 3, [128] * 3, [255] * 3]


def test_unreadable_images_are_no_damage(prepare: Callable, root: Path) -> None:
    (root / "b/4.png").write_text("no image")
    notes: list[str] = []
    prepare()
    assert prepare(say=notes.append)[1] == 0
    assert not notes


IN_A_PROCESS = """
import os, signal, sys, time
from pathlib import Path
from benchmark.data.pixels.store import prepare_pixels
from benchmark.data.sources import open_data

def kill(_):
    os.kill(os.getpid(), signal.SIGKILL)

def wait(images):
    print("decoded", images, flush=True)
    time.sleep(float(sys.argv[3]))

pixels = prepare_pixels(open_data(sys.argv[1]), 4, {"kill": kill, "wait": wait}[sys.argv[2]])
print(pixels.key, int(pixels.array.sum()), os.stat(pixels.array.filename).st_ino)
"""


def in_a_process(*arguments: object) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", IN_A_PROCESS, *map(str, arguments)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, text=True)


def test_a_killed_build_is_not_used_and_its_rest_removed(
    prepare: Callable, root: Path, tmp_path: Path
) -> None:
    assert in_a_process(root, "kill").wait() == -signal.SIGKILL
    rest = stored(tmp_path)
    assert rest.name.endswith(".tmp")
    assert prepare()[1] == 5
    assert stored(tmp_path).name == rest.name.split(".")[1]


def test_the_rest_of_a_killed_build_goes_when_other_data_is_prepared(
    prepare: Callable, root: Path, tmp_path: Path
) -> None:
    in_a_process(root, "kill").wait()
    rest = stored(tmp_path)
    prepare(size=SIZE + 1)
    assert not rest.exists()


def test_an_unfinished_build_stays_while_its_process_lives(
    prepare: Callable, root: Path, tmp_path: Path
) -> None:
    with in_a_process(root, "wait", 60) as other:
        assert other.stdout is not None
        other.stdout.readline()
        rest = stored(tmp_path)
        prepare(size=SIZE + 1, cache_limit=10_000)
        still_there = rest.exists()
        other.kill()
    assert still_there


def test_of_two_processes_one_decodes(root: Path, tmp_path: Path) -> None:
    both = [in_a_process(root, "wait", 0.5) for _ in range(2)]
    lines = [process.communicate()[0].splitlines() for process in both]
    assert sorted(map(len, lines)) == [1, 2]
    assert lines[0][-1] == lines[1][-1]  # content and the very file
    assert stored(tmp_path).name.isalnum()


def test_a_limit_removes_pixels_that_nobody_uses(prepare: Callable, tmp_path: Path) -> None:
    first, _ = prepare()
    del first
    prepare(size=SIZE + 1, cache_limit=10_000)  # a store takes two blocks of 4 KiB or so
    stored(tmp_path)
    assert prepare(size=SIZE + 1)[1] == 0
    assert prepare()[1] == 5


def test_pixels_in_use_are_kept_with_an_error(prepare: Callable) -> None:
    first, _ = prepare()
    with pytest.raises(
        ValueError, match=r"375 B.*may take 60 B, of which .* in use.*--cache-limit"
    ):
        prepare(size=5, cache_limit=60)
    assert np.array(first.array).any()
    assert prepare(cache_limit=60)[1] == 0  # what is there may be used


def test_pixels_pickle_without_their_lease(prepare: Callable) -> None:
    pixels, _ = prepare()
    copy = pickle.loads(pickle.dumps(pixels))
    assert copy.lease is None
    assert copy.key == pixels.key


def test_an_interrupted_build_leaves_nothing(root: Path, tmp_path: Path) -> None:
    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_pixels(open_data(str(root)), SIZE, interrupt)
    assert list((tmp_path / "cache/pixels").iterdir()) == []


def test_a_full_disk_is_an_error_before_decoding(
    prepare: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(0, 0, 239))
    with pytest.raises(OSError, match="IMBALANCE_BENCH_CACHE"):
        prepare()


def test_size_must_be_positive(prepare: Callable) -> None:
    with pytest.raises(ValueError, match="at least 1 pixel, not 0"):
        prepare(size=0)


@dataclass(frozen=True)
class Shades:
    """Image i is of the one shade (first + i) % 256."""

    first: int = 0

    def image(self, index: int, at_least: int = 0) -> Image.Image:
        return Image.new("RGB", (2, 2), ((self.first + index) % 256,) * 3)

    def content(self, index: int) -> bytes:
        return str(self.first + index).encode()


def shades(n: int, first: int = 0) -> ImageSet:
    return ImageSet(
        name="shades",
        spec="shades",
        description="",
        files=tuple(map(str, range(n))),
        labels=np.arange(n) % 2,
        classes=("even", "odd"),
        stamps=("",) * n,
        reader=Shades(first),
    )


def test_many_images_through_worker_processes_keep_their_order() -> None:
    n = 2 * BLOCK + 7
    decoded: list[int] = []
    pixels = prepare_pixels(shades(n), 3, decoded.append)
    assert sorted(decoded) == [7, BLOCK, BLOCK]
    np.testing.assert_array_equal(pixels.array[:, 2, 2, 1], np.arange(n) % 256)
    assert len(set(pixels.digests)) == n


def test_a_damaged_image_that_has_changed_meanwhile_is_decoded_with_all_others(
    tmp_path: Path,
) -> None:
    """Size and time of its file are the same, or its store would not have been found."""
    prepare_pixels(shades(4), 3)
    scribble(stored(tmp_path))
    decoded: list[int] = []
    pixels = prepare_pixels(shades(4, first=9), 3, decoded.append)
    assert decoded == [1, 4]
    assert pixels.array[:, 0, 0, 0].tolist() == [9, 10, 11, 12]
    assert pixels.digests[0] == hashlib.sha256(b"9").hexdigest()
