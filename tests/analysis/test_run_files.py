"""The command that mends a run names the folder where the run, or its sweep, is now."""

from dataclasses import replace

import pytest

from benchmark.analysis.run_files import place_of_run
from benchmark.execution.run_folder import RunFolder
from tests.report.sweep.sweeps import two_recipes


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("run --recipe forum,strong --out results/old", "moved"),
        ("run --recipe forum,strong --out=results/old", "moved"),
        ("run --recipe forum,strong", "moved"),
        ("run --recipe strong --out results/old/strong", "moved/strong"),
        ("run 'cut", "moved"),
        ("", "moved"),
    ],
)
def test_of_a_run_of_a_sweep_it_is_the_folder_that_its_command_was_given(
    tmp_path, command, expected
):
    two_recipes(tmp_path / "moved")
    files = RunFolder(tmp_path / "moved" / "strong")
    manifest = replace(files.read_manifest(), command=f"first command\n{command}".strip())
    assert place_of_run(files, manifest) == tmp_path / expected
    (tmp_path / "moved" / "sweep.json").unlink()
    assert place_of_run(files, manifest) == files.path
