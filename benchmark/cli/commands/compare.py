"""`compare`: one report on the runs of several data sets."""

import argparse

from benchmark import api
from benchmark.cli.console import print_reports
from benchmark.cli.settings import add_setting
from benchmark.plan.run_options import RunOptions
from benchmark.plan.settings import settings_of
from benchmark.system.terminal import print_lines

HELP = """Put runs on several data sets into one report. The report has macro-F1, ranks and
differences from the baseline, with one row per strategy and one column per data set. Every two
strategies are tested over data sets by Wilcoxon's signed ranks, with Holm's correction. Nothing is
trained, and the runs stay as they are."""

EXAMPLES = """\
  python -m benchmark compare results/wheels-forum results/digits-forum
  python -m benchmark compare results/*-forum --baseline class_weights --out results/all"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags."""
    parser.add_argument(
        "folders", nargs="+", metavar="DIR", help="folders of runs, two or more, each on its data"
    )
    settings = settings_of(RunOptions)
    add_setting(parser, settings["baseline"], default="that of each run")
    add_setting(parser, settings["out"], default="results/compare-<folders>")


def call(args: argparse.Namespace) -> int:
    """Write the report and print the scores."""
    baseline, out = (getattr(args, name, None) for name in ("baseline", "out"))
    result = api.compare_runs(args.folders, baseline=baseline, out=out)
    print_lines(result.table())
    print_reports(result.reports)
    return 0
