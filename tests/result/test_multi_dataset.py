"""Several runs, as the command line prints them."""

from benchmark.result.multi_dataset import MultiDatasetResult
from tests.report.multi.runs import MISSING, merge, run


def test_a_strategy_that_a_data_set_lacks_has_a_dash_there():
    whole, lacking = {"base": 0.5, "other": 0.6}, {"base": 0.5, "other": MISSING}
    text = MultiDatasetResult(merge([run("a", whole), run("b", lacking)]), {}).table()
    (row,) = (line.split() for line in text.splitlines() if line.startswith("other"))
    assert row[:3] == ["other", "0.6", "–"]
    assert "NaN" not in text
