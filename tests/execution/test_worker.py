"""A worker in other processes."""

import pickle
import shutil
from dataclasses import replace
from types import SimpleNamespace

import pytest

from benchmark import plugins
from benchmark.engines.task_graph import Attempt
from benchmark.execution.heartbeat import Heartbeat
from benchmark.execution.record_schema import ErrorInfo
from benchmark.execution.run_folder import RunFolder
from benchmark.execution.worker import Worker
from benchmark.plugins import load_plugin, loaded_files, unload_plugin
from benchmark.system import stopping

pytestmark = pytest.mark.usefixtures("forgotten")


def plugin(folder):
    file = folder / "elsewhere.py"
    file.write_text(
        "from benchmark.strategy import *\n@strategy\ndef elsewhere() -> Strategy:\n"
        "  'Mine.'\n  return Strategy()"
    )
    load_plugin(file)
    return file


def test_it_brings_the_plugins_wherever_it_is_sent_also_from_there(tmp_path):
    file = plugin(tmp_path)
    sent = pickle.dumps(Worker(None, None, 1))
    for _ in range(2):
        plugins._loaded.clear()  # as in a process that has not seen it
        sent = pickle.dumps(pickle.loads(sent))
        assert list(loaded_files()) == [file]


def test_it_stores_nothing_of_a_plugin_that_was_edited_after_it_was_sent(tmp_path):
    """Its results would be found by the key of the code before the edit."""
    file, folder = plugin(tmp_path), RunFolder(tmp_path / "run")
    sent = pickle.dumps(Worker(None, folder, 1))
    unload_plugin(file)
    file.write_text(f"{file.read_text()}\nEDITED = True\n")
    worker = pickle.loads(sent)
    worker.train(SimpleNamespace(key="a", parent=None), lambda _: None)
    assert "edited after the run began" in folder.read_error("a").error
    with pytest.raises(ValueError, match="edited after the run began"):
        worker.fill("frozen layers", None)


def test_an_exit_out_of_a_process_of_its_own_does_not_end_the_process_that_waits(
    tmp_path, monkeypatch
):
    """As that which a thread of a strategy raises in the main thread."""

    def exit_from_outside(*_):
        raise SystemExit(0)

    monkeypatch.setattr(Worker, "train", exit_from_outside)
    prepared = SimpleNamespace(device=SimpleNamespace(name="cpu"))
    worker = Worker(prepared, RunFolder(tmp_path / "run"), 1)
    segment = SimpleNamespace(key="a", parent=None, is_final=True)
    with pytest.raises(ChildProcessError, match="SystemExit was raised in its process"):
        worker.train_in_own_process(segment, [], Attempt())


@pytest.fixture
def train_alone(tmp_path, monkeypatch):
    """Return a function that trains in a worker by what takes the place of `train`, and the run."""
    monkeypatch.setattr(stopping, "_wish", stopping._Wish())
    folder = RunFolder(tmp_path / "run")
    folder.segments_file.parent.mkdir(parents=True)
    prepared = SimpleNamespace(device=SimpleNamespace(name="cpu"))
    segment = SimpleNamespace(key="a", parent=None, is_final=True)

    def by(train, attempt=None):
        monkeypatch.setattr(Worker, "train", train)
        return Worker(prepared, folder, 1).train_in_own_process(segment, [], attempt or Attempt())

    return by, folder


def test_a_worker_does_not_make_the_folder_of_a_run_again_that_was_removed(train_alone):
    by, folder = train_alone

    def removed(worker, segment, *_):
        shutil.rmtree(folder.path)
        worker.folder.write_error(segment.key, ErrorInfo("an error", ""))

    with pytest.raises(FileNotFoundError, match="the folder was removed"):
        by(removed)
    assert not folder.path.exists()


def test_a_call_that_a_cluster_has_repeated_counts_as_an_attempt(train_alone):
    """Else a strategy that ends its process would end so many more before it is given up."""
    by, folder = train_alone
    with Heartbeat(folder.heartbeat_file("a"), folder.stop_file, attempt=2) as heartbeat:
        dead = replace(heartbeat._owner, process=2**22 + 1)  # larger than any
        heartbeat._owner = dead
        heartbeat._write()
        text = folder.heartbeat_file("a").read_text()
    folder.heartbeat_file("a").write_text(text)
    with pytest.raises(
        ChildProcessError, match=rf"process {dead.process} on .* has died while it tr"
    ):
        by(lambda *_: pytest.fail("trained"), Attempt(2))
    assert by(lambda *_: "a note", Attempt(3)) == "a note"
