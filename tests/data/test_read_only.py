"""Arrays that all strategies share."""

import pickle

import numpy as np
import pytest

from benchmark.data.digits import digits
from benchmark.data.splits import Splits


def test_no_strategy_can_write_to_labels_and_splits_in_any_process():
    own = np.arange(3)
    splits = Splits(own, own, own)
    shared = [digits().labels, splits.train, splits.test]
    shared += [pickle.loads(pickle.dumps(splits)).val, pickle.loads(pickle.dumps(digits())).labels]
    for array in shared:
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0
    own[0] = 5  # who has made the array may
    assert splits.train[0] == 5
