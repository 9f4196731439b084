"""`plan`: what `run` would train."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark import api
from benchmark.cli.settings import add_settings, settings_from
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.system.display import terminal_progress
from benchmark.system.progress import Progress

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor
    from benchmark.execution.sweep_plan import SweepPlan

HELP = """Show what `run` would train. Prints which networks are shared, which are stored already
and how many steps are left. It decodes the images if that was not done before; it trains
nothing."""

EXAMPLES = "  python -m benchmark plan --data my_images/ --seeds 3 --strategies all"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add a flag for each setting of a run."""
    add_settings(parser, RunOptions, Experiment)


def call(args: argparse.Namespace) -> int:
    """Print the plan."""
    planned, _ = show_plan(args, terminal_progress())
    planned.close()
    return 0


def show_plan(
    args: argparse.Namespace, progress: Progress
) -> tuple[Executor | SweepPlan, RunOptions]:
    """Plan what the settings describe, print the plan, and return what carries it out."""
    experiment, options = api.read_settings(settings_from(args))
    planned = api.plan(experiment, options, progress)
    api.say_plan(planned, options, progress)
    return planned, options
