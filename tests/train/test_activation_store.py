"""Rows of activations: computed once, whole or absent, in a file or on the device."""

import errno
import multiprocessing
import os
import pickle
import threading
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmark.storage import stored_array
from benchmark.storage.row_file import RowFile
from benchmark.system import memory
from benchmark.train.activation_store import DeviceActivationStore, DiskActivationStore


def rows_of(indices, shape=(3, 2, 4)):
    return torch.stack([torch.full(shape, float(i)) + torch.arange(4) / 8 for i in indices])


def on_device(folder, count, shape, dtype):
    return DeviceActivationStore(count, shape, dtype, "cpu")


@pytest.fixture(params=["mapped", "read", "on the device"])
def new(request, tmp_path, monkeypatch):
    """Return what makes a store: of a file that is mapped or can't be, or on a device."""
    if request.param == "read":  # as on a network file system without maps
        monkeypatch.setattr(stored_array, "np", SimpleNamespace(**vars(np) | {"memmap": no_map}))
    kind = on_device if request.param == "on the device" else DiskActivationStore
    return partial(kind, tmp_path / "a")


def no_map(*_, **__):
    raise OSError(errno.ENODEV, os.strerror(errno.ENODEV))


@pytest.fixture
def batches_of_eight(monkeypatch):
    monkeypatch.setattr(memory, "FULL_BATCH", 8)


@pytest.mark.filterwarnings("error")
def test_indices_may_be_read_only(new):
    store, indices = new(10, (3, 2, 4), "float32"), np.array([7, 2, 5])
    indices.flags.writeable = False
    store.fill(indices, rows_of)
    assert torch.equal(store.read(indices), rows_of(indices))


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_rows_come_back_as_they_were_computed(new, dtype):
    store = new(10, (3, 2, 4), dtype)
    store.fill(np.array([7, 2, 5]), rows_of)
    read = store.read(np.array([5, 7]))
    torch.testing.assert_close(read, rows_of([5, 7]).to(getattr(torch, dtype)), rtol=0, atol=0)
    assert read.is_contiguous(memory_format=torch.channels_last)


def test_only_missing_rows_are_computed(new):
    computed = []

    def compute(indices):
        computed.extend(indices.tolist())
        return rows_of(indices, (4,))

    store = new(10, (4,), "float32")
    store.fill(np.array([1, 2]), compute)
    assert set(computed) == {1, 2}
    computed.clear()
    store.fill(np.array([2, 3]), compute)
    assert set(computed) == {3}
    assert store.missing(np.arange(5)).tolist() == [0, 4]


def test_batches_are_filled_up_so_that_rounding_does_not_depend_on_what_is_missing(
    new, batches_of_eight
):
    sizes, counted = [], []

    def compute(indices):
        sizes.append(len(indices))
        return rows_of(indices, (4,))

    store = new(20, (4,), "float32")
    store.fill(np.array([3]), compute, counted.append)
    store.fill(np.arange(20), compute, counted.append)
    assert sizes == [8, 8, 8, 8]
    assert counted == [1, 8, 8, 3]  # images, for the progress
    torch.testing.assert_close(store.read(np.arange(20)), rows_of(np.arange(20), (4,)))


def test_a_file_is_shared_and_memory_is_not(new):
    store = new(5, (4,), "float32")
    store.fill(np.arange(5), lambda i: rows_of(i, (4,)))
    copied = pickle.loads(pickle.dumps(store))
    if isinstance(store, DiskActivationStore):
        torch.testing.assert_close(copied.read(np.arange(5)), rows_of(np.arange(5), (4,)))
    else:
        assert copied.missing(np.arange(5)).tolist() == [0, 1, 2, 3, 4]
        assert len(pickle.dumps(store)) < 2000


def test_the_lock_of_a_store_is_not_sent_to_workers(tmp_path):
    store = DiskActivationStore(tmp_path / "a", 5, (4,), "float32", lock=threading.Lock())
    assert pickle.loads(pickle.dumps(store)).lock is None


def test_rows_whose_computation_was_interrupted_do_not_count(tmp_path, batches_of_eight):
    def dies(indices):
        if 30 in indices:
            raise KeyboardInterrupt
        return rows_of(indices, (4,))

    store = DiskActivationStore(tmp_path / "a", 40, (4,), "float32")
    with pytest.raises(KeyboardInterrupt):
        store.fill(np.arange(40), dies)
    assert store.missing(np.arange(40)).tolist() == list(range(24, 40))


def test_a_lost_file_is_filled_again(tmp_path):
    store = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
    store.fill(np.arange(5), lambda i: rows_of(i, (4,)))
    (tmp_path / "a" / "rows.bin").unlink()
    again = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
    assert again.missing(np.arange(5)).tolist() == [0, 1, 2, 3, 4]
    assert again.damaged == 5


def flip(path, offset):
    content = bytearray(path.read_bytes())
    content[offset] ^= 16
    path.write_bytes(content)


