"""Stored rows: computed once, whole or absent."""

import pickle

import numpy as np
import pytest
import torch

from benchmark.train.rows import RowStore


def rows_of(indices, shape=(3, 2, 4)):
    return torch.stack([torch.full(shape, float(i)) + torch.arange(4) / 8 for i in indices])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_rows_come_back_as_they_were_computed(tmp_path, dtype):
    store = RowStore(tmp_path / "a", 10, (3, 2, 4), dtype)
    wanted = np.array([7, 2, 5])
    store.fill(wanted, rows_of, batch_size=2)
    for opened in (store, pickle.loads(pickle.dumps(store))):
        read = opened.read(np.array([5, 7]))
        torch.testing.assert_close(read, rows_of([5, 7]).to(dtype), rtol=0, atol=0)
        assert read.is_contiguous(memory_format=torch.channels_last)


def test_only_missing_rows_are_computed(tmp_path):
    computed = []

    def compute(indices):
        computed.extend(indices.tolist())
        return rows_of(indices, (4,))

    store = RowStore(tmp_path / "a", 10, (4,), torch.float32)
    store.fill(np.array([1, 2]), compute)
    again = RowStore(tmp_path / "a", 10, (4,), torch.float32)
    assert set(computed) == {1, 2}
    computed.clear()
    again.fill(np.array([2, 3]), compute)
    assert set(computed) == {3}
    assert again.missing(np.arange(5)).tolist() == [0, 4]


def test_rows_whose_computation_was_interrupted_do_not_count(tmp_path):
    def dies(indices):
        if 3 in indices:
            raise KeyboardInterrupt
        return rows_of(indices, (4,))

    store = RowStore(tmp_path / "a", 10, (4,), torch.float32)
    with pytest.raises(KeyboardInterrupt):
        store.fill(np.arange(5), dies, batch_size=1, save_every=2)
    assert store.missing(np.arange(5)).tolist() == [2, 3, 4]


def test_batches_are_full_so_that_what_is_missing_does_not_round_the_rest(tmp_path):
    sizes = []

    def compute(indices):
        sizes.append(len(indices))
        return rows_of(indices, (4,))

    store = RowStore(tmp_path / "a", 20, (4,), torch.float32)
    store.fill(np.array([3]), compute, batch_size=8)
    store.fill(np.arange(20), compute, batch_size=8)
    assert sizes == [8, 8, 8, 8]
    torch.testing.assert_close(store.read(np.arange(20)), rows_of(np.arange(20), (4,)))


def test_a_lost_file_is_filled_again(tmp_path):
    store = RowStore(tmp_path / "a", 5, (4,), torch.float32)
    store.fill(np.arange(5), lambda i: rows_of(i, (4,)))
    (tmp_path / "a" / "rows.bin").unlink()
    again = RowStore(tmp_path / "a", 5, (4,), torch.float32)
    assert again.missing(np.arange(5)).tolist() == [0, 1, 2, 3, 4]


def test_progress_counts_images(tmp_path):
    counted = []
    store = RowStore(tmp_path / "a", 10, (4,), torch.float32)
    store.fill(np.arange(7), lambda i: rows_of(i, (4,)), counted.append, batch_size=3)
    assert counted == [3, 3, 1]
