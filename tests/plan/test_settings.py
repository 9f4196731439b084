"""A setting is one field: flag, TOML key, argument, help and fingerprint follow from it."""

import argparse
import inspect
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from benchmark import api
from benchmark.cli.settings import add_settings, read_config
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import (
    TRAINING,
    define_setting,
    require_known,
    select,
    settings_of,
    takes_settings,
)


@dataclass(frozen=True)
class WithClipping(Experiment):
    """An experiment with one more setting: nothing else than this field is written."""

    clip_norm: float = define_setting(
        1.5, TRAINING, "NORM", allowed="a number above 0", test=lambda norm: norm > 0
    )
    """gradients are scaled down to 100 % of this norm"""


def parser_of(*kinds):
    parser = argparse.ArgumentParser()
    add_settings(parser, *kinds)
    return parser


def test_one_more_field_is_a_flag_with_help():
    parser = parser_of(WithClipping)
    chosen = vars(parser.parse_args(["--clip-norm", "2"]))
    assert WithClipping(**select(WithClipping, chosen)).clip_norm == 2.0
    text = " ".join(parser.format_help().split())
    assert "--clip-norm NORM gradients are scaled down to 100 % of this norm (default: 1.5)" in text


def test_one_more_field_is_a_key_of_a_file(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text("clip-norm = 2.5\n")
    assert read_config(str(file), WithClipping) == {"clip_norm": 2.5}
    file.write_text("clip-norm = 0\n")
    allowed = "clip norm 0.0 is not allowed; allowed: a number above 0"
    with pytest.raises(ValueError, match=rf"study\.toml: {allowed}"):
        read_config(str(file), WithClipping)


def test_one_more_field_is_an_argument_with_documentation():
    @takes_settings(WithClipping)
    def run(data=Experiment.data, *, progress=None, **settings):
        """Run.

        Parameters
        ----------
        progress
            Shows what is done.
        """

    signature = inspect.signature(run)
    assert next(iter(signature.parameters)) == "data"
    assert next(reversed(signature.parameters)) == "progress"
    assert signature.parameters["clip_norm"].default == 1.5
    assert "clip_norm : float\n    gradients are scaled" in run.__doc__
    assert run.__doc__.endswith("progress\n    Shows what is done.")


def test_one_more_field_enters_manifest_and_fingerprint():
    experiment = WithClipping(clip_norm=3)
    assert experiment.describe()["clip_norm"] == 3.0
    assert experiment.training_fingerprint()["clip_norm"] == 3.0
    assert experiment.training_fingerprint() != WithClipping().training_fingerprint()


def test_every_setting_of_a_run_is_a_flag_and_an_argument_and_a_key(tmp_path):
    settings = settings_of(Experiment, RunOptions)
    parameters = inspect.signature(api.run).parameters
    assert set(settings) == set(parameters) - {"command", "executor", "progress"}
    assert list(parameters)[:2] == ["data", "strategies"]
    flags = parser_of(Experiment, RunOptions)._option_string_actions
    for name, definition in settings.items():
        assert f"--{definition.key}" in flags
        assert f"{name} : " in api.run.__doc__
        assert parameters[name].default == definition.default
        assert definition.description


def test_a_default_is_allowed_and_a_flag_that_is_not_given_leaves_it():
    assert vars(parser_of(Experiment, RunOptions).parse_args([])) == {"config": None}
    for name, definition in settings_of(Experiment, RunOptions).items():
        definition.read(definition.default), name


def test_unknown_settings_are_named_with_the_closest():
    with pytest.raises(TypeError, match=r"no setting 'image_sise'. Did you mean 'image_size'\?"):
        require_known(["image_sise"], Experiment, RunOptions)
    with pytest.raises(TypeError, match="no setting 'colour'"):
        api.run(colour="red")


ODD = [
    *(None, True, 3, 3.5, -1, 0, 10**400, float("nan"), float("inf"), 1j, "", " ", "a,,b", b"ab"),
    *([], [[]], {}, {"a": 1}, {1, "a"}, [None], [True], [1.5, "x"], ("",), range(3), object()),
    *(object, np.int64(3), np.float64(3.5), np.bool_(True), np.str_("x"), np.nan, np.array(3)),
    *(np.array([1, 2]), np.eye(2), np.array(["x"]), np.array([None]), pd.Series(["x", "y"])),
    *(
        pd.DataFrame({"a": [1]}),
        Path("x"),
        Path(),
        [Path("x")],
        "9" * 5000,
        "\0",
        "é",
        date.min,
    ),
]


@pytest.mark.parametrize("name", settings_of(Experiment, RunOptions))
@pytest.mark.filterwarnings("error")
def test_any_value_is_read_or_refused_in_a_sentence_of_ours(name):
    definition = settings_of(Experiment, RunOptions)[name]
    kind = Experiment if name in settings_of(Experiment) else RunOptions
    for value in ODD:
        try:
            result = getattr(kind(**{name: value}), name)
        except ValueError as error:
            sentence = str(error)
            assert re.search(rf"\b{definition.key.replace('-', '.')}\b", sentence), sentence
            assert re.search("allowed|Known: |give |has 2 phases", sentence), sentence
            assert len(sentence) < 6000, sentence
            assert len(sentence.splitlines()) == 1, sentence
        else:
            hash(result)  # no array or list is kept


@pytest.mark.parametrize(
    ("settings", "read"),
    [
        ({"seeds": np.int64(3)}, (0, 1, 2)),
        ({"seeds": np.array([7, 8])}, (7, 8)),
        ({"seeds": range(2, 5)}, (2, 3, 4)),
        ({"seeds": {8, 7}}, (7, 8)),
        ({"seed_list": pd.Series([7, 8])}, (7, 8)),
        ({"image_size": np.array(80)}, 80),
        ({"lr": np.float32(0.5)}, 0.5),
        ({"epochs": [np.int64(1), 2.5]}, (1.0, 2.5)),
        ({"epochs": "1+2.5"}, (1.0, 2.5)),
        ({"device": torch.device("cuda", 1)}, "cuda:1"),
        ({"precision": torch.float32}, "fp32"),
        ({"quick": np.bool_(True)}, True),
        ({"weights": Path("a/b.pth")}, "a/b.pth"),
        ({"strategies": pd.Series(["no_change", "crt"])}, ("no_change", "crt")),
        ({"strategies": {"crt", "no_change"}}, ("crt", "no_change")),
        ({"plugin": Path("a.py")}, ("a.py",)),
        ({"plugin": ["a.py", Path("b.py")]}, ("a.py", "b.py")),
        ({"out": "results/x"}, Path("results/x")),
        ({"cache_limit": 20e9}, 20_000_000_000),
    ],
)
def test_values_of_numpy_pandas_and_torch_are_taken(settings, read):
    ((name, value),) = settings.items()
    kind = Experiment if name in settings_of(Experiment) else RunOptions
    result = getattr(kind(**{name: value}), name)
    assert result == read
    assert type(result) is type(read)
