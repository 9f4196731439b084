"""What is told before a run begins."""

from types import SimpleNamespace

from benchmark.execution import planning
from benchmark.execution.planning import shared_cache_note


def test_of_a_cache_that_other_machines_use_its_locks_are_told(monkeypatch, tmp_path):
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", str(tmp_path))
    monkeypatch.setattr(planning, "lock_note", lambda folder, what: f"{what} in {folder}: no locks")
    assert shared_cache_note(None) == ""
    assert shared_cache_note(SimpleNamespace(is_local=True)) == ""
    note = f"the cache in {tmp_path}: no locks"
    assert shared_cache_note(SimpleNamespace(is_local=False)) == note
