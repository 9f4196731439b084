from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.sources import DATA_SOURCES, open_data


def test_a_folder_and_a_table_are_distinguished(tmp_path: Path) -> None:
    for name in ("a/1.png", "b/1.png"):
        (tmp_path / name).parent.mkdir()
        Image.new("L", (2, 2)).save(tmp_path / name)
    (tmp_path / "list.CSV").write_text("path,label\na/1.png,x\nb/1.png,y\n")
    assert open_data(str(tmp_path)).classes == ("a", "b")
    assert open_data(str(tmp_path / "list.CSV")).classes == ("x", "y")
    (tmp_path / "set.zip").write_bytes(b"PK")
    with pytest.raises(ValueError, match="must be unpacked"):
        open_data(str(tmp_path / "set.zip"))


def test_unknown_words_are_explained() -> None:
    with pytest.raises(FileNotFoundError, match=r"(?s)Did you mean 'digits'\?.*Data can be:"):
        open_data("digit")
    with pytest.raises(ValueError, match=r"digits has no parameter 'size'\. It takes none"):
        open_data("digits:size=3")


def test_listing_sources_needs_no_heavy_import() -> None:
    code = (
        "import sys; from benchmark.data.sources import DATA_SOURCES; "
        "print(sorted({'torch', 'torchvision', 'sklearn', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert all(DATA_SOURCES.values())
