"""`run`: train what is not stored, and write the report."""

import argparse
import shlex

from benchmark import api
from benchmark.cli.commands.plan import add_flags, show_plan
from benchmark.cli.commands.report import show_result
from benchmark.cli.exit_codes import EXIT_FAILED
from benchmark.cli.program import program_words
from benchmark.strategy.discovery import broken
from benchmark.system.display import terminal_progress
from benchmark.system.output import lasting_output
from benchmark.system.progress import Timer

__all__ = ["EXAMPLES", "HELP", "add_flags", "call"]

HELP = """Train and report. Decodes the images, runs the frozen layers once, trains each distinct
network, applies each strategy's decision and writes report.html, report.md and CSV tables. What is
stored in the folder and still current is not trained again; a run that was interrupted continues
where it stopped. The exit code is 0 only if every strategy ended well."""

EXAMPLES = """\
  # the built-in images, six strategies, a few minutes on two cores
  python -m benchmark run --strategies all

  # your own images, three seeds
  python -m benchmark run --data my_images/ --seeds 3 --out results/mine

  # two focal losses, and moved thresholds on top of one, at InceptionV3's own image size
  python -m benchmark run --data my_images/ --image-size 299 \\
      --strategies no_change,focal_loss:gamma=1,threshold_moving:base=focal_loss

  # more training, from a settings file
  python -m benchmark run --config study.toml --recipe strong

  # does the ranking hold under another recipe? both, and a report that says so
  python -m benchmark run --data my_images/ --recipe forum,strong"""


def call(args: argparse.Namespace) -> int:
    """Show the plan, carry it out, and print the results.

    It goes on to its end and writes the report when nobody reads any more what it prints.
    """
    with lasting_output():
        return _run(args)


def _run(args: argparse.Namespace) -> int:
    timer = Timer(terminal_progress())
    planned, options = show_plan(args, timer)
    command = shlex.join([*program_words(), *args.argv])
    result = api.execute(planned, options, timer, command)
    show_result(result)
    failed = (result.summary["status"] != "ok").any()
    return EXIT_FAILED if failed or any(file in broken for file in options.plugin) else 0
