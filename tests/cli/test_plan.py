"""Settings of a run, from flags and a file."""

import pytest

from benchmark.cli.commands.plan import settings_from
from benchmark.cli.parser import build_parser, parse


@pytest.fixture
def settings(tmp_path):
    """Settings of a command line beside a file."""
    file = tmp_path / "study.toml"
    file.write_text("image-size = 96\nseed-list = [7]\njobs = 2\n")
    return lambda *words: settings_from(
        parse(build_parser(), ["plan", "--config", str(file), *words])
    )


def test_flags_win_over_the_file(settings):
    assert settings("--image-size", "80") == {"image_size": "80", "seed_list": (7,), "jobs": 2}


@pytest.mark.parametrize("words", [("--seeds", "2"), ("--seed-list", "3,4")])
def test_either_flag_of_seeds_replaces_those_of_the_file(settings, words):
    name = words[0].strip("-").replace("-", "_")
    assert settings(*words) == {"image_size": 96, "jobs": 2, name: words[1]}


def test_without_a_file_only_given_flags_count():
    chosen = parse(build_parser(), ["run", "--quick", "--strategies", "no_change"])
    assert settings_from(chosen) == {"quick": True, "strategies": "no_change"}
