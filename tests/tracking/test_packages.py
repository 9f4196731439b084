"""A tracker whose package is missing is refused, with the way to get it."""

from pathlib import Path

import pytest

from benchmark import api
from benchmark.plan.run_options import TRACKERS, RunOptions
from benchmark.tracking import packages
from benchmark.tracking.packages import require_packages


def test_it_says_how_to_install_what_is_missing(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None if name == "wandb" else name)
    require_packages(["mlflow", "tensorboard"])
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'imbalance-bench\[wandb\]'"):
        require_packages(["mlflow", "wandb"])


def test_a_run_is_refused_before_anything_is_opened(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="--track mlflow needs the package mlflow"):
        api.plan(None, RunOptions(track="mlflow"))


def test_each_tracker_has_a_module_and_an_extra():
    root = Path(__file__).parents[2]
    modules = {file.stem for file in (root / "benchmark" / "tracking").glob("*_tracker.py")}
    assert modules == {f"{name}_tracker" for name in TRACKERS}
    extras = (root / "pyproject.toml").read_text("utf-8")
    assert all(f'\n{name} = ["{name}>=' in extras for name in TRACKERS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((), ()),
        ("mlflow", ("mlflow",)),
        ("mlflow, wandb", ("mlflow", "wandb")),
        (["wandb", "mlflow,wandb"], ("wandb", "mlflow")),
    ],
)
def test_several_are_given_with_commas_or_again(value, expected):
    assert RunOptions(track=value).track == expected


def test_an_unknown_tracker_is_refused():
    with pytest.raises(
        ValueError, match=r"'mlfow' is not allowed. Did you mean 'mlflow'\? Allowed"
    ):
        RunOptions(track="mlfow")
