"""`python -m benchmark check`: what is printed, and the exit code."""

import pytest

from benchmark.cli import main

pytestmark = pytest.mark.usefixtures("forgotten")

MINE = '''
from dataclasses import dataclass

from benchmark.strategy import CrossEntropy, UpweightsEasyExamples, Stage, Strategy, strategy


@dataclass(frozen=True)
class Twice(CrossEntropy):
    def __call__(self, logits, target, counts):
        return 2 * super().__call__(logits, target, counts)


@strategy
def mine() -> Strategy:
    """Mine."""
    return Strategy()


@strategy
def twice() -> Strategy:
    """Twice."""
    return Strategy((Stage(loss=Twice()),))
'''
NETWORK = '''
from torch import nn
from benchmark.model.registry import backbone

@backbone(half="last")
def tiny():
    """Tiny."""
    return nn.Sequential()
'''


def test_a_line_a_clause_of_each_strategy_and_words_where_one_is_broken(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    assert main(["check", str(file)]) == 1
    said = capsys.readouterr().out
    kept, _, broken = said.partition(f"{file}: twice\n")
    assert kept.startswith(f"{file}: mine\n  kept    It can be built with its defaults\n")
    assert kept.endswith("  mine keeps 15 of 15 clauses\n")
    assert "BROKEN" not in kept
    assert "  BROKEN  On equally large classes the loss is cross-entropy, unless" in broken
    assert "          it is 2 2 2 2 times cross-entropy where all classes have 30 images" in broken
    assert "it changes loss and declares no effect of that" in " ".join(broken.split())
    file.write_text(MINE.rpartition("\n\n@strategy")[0])
    assert main(["check", str(file)]) == 0
    assert "twice" not in capsys.readouterr().out


def test_a_file_that_cannot_be_loaded_is_said_with_its_line_and_the_next_is_checked(
    tmp_path, capsys
):
    broken, network = tmp_path / "broken.py", tmp_path / "network.py"
    broken.write_text("\n\nimport nothing_of_that_name\n")
    network.write_text(NETWORK)
    assert main(["check", str(broken), str(network)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    said = "ModuleNotFoundError: No module named 'nothing_of_that_name' (line 3)"
    assert first == f"{broken}: {said}"
    assert second == f"{network}: tiny is a network, and the contract is one of strategies"
    assert main(["check", str(network)]) == 0


def test_a_file_that_is_not_there_is_an_error(tmp_path, capsys):
    assert main(["check", str(tmp_path / "nowhere.py")]) == 2
    assert "nowhere.py: no such file" in capsys.readouterr().err
