"""The CSV files of a sweep name the value of each row in a column of the setting."""

from benchmark.report.sweep.csv_files import FILES, frames_of
from tests.report.sweep.sweeps import two_recipes


def test_every_file_is_described_and_names_the_recipe_of_a_row(tmp_path):
    frames = frames_of(two_recipes(tmp_path))
    assert list(frames) == [name for name, _ in FILES]
    for name in ("scores.csv", "paired.csv", "runs.csv"):
        assert frames[name]["recipe"].unique().tolist() == ["forum", "strong"]
        assert frames[name].columns[0] == "recipe"
    assert frames["agreement.csv"][["a", "b"]].to_numpy().tolist() == [["forum", "strong"]]
