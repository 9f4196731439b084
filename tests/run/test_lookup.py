"""Device and weights: found alike in this process and in another, which spares this one torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmark.plan.experiment import Experiment
from benchmark.run import lookup
from benchmark.run.lookup import probe_device_and_weights
from benchmark.run.run_folder import RunFolder

COMMAND = """
import sys
from benchmark.cli import main
code = main(sys.argv[1:])
for name, module in (("torch", "torch"), ("the report's code", "benchmark.report.single.page")):
    print(name, "is", "here" if module in sys.modules else "elsewhere")
sys.exit(code)
"""
LOOK = """
import sys
from benchmark.plan.experiment import Experiment
from benchmark.run.lookup import look_up
device, weights = look_up(Experiment(weights="bundled", device="cpu"), 2)
assert "torch" not in sys.modules
print(device, weights.name, weights.source, weights.sha256, sep="\\n")
"""
SMALL = ["--image-size", "75", "--fine-tune", "Mixed_7c", "--precision", "fp32", "--device", "cpu"]
pytestmark = pytest.mark.skipif(
    any(Path(sign).exists() for sign in lookup.SIGNS_OF_A_GPU), reason="whose process has torch"
)


def start(code, *words):
    command = [sys.executable, "-c", code, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_who_waits_for_other_processes_trains_and_reports_without_torch(image_folder, tmp_path):
    words = ["run", "--data", image_folder, "--weights", "none", *SMALL, "--epochs", "0.5"]
    words += ["--strategies", "no_change,random_oversampling", "--out", tmp_path / "run"]
    done = start(COMMAND, *words, "--jobs", "2")
    assert done.returncode == 0, done.stderr
    assert "to train   2 of 2 networks" in done.stdout
    assert "torch is elsewhere" in done.stdout
    alone = start(COMMAND, *words, "--jobs", "1")
    assert "to train   0 of 2 networks" in alone.stdout, "device, weights, numbers are the same"
    assert "torch is here" in alone.stdout


def test_the_reports_code_is_imported_meanwhile_if_nothing_seems_left_to_train(
    image_folder, tmp_path
):
    words = ["plan", "--data", image_folder, "--weights", "none", *SMALL, "--out", tmp_path]
    words += ["--strategies", "no_change", "--jobs", "2"]
    new = start(COMMAND, *words)
    assert "the report's code is elsewhere" in new.stdout, new.stderr
    RunFolder(tmp_path).record_file("no_change", 0).parent.mkdir()
    RunFolder(tmp_path).record_file("no_change", 0).touch()
    finished = start(COMMAND, *words)
    assert "the report's code is here" in finished.stdout, finished.stderr
    assert "torch is elsewhere" in finished.stdout
    more = start(COMMAND, *words, "--seeds", "2")
    assert "the report's code is elsewhere" in more.stdout, "who trains and waits has little memory"


def never():
    raise AssertionError("who looks itself has nothing to wait for")


def test_elsewhere_the_same_is_found():
    told = start(LOOK).stdout.splitlines()
    device, weights = probe_device_and_weights(
        Experiment(weights="bundled", device="cpu"), 1, never
    )
    assert told == [str(device), weights.name, weights.source, weights.sha256]


def test_what_can_not_be_used_is_said_in_the_same_words(image_folder):
    words = ["plan", "--data", image_folder, "--weights", "nowhere.pth", *SMALL]
    for jobs in ("1", "2"):
        done = start(COMMAND, *words, "--jobs", jobs)
        assert done.returncode == 2
        assert done.stderr.startswith("error: weights are 'nowhere.pth', which is no file; allowed")
        assert len(done.stderr.splitlines()) == 1
