"""The typed files in the folder of a run."""

import pytest

from benchmark.execution.manifest_schema import SplitManifest, SplitPart
from benchmark.execution.record_schema import ErrorInfo, FailedRecord
from benchmark.execution.run_folder import RunFolder


def failed(strategy, seed=0):
    return FailedRecord(strategy=strategy, seed=seed, network="key", error="E: why")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no run: there is no run.json in it. Give"):
        RunFolder(tmp_path).read_manifest()


def test_a_run_of_version_0_1_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    folder.run_file.write_text('{"name": "old", "asked": []}')
    with pytest.raises(ValueError, match=r"run.json was written by version 0.1"):
        folder.read_manifest()


def test_a_record_is_read_as_it_was_written(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.read_record("focal_loss:gamma=1", 3) is None
    folder.write_record(failed("focal_loss:gamma=1", 3))
    assert folder.read_record("focal_loss:gamma=1", 3) == failed("focal_loss:gamma=1", 3)


def test_a_record_that_is_neither_whole_nor_failed_is_refused(tmp_path):
    folder = RunFolder(tmp_path)
    folder.record_file("a", 0).parent.mkdir()
    folder.record_file("a", 0).write_text('{"schema_version": 1, "status": "ok", "strategy": "a"}')
    with pytest.raises(ValueError, match=r"a.seed0.json is damaged: seed: Field required"):
        folder.read_record("a", 0)


def test_splits_are_read_as_they_were_written(tmp_path):
    part = SplitPart((1, 1), (0, 1), ("a.png", "b.png"), (3, 3))
    split = SplitManifest(part, part, SplitPart((0, 0), (), ()))
    RunFolder(tmp_path).write_split(5, split)
    assert RunFolder(tmp_path).read_split(5) == split


def test_an_error_is_kept_with_its_traceback(tmp_path):
    folder = RunFolder(tmp_path)
    assert folder.read_error("key") is None
    try:
        raise KeyError("why")
    except KeyError as error:
        folder.write_error("key", ErrorInfo.from_exception(error))
    error = folder.read_error("key")
    assert error.error == "KeyError: 'why'"
    assert 'raise KeyError("why")' in error.traceback


def test_only_records_of_the_run_are_kept(tmp_path):
    folder = RunFolder(tmp_path)
    for strategy in ("a", "b"):
        folder.write_record(failed(strategy))
    folder.keep_records([("a", 0)])
    assert folder.read_record("a", 0)
    assert folder.read_record("b", 0) is None


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").touch()
    refused = pytest.raises(OSError, match=r"can't be written \(.+\); choose another --out")
    with refused, RunFolder(tmp_path / "file" / "out").locked():
        pass


def test_two_runs_do_not_work_in_one_folder(tmp_path):
    folder = RunFolder(tmp_path)
    refused = pytest.raises(ValueError, match="another run is at work in")
    with folder.locked(), refused, folder.locked():
        pass
