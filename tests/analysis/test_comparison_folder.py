"""Where a comparison of several runs goes."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import benchmark
from benchmark.analysis.comparison_folder import default_folder
from tests.analysis.records import write_run


@pytest.fixture
def untrained(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes the folder of a run of which nothing is trained yet."""
    return lambda name: write_run(tmp_path / name, "ca", "c").path


def test_the_default_folder_is_named_after_the_runs() -> None:
    assert default_folder(["results/a-forum", "b"]) == Path("results/compare-a-forum-b")
    many = [f"results/a-long-name-of-a-data-set-{k}" for k in range(6)]
    assert default_folder(many) == default_folder([f"{folder}/" for folder in many])
    assert default_folder(many) != default_folder(many[::-1])
    assert re.fullmatch(
        r"compare-a-long-name-of-a-data-set-0-and-5-more-[0-9a-f]{8}", default_folder(many).name
    )


def test_the_default_folder_has_a_name_that_file_systems_take() -> None:
    for letters in ("a" * 300, "\N{CJK UNIFIED IDEOGRAPH-4E2D}" * 55):
        first, second = (default_folder([letters, f"{letters}{end}"]) for end in "xy")
        assert first != second
        assert all(len(os.fsencode(folder.name)) < 240 for folder in (first, second))


def test_a_comparison_never_takes_the_place_of_another(
    untrained: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("lab1/x", "lab1/y", "lab2/x", "lab2/y"):
        untrained(name)
    folders = {lab: [f"{lab}/x", f"{lab}/y"] for lab in ("lab1", "lab2")}
    targets = [
        benchmark.compare_runs(folders[lab]).reports["html"].parent.as_posix()
        for lab in ("lab1", "lab2", "lab1", "lab2")
    ]
    assert targets == ["results/compare-x-y", "results/compare-x-y-2"] * 2


def test_a_comparison_may_get_more_runs_and_replaces_no_other_report(
    untrained: Callable[..., Path], tmp_path: Path
) -> None:
    first, second, third = (untrained(name) for name in ("first", "second", "third"))
    out = tmp_path / "all"
    benchmark.compare_runs([first, second], out=out)
    benchmark.compare_runs([third, first, second], out=out)
    before = (out / "report.html").read_bytes()
    with pytest.raises(ValueError, match=r"all holds a comparison of other runs \(.*third, .*firs"):
        benchmark.compare_runs([first, second], out=out)
    assert (out / "report.html").read_bytes() == before
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "report.html").write_text("mine")
    with pytest.raises(ValueError, match="mine holds the report of something else, which would be"):
        benchmark.compare_runs([first, second], out=tmp_path / "mine")


def test_what_can_be_no_folder_is_refused_with_the_way_out(
    untrained: Callable[..., Path], tmp_path: Path
) -> None:
    runs = [untrained(name) for name in ("first", "second")]
    (tmp_path / "loop").symlink_to("loop")
    for name, why in (("loop", "is a link that leads nowhere"), ("a" * 300, "name is too long")):
        with pytest.raises(ValueError, match=rf"can't be a folder, .*{why}. Choose another --out"):
            benchmark.compare_runs(runs, out=tmp_path / name)
    with pytest.raises(FileNotFoundError, match="loop holds no run"):
        benchmark.compare_runs([runs[0], tmp_path / "loop"])
