"""What a finished run needs to be trained once more."""

from types import SimpleNamespace
from typing import Any

import pytest

from benchmark.execution.retraining import experiment_of, spec_of


def record(strategy, **parameters) -> Any:
    return SimpleNamespace(strategy=strategy, parameters=parameters)


def test_a_strategy_has_the_parameters_of_its_record():
    assert spec_of(record("focal_loss", gamma=0.5)).parameters["gamma"] == 0.5
    assert spec_of(record("focal_loss:gamma=1.0", gamma=1.0)).name == "focal_loss:gamma=1.0"


def test_a_strategy_of_a_plug_in_that_was_not_given_is_asked_for():
    with pytest.raises(ValueError, match=r"^mine of the run can't be had now\. .* by --plugin, or"):
        spec_of(record("mine"))


@pytest.mark.parametrize(
    ("then", "now"),
    [("auto", "auto"), ("cpu", "cpu"), ("cuda:1", "cuda"), ("cuda:0,2", "cuda"), (None, "auto")],
)
def test_the_numbers_of_gpus_are_those_of_the_machine_of_then(then, now):
    settings = {"data": "digits", "image_size": 96} | ({"device": then} if then else {})
    manifest: Any = SimpleNamespace(experiment=SimpleNamespace(settings=settings))
    assert experiment_of(manifest, seed=3).device == now
