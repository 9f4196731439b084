"""The typed files in the folder of a run."""

import errno
import os
import re
import subprocess
import sys
import unicodedata

import pytest

from benchmark.execution.manifest_schema import SplitManifest, SplitPart
from benchmark.execution.record_schema import ErrorInfo, FailedRecord
from benchmark.execution.run_folder import RunFolder
from benchmark.storage.atomic import atomic
from benchmark.storage.stored_file import DamagedFileError
from benchmark.storage.unwritable import UnwritableError
from tests.closed_files import close


def failed(strategy, seed=0):
    return FailedRecord(strategy=strategy, seed=seed, network="key", error="E: why")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"holds no run: there is no run.json in it"):
        RunFolder(tmp_path).read_manifest()
    (tmp_path / "grid").mkdir()
    (tmp_path / "grid" / "sweep.json").touch()
    with pytest.raises(
        FileNotFoundError, match=r"holds a study of several runs, of which `report`"
    ):
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


def test_a_record_of_another_strategy_or_seed_is_damaged(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_record(failed("a", 0))
    for other in (("b", 0), ("a", 1)):
        folder.record_file("a", 0).rename(folder.record_file(*other))
        with pytest.raises(DamagedFileError, match="it holds the record of a, seed 0"):
            folder.read_record(*other)
        folder.record_file(*other).rename(folder.record_file("a", 0))


@pytest.mark.parametrize(
    "names",
    [
        ("focal_loss:tau=1e16", "focal_loss:tau=1e-16"),
        ("tau=-1", "tau=1"),
        ("mine", "Mine"),
        ("a" * 300, "a" * 301),
        ("größe", "groesse"),
        ("stra\N{COMBINING RING ABOVE}", "str\N{LATIN SMALL LETTER A WITH RING ABOVE}"),
        ("../../etc/passwd", "..-..-etc-passwd"),
        ("caf\udce9", "caf?"),
        ("con", "con "),
        ("", "-"),
    ],
)
def test_two_names_never_have_one_file(tmp_path, names):
    folder = RunFolder(tmp_path)
    files = [folder.record_file(name, 0) for name in names]
    assert len({unicodedata.normalize("NFC", str(file)).casefold() for file in files}) == 2
    for file in files:
        assert file.parent == tmp_path / "records"
        assert len(os.fsencode(file.name)) <= 120
        assert re.fullmatch(r"[A-Za-z0-9_.=,-]+\.seed0\.json", file.name)


def test_splits_are_read_as_they_were_written(tmp_path):
    part = SplitPart((1, 1), (0, 1), ("a.png", "b.png"), (3, 3))
    split = SplitManifest(part, part, SplitPart((0, 0), (), ()))
    folder = RunFolder(tmp_path)
    sha256 = folder.write_split(5, split)
    assert folder.read_split(5) == folder.read_split(5, sha256) == split
    other = folder.write_split(6, SplitManifest(part, part, part))
    with pytest.raises(DamagedFileError, match=r"seed5.json is damaged: it holds other splits"):
        folder.read_split(5, other)
    with pytest.raises(DamagedFileError, match=r"seed7.json is damaged: it is missing"):
        folder.read_split(7, sha256)


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


def test_a_failure_whose_words_are_damaged_is_still_one(tmp_path):
    folder = RunFolder(tmp_path)
    folder.write_error("key", ErrorInfo("E: why", ""))
    file = folder.error_file("key")
    file.write_text(file.read_text().replace("why", "how"))
    assert "is damaged: its content has another hash" in folder.read_error("key").error


def test_what_killed_processes_left_goes_once_the_folder_is_locked(tmp_path):
    folder = RunFolder(tmp_path / "run")
    killed = "import os, sys; from pathlib import Path; from benchmark.storage.atomic import atomic"
    killed += "\nwith atomic(Path(sys.argv[1])) as file: file.touch(); os._exit(9)"
    mine = folder.path / "outputs" / "mine.json"
    for name in ("run.json", "outputs/key.safetensors", "states/key.safetensors", "records/a.json"):
        subprocess.run([sys.executable, "-c", killed, folder.path / name], check=False)
    (folder.path / "records" / ".other.tmp").touch()
    left = set(folder.path.rglob(".*.tmp"))
    assert len(left) == 5
    with atomic(mine) as temporary:
        temporary.touch()
        with folder.locked():
            left = {*folder.path.rglob(".*.tmp")}
            assert left == {temporary, folder.path / "records" / ".other.tmp"}


def test_states_that_are_no_files_of_a_run_stay(tmp_path):
    folder = RunFolder(tmp_path / "run")
    kept = tmp_path / "kept"
    kept.write_text("kept")
    (folder.path / "states" / "folder").mkdir(parents=True)
    folder.state_file("key").symlink_to(kept)
    folder.discard_states()
    assert kept.read_text() == "kept"
    assert [file.name for file in (folder.path / "states").iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_written_says_so(tmp_path):
    (tmp_path / "file").touch()
    refused = pytest.raises(OSError, match=r"can't be written \(.+\); .*choose another --out")
    with refused, RunFolder(tmp_path / "file" / "out").locked():
        pass


def test_a_full_disk_meanwhile_names_the_path_and_the_way_out(tmp_path):
    words = rf"{tmp_path} can't be written \(No space left on device\); make room there, or choose"
    with pytest.raises(UnwritableError, match=words), RunFolder(tmp_path).locked():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))  # as of a file's write
    with pytest.raises(FileNotFoundError), RunFolder(tmp_path).locked():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "x")


def test_a_lock_that_is_a_link_empties_no_file(tmp_path):
    kept = tmp_path / "kept"
    kept.write_text("kept")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".lock").symlink_to(kept)
    refused = pytest.raises(
        OSError, match=r"\.lock is a link, where a lock file belongs; remove it"
    )
    with refused, RunFolder(tmp_path / "run").locked():
        pass
    assert kept.read_text() == "kept"


def test_a_lock_of_another_user_is_named(tmp_path, monkeypatch):
    (tmp_path / ".lock").touch()
    close(monkeypatch, errno.EACCES, tmp_path / ".lock")
    words = r"\.lock can't be written \(Permission denied\); remove it if no other run is at work"
    with pytest.raises(UnwritableError, match=words), RunFolder(tmp_path).locked():
        pass


def test_two_runs_do_not_work_in_one_folder(tmp_path):
    folder = RunFolder(tmp_path)
    refused = pytest.raises(ValueError, match="another run is at work in")
    with folder.locked(), refused, folder.locked():
        pass
