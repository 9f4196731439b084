"""`python -m benchmark list`: every name that a flag takes, with a line of explanation."""

import pytest

from benchmark.cli import main
from benchmark.data.sources import DATA_SOURCES
from benchmark.model.registry import BACKBONES
from benchmark.model.weights_source import WEIGHTS
from benchmark.plan.recipes import RECIPES
from benchmark.plugins import unload_plugin
from benchmark.strategy.registry import groups, registered

pytestmark = pytest.mark.usefixtures("forgotten")


def test_every_name_is_listed(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    names = {line.strip().partition(":")[0] for line in lines if line.startswith("  ")}
    for known in (registered(), groups(), RECIPES, WEIGHTS, DATA_SOURCES, BACKBONES):
        assert {name.partition(":")[0] for name in known} <= names
    assert max(map(len, lines)) <= 96
    assert "images, halved down to 8 while an epoch has fewer than 60 steps." in " ".join(
        line.strip() for line in lines
    )


def test_a_broken_plug_in_is_listed_with_its_error_and_stops_nothing(tmp_path, capsys):
    file = tmp_path / "broken.py"
    file.write_text("1 / 0\n")
    assert main(["list", "--plugin", str(file)]) == 0
    out = capsys.readouterr().out
    assert "ZeroDivisionError: division by zero (line 1)" in out.partition("broken plug-ins")[2]


def test_a_default_breaks_no_line(tmp_path, capsys):
    file = tmp_path / "mine.py"
    file.write_text(
        "from benchmark.strategy import Strategy, strategy\n"
        "@strategy\n"
        "def mine(text: str = 'a\\n\\x1b[31mb') -> Strategy:\n"
        "    'Mine.'\n"
        "    return Strategy()\n"
    )
    assert main(["list", "--plugin", str(file)]) == 0
    assert "  mine:text=a\\n\\x1b[31mb\n      Mine.\n" in capsys.readouterr().out
    unload_plugin(file)
