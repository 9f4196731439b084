"""Ensembles in a run: their networks are shared, their outputs made once, their failures told."""

import numpy as np
import pytest

from benchmark import api
from benchmark.execution.damaged_files import damaged_files
from benchmark.execution.ensembles import combine_members
from benchmark.execution.failures import begin_tries
from benchmark.execution.outputs import OutputStore
from benchmark.execution.plan_summary import format_plan
from benchmark.execution.record_schema import ErrorInfo, FailedRecord, Record
from benchmark.plan.run_options import RunOptions
from benchmark.strategy.ensembles import combine_outputs
from benchmark.system.progress import NullProgress

PAIR = "ensemble:base=no_change|focal_loss"
NAMES = f"no_change,{PAIR},threshold_moving:base={PAIR}"


@pytest.fixture(scope="module")
def finished(small_experiment, tmp_path_factory):
    """A run of an ensemble, of whose networks one has a row of its own."""
    options = RunOptions(strategies=NAMES, out=tmp_path_factory.mktemp("run"), jobs=1, keep="none")
    executor = api.plan(small_experiment(), options)
    executor.execute(NullProgress())
    return executor


def keys(executor):
    """The key of the ensemble, and those of its networks."""
    key = executor.plan.networks[PAIR, 0]
    return key, executor.plan.members[key]


def test_only_the_networks_are_trained_and_each_once(finished):
    key, members = keys(finished)
    plan = finished.plan
    assert plan.networks["no_change", 0] == members[0]
    assert plan.networks[f"threshold_moving:base={PAIR}", 0] == key
    assert {s.key for s in plan.segments if s.is_final} == plan.trained
    assert plan.trained == {*members, plan.networks["no_change again", 0]}
    assert not finished.segments_to_train()


def test_what_is_stored_is_the_mean_of_what_its_networks_have_stored(finished):
    key, members = keys(finished)
    store = OutputStore(finished.folder)
    (outputs, manifest), *networks = (store.load(k) for k in (key, *members))
    for split in ("train", "val", "test"):
        expected = combine_outputs([own[split] for own, _ in networks])
        np.testing.assert_array_equal(outputs[split].logits, expected.logits)
        np.testing.assert_array_equal(outputs[split].features, expected.features)
        assert outputs[split].head is None
    assert manifest.members == members
    assert manifest.steps == sum(own.steps for _, own in networks)


def test_its_record_has_the_cost_of_all_and_an_audit_of_each(finished):
    record, alone = (finished.folder.read_record(name, 0) for name in (PAIR, "no_change"))
    assert isinstance(record, Record)
    assert record.budget.steps == 2 * alone.budget.steps
    assert record.budget.images_seen == 2 * alone.budget.images_seen
    assert sum(record.audit.drawn) == 2 * sum(alone.audit.drawn)
    checks = record.audit.checks
    assert next(c for c in checks if c.component == "members").passed
    assert not [c for c in checks if c.passed is False]
    of_focal = [c.component for c in checks if c.expectation.startswith("focal_loss: ")]
    assert {"loss", "sampler", "budget", "trained_blocks"} <= set(of_focal)


def test_the_plan_says_what_it_is_made_of(finished):
    text = format_plan(finished)
    names = f"{PAIR} = threshold_moving:base={PAIR}"
    assert f"stored   {names}: the mean of 2 networks, 1 of them trained for it alone" in text
    assert "0 of 3 networks, 0 steps; 3 are stored" in text


def test_members_are_read_from_what_is_stored(finished):
    key, members = keys(finished)
    assert finished.outputs.members_of(key) == members
    assert finished.outputs.members_of(members[0]) == members[:1]
    assert finished.outputs.members_of("absent") == ("absent",)


def test_damaged_outputs_are_made_again_without_a_training(finished):
    key, _ = keys(finished)
    file = finished.outputs.tensor_file(key)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert not finished.segments_to_train()
    combine_members(finished.plan, finished.folder)
    assert file.read_bytes() == whole
    assert not damaged_files(finished.folder)


def test_it_fails_with_its_network_and_names_it(finished):
    key, members = keys(finished)
    store, folder = finished.outputs, finished.folder
    for file in (store.manifest_file(key), folder.record_file(PAIR, 0)):
        file.unlink()
    folder.write_error(members[1], ErrorInfo("RuntimeError: no chance", ""))
    combine_members(finished.plan, folder)
    assert not finished._worker.record(finished.plan.specs[PAIR, 0], 0, key)
    record = folder.read_record(PAIR, 0)
    assert isinstance(record, FailedRecord)
    assert record.error == "its member focal_loss failed: RuntimeError: no chance"
    folder.error_file(members[1]).unlink()  # it was tried again, and went well
    begin_tries(finished.plan, folder, retry_failed=True)
    finished.execute(NullProgress())
    assert folder.read_record(PAIR, 0).status == "ok"
