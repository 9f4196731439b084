"""The order of measurements."""

from tests.perf.journal_rows import NAMES, row
from tests.perf.schedule import Job, jobs_of


def test_rounds_go_through_strategies_then_seeds():
    jobs = list(jobs_of(NAMES, (0, 1), rounds=4, scripts=1))
    drawn = [(job.strategies[0], job.seeds[0]) for job in jobs if job.kind == "plain"]
    assert drawn == [("a", 0), ("b", 0), ("c", 0), ("a", 1)]
    assert [job.kind for job in jobs[:4]] == ["plain", "tuned", "harness", "harness"]
    assert jobs[-1].kind == "bare"
    every = [job for job in jobs_of(NAMES, (0, 1), 2, 3) if job.kind == "tuned"]
    assert [job.strategies[0] for job in every] == [*NAMES, *NAMES]
    assert {job.seeds for job in every if job.round == 1} == {(1,)}


def test_more_rounds_repeat_nothing_that_was_measured():
    fewer = set(jobs_of(NAMES, (0,), 2, 2))
    assert fewer < set(jobs_of(NAMES, (0,), 3, 2))
    job = Job("plain", 0, ("a",), (0,))
    assert job.is_in([row("plain", 1)])
    for other in (
        row("tuned", 1),
        row("plain", 1, 1),
        row("plain", 1, 0, ("b",)),
        row("plain", 1, 0, ("a",), (1,)),
    ):
        assert not job.is_in([other])
