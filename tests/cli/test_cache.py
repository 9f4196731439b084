"""`python -m benchmark cache`: what is kept, and its removal."""

import re

import pytest

from benchmark.cli import main
from benchmark.storage.cache import lease


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_an_entry_in_use_is_marked_and_kept(cache, capsys):
    held = {}
    for key in ("a" * 20, "b" * 20):
        folder = cache / "pixels" / key
        held[key] = lease(folder, f"pixels of {key[0]}")
        folder.mkdir(parents=True)
        (folder / "pixels.npy").write_bytes(bytes(2**18))
    held["a" * 20].release()
    assert main(["cache"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line[:11]: line.endswith("yes") for line in lines[1:3]} == {
        "pixels of a": False,
        "pixels of b": True,
    }
    assert main(["cache", "--clear"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^removed 1 entry, 2\d\d KB, from ", out)
    assert re.search(r"\nkept, as it is in use: pixels of b, 2\d\d KB\n", out)
    assert [path.name for path in (cache / "pixels").iterdir()] == ["b" * 20]


def test_an_empty_cache_is_listed_and_cleared_without_making_it(cache, capsys):
    assert main(["cache"]) == 0
    assert main(["cache", "--clear"]) == 0
    listed, cleared = capsys.readouterr().out.splitlines()
    assert listed.startswith(f"0 B in {cache}")
    assert cleared == f"removed 0 entries, 0 B, from {cache}"
    assert not cache.exists()
