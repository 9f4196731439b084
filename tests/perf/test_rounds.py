"""A bench that was stopped continues where it was."""

import pytest

from tests.perf import rounds
from tests.perf.inputs import BenchConfig, Inputs


def fake_inputs(folder):
    """Return empty inputs in place of `prepare_inputs`."""
    environment = {"device": "", "cores": 1, "python": "", "torch": "", "torchvision": ""}
    about = {
        **{"data": "none", "images": 2, "classes": 2, "split": [1, 1, 1], "weights": ""},
        **{"batch_size": {"0": 1}, "steps": {"0": 1}, "precision": "fp32", "device": "cpu"},
        **{"gpu_memory": None, "environment": environment},
    }
    return Inputs(folder, str(folder), about)


@pytest.fixture
def stopping_bench(tmp_path, monkeypatch):
    """A bench with fabricated measurements; return a function that runs it, and the jobs."""
    measured = []

    def measure(job, config, inputs, loops, out):
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
    monkeypatch.setattr(rounds, "prepare_inputs", lambda config, folder: fake_inputs(tmp_path))
    for name in rounds.SCRIPTS.values():
        (tmp_path / name).touch()
    config = BenchConfig("d", "w", 75, ("a", "b"), (0,), "cpu", "auto")

    def run(number):
        return rounds.bench(
            config, rounds=number, scripts=1, loops=tmp_path, out=tmp_path / "out", say=str
        )

    return run, measured


def test_a_bench_that_was_stopped_continues_where_it_was(stopping_bench):
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
