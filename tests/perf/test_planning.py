"""Planning many images: what grows with their number, counted in calls and not in seconds."""

import json
import sys

import pytest

from benchmark.data.sources import open_data
from tests.perf.figures import GIB
from tests.perf.many_images import fabricate_store, write_many
from tests.perf.planning import BAR_IMAGES, render
from tests.perf.planning_worker import SIZE, main, measure


@pytest.fixture
def tables(tmp_path, monkeypatch, forgotten):
    """A table of so many images with stored pixels; the cache is their own."""
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))

    def make(images, classes):
        table = write_many(tmp_path / str(images) / "data", images, classes)
        fabricate_store(open_data(str(table)), SIZE)
        return table

    return make


def count_calls(work, *arguments):
    """Return how many functions of Python and of C are called."""
    calls = 0

    def count(_frame, event, _argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        work(*arguments)
    finally:
        sys.setprofile(None)
    return calls


def test_an_image_more_costs_the_same_few_calls_and_a_seed_more_hardly_any(
    tables, tmp_path, capsys
):
    small, large = (tables(images, 10) for images in (300, 900))
    main([str(small), "--seeds", "1", "--strategies", "1"])  # modules and code are read once
    assert list(json.loads(capsys.readouterr().out)["seconds"])[-1] == "read again"

    def calls(table, seeds):
        out = tmp_path / f"{table.parts[-3]}-{seeds}"
        return count_calls(measure, table, out, seeds, 1)

    by_seeds = {seeds: calls(large, seeds) - calls(small, seeds) for seeds in (1, 3)}
    assert by_seeds[1] < 220 * 600, "160 an image, which is listed twice here"
    assert by_seeds[3] - by_seeds[1] < 10 * 2 * 600, "6 an image and seed, for lists in its file"


def planning_row(size, seconds):
    steps = {"listing": 1.0, "plan": seconds, "run.json and splits": 2.0, "read again": 1.0}
    return {
        "size": size,
        "environment": {"device": "a CPU", "cores": 2, "git_commit": "abc"},
        "others": 0.0,
        "memory": {"anonymous": 2 * GIB},
        "result": {"seconds": steps, "cpu": steps},
    }


def test_a_million_images_are_judged_by_all_of_a_plan():
    page = render([planning_row(20_000, 3.0), planning_row(BAR_IMAGES, 40.0)])
    assert "| plan | 3 (3) | 40 (40) |" in page
    assert (
        "1,000,000 images: 43 s, 43 of the CPU (at most 60), 2.0 GiB (at most 4): reached." in page
    )
    assert "**not reached**" in render([planning_row(BAR_IMAGES, 60.0)])
    assert "reached" not in render([planning_row(20_000, 3.0)])
