"""What failed in an earlier run stays failed, unless it is to be tried again."""

from dataclasses import replace

import pytest

from benchmark import api
from benchmark.execution.failures import begin_tries, failed_keys
from benchmark.execution.record_schema import ErrorInfo, FailedRecord
from benchmark.plan.run_options import RunOptions
from benchmark.storage.stored_file import DamagedFileError

ERROR = ErrorInfo("ValueError: no", "")


@pytest.fixture(scope="module")
def plan(small_experiment, tmp_path_factory):
    """A plan in which crt goes on from no_change, and class_weights shares nothing."""
    options = RunOptions(strategies="no_change,crt,class_weights", out=tmp_path_factory.mktemp("a"))
    return api.plan(small_experiment(), options).plan


@pytest.fixture
def folder(small_experiment, tmp_path):
    """An empty folder of a run."""
    options = RunOptions(strategies="no_change", out=tmp_path)
    return api.plan(small_experiment(), options).folder


def shared(plan):
    """Return the segment that others start from."""
    return next(segment for segment in plan.segments if segment.has_children)


def test_segments_after_a_failed_one_fail_as_well(plan, folder):
    folder.write_error(shared(plan).key, ERROR)
    failed = failed_keys(plan, folder)
    assert failed == {
        shared(plan).key,
        *(segment.key for segment in plan.segments if segment.parent == shared(plan).key),
    }
    begin_tries(plan, folder, retry_failed=False)
    assert plan.networks["crt", 0] in failed
    assert folder.read_error(plan.networks["crt", 0]) == replace(ERROR, is_earlier=True)


def test_the_flag_forgets_all_errors_and_failed_records(plan, folder):
    key = plan.networks["class_weights", 0]
    record = FailedRecord(strategy="class_weights", seed=0, network=key, error="no")
    folder.write_error(key, ERROR)
    folder.write_record(record)
    begin_tries(plan, folder, retry_failed=False)
    assert folder.read_record("class_weights", 0).sentence == (
        "failed in an earlier run; --retry-failed tries again: no"
    )
    begin_tries(plan, folder, retry_failed=True)
    assert folder.read_error(key) is None
    assert folder.read_record("class_weights", 0) is None


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        MemoryError(),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
        DamagedFileError("a.json", "it is empty"),
    ],
)
def test_what_the_machine_was_the_cause_of_is_tried_by_each_run(error, plan, folder):
    key = plan.networks["class_weights", 0]
    folder.write_error(key, ErrorInfo.from_exception(error))
    assert not failed_keys(plan, folder)
    begin_tries(plan, folder, retry_failed=False)
    assert folder.read_error(key) is None


def test_an_error_of_a_network_that_is_stored_is_forgotten(plan, folder):
    key = plan.networks["class_weights", 0]
    folder.write_error(key, ERROR)
    folder.outputs_manifest_file(key).parent.mkdir()
    folder.outputs_manifest_file(key).write_text("{}")
    assert not failed_keys(plan, folder)
    begin_tries(plan, folder, retry_failed=False)
    assert folder.read_error(key) is None
