"""`plan`: what `run` would train."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from benchmark import api
from benchmark.cli.config import read_config
from benchmark.cli.console import format_plan
from benchmark.cli.flags import add_settings
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.plugins import broken_plugin_sentences
from benchmark.system.progress import NullProgress, terminal_progress

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor

HELP = """Show what `run` would train. Prints which networks are shared, which are stored already
and how many steps are left. It decodes the images if that was not done before; it trains
nothing."""

EXAMPLES = "  python -m benchmark plan --data my_images/ --seeds 3 --strategies all"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting of a run."""
    add_settings(parser, RunOptions, Experiment)


def call(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """Print the plan."""
    show_plan(chosen, terminal_progress())
    return 0


def settings_from(chosen: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the flags and of the file that they name; flags win."""
    known = settings_of(Experiment, RunOptions)
    flags = {name: value for name, value in vars(chosen).items() if name in known}
    file = read_config(chosen.config, Experiment, RunOptions) if chosen.config else {}
    seeds = {"seeds", "seed_list"}  # two ways to give the same
    replaced = seeds if seeds & flags.keys() else set()
    return {**{name: file[name] for name in file.keys() - replaced}, **flags}


def show_plan(chosen: argparse.Namespace, progress: NullProgress) -> tuple[Executor, RunOptions]:
    """Plan what the settings describe, print the plan, and return what carries it out."""
    experiment, options = api.read_settings(settings_from(chosen))
    executor = api.plan(experiment, options, progress)
    for message in (*executor.prepared.messages, *broken_plugin_sentences()):
        progress.say(f"note: {message}")
    progress.say(format_plan(executor, options.tune))
    return executor, options
