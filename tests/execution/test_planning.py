"""What is told before a run begins."""

from types import SimpleNamespace

from benchmark.execution import planning
from benchmark.execution.planning import shared_cache_note, unused_gpus_note
from benchmark.plan.run_options import RunOptions


def test_of_a_cache_that_other_machines_use_its_locks_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(planning, "lock_note", lambda folder, what: f"{what} in {folder}: no locks")
    assert shared_cache_note(None) == ""
    assert shared_cache_note(SimpleNamespace(is_local=True)) == ""
    note = f"the cache in {tmp_path}: no locks"
    assert shared_cache_note(SimpleNamespace(is_local=False)) == note


def test_gpus_that_are_to_be_shared_and_not_used_are_told():
    shared, cpu, gpu = (
        RunOptions(jobs_per_gpu=2),
        *(SimpleNamespace(type=t) for t in ("cpu", "cuda")),
    )
    assert unused_gpus_note(RunOptions(), cpu) == unused_gpus_note(shared, gpu) == ""
    assert "--jobs-per-gpu 2 changes nothing, since this run computes on cpu" in unused_gpus_note(
        shared, cpu
    )