def zero(path, start, end):
    content = bytearray(path.read_bytes())
    content[start:end] = bytes(len(content[start:end]))
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "missing", "damaged"),
    [
        (lambda folder: flip(folder / "rows.bin", 2 * 16 + 5), [2], 1),
        (lambda folder: flip(folder / "digests.bin", 3 * 16), [3], 1),
        (lambda folder: zero(folder / "rows.bin", 20, 60), [1, 2, 3], 3),
        (lambda folder: zero(folder / "digests.bin", 16, 48), [1, 2], 0),  # as if never stored
        (lambda folder: os.truncate(folder / "rows.bin", 16 * 3 + 1), [3, 4], 2),
        (lambda folder: os.truncate(folder / "digests.bin", 16 * 3), [0, 1, 2, 3, 4], 0),
        (lambda folder: (folder / "digests.bin").unlink(), [0, 1, 2, 3, 4], 0),
    ],
)
def test_rows_that_were_damaged_on_the_disk_are_computed_again(tmp_path, harm, missing, damaged):
    def compute(indices):
        computed.extend(indices.tolist())
        return rows_of(indices, (4,))

    computed, every = [], np.arange(5)
    DiskActivationStore(tmp_path / "a", 5, (4,), "float32").fill(every, compute)
    harm(tmp_path / "a")
    store = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
    assert store.missing(every).tolist() == missing
    assert store.missing(every).tolist() == missing
    assert store.damaged == damaged, "each is counted once"
    computed.clear()
    store.fill(every, compute)
    assert sorted(set(computed)) == missing
    assert torch.equal(store.read(every), rows_of(every, (4,)))
    again = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
    assert not len(again.missing(every))


def test_a_worker_trusts_what_the_process_that_sent_the_store_has_checked(tmp_path, monkeypatch):
    every, checked = np.arange(5), []
    DiskActivationStore(tmp_path / "a", 5, (4,), "float32").fill(every, lambda i: rows_of(i, (4,)))
    flip(tmp_path / "a" / "rows.bin", 40)
    store = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
    assert store.missing(every).tolist() == [2]
    intact = RowFile.intact
    monkeypatch.setattr(RowFile, "intact", lambda s, i: checked.extend(i) or intact(s, i))
    worker = pickle.loads(pickle.dumps(store))
    assert worker.missing(every).tolist() == [2]
    worker.fill(every, lambda i: rows_of(i, (4,)))
    assert not checked
    assert not len(store.missing(every))
    assert checked == [2], "what the worker has written"


def test_a_store_of_which_no_row_is_asked_for_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(RowFile, "intact", lambda *_: pytest.fail("read"))
    DiskActivationStore(tmp_path / "a", 5, (4,), "float32")


def fill_some(folder, first, barrier):
    store = DiskActivationStore(folder, 4000, (4,), "float32")
    barrier.wait()
    for start in range(first, 4000, 400):
        part = np.arange(start, start + 200)
        store.fill(part, lambda i: torch.from_numpy(i).float()[:, None].expand(-1, 4))


@pytest.mark.slow
def test_two_processes_that_fill_at_once_lose_nothing(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    fillers = [
        spawn.Process(target=fill_some, args=(tmp_path / "a", first, barrier)) for first in (0, 200)
    ]
    for filler in fillers:
        filler.start()
    for filler in fillers:
        filler.join(60)
        assert filler.exitcode == 0
    store = DiskActivationStore(tmp_path / "a", 4000, (4,), "float32")
    assert not len(store.missing(np.arange(4000)))
    assert torch.equal(store.read(np.arange(4000))[:, 0], torch.arange(4000.0))


def test_a_store_whose_folder_was_removed_writes_no_rows_into_a_new_one(tmp_path):
    store = DiskActivationStore(tmp_path / "a", 5, (4,), "float32")

    def compute(indices):
        if (tmp_path / "a").exists():
            (tmp_path / "a").rename(tmp_path / "gone")
            for file in (tmp_path / "gone").iterdir():
                file.unlink()
            DiskActivationStore(tmp_path / "a", 5, (4,), "float32")
        return rows_of(indices, (4,))

    with pytest.raises(FileNotFoundError, match="removed while it was filled"):
        store.fill(np.arange(3), compute)
    assert len(DiskActivationStore(tmp_path / "a", 5, (4,), "float32").missing(np.arange(5))) == 5


def test_rows_that_another_process_has_written_are_read_from_a_file_opened_anew(tmp_path):
    """A client of NFS may show who has opened the file before what it was then."""
    own, other = (DiskActivationStore(tmp_path, 10, (4,), "float32") for _ in range(2))
    own.fill(np.array([1]), partial(rows_of, shape=(4,)))
    before = own._values
    other.fill(np.array([2]), partial(rows_of, shape=(4,)))
    assert len(own.missing(np.array([1]))) == 0
    assert own._values is before
    assert len(own.missing(np.array([1, 2]))) == 0
    assert own._values is not before
    assert torch.equal(own.read(np.array([2])), rows_of([2], (4,)))
