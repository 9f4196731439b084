"""The page about growing data sets, on fabricated rows."""

import pytest

from tests.perf.figures import GIB
from tests.perf.growth import read_sizes, render


def growth_row(size, decoding):
    seconds = {"listing, splits, weights": 1.0 / size, "decoding": decoding}
    return {
        "size": size,
        "setting": {"image_size": 75, "batch_size": 64, "precision": "fp32"},
        "environment": {"device": "a CPU", "cores": 2, "torch": "2", "git_commit": "abc"},
        "others": 0.0,
        "memory": {"all": GIB, "anonymous": GIB, "files": GIB},
        "result": {"seconds": seconds},
    }


def test_growth_is_judged_by_its_largest_rise():
    flat = render([growth_row(1000, 0.002), growth_row(4000, 0.0022)])
    assert "| decoding | 2 | 2.2 | 10 % | yes |" in flat
    steep = render([growth_row(1000, 0.002), growth_row(4000, 0.003)])
    assert "| decoding | 2 | 3 | 50 % | **no** |" in steep
    assert read_sizes("1000,4000") == (1000, 4000)
    for wrong in ("many", "10", "1000,", "-1000"):
        with pytest.raises(ValueError, match="--growth takes sizes"):
            read_sizes(wrong)
