"""`list`: everything that has a name."""

import argparse
import textwrap

from benchmark.cli.settings import add_setting
from benchmark.data.sources import DATA_SOURCES
from benchmark.model.registry import BACKBONES
from benchmark.model.weights_source import WEIGHTS
from benchmark.plan.recipes import RECIPES
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.plugins import load_plugins
from benchmark.spec import format_spec
from benchmark.strategy.catalogue import strategies_markdown
from benchmark.strategy.discovery import broken, installed_packages, packages
from benchmark.strategy.registration import EVERY
from benchmark.strategy.registry import groups, registered
from benchmark.system.terminal import print_lines
from benchmark.system.text import printable

HELP = """Show the names that flags take. It lists strategies with their parameters, groups of
strategies, data sources, recipes, backbones and weights, each with a line of explanation, and
plug-ins that are broken."""

EXAMPLES = """\
  python -m benchmark list
  python -m benchmark list --plugin my_strategy.py"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    add_setting(parser, settings_of(RunOptions)["plugin"])
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="the strategies alone, with all that is known about them, as markdown",
    )


def call(args: argparse.Namespace) -> int:
    """Print the names, each with a line of explanation."""
    load_plugins(getattr(args, "plugin", ()))
    if args.markdown:
        print_lines(strategies_markdown().rstrip("\n"))
        return 0
    print_lines("\n\n".join(_format_section(*section) for section in _sections().items()))
    return 0


def _sections() -> dict[str, dict[str, str]]:
    """Return titles, and under each the names with their explanations."""
    sections = {
        "strategies (--strategies, with their parameters' defaults)": {
            format_spec(name, entry.defaults): entry.summary for name, entry in registered().items()
        },
        "groups of strategies (--strategies)": {
            name: "every one of these" if name == EVERY else ", ".join(members)
            for name, members in groups().items()
        },
        "data (--data)": DATA_SOURCES,
        "recipes (--recipe)": {
            name: f"{recipe.description} {recipe.batch_sentence}"
            for name, recipe in RECIPES.items()
        },
        "backbones (--backbone)": {name: network.summary for name, network in BACKBONES.items()},
        "weights (--weights)": WEIGHTS,
    }
    if others := installed_packages().keys() - packages.keys():
        sections["installed packages with strategies (--plugin), not imported"] = dict.fromkeys(
            sorted(others), "give its name to run its code"
        )
    if broken:
        sections["broken plug-ins, which stop nothing else"] = broken
    return sections


def _format_section(title: str, rows: dict[str, str]) -> str:
    lines = [title]
    for name, explanation in rows.items():
        lines.append(f"  {printable(name)}")
        lines.append(textwrap.indent(textwrap.fill(explanation, 90), " " * 6))
    return "\n".join(lines)
