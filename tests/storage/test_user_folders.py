"""Where the cache is, and what is said where it can't be."""

from pathlib import Path

import pytest

from benchmark.storage.user_folders import cache_dir, expand_home, real_path


@pytest.mark.parametrize(
    ("chosen", "expected"), [("~/c", "/home/someone/c"), ("/data/c", "/data/c"), ("c", "c")]
)
def test_the_cache_is_where_the_user_has_set_it(monkeypatch, chosen, expected):
    monkeypatch.setenv("HOME", "/home/someone")
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", chosen)
    assert str(cache_dir()) == str(Path(expected).absolute())


def test_a_name_that_only_begins_like_a_home_stays(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert expand_home("~/images") == Path("/home/me/images")
    assert expand_home("~~~") == Path("~~~")


@pytest.mark.parametrize("name", ["x" * 300, "long/" * 1000])
def test_too_long_a_name_is_told_with_the_way_out(tmp_path, monkeypatch, name):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / name))
    with pytest.raises(ValueError, match=r"too long .*; set IMBALANCE_BENCH_CACHE .* shorter"):
        cache_dir()


def test_without_a_home_the_way_out_is_told(monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "~nobody-has-this-name/cache")
    with pytest.raises(ValueError, match="no home folder for the cache; set IMBALANCE_BENCH_CACHE"):
        cache_dir()


def test_a_link_that_loops_is_a_path_as_any_other(tmp_path):
    loop, link = tmp_path / "loop", tmp_path / "link"
    loop.symlink_to(loop)
    link.symlink_to(tmp_path.resolve())
    assert real_path(loop).name == "loop"
    assert real_path(loop / "a").name == "a"
    assert real_path(link / "b" / "..") == tmp_path.resolve()
