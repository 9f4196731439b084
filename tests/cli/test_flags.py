"""What a flag's text means."""

import pytest

from benchmark.cli.flags import build_parser, parse
from benchmark.cli.verbs import COMMANDS


def seeds_of(*words):
    return parse(build_parser(COMMANDS), ["run", *words]).seeds


@pytest.mark.parametrize(
    ("text", "seeds"),
    [("3", (0, 1, 2)), ("1", (0,)), ("0,1,2", (0, 1, 2)), ("7,", (7,)), ("4,2", (4, 2))],
)
def test_a_number_says_how_many_seeds_and_a_comma_which(text, seeds):
    assert seeds_of("--seeds", text) == seeds


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0", "how many seeds, 1 or more, not '0'; with a comma the seeds themselves: 0,"),
        ("many", "whole numbers like 0,1,2, not 'many'"),
        (",", "whole numbers like 0,1,2"),
    ],
)
def test_what_is_neither_is_explained(text, says, capsys):
    with pytest.raises(SystemExit):
        seeds_of("--seeds", text)
    assert says in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize(
    ("written", "seeds"), [("3", (0, 1, 2)), ("[3]", (3,)), ("[4, 5]", (4, 5))]
)
def test_in_a_file_a_list_says_which(tmp_path, written, seeds):
    config = tmp_path / "study.toml"
    config.write_text(f"seeds = {written}\n")
    assert seeds_of("--config", str(config)) == seeds
