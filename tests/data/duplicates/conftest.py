from __future__ import annotations

from pathlib import Path

import pytest

from tests.data.duplicates.pictures import encode, make_photographs


@pytest.fixture
def leaking_folder(tmp_path: Path) -> Path:
    """Given splits of two classes; two test images are copies, one of them of another class."""
    pictures = iter(make_photographs(44, seed=3))
    root = tmp_path / "leaking"
    for split, number in {"train": 12, "val": 4, "test": 4}.items():
        for kind in ("cat", "dog"):
            (root / split / kind).mkdir(parents=True)
            for index in range(number):
                (root / split / kind / f"{index}.png").write_bytes(encode(next(pictures)))
    first, second = make_photographs(2, seed=3)
    (root / "test/cat/copy.jpg").write_bytes(encode(first, "JPEG", quality=60))
    half = second.resize((80, 60))
    (root / "test/dog/other.png").write_bytes(encode(half))
    (root / "val/dog/same.png").write_bytes((root / "val/dog/0.png").read_bytes())
    return root
