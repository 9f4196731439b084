"""Journal, timing and resuming of a bench: processes are real, but small."""

import os
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from perf import memory, rounds
from PIL import Image

from benchmark.cli import main
from benchmark.data.sources import open_data
from tests.perf.inputs import BenchConfig, Inputs, own_cache, prepare_inputs
from tests.perf.journal import Journal
from tests.perf.memory import MemoryWatch, descendants
from tests.perf.photographs import Variants, is_plain
from tests.perf.timed import run_timed


def test_a_line_that_was_cut_short_does_not_count_and_spoils_no_other(tmp_path):
    journal = Journal(tmp_path / "new" / "rows.jsonl")
    assert journal.rows() == []
    journal.add({"a": 1})
    with journal.path.open("a") as file:
        file.write('{"b": 2, "c')
    assert journal.rows() == [{"a": 1}]
    journal.add({"d": 3})
    assert journal.rows() == [{"a": 1}, {"d": 3}]


def test_a_command_is_timed_from_outside_with_the_memory_of_its_children(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "SECONDS_BETWEEN_SAMPLES", 0.1)
    child = "import time; held = bytearray(64 * 2**20); time.sleep(0.8)"
    code = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}]); print('{{}}')"
    )
    timed = run_timed([sys.executable, "-c", code], tmp_path / "log")
    assert 0.8 < timed.seconds < 20
    assert timed.told() == {}
    assert timed.memory["anonymous"] > 64 * 2**20
    assert timed.memory["all"] >= timed.memory["anonymous"]
    assert timed.others is None or timed.others >= 0


