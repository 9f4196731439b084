"""Which segments are trained, and what a failure leaves."""

from dataclasses import replace

import numpy as np
import pytest

from benchmark import api
from benchmark.execution.failures import begin_tries
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.worker import Worker
from benchmark.plan.run_options import RunOptions
from benchmark.system.progress import NullProgress

NAMES = "no_change,crt,class_weights"


@pytest.fixture
def executor(small_experiment, tmp_path):
    return api.plan(small_experiment(), RunOptions(strategies=NAMES, out=tmp_path, jobs=1))


def test_what_is_stored_is_not_needed(executor):
    assert {s.key for s in executor.segments_to_train()} == {s.key for s in executor.plan.segments}
    executor.train(NullProgress())
    assert not executor.segments_to_train()
    key = executor.plan.networks["crt", 0]
    executor.outputs.manifest_file(key).unlink()
    (segment,) = (
        executor.segments_to_train()
    )  # it goes on from the state that it shares with no_change
    assert segment.key == key
    assert segment.start > 0


def test_records_are_written_as_networks_are_trained_unless_the_run_is_a_trial(executor):
    executor.with_plan(executor.plan, writes_records=False).train(NullProgress())
    assert executor.folder.read_record("no_change", 0) is None
    executor.outputs.manifest_file(executor.plan.networks["no_change", 0]).unlink()
    executor.train(NullProgress())
    assert executor.folder.read_record("no_change", 0).status == "ok"
    assert executor.folder.read_record("class_weights", 0) is None, "its network was there"
    executor.execute(NullProgress())
    assert executor.folder.read_record("class_weights", 0).status == "ok"


def test_a_segment_fails_with_the_one_it_goes_on_from_and_both_are_tried_again(
    executor, monkeypatch
):
    def fail(self, segment, *_):
        if segment.key == shared.key:
            raise RuntimeError("no chance for this one")
        return train(self, segment, *_)

    shared = next(s for s in executor.plan.segments if s.has_children)
    train = Worker._train
    monkeypatch.setattr(Worker, "_train", fail)
    executor.execute(NullProgress())
    for name in ("no_change", "crt"):
        assert executor.folder.read_record(name, 0).error == "RuntimeError: no chance for this one"
    assert executor.folder.read_record("class_weights", 0).status == "ok"
    assert executor.folder.read_error(executor.plan.networks["crt", 0])
    assert (executor.folder.path / "states").exists(), "kept for another try"
    monkeypatch.undo()
    assert not executor.segments_to_train(), "they would fail again"
    begin_tries(executor.plan, executor.folder, retry_failed=True)
    executor.execute(NullProgress())
    for name in NAMES.split(","):
        assert executor.folder.read_record(name, 0).status == "ok"
    assert not (executor.folder.path / "states").exists()


def test_a_network_that_is_trained_on_after_the_budget_has_outputs_of_its_own(
    small_experiment, tmp_path
):
    names = "no_change,class_weights,crt:extra_epochs=1"
    executor = api.plan(small_experiment(), RunOptions(strategies=names, out=tmp_path, jobs=1))
    executor.execute(NullProgress())
    plain, weighted, more = (
        executor.folder.read_record(name, 0)
        for name in ("no_change", "class_weights", "crt:extra_epochs=1.0")
    )
    budget = executor.prepared.budgets[0]
    assert plain.budget.steps == weighted.budget.steps == budget.steps
    assert more.budget.steps == budget.steps + budget.steps_in(1)
    assert plain.network != more.network
    assert all(
        check.passed is not False for record in (plain, more) for check in record.audit.checks
    )
    priors = [
        executor.outputs.load(r.network)[0]["val"].effective_prior for r in (plain, weighted, more)
    ]
    counts = executor.prepared.train_counts(0)
    np.testing.assert_allclose(priors[0], counts / counts.sum(), rtol=1e-3)
    np.testing.assert_allclose(priors[1], 1 / len(counts), rtol=1e-2)
    logs = np.log(priors[2]), np.log(counts)
    assert np.ptp(logs[0]) < np.ptp(logs[1]) / 2  # of 40 balanced draws: chance is in them


def test_records_of_strategies_that_left_the_run_are_removed(executor):
    executor.execute(NullProgress())
    strategies = executor.plan.strategies[:1]
    networks = {("no_change", 0): executor.plan.networks["no_change", 0]}
    executor.with_plan(replace(executor.plan, strategies=strategies, networks=networks)).execute(
        NullProgress()
    )
    executor.folder.keep_records(networks)
    assert [*(executor.folder.path / "records").iterdir()] == [
        executor.folder.record_file("no_change", 0)
    ]


def test_an_error_beside_whole_outputs_is_forgotten(executor):
    executor.execute(NullProgress())
    key = executor.plan.networks["no_change", 0]
    executor.folder.write_error(key, ErrorInfo("old", ""))
    begin_tries(executor.plan, executor.folder, retry_failed=False)
    executor.execute(NullProgress())
    assert executor.folder.read_record("no_change", 0).status == "ok"
