"""What each command does."""

from __future__ import annotations

import argparse
import shlex
import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.contract import Finding
    from benchmark.plan.experiment import Experiment

EXIT_FAILED = 1
_DEEP = " " * 10


def run_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:
    """`run`: train what is not stored, write the report."""
    from benchmark import api
    from benchmark.cli.console import plan_text, print_summary
    from benchmark.plugins import broken_words
    from benchmark.run.tuning import tuning_text
    from benchmark.strategy import registry
    from benchmark.system.progress import Timer, for_terminal

    progress = Timer(for_terminal())
    executor = api.plan(
        experiment_of(chosen),
        chosen.strategies,
        baseline=chosen.baseline,
        out=chosen.out,
        jobs=chosen.jobs,
        cache_limit=chosen.cache_limit,
        tune=chosen.tune,
        progress=progress,
    )
    for message in (*executor.prepared.messages, *broken_words()):
        progress.say(f"note: {message}")
    progress.say(plan_text(executor))
    if chosen.tune:
        progress.say(tuning_text(executor, chosen.tune))
    if chosen.dry_run:
        return 0
    command = shlex.join(["python", "-m", "benchmark", *words])
    result = api.execute(executor, command, progress, chosen.baseline, chosen.tune)
    print_summary(result)
    whole = not any(file in registry.broken for file in chosen.plugin)
    return 0 if whole and (result.summary["status"] == "ok").all() else EXIT_FAILED


def plan_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:
    """`plan`: what `run` would train."""
    chosen.dry_run = True
    return run_command(chosen, words)


def list_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`list`: everything that can be asked for by name."""
    from benchmark.data.sources import DATA_SOURCES
    from benchmark.model.registry import BACKBONES
    from benchmark.model.inception_v3 import WEIGHTS
    from benchmark.plan.recipes import RECIPES
    from benchmark.plugins import load_plugins
    from benchmark.strategy.catalogue import strategies_markdown
    from benchmark.strategy.registry import broken, groups, registered

    load_plugins(chosen.plugin)
    if chosen.markdown:
        print(strategies_markdown(), end="")
        return 0
    strategies = {}
    for name, entry in registered().items():
        parameters = ",".join(f"{key}={value}" for key, value in entry.defaults.items())
        strategies[f"{name}:{parameters}" if parameters else name] = entry.summary
    recipes = {name: recipe.description for name, recipe in RECIPES.items()}
    parts: dict[str, dict[str, str]] = {
        "strategies (--strategies, with their parameters' defaults)": strategies,
        "groups of them (--strategies)": {
            name: "every one of these" if name == "every" else ", ".join(members)
            for name, members in groups().items()
        },
        "data (--data)": DATA_SOURCES,
        "recipes (--recipe)": recipes,
        "networks (--backbone)": {name: one.summary for name, one in BACKBONES.items()},
        "weights (--weights)": WEIGHTS,
    }
    if broken:
        parts["broken plug-ins, which stop nothing else"] = broken
    for number, (title, rows) in enumerate(parts.items()):
        print(("\n" if number else "") + title)
        for name, line in rows.items():
            print(f"  {name}")
            print(textwrap.fill(line, 96, initial_indent="      ", subsequent_indent="      "))
    return 0


def report_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`report`: write the report of a run again."""
    from benchmark import api
    from benchmark.cli.console import print_summary

    result = api.load(chosen.folder, chosen.baseline)
    print_summary(result)
    return 0


def compare_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`compare`: one report on the runs of several data sets."""
    from benchmark import api

    result = api.compare_runs(chosen.folders, baseline=chosen.baseline, out=chosen.out)
    table, _, _ = repr(result).rpartition("\n\n")
    print(table)
    for kind in ("markdown", "html"):
        print(f"report: {result.reports[kind]}")
    return 0


def data_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`data`: what the harness sees in a data set."""
    from benchmark.data.inspect import inspect_data, print_report
    from benchmark.data.sources import open_data
    from benchmark.system.progress import for_terminal

    images = open_data(chosen.data)
    with for_terminal().task("images", len(images), "images") as advance:
        report = inspect_data(images, advance)
    print_report(report)
    return 0


def check_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`check`: whether strategies of the user's own keep to the contract."""
    from benchmark.contract import check
    from benchmark.plugins import brought_by, load_plugins
    from benchmark.strategy.registry import broken, registered

    load_plugins(chosen.files)
    wrong = 0
    for file in chosen.files:
        if file in broken:
            print(f"{file}: {broken[file]}")
            wrong += 1
        for name in brought_by(file):
            if name in registered():
                wrong += print_findings(file, name, check(registered()[name]))
            else:
                print(f"{file}: {name} is a network, and the contract is one of strategies")
    return EXIT_FAILED if wrong else 0


def print_findings(file: str, name: str, findings: Iterable[Finding]) -> int:
    """Print a line a clause as it comes; return how many are broken."""
    print(f"{file}: {name}")
    wrong = kept = 0
    for finding in findings:
        print(f"  {'BROKEN' if finding.wrong else 'kept  '}  {finding.clause}")
        if finding.wrong:
            wrong += 1
            print(textwrap.fill(finding.wrong, 96, initial_indent=_DEEP, subsequent_indent=_DEEP))
        else:
            kept += 1
    print(f"  {name} keeps {kept} of {kept + wrong} clauses")
    return wrong


def cache_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`cache`: what is kept for the next runs, or its removal."""
    from benchmark.cli.console import cache_text, cleared_text
    from benchmark.storage import cache

    if chosen.clear:
        print(cleared_text(*cache.clear(), cache.cache_dir()))
    else:
        print(cache_text(cache.entries(), cache.default_limit(), cache.cache_dir()))
    return 0


def experiment_of(chosen: argparse.Namespace) -> Experiment:
    """Return the experiment that the flags describe."""
    from benchmark import api
    from benchmark.plugins import load_plugins

    load_plugins(chosen.plugin)
    return api.make_experiment(**{name: getattr(chosen, name) for name in EXPERIMENT_FLAGS})


EXPERIMENT_FLAGS = (
    *(
        "data",
        "imbalance",
        "backbone",
        "weights",
        "recipe",
        "fine_tune",
        "image_size",
        "batch_size",
    ),
    *("lr", "epochs", "seeds", "device", "precision", "quick"),
)

COMMANDS = {
    "run": run_command,
    "plan": plan_command,
    "list": list_command,
    "report": report_command,
    "compare": compare_command,
    "data": data_command,
    "check": check_command,
    "cache": cache_command,
}
