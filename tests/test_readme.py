"""What the README says is what the package does."""

import re
import shlex
from pathlib import Path

import pytest
import torch

from benchmark.cli import main
from benchmark.cli.parser import build_parser, parse
from benchmark.contract.checks import check_strategy
from benchmark.model.network import build_network
from benchmark.model.registry import find_backbone
from benchmark.plugins import load_plugin, names_from
from benchmark.strategy import registry
from benchmark.strategy.catalogue import strategies_markdown

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README, re.DOTALL))


@pytest.fixture
def load_file(tmp_path, forgotten):
    """Write a file of the README and load it; what it registers is removed after the test."""

    def load(name):
        file = tmp_path / name
        file.write_text(FILES[name])
        load_plugin(file)
        return file

    return load


def test_the_list_of_strategies_is_their_docstrings():
    generated = README.partition("--markdown -->\n")[2].partition("<!-- end -->")[0]
    assert generated == strategies_markdown(), "run: python -m benchmark list --markdown"


def test_list_prints_that_part_of_the_readme(capsys):
    assert main(["list", "--markdown"]) == 0
    assert capsys.readouterr().out == strategies_markdown()


def test_the_strategy_of_the_tutorial_is_not_in_the_list_and_passes_all_checks(load_file):
    assert "vs_loss" not in registry.registered()
    file = load_file("vs_loss.py")
    assert names_from(file) == ["vs_loss"]
    results = list(check_strategy(registry.registered().get("vs_loss")))
    outcomes = [result for result in results if not result.is_note]
    (note,) = (result.check for result in results if result.is_note)
    assert not [outcome.error for outcome in outcomes if outcome.error]
    printed = README.partition("check vs_loss.py\n")[2].partition("```")[0]
    passed = re.findall(r"  PASS  (.*)", printed)
    assert len(passed) >= 3
    assert set(passed) <= {outcome.check for outcome in outcomes}
    assert f"passes {len(outcomes)} of {len(outcomes)} checks" in printed
    assert f"NOTE  {note}" in " ".join(printed.split()).replace("NOTE ", "NOTE  ")


def test_the_error_that_the_tutorial_shows_is_what_check_prints(tmp_path, capsys, load_file):
    load_file("vs_loss.py")  # so that it is removed afterwards
    file = tmp_path / "vs_loss.py"
    file.write_text(FILES[file.name].replace("log_softmax(1)).sum(1)", "log_softmax(1)).mean()"))
    assert main(["check", str(file)]) == 1
    printed = README.partition("it would say:\n\n```\n")[2].partition("```")[0]
    assert "  FAIL  " in printed
    assert printed in capsys.readouterr().out


def test_the_network_of_the_readme_can_be_cut_anywhere(load_file):
    assert names_from(load_file("resnet34.py")) == ["resnet34"]
    resnet = find_backbone("resnet34")
    assert resnet.width == 512
    assert resnet.has_weights
    x, network = torch.zeros(2, 3, 64, 64), build_network(resnet, None).eval()
    for name, block in network.named_children():
        assert resnet.input_shape(name, 64) == tuple(x.shape[1:])
        x = block(x)


def test_commands_of_the_readme_can_be_given(load_file):
    load_file("vs_loss.py")
    load_file("resnet34.py")
    parser = build_parser()
    lines = re.findall(
        r"(?:python -m benchmark|imbalance-bench) "
        r"((?:run|plan|check|data|list|cache|compare|export|predict|gate|report|labels|study)[^`\n]*)",
        README,
    )
    assert len(lines) > 8
    for line in lines:
        words = shlex.split(re.split(" #| --> ?|$", line)[0])
        if "…" in words or "--help" in words or "DIR" in words:
            continue
        chosen = parse(parser, words)
        if names := getattr(chosen, "strategies", None):
            registry.resolve(names)
