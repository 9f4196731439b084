from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from benchmark.data.sources import DATA_SOURCES, open_data
from tests.data.trees import make_files


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


@pytest.mark.parametrize("spec", ["digits", "wheels:images=20,classes=2"])
def test_a_folder_of_the_name_of_a_source_is_named(tmp_path: Path, monkeypatch, spec: str) -> None:
    monkeypatch.chdir(tmp_path)
    assert open_data(spec).messages == ()
    source = spec.partition(":")[0]
    make_files(tmp_path / source, {"one": 1, "two": 1})
    (message,) = open_data(spec).messages
    assert f"not the folder ./{source} here: --data ./{source} reads the folder" in message
    assert open_data(f"./{source}").classes == ("one", "two")


def test_class_levels_are_those_of_a_folder(tmp_path: Path) -> None:
    make_files(tmp_path, {"a/x": 1, "a/y": 1, "b/z": 1})
    assert open_data(str(tmp_path)).classes == ("a", "b")
    assert open_data(str(tmp_path), class_level=2).classes == ("x", "y", "z")
    (tmp_path / "list.csv").write_text("path,label\na/x/000.jpg,x\na/y/000.jpg,y\n")
    for spec in ("digits", str(tmp_path / "list.csv")):
        with pytest.raises(ValueError, match=r"class level 2 is not allowed: .* is no folder"):
            open_data(spec, class_level=2)


def test_classes_that_are_the_same_to_a_person_are_named_for_every_source(tmp_path: Path) -> None:
    make_files(tmp_path, {"Rust": 2, "rust": 1, "scab": 1})
    (tmp_path / "list.tsv").write_text(
        "path\tlabel\nRust/000.jpg\t2\nrust/000.jpg\t02\nscab/000.jpg\t3\n"
    )
    folder, table = str(tmp_path), str(tmp_path / "list.tsv")
    assert "'Rust' (2) and 'rust' (1)" in open_data(folder).messages[-1]
    assert "'02' (1) and '2' (1)" in "".join(open_data(table).messages)
    assert open_data(folder, merge_classes=True).classes == ("Rust", "scab")
    assert open_data(table, merge_classes=True).classes == ("2", "3")


@pytest.mark.parametrize(
    "name", ["list.xlsx", "list.ods", "list.JSON", "list.txt", "list.parquet", "list"]
)
def test_other_tables_are_to_be_saved_as_csv(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK")
    with pytest.raises(ValueError, match=r"save it as CSV: in a spreadsheet by Save as, CSV UTF-8"):
        open_data(str(tmp_path / name))
