"""What workers need of a run: files that only a hash of the run's opens."""

import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmark import api
from benchmark.engines.task_graph import Attempt
from benchmark.execution import worker_data, worker_input
from benchmark.execution.tasks import train_segment
from benchmark.execution.worker_data import UnfitWorkerError
from benchmark.execution.worker_input import (
    Versions,
    WorkerInput,
    discard_inputs,
    load,
    write_segments,
    write_worker,
)
from benchmark.plan.run_options import RunOptions
from benchmark.plugins import load_plugin
from benchmark.storage.cache import cache_dir, cache_in


@pytest.fixture(autouse=True)
def fresh():
    yield
    load.cache_clear()
    worker_input._load_worker.cache_clear()


@pytest.fixture
def executor(small_experiment, tmp_path):
    options = RunOptions(strategies="no_change", out=tmp_path / "run", no_null=True, jobs=1)
    executor = api.plan(small_experiment(), options)
    executor.folder.path.mkdir(exist_ok=True)
    return executor


@pytest.fixture
def source(executor):
    worker, folder = executor._worker, executor.folder
    segments = {segment.key: (segment, []) for segment in executor.plan.segments}
    return WorkerInput(
        str(folder.path),
        write_worker(worker, shares_stores=False),
        write_segments(folder, segments),
        Versions.of_this_process(),
        str(cache_dir()),
        is_local=False,
    )


def test_a_worker_maps_the_pixels_and_has_the_segments(executor, source):
    loaded = load(source)
    assert loaded.worker.folder == executor.folder
    assert loaded.segments.keys() == {segment.key for segment in executor.plan.segments}
    np.testing.assert_array_equal(
        loaded.worker.prepared.pixels.array, executor.prepared.pixels.array
    )
    files = [*(executor.folder.path / "states").glob("*.pickle")]
    assert sum(file.stat().st_size for file in files) < executor.prepared.pixels.array.nbytes
    discard_inputs(executor.folder)
    assert not any(file.exists() for file in files)


def test_a_worker_gets_no_names_of_images_and_no_facts_about_them(executor, source):
    prepared, own = executor.prepared, load(source).worker.prepared
    text = b"".join(file.read_bytes() for file in Path(source.folder).glob("states/*.pickle"))
    assert not [name for name in prepared.images.files if name.encode() in text]
    assert not own.pixels.infos
    assert prepared.pixels.infos  # those of the run are as they were
    np.testing.assert_array_equal(own.images.labels, prepared.images.labels)
    assert own.train_counts(0).tolist() == prepared.train_counts(0).tolist()


def test_a_worker_in_another_working_folder_writes_to_that_of_the_run(
    small_experiment, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IMBALANCE_BENCH_CACHE", "cache")
    options = RunOptions(strategies="no_change", out=Path("run"), no_null=True, jobs=2)
    executor = api.plan(small_experiment(), options)
    with executor.folder.locked():
        source = executor._processes.input_of(executor.plan.segments)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    worker = load(source).worker
    assert worker.folder.path == tmp_path / "run"
    assert worker.prepared.pixels.folder.is_relative_to(tmp_path / "cache")


def test_a_process_loads_a_run_once(source):
    first = load(source)
    assert load(source) is first
    other_plan = replace(source, segments=source.segments)
    assert load(other_plan).worker is first.worker


def test_a_file_of_another_hash_is_not_opened(executor, source):
    file = executor.folder.path / "states" / f"{source.worker[:20]}.pickle"
    file.write_bytes(pickle.dumps("anything"))
    with pytest.raises(ValueError, match="is not what the run has written"):
        load(source)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("package", "has imbalance-bench .* in place of 0.0.1"),
        ("torch", "has torch .* in place of"),
    ],
)
def test_a_worker_with_another_version_says_so_before_it_trains(executor, source, field, words):
    versions = replace(source.versions, **{field: "0.0.1"})
    with pytest.raises(UnfitWorkerError, match=f"worker on .*{words}.*same command again"):
        train_segment(replace(source, versions=versions), executor.plan.segments[0].key, Attempt())
    assert not [*executor.folder.path.glob("outputs/*")]


def test_a_worker_that_does_not_see_the_folder_says_so(source, tmp_path):
    with pytest.raises(UnfitWorkerError, match=r"does not see .*elsewhere.*shared file system"):
        load(replace(source, folder=str(tmp_path / "elsewhere")))


