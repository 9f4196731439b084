from __future__ import annotations

import ast
import hashlib
import multiprocessing
import warnings
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data import wheels
from benchmark.data.wheels import RENDERER_VERSION
from benchmark.data.wheels.draws import Draws, angle_in_turns
from benchmark.data.wheels.photograph import photograph
from benchmark.data.wheels.rims import DESIGNS

# (edition, seed, index, size) -> sha256 of the pixels, the same on every machine. After a
# deliberate change of the rendering raise RENDERER_VERSION and pin the new ones.
PINNED = {
    (1, 0, 0, 32): "144030c17417618a9be6682919de58161bc01ec59202bddec818919c07f6334b",
    (1, 0, 2399, 32): "07504679d174f30bbc8c113217de2c33712a5c93a9d81f2d08019bfbe1aa1ffa",
    (1, 5, 1234, 75): "941bb9063d47d421873730688fe8c309e94e3a617366bcded6781e75faa5ce77",
}


def render(design: str, seed: int, index: int, size: int) -> np.ndarray:
    return photograph(DESIGNS[design], Draws(seed, index), size)


def fingerprint(seed: int, index: int, size: int) -> str:
    """Hash one picture of every design."""
    pictures = b"".join(render(name, seed, index, size).tobytes() for name in DESIGNS)
    return hashlib.sha256(pictures).hexdigest()


@pytest.mark.parametrize(("edition", "seed", "index", "size"), PINNED)
def test_pixels_are_the_same_on_every_machine(edition, seed, index, size) -> None:
    assert edition == RENDERER_VERSION
    assert fingerprint(seed, index, size) == PINNED[edition, seed, index, size]


def test_pixels_do_not_depend_on_order_or_process() -> None:
    cases = [(0, 3, 24), (0, 4, 24), (1, 3, 24)]
    here = [fingerprint(*case) for case in reversed(cases)][::-1]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as executor:
        there = list(executor.map(fingerprint, *zip(*cases, strict=True)))
    assert here == there
    assert len(set(here)) == 3


def test_arrays_see_only_exactly_rounded_operations() -> None:
    exact = {
        "abs",
        "arange",
        "ascontiguousarray",
        "copysign",
        "empty",
        "float32",
        "int16",
        "intp",
        "maximum",
    }
    exact |= {"minimum", "multiply", "ndarray", "rint", "sqrt", "subtract", "uint8", "where"}
    exact |= {"zeros_like", "random"}
    files = [f for f in Path(wheels.__file__).parent.glob("*.py") if not f.name.startswith("__")]
    assert len(files) == 6
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "np":
                assert node.attr in exact, f"{file.name}, line {node.lineno}: np.{node.attr}"
            assert not isinstance(node, ast.MatMult), file.name


def test_the_raw_numbers_are_numpy_s_frozen_stream() -> None:
    draws = Draws(1, 2)
    assert draws.bytes(3).tolist() == [229, 146, 134]
    assert draws.uniform(0, 1) == 0.44841514333227195


def test_gaussian_noise_has_unit_deviation() -> None:
    noise = Draws(0).gaussian_noise(200, 200)
    assert noise.dtype == np.float32
    assert abs(noise.mean()) < 0.02
    assert noise.std() == pytest.approx(1, abs=0.02)


def test_the_angle_is_that_of_arctan2() -> None:
    x, y = np.meshgrid(np.linspace(-1, 1, 51), np.linspace(-1, 1, 51))
    angle = angle_in_turns(x.astype(np.float32), y.astype(np.float32))
    assert np.abs(angle - np.arctan2(y, x) / (2 * np.pi)).max() < 1e-4


def test_pictures_differ() -> None:
    names = list(DESIGNS)
    pictures = {render(names[i % 17], i // 100, i, 16).tobytes() for i in range(200)}
    assert len(pictures) == 200


@pytest.mark.parametrize("size", [1, 2, 3, 7, 40, 299])
def test_any_size(size: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a division by zero would be one
        picture = render("mesh", 0, 0, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8


@pytest.mark.parametrize("design", DESIGNS)
def test_the_same_wheel_at_every_size(design: str) -> None:
    small = render(design, 2, 1, 48)
    large = Image.fromarray(render(design, 2, 1, 144)).resize((48, 48), Image.Resampling.BOX)
    alike = np.corrcoef(small.ravel(), np.asarray(large).ravel())[0, 1]
    assert alike > 0.9


def test_designs_differ_in_the_picture() -> None:
    # one stream of draws, so one pose and finish, unless a design draws more or fewer numbers
    five, six = render("five_spoke", 0, 0, 64), render("six_spoke", 0, 0, 64)
    changed = (np.abs(five.astype(int) - six).max(axis=2) > 40).mean()
    assert 0.02 < changed < 0.5
