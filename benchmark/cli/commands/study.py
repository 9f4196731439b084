"""`study`: answer a question with a grid of runs."""

import argparse
import shlex

from benchmark import studies
from benchmark.cli.commands.report import show_result
from benchmark.cli.exit_codes import EXIT_FAILED
from benchmark.cli.program import program_words
from benchmark.cli.settings import add_settings, settings_from
from benchmark.plan.experiment import Experiment
from benchmark.plan.run_options import RunOptions
from benchmark.plan.studies import STUDIES
from benchmark.system.display import terminal_progress
from benchmark.system.output import lasting_output
from benchmark.system.progress import Timer

HELP = """Answer a question with a grid of runs. Is it the imbalance, the labels or the frozen
layers? `forum17` and `noisy7` are the two cases that this project grew from, on rendered images;
`--data DIR` asks the same of your own. It ends in a page that answers in plain words with figures:
what plain fine-tuning does, why classes are ignored, what each remedy buys and costs, and how much
depth, wrong labels and longer training account for."""

EXAMPLES = """\
  python -m benchmark study forum17
  python -m benchmark study noisy7 --scale 0.02 --seeds 1
  python -m benchmark study --data my_images/"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the name, the scale and the settings of a run."""
    parser.add_argument(
        "name", nargs="?", metavar="NAME", help=f"{' or '.join(STUDIES)}; none with --data"
    )
    parser.add_argument(
        "--scale",
        type=float,
        metavar="PART",
        help="the part of the images that is used, above 0 and up to 1 (default: all on a GPU, "
        f"{studies.ON_CPU:g} on a CPU)",
    )
    add_settings(parser, RunOptions, Experiment)


def call(args: argparse.Namespace) -> int:
    """Show the plan, carry it out, and print the answer."""
    with lasting_output():
        timer = Timer(terminal_progress())
        settings = settings_from(args)
        planned = studies.plan(args.name, args.scale, settings, timer)
        command = shlex.join([*program_words(), *args.argv])
        result = studies.execute(*planned, timer, command)
        show_result(result)
        failed = (result.grid.summary["status"] != "ok").any()
        return EXIT_FAILED if failed else 0
