"""What the README says is what the package does."""

import re
import shlex
from pathlib import Path

import pytest

from benchmark.cli import main
from benchmark.cli.flags import build_parser
from benchmark.cli.verbs import COMMANDS
from benchmark.contract import check
from benchmark.model.registry import find_backbone
from benchmark.plugins import brought_by, load_plugin
from benchmark.strategy import registry
from benchmark.strategy.catalogue import strategies_markdown

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", README, re.DOTALL))


@pytest.fixture
def written(tmp_path, forgotten):
    """Write a file of the README down and load it; what it brings goes with the test."""

    def write(name):
        file = tmp_path / name
        file.write_text(FILES[name])
        load_plugin(file)
        return file

    return write


def test_the_list_of_strategies_is_their_docstrings():
    generated = README.partition("--markdown -->\n")[2].partition("<!-- end -->")[0]
    assert generated == strategies_markdown(), "run: python -m benchmark list --markdown"


def test_list_prints_that_text(capsys):
    assert main(["list", "--markdown"]) == 0
    assert capsys.readouterr().out == strategies_markdown()


def test_the_strategy_of_the_tutorial_is_not_in_the_list_and_keeps_the_contract(written):
    assert "vector_scaling" not in registry.registered()
    file = written("vector_scaling.py")
    assert brought_by(file) == ["vector_scaling"]
    findings = list(check(registry.registered()["vector_scaling"]))
    assert not [finding for finding in findings if finding.wrong]
    said = README.partition("check vector_scaling.py\n")[2].partition("```")[0]
    for clause in re.findall(r"  kept    (.*)", said):
        assert clause in [finding.clause for finding in findings]
    assert f"keeps {len(findings)} of {len(findings)} clauses" in said


def test_what_the_tutorial_says_of_a_mean_is_what_check_says(tmp_path, capsys, written):
    written("vector_scaling.py")  # so that it is taken out again
    file = tmp_path / "vector_scaling.py"
    file.write_text(FILES[file.name].replace("log_softmax(1)).sum(1)", "log_softmax(1)).mean()"))
    assert main(["check", str(file)]) == 1
    said = README.partition("it would have said:\n\n```\n")[2].partition("```")[0]
    assert said in capsys.readouterr().out


def test_the_network_of_the_readme_can_be_cut_anywhere(written):
    import torch

    assert brought_by(written("resnet18.py")) == ["resnet18"]
    one = find_backbone("resnet18")
    assert one.width == 512
    assert one.has_weights
    x, network = torch.zeros(2, 3, 64, 64), one.build_network(None).eval()
    for name, block in network.named_children():
        assert one.input_shape(name, 64) == tuple(x.shape[1:])
        x = block(x)


def test_commands_of_the_readme_can_be_given(written):
    written("vector_scaling.py")
    written("resnet18.py")
    parser = build_parser(COMMANDS)
    lines = re.findall(
        r"python -m benchmark ((?:run|plan|check|data|list|cache|compare)[^`\n]*)", README
    )
    assert len(lines) > 8
    for line in lines:
        words = shlex.split(re.split(" #| --> ?|$", line)[0])
        if "…" in words or "--help" in words or "DIR" in words:
            continue
        chosen = parser.parse_args(words)
        if names := getattr(chosen, "strategies", None):
            registry.resolve(names)
