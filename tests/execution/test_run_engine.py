"""Where a run is said to train: in one way only."""

from concurrent.futures import Executor

import pytest

from benchmark.execution.run_engine import open_run_engine
from benchmark.plan.run_options import RunOptions


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"engine": "dask"}, "engine 'dask' beside an executor is not allowed"),
        ({"scheduler": "tcp://a:1"}, "scheduler 'tcp://a:1' beside an executor is not allowed"),
    ],
)
def test_an_executor_beside_an_engine_is_refused(small_experiment, options, words):
    with pytest.raises(ValueError, match=words):
        open_run_engine(small_experiment(), RunOptions(**options), Executor())
