"""`python -m benchmark check`: what is printed, and the exit code."""

import pytest

from benchmark.cli import main

pytestmark = pytest.mark.usefixtures("forgotten")

MINE = '''
from dataclasses import dataclass

from benchmark.strategy import CrossEntropy, Stage, Strategy, strategy


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


def test_each_check_of_each_strategy_is_a_line_and_a_failure_has_its_error(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(MINE)
    assert main(["check", str(file)]) == 1
    mine, _, twice = capsys.readouterr().out.partition(f"{file}: twice\n")
    assert mine.startswith(f"{file}: mine\n  PASS  It can be built with its defaults\n")
    assert mine.endswith("  mine passes 16 of 16 checks\n")
    assert "FAIL" not in mine
    assert "  FAIL  On equally large classes the loss is cross-entropy, unless" in twice
    assert "        it is 2, 2, 2, 2 times cross-entropy if all classes have 30 images" in twice
    assert "it changes loss and declares no expectation of it" in " ".join(twice.split())
    file.write_text(MINE.rpartition("\n\n@strategy")[0])
    assert main(["check", str(file)]) == 0
    assert "twice" not in capsys.readouterr().out


def test_after_a_broken_file_the_next_is_checked(tmp_path, capsys):
    broken, network = tmp_path / "broken.py", tmp_path / "network.py"
    broken.write_text("\n\nimport nothing_of_that_name\n")
    network.write_text(NETWORK)
    assert main(["check", str(broken), str(network)]) == 1
    first, second = capsys.readouterr().out.splitlines()
    error = "ModuleNotFoundError: No module named 'nothing_of_that_name' (line 3)"
    assert first == f"{broken}: {error}"
    assert second == f"{network}: tiny is a backbone; only strategies are checked"
    assert main(["check", str(network)]) == 0


def test_a_missing_file_is_an_error(tmp_path, capsys):
    assert main(["check", str(tmp_path / "nowhere.py")]) == 2
    assert "nowhere.py: no such file" in capsys.readouterr().err


def test_a_file_that_it_reads_is_a_note_and_no_failure(tmp_path, capsys):
    file, settings = tmp_path / "mine.py", tmp_path / "settings.json"
    settings.write_text("1")
    reading = f"        open({str(settings)!r}).read()\n        return 2"
    file.write_text(MINE.replace("        return 2", reading))
    main(["check", str(file)])
    printed = " ".join(capsys.readouterr().out.split())
    assert f" NOTE It reads {settings} (mine.py, line 10), which is no part of its key" in printed
