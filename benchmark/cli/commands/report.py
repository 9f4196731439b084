"""`report`: write the report of a run again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from benchmark import api
from benchmark.cli.settings import add_setting
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.storage.unwritable import another_way_out
from benchmark.system.display import terminal_progress

if TYPE_CHECKING:
    from benchmark.result import Result, StudyResult, SweepResult

HELP = """Write the report of a run again. Reads the stored records in DIR and trains nothing;
another --baseline changes the report, not what the run recorded. The exit code is 0 if the report
was written, also of a run in which a strategy failed."""

EXAMPLES = """\
  python -m benchmark report results/wheels-forum
  python -m benchmark report results/wheels-forum --baseline class_weights"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")
    add_setting(parser, settings_of(RunOptions)["baseline"], default="that of the run")


def call(args: argparse.Namespace) -> int:
    """Write the report and print the results."""
    with another_way_out("copy the run to a folder that can, and give that"):
        result = api.load(
            args.folder, getattr(args, "baseline", None), progress=terminal_progress()
        )
    show_result(result)
    return 0


def show_result(result: Result | SweepResult | StudyResult) -> None:
    """Print the result of a run, a sweep or a study."""
    from benchmark.cli.result_summary import print_result  # pandas: other commands need none

    print_result(result)