def test_a_command_that_fails_says_why(tmp_path):
    with pytest.raises(ChildProcessError, match=r"code 3(.|\n)*the reason"):
        run_timed(
            [sys.executable, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"],
            tmp_path / "log",
        )


def test_a_tree_of_processes_begins_with_its_root(tmp_path):
    assert descendants(os.getpid())[0] == os.getpid()
    with MemoryWatch(os.getpid()) as watch:
        time.sleep(0.3)
    assert watch.peak["all"] > 2**20


def fake_inputs(folder):
    """What `prepare_inputs` would return, with nothing in it."""
    environment = {"device": "", "cores": 1, "python": "", "torch": "", "torchvision": ""}
    about = {
        **{"data": "none", "images": 2, "classes": 2, "split": [1, 1, 1], "weights": ""},
        **{"batch_size": {"0": 1}, "steps": {"0": 1}, "precision": "fp32", "device": "cpu"},
        **{"gpu_memory": None, "environment": environment},
    }
    return Inputs(folder, str(folder), about)


@pytest.fixture
def stopping_bench(tmp_path, monkeypatch):
    """A bench whose measurements are made up; returns how to run it and what was measured."""
    measured = []

    def measure(job, settings, inputs, loops, out):
        measured.append(str(job))
        if len(measured) == 3:
            raise ChildProcessError("stopped in the middle")
        result = {"macro_f1": 0.5, "seconds": {}}
        if job.kind == "harness":
            result = {"cost": {}, "macro_f1": {}}
        if job.kind == "bare":
            result = {
                "pairs": [{"harness": 1, "bare": 1}],
                **{"steps": 1, "threads": 1, "precision": ""},
            }
        return {
            **{"kind": job.kind, "round": job.round, "strategies": list(job.strategies)},
            **{"seeds": list(job.seeds), "seconds": 1.0, "load": 0.0, "others": 0.0},
            **{"begun": "", "commit": "", "result": result},
            "memory": {"all": 1, "anonymous": 1, "files": 1},
        }

    monkeypatch.setattr(rounds, "_measure", measure)
    monkeypatch.setattr(rounds, "prepare_inputs", lambda settings, folder: fake_inputs(tmp_path))
    for name in rounds.SCRIPTS.values():
        (tmp_path / name).touch()
    settings = BenchConfig("d", "w", 75, ("a", "b"), (0,), "cpu", "auto")

    def run(number):
        return rounds.bench(
            settings, rounds=number, scripts=1, loops=tmp_path, out=tmp_path / "out", say=str
        )

    return run, measured


def test_a_bench_that_was_stopped_goes_on_where_it_was(stopping_bench):
    run, measured = stopping_bench
    with pytest.raises(ChildProcessError):
        run(1)
    assert len(measured) == 3
    page = run(1)
    assert measured[2:4] == ["harness-2-seeds0-round0"] * 2, "what failed is measured again"
    assert measured[4:] == ["bare-2-seeds0-round0"]
    assert page.name == "performance.md"
    run(1)
    assert len(measured) == 5, "a finished bench measures nothing"
    run(2)
    assert measured[5:] == ["plain-b-seeds0-round1", "tuned-b-seeds0-round1",
                            "harness-2-seeds0-round1"]  # fmt: skip


def test_inputs_are_prepared_once_and_hold_for_one_comparison(image_folder, tmp_path):
    settings = BenchConfig(str(image_folder), "none", 75, ("no_change",), (0,), "cpu", "fp32")
    inputs = prepare_inputs(settings, tmp_path / "in")
    assert inputs.images == str(image_folder)
    assert np.load(inputs.decoded / "pixels.npy").shape == (47, 75, 75, 3)
    assert inputs.split(0).exists()
    assert not (tmp_path / "in" / "cache").exists()
    before = inputs.weights.stat().st_mtime_ns
    assert prepare_inputs(settings, tmp_path / "in") == inputs
    assert inputs.weights.stat().st_mtime_ns == before
    other = BenchConfig(str(image_folder), "none", 96, ("no_change",), (0,), "cpu", "fp32")
    with pytest.raises(ValueError, match="another image_size; choose another --out"):
        prepare_inputs(other, tmp_path / "in")


def test_rendered_data_becomes_a_folder_of_jpegs(tmp_path):
    settings = BenchConfig(
        "wheels:images=20,classes=2", "none", 75, ("no_change",), (0,), "cpu", "fp32"
    )
    inputs = prepare_inputs(settings, tmp_path / "in")
    files = sorted(Path(inputs.images).glob("*/*.jpg"))
    assert len(files) == 20
    assert min(Image.open(files[0]).size) >= 256
    assert is_plain(open_data(inputs.images), Path(inputs.images))


def test_a_folder_that_imagefolder_reads_otherwise_is_refused(image_folder, tmp_path):
    for part in ("train", "val", "test"):
        (tmp_path / "data" / part).mkdir(parents=True)
        for one in image_folder.iterdir():
            (tmp_path / "data" / part / one.name).symlink_to(one)
    settings = BenchConfig(str(tmp_path / "data"), "none", 75, ("no_change",), (0,), "cpu", "fp32")
    with pytest.raises(ValueError, match="one folder a class"):
        prepare_inputs(settings, tmp_path / "in")


def test_variants_differ(tmp_path):
    read = Variants(open_data("wheels:images=64").read)
    one, two = (np.asarray(read.image(index)) for index in (0, 64))
    assert (one != two).any()
    assert np.array_equal(one[32:], two[32:])
    assert read.content(0) != read.content(64)


def test_own_cache_is_empty_and_goes_away(tmp_path, monkeypatch):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "before")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "old").touch()
    with own_cache(tmp_path / "cache"):
        assert os.environ["IMBALANCE_BENCH_CACHE"] == str(tmp_path / "cache")
        assert not (tmp_path / "cache").exists()
        (tmp_path / "cache").mkdir()
    assert os.environ["IMBALANCE_BENCH_CACHE"] == "before"
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--loops", "nowhere"], "no plain.py, tuned.py, bare.py.* checkout"),
        (["--strategies", "focal_loss:gamma=1"], "know no focal_loss:gamma=1"),
        (["--growth", "few"], "--growth takes sizes"),
    ],
)
def test_mistakes_are_told_before_anything_is_done(words, said, capsys, tmp_path):
    assert main(["bench", *words, "--out", str(tmp_path / "out")]) == 2
    assert re.search(said, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()
