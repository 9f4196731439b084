"""The page about the cost of reports, on fabricated rows."""

import pytest

from tests.perf.figures import GIB
from tests.perf.reports import read_sizes, render


def test_a_size_is_a_row():
    result = {"read": 4.2, "write": 30.1, "processor": 33.4}
    result["bytes"] = {"html": 3.3e6, "markdown": 4e5, "verdict": 1.05e7, "csv": 6.2e8}
    row = {"size": [1000, 20, 3], "seconds": 36.2, "others": 0.0, "memory": {"all": GIB}}
    page = render([row | {"result": result}])
    assert "| 1,000 x 20 x 3 | 4 | 30 | 33 | 36 | 1.00 | 3.3 | 0.4 | 10.5 | 620.0 |" in page
    assert "Unreliable" not in page


def test_sizes_are_three_numbers():
    assert read_sizes("100x20x3,1000x2x1") == ((100, 20, 3), (1000, 2, 1))
    for wrong in ("100", "1x20x3", "100x1x3", "100x99x3", "100x20x0", "100x20x3,", "axbxc"):
        with pytest.raises(ValueError, match="--sizes takes classes x strategies x seeds"):
            read_sizes(wrong)
