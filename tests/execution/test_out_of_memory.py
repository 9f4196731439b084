"""Memory that runs out once in a run: it is a failed row that says so, and made by the next run."""

import pytest
import torch

from benchmark import api
from benchmark.execution.outputs import OutputStore
from benchmark.execution.run_folder import RunFolder
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import Timer
from benchmark.train.frozen_features import FrozenFeatures
from tests.notes import Notes

OF_GPU = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
OF_TORCH = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes")
OF_PYTHON = MemoryError("no memory")


@pytest.fixture
def run(small_experiment, tmp_path, monkeypatch):
    """Return a function that runs a strategy and returns its record."""
    monkeypatch.setattr("benchmark.result.run.write_report", lambda comparison: comparison)
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path / "cache"))  # nothing is stored yet

    def run():
        options, folder = RunOptions("no_change", out=tmp_path / "run", jobs=1), tmp_path / "run"
        executor = api.plan(small_experiment(fine_tune="half"), options, Notes())
        api.execute(executor, options, Timer(Notes()), "the command")
        return RunFolder(folder).read_record("no_change", 0)

    return run


def runs_out_once(patch, owner, name, error):
    real, raised = getattr(owner, name), []

    def short(*arguments, **named):
        if not raised:
            raised.append(1)
            raise error
        return real(*arguments, **named)

    patch.setattr(owner, name, short)
    return raised


# all are told by one function, `is_out_of_memory`: so each meets one place or two
@pytest.mark.parametrize(
    ("owner", "name", "error"),
    [
        (torch.optim.AdamW, "step", OF_GPU),
        (torch.optim.AdamW, "step", OF_PYTHON),
        (OutputStore, "save", OF_TORCH),
    ],
    ids=["optimizer-of GPU", "optimizer-of Python", "outputs-of torch"],
)
def test_what_cannot_be_cut_is_a_failed_row_until_the_next_run(run, owner, name, error):
    with pytest.MonkeyPatch.context() as patch:
        assert runs_out_once(patch, owner, name, error) == []
        record = run()
    assert record.status == "failed"
    assert "memory" in record.error
    assert record.by_machine
    assert run().status == "ok"


@pytest.mark.parametrize(
    ("name", "error"),
    [("_frozen", OF_TORCH), ("inputs", OF_GPU), ("inputs", OF_PYTHON)],
    ids=["frozen-of torch", "inputs-of GPU", "inputs-of Python"],
)
def test_activations_are_computed_in_smaller_parts(run, name, error, monkeypatch):
    raised = runs_out_once(monkeypatch, FrozenFeatures, name, error)
    assert run().status == "ok"
    assert raised
