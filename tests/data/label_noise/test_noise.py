"""How a label noise is written, and what is none."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.data.label_noise.noise import FILE, LabelNoise, read_label_noise
from benchmark.plan.experiment import Experiment


@pytest.mark.parametrize(
    ("value", "noise", "name"),
    [
        (0, LabelNoise(), "0"),
        ("none", LabelNoise(), "0"),
        ("asymmetric:0@val", LabelNoise(), "0"),
        (0.18, LabelNoise(rate=0.18), "0.18"),
        (np.float64(0.18), LabelNoise(rate=0.18), "0.18"),
        (" .18 ", LabelNoise(rate=0.18), "0.18"),
        ("symmetric:0.18", LabelNoise(rate=0.18), "0.18"),
        ("0.18@val", LabelNoise(rate=0.18, in_validation=True), "0.18@val"),
        ("asymmetric:0.2", LabelNoise("asymmetric", 0.2), "asymmetric:0.2"),
        ("asymmetric:0.2@val", LabelNoise("asymmetric", 0.2, "", True), "asymmetric:0.2@val"),
        (Path("a/b.csv"), LabelNoise(FILE, file="a/b.csv"), "a/b.csv"),
        ("C:\\b.csv@val", LabelNoise(FILE, 0, "C:\\b.csv", True), "C:\\b.csv@val"),
    ],
)
def test_every_way_of_writing_it_has_one_name(value, noise, name):
    assert read_label_noise(value) == noise
    assert noise.name == str(noise) == name
    assert read_label_noise(name) == noise
    assert bool(noise) == (name != "0")


@pytest.mark.parametrize(
    "value", [1, -0.1, "18%", "18", "nan", True, None, [0.1], "", "@val", "x", "0.2@test"]
)
def test_what_is_none_is_refused_with_what_is_allowed(value):
    with pytest.raises(ValueError, match=r"^label noise .* is not allowed; allowed: 0, or a share"):
        Experiment(label_noise=value)


def test_a_slip_in_the_kind_is_no_file():
    with pytest.raises(ValueError, match=r"Did you mean 'asymmetric'\? Allowed: 0, or a share"):
        Experiment(label_noise="asymetric:0.18")


def test_an_experiment_has_none_unless_it_is_asked_for():
    assert Experiment().label_noise == LabelNoise()
    assert Experiment().describe()["label_noise"] == "0"
    assert Experiment(label_noise=0.18).describe()["label_noise"] == "0.18"