def test_a_worker_that_has_other_code_of_a_plug_in_says_so_before_any_strategy_fails(
    source, monkeypatch
):
    def edited():
        raise ValueError("mine.py: it was edited")

    monkeypatch.setattr(worker_input, "check_unedited", edited)
    with pytest.raises(UnfitWorkerError, match=r"worker on .* \(process \d+\): mine\.py: it was"):
        load(source)


class Plugin:
    """Needs a file as it is unpickled."""

    def __reduce__(self):
        return load_plugin, ("no_such_plugin.py",)


def test_a_worker_that_does_not_see_a_plug_in_says_so(executor, source):
    elsewhere = replace(source, segments=worker_input._write(executor.folder, Plugin()))
    with pytest.raises(UnfitWorkerError, match=r"no_such_plugin.py: no such file.* same paths"):
        load(elsewhere)


def test_a_cache_of_the_machine_gets_a_copy_of_the_pixels_once(
    executor, source, tmp_path, monkeypatch
):
    with cache_in(cache_dir()):  # set back afterwards
        own = replace(source, local_cache=str(tmp_path / "own"))
        pixels = load(own).worker.prepared.pixels
        np.testing.assert_array_equal(pixels.array, executor.prepared.pixels.array)
        assert pixels.folder.is_relative_to(tmp_path / "own")
        load.cache_clear()
        worker_input._load_worker.cache_clear()
        monkeypatch.setattr(worker_data, "_copy", lambda *_: pytest.fail("copied twice"))
        assert load(own).worker.prepared.pixels.folder == pixels.folder


def test_a_cache_of_the_machine_that_can_not_be_written_is_named(source, tmp_path):
    (tmp_path / "file").touch()
    with cache_in(cache_dir()):  # set back afterwards
        words = r"worker on .* can't write to .*file.own .*: choose another --local-cache"
        with pytest.raises(UnfitWorkerError, match=words):
            load(replace(source, local_cache=str(tmp_path / "file" / "own")))


def test_a_cache_of_the_machine_without_room_is_named(source, tmp_path, monkeypatch):
    reason = "[Errno 28] No space left on device"

    def full(*_):
        raise shutil.Error([("from", "to", reason)])

    monkeypatch.setattr(shutil, "copytree", full)
    words = r"can't copy the decoded images, .*KB, to .*own.*No space .*: make room .*--local-cache"
    with cache_in(cache_dir()), pytest.raises(UnfitWorkerError, match=words):
        load(replace(source, local_cache=str(tmp_path / "own")))


def test_a_worker_in_another_folder_decodes_images_of_a_relative_path(
    small_experiment, image_folder, tmp_path, monkeypatch
):
    monkeypatch.chdir(image_folder.parent)
    options = RunOptions(strategies="no_change", out=tmp_path / "run", no_null=True, jobs=2)
    executor = api.plan(small_experiment(data=image_folder.name), options)
    executor.folder.path.mkdir()
    source = executor._processes.input_of(executor.plan.segments)
    monkeypatch.chdir(tmp_path)
    right = worker_data._is_whole
    own = tmp_path / "own"
    monkeypatch.setattr(worker_data, "_is_whole", lambda f: f.is_relative_to(own) and right(f))
    with cache_in(cache_dir()):
        pixels = load(replace(source, local_cache=str(own))).worker.prepared.pixels
    np.testing.assert_array_equal(pixels.array, executor.prepared.pixels.array)


def test_a_worker_without_the_pixels_decodes_the_images_or_says_that_it_can_not(
    executor, source, tmp_path, monkeypatch
):
    right = worker_data._is_whole
    monkeypatch.setattr(
        worker_data, "_is_whole", lambda f: f.is_relative_to(tmp_path / "own") and right(f)
    )
    with cache_in(cache_dir()):
        own = replace(source, local_cache=str(tmp_path / "own"))
        pixels = load(own).worker.prepared.pixels
        np.testing.assert_array_equal(pixels.array, executor.prepared.pixels.array)
        load.cache_clear()
        worker_input._load_worker.cache_clear()

        def gone(_):
            raise FileNotFoundError("there is no folder my_images")

        monkeypatch.setattr(worker_data, "open_images", gone)
        own = replace(source, local_cache=str(tmp_path / "other"))
        with pytest.raises(UnfitWorkerError, match=r"decoded images .*there is no folder my_im"):
            load(own)
