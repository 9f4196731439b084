"""How whole runs are started, and with which networks."""

import io
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from benchmark.cli import main

SMALL_BACKBONE = Path(__file__).parents[1] / "small_backbone.py"
TRAINING = ("--weights", "none", "--precision", "fp32", "--device", "cpu", "--epochs", "1+0.5")


@dataclass(frozen=True)
class Network:
    """Flags that make a run of one network short.

    `cache_limit` leaves room for the decoded images of the tests, and not for their activations.
    """

    flags: tuple[str, ...]
    cache_limit: str


SMALL = Network(
    (*TRAINING, "--plugin", str(SMALL_BACKBONE), "--backbone", "small", "--image-size", "32"),
    "400KB",
)
INCEPTION_V3 = Network((*TRAINING, "--image-size", "75", "--fine-tune", "Mixed_7c"), "900KB")


def command(*words):
    """Return the words of a command line."""
    return [sys.executable, "-m", "benchmark", *map(str, words)]


def start(*words):
    """Run the command in a process of its own, as users do."""
    return subprocess.run(command(*words), capture_output=True, text=True, check=False)


def call(*words):
    """Run the command in this process, which has imported everything."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([*map(str, words)])
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


def load_outputs(folder):
    """Return the tensors of all networks of a run, by file."""
    files = sorted((folder / "outputs").glob("*.safetensors"))
    return {file.name: load_file(file) for file in files}


def assert_same_outputs(expected, actual):
    """The networks have the same outputs, to the bit."""
    assert expected.keys() == actual.keys()
    for name, tensors in expected.items():
        for key, values in tensors.items():
            np.testing.assert_array_equal(values, actual[name][key])
