"""The command line of the benchmark of the harness."""

import re

import pytest

from tests.perf.__main__ import build_parser, main


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        (["--loops", "nowhere"], "no plain.py, tuned.py, bare.py.* checkout"),
        (["--strategies", "focal_loss:gamma=1"], "know no strategy focal_loss:gamma=1"),
        (["--growth", "few"], "--growth takes sizes"),
    ],
)
def test_mistakes_are_reported_before_anything_is_done(flags, error, capsys, tmp_path):
    assert main([*flags, "--out", str(tmp_path / "out")]) == 2
    assert re.search(error, capsys.readouterr().err)
    assert not (tmp_path / "out").exists()


def test_seeds_are_counted():
    assert build_parser().parse_args(["--seeds", "3"]).seeds == (0, 1, 2)
    assert build_parser().parse_args([]).seeds == (0,)
