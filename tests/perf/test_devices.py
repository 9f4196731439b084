"""The measurements of GPUs: all parts of the small mode, with runs that are stood in for."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.perf import devices, prefix
from tests.perf.devices import PARTS, main
from tests.perf.inputs import Inputs
from tests.train.small_training import DEVICES, SPLIT, small_features

ABOUT = {
    **{"data": "wheels:images=120", "images": 120, "precision": "fp32", "batch_size": {"0": 8}},
    "environment": {"device": "a GPU", "cores": 2, "torch": "2.10"},
}
WAY = {"seconds": 2.0, "networks": ["a", "b"], "same": True}
OUTPUTS = {
    "tests.perf.prefix": {
        "precision": "float32",
        "rows": [
            {
                **{"images": 2, "eager": 0.02, "graph": 0.01, "capture": 0.1},
                **{"same filled up": True, "same beside others": False},
                "largest difference": 0.001,
            }
        ],
    },
    "tests.perf.start": {"seconds": {"frozen layers": 1.0, "first steps": 2.0}, "all": 3.0},
    "tests.perf.streams": {
        "one after the other": WAY,
        "on streams": WAY | {"seconds": 1.0},
        "in processes": WAY | {"networks": ["a", "c"], "mps": False},
        **{"steps": 2, "precision": "float32"},
    },
}


@pytest.fixture
def commands(monkeypatch, tmp_path):
    """Stand in for processes; return their words."""
    commands = []

    def call(options, *words, environment=None, log=None):
        commands.append([str(word) for word in words])
        if "run" in words:
            out = Path(words[words.index("--out") + 1])
            (out / "records").mkdir(parents=True)
            record = {
                **{"strategy": "no_change", "network": "key", "budget": {"seconds": 0.4}},
                "metrics": {"test": {"macro_f1": 0.5}},
            }
            (out / "records" / "no_change-0.json").write_text(json.dumps(record))
            (out / "cost.json").write_text(json.dumps({"seconds": {"training": 1.0}}))
        return "noise\n" + json.dumps(OUTPUTS.get(words[1], {}))

    def measure(job, config, inputs, loops, out):
        cost = {"seconds": {"training": 20.0}, "whole": 30.0}
        result = {"cost": cost, "macro_f1": {"no_change 0": 0.5}}
        seconds = {"plain": 30.0, "harness": 50.0}[job.kind]
        return {"seconds": seconds, "others": 0.5, "memory": {}, "result": result}

    monkeypatch.setattr(devices, "call", call)
    monkeypatch.setattr(devices.rounds, "_measure", measure)
    monkeypatch.setattr(
        devices, "prepare_inputs", lambda config, folder: Inputs(tmp_path, "images", ABOUT)
    )
    return commands


def test_all_parts_are_measured_once_and_make_a_page(commands, tmp_path):
    words = [str(tmp_path / "out"), "--small", "--device", "cpu"]
    assert main(words) == 0
    page = (tmp_path / "out" / "devices.md").read_text()
    for line in (
        "a GPU, 2 cores, torch 2.10, fp32, 120 images (wheels:images=120), batches of 8; each",
        "| six strategies against **one** *plain* | **1.67 x** | <= 1 |",
        "| six *plain* scripts against six strategies | **3.6 x** | >= 5 |",
        "| start of Python, imports, end | 30.0 |",
        "other programs used 0.5 cores",
        "| 2 | 20.0 ms | 10.0 ms | 100.0 ms | yes | **no** | 0.001 |",
        "| first steps | 2.0 s | 2.0 s |",
        "| on streams | 1.00 s | 2.00 x | yes |",
        "| in processes | 2.00 s | 1.00 x | **no** |",
        "Training steps of the first row: 0.4 s (no_change 0.4).",
        "This machine has one.",
    ):
        assert line in page, line
    assert re.search(r"\| 2 \| \d+\.\d s \| 1\.0 s \| .* x \| yes \|", page), "jobs on one GPU"
    commands.clear()
    assert main(words) == 0
    assert not [words for words in commands if words[0] == "-m"], "nothing is measured again"


def test_with_several_gpus_a_run_on_one_is_compared_with_one_on_all(
    commands, tmp_path, monkeypatch
):
    monkeypatch.setattr(devices.torch.cuda, "device_count", lambda: 3)
    assert main([str(tmp_path / "out"), "--small", "--parts", "gpus"]) == 0
    runs = [words for words in commands if "run" in words]
    assert [words[words.index("--device") + 1] for words in runs] == ["cuda:0", "cuda"]
    assert "## Several GPUs" in (tmp_path / "out" / "devices.md").read_text()


def test_a_part_that_fails_ends_no_other(commands, tmp_path, monkeypatch, capsys):
    def broken(options, inputs):
        raise ChildProcessError("no GPU")

    monkeypatch.setitem(PARTS, "prefix", broken)
    assert main([str(tmp_path / "out"), "--small", "--parts", "prefix,streams", "--mps"]) == 1
    assert "prefix failed: no GPU" in capsys.readouterr().out
    assert "in processes, MPS, MPS was not there" in (tmp_path / "out/devices.md").read_text()
    with pytest.raises(SystemExit):
        main([str(tmp_path / "out"), "--parts", "all"])
    assert "unknown parts all; there are six, prefix" in capsys.readouterr().err


@pytest.mark.parametrize("device", DEVICES)
def test_frozen_layers_are_timed_for_several_numbers_of_images(device):
    images = np.resize(SPLIT.train, 16)
    rows = prefix.measure(small_features(device=device), images, batch_size=8, passes=1)
    assert [row["images"] for row in rows] == [2, 5, 8]
    assert all(row["same beside others"] and row["same filled up"] for row in rows)
