"""The cost of records: a whole one of few images, and the page on fabricated rows."""

import pytest

from benchmark.execution.run_folder import RunFolder
from tests.perf.fabricate_network import class_counts, fabricate_network
from tests.perf.figures import GIB
from tests.perf.records import KEY, read_sizes, render, write_timed


def test_a_record_of_the_fabricated_network_passes_the_audit(tmp_path):
    size, folder = (60, 4), RunFolder(tmp_path)
    fabricate_network(folder, KEY, size[0], class_counts(*size))
    for name in ("no_change", "threshold_moving"):
        result = write_timed(folder, size, name)
        assert 0 <= result["ignored"] < 4
        checks = folder.read_record(name, 0).audit.checks
        assert not [check for check in checks if check.passed is False]


def test_a_strategy_is_a_row():
    result = {"seconds": 12.4, "processor": 11.6, "ignored": 77, "outputs": 650e6}
    row = {"size": [20000, 1000], "strategy": "no_change", "seconds": 15.0, "others": 0.0}
    page = render([row | {"memory": {"all": 2 * GIB}, "result": result}])
    assert "| 20,000 x 1,000 | no_change | 77 | 12 | 12 | 650 | 2.00 |" in page
    assert "Unreliable" not in page


def test_sizes_are_two_numbers():
    assert read_sizes("2000x100,20000x1000") == ((2000, 100), (20000, 1000))
    for wrong in ("100", "10x1", "3x4", "axb", "100x20,"):
        with pytest.raises(ValueError, match="--sizes takes validation images x classes"):
            read_sizes(wrong)
