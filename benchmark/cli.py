"""The command line: verbs and flags, nothing else. The work is done by `benchmark.api`."""

from __future__ import annotations

import argparse
import shlex
import sys
import textwrap
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import benchmark

if TYPE_CHECKING:
    from benchmark.api import Result
    from benchmark.executor import Executor

EXIT_FAILED, EXIT_USAGE, EXIT_STOPPED = 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 if all went well, 1 if a strategy failed, 2 if what was asked can't be done, 130 if stopped.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = build_parser()
    try:
        chosen = parse(parser, words)
        return int(chosen.command(chosen, words))
    except (ValueError, FileNotFoundError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from what is finished", file=sys.stderr)
        return EXIT_STOPPED


# ---- verbs ---------------------------------------------------------------------------------------


def run_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:
    """`run`: train what is not stored, write the report."""
    from benchmark import api
    from benchmark.progress import for_terminal

    progress = for_terminal()
    executor = api.plan(
        experiment_of(chosen),
        chosen.strategies,
        out=chosen.out,
        jobs=chosen.jobs,
        progress=progress,
    )
    for message in executor.prepared.messages:
        progress.say(f"note: {message}")
    progress.say(plan_text(executor))
    if chosen.dry_run:
        return 0
    command = shlex.join(["python", "-m", "benchmark", *words])
    result = api.carry_out(executor, command, progress)
    print_summary(result)
    return 0 if (result.summary["status"] == "ok").all() else EXIT_FAILED


def plan_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:
    """`plan`: what `run` would train."""
    chosen.dry_run = True
    return run_command(chosen, words)


def list_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`list`: everything that can be asked for by name."""
    from benchmark.data.sources import DATA_SOURCES
    from benchmark.experiment import RECIPES
    from benchmark.model.catalogue import WEIGHTS
    from benchmark.strategy.registry import load_plugin, registered

    for file in chosen.plugin:
        load_plugin(file)
    strategies = {}
    for name, entry in registered().items():
        parameters = ",".join(f"{key}={value}" for key, value in entry.defaults.items())
        strategies[f"{name}:{parameters}" if parameters else name] = entry.summary
    recipes = {name: recipe.description for name, recipe in RECIPES.items()}
    parts = {
        "strategies (--strategies, with their parameters' defaults)": strategies,
        "data (--data)": DATA_SOURCES,
        "recipes (--recipe)": recipes,
        "weights (--weights)": WEIGHTS,
    }
    for number, (title, rows) in enumerate(parts.items()):
        print(("\n" if number else "") + title)
        for name, line in rows.items():
            print(f"  {name}")
            print(textwrap.fill(line, 96, initial_indent="      ", subsequent_indent="      "))
    return 0


def report_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`report`: write the report of a run again."""
    from benchmark import api

    result = api.load(chosen.folder)
    print_summary(result)
    return 0


def data_command(chosen: argparse.Namespace, words: Sequence[str]) -> int:  # noqa: ARG001
    """`data`: what the harness sees in a data set."""
    from benchmark.data.inspect import inspect_data, print_report
    from benchmark.data.sources import open_data
    from benchmark.progress import for_terminal

    images = open_data(chosen.data)
    with for_terminal().task("images", len(images), "images") as advance:
        report = inspect_data(images, advance)
    print_report(report)
    return 0


# ---- what is printed -----------------------------------------------------------------------------


def plan_text(executor: Executor) -> str:
    """Say what would be trained, what is stored already, and how many steps that takes."""
    plan, prepared, needed = executor.plan, executor.prepared, executor.needed()
    seeds, asked = prepared.experiment.seeds, [one.name for one in plan.asked]
    networks = len(set(plan.outputs.values()))
    missing = {segment.key for segment in needed if segment.last}
    steps = sum(segment.end - segment.start for segment in needed)
    budget = prepared.budgets[seeds[0]]
    counts = prepared.train_counts(seeds[0])
    depth = {"head": "the head", "rest": prepared.experiment.fine_tune}
    phases = ", then ".join(
        f"{steps} steps of {depth[phase.trains]}"
        for steps, phase in zip(budget.phase_steps, prepared.experiment.recipe.phases, strict=True)
    )
    parts = prepared.splits[seeds[0]]
    lines = [
        f"data       {prepared.images.name}: {len(prepared.images)} images, "
        f"{prepared.classes} classes; {len(parts.train)} train ({counts.max()} to {counts.min()} "
        f"a class), {len(parts.val)} val, {len(parts.test)} test",
        f"weights    {prepared.weights.name} ({prepared.weights.sha256[:12]})",
        f"recipe     {prepared.experiment.recipe.name}: {phases}, {budget.batch_size} images each, "
        f"{prepared.experiment.image_size} px, {str(prepared.dtype).removeprefix('torch.')} on "
        f"{prepared.device}",
        f"asked      {len(plan.outputs)}: {len(asked)} strategies x {len(seeds)} "
        f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}",
        f"to train   {len(missing)} of {networks} networks, {steps} steps; "
        f"{networks - len(missing)} are stored in {executor.folder.path}",
    ]
    by_network: dict[str, list[str]] = {}
    for (name, _), key in plan.outputs.items():
        by_network.setdefault(key, []).append(name)
    for names in dict.fromkeys(tuple(names) for names in by_network.values()):
        state = "train" if any(by_network[k] == list(names) for k in missing) else "stored"
        lines.append(f"  {state:<7}  {' = '.join(names)}")
    return "\n".join(lines)


def print_summary(result: Result) -> None:
    """Print the table of a run and where its reports are."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = 120
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in TITLES.values():
        is_name = title == "strategy"
        table.add_column(title, justify="left" if is_name else "right", no_wrap=is_name)
    for row in result.summary.to_dict("records"):
        cells = [
            str(row[name]) if name == "strategy" else NUMBER.get(name, "{:.3f}").format(row[name])
            for name in TITLES
        ]
        failed = row["status"] == "failed"
        table.add_row(*([cells[0], *["-"] * (len(cells) - 1)] if failed else cells))
    console.print(table)
    for failure in result.failures.to_dict("records"):
        print(f"failed: {failure['strategy']} (seed {failure['seed']}): {failure['error']}")
    for kind in ("markdown", "html"):
        print(f"report: {result.reports[kind]}")


TITLES = {
    "strategy": "strategy",
    "macro_f1": "macro-F1",
    "never_predicted": "never\npredicted",
    "zero_recall": "zero\nrecall",
    "balanced_accuracy": "balanced\naccuracy",
    "accuracy": "accuracy",
    "worst_recall": "worst\nrecall",
    "steps": "steps",
    "seconds": "seconds",
}
NUMBER = {
    "never_predicted": "{:.3g}",
    "zero_recall": "{:.3g}",
    "steps": "{:.0f}",
    "seconds": "{:.0f}",
}

EXPERIMENT_FLAGS = (
    *("data", "imbalance", "weights", "recipe", "fine_tune", "image_size", "batch_size"),
    *("lr", "epochs", "seeds", "device", "precision", "quick"),
)

# ---- flags ---------------------------------------------------------------------------------------


def experiment_of(chosen: argparse.Namespace) -> Any:
    """Return the experiment that the flags describe."""
    from benchmark import api
    from benchmark.strategy.registry import load_plugin

    for file in chosen.plugin:
        load_plugin(file)
    return api.make_experiment(**{name: getattr(chosen, name) for name in EXPERIMENT_FLAGS})


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; values of --config are defaults that flags win over."""
    chosen = parser.parse_args(words)
    if not getattr(chosen, "config", None):
        return chosen
    verb = chosen.parser
    allowed = {action.dest for action in verb._actions} - {"config", "help"}
    values = _read_config(chosen.config, allowed)
    verb.set_defaults(**values)
    return parser.parse_args(words)


def _read_config(file: str, allowed: set[str]) -> dict[str, Any]:
    path = Path(file)
    if not path.is_file():
        raise FileNotFoundError(f"--config {file}: no such file")
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"--config {file}: {error}") from None
    values: dict[str, Any] = {}
    for key, value in content.items():
        name = key.replace("-", "_")
        if name not in allowed:
            known = ", ".join(sorted(one.replace("_", "-") for one in allowed))
            raise ValueError(f"--config {file}: unknown key {key!r}; known: {known}")
        if name == "plugin":
            values[name] = value if isinstance(value, list) else [value]
        elif isinstance(value, bool):
            values[name] = value
        else:  # as it would stand on the command line, so that the same rules read it
            values[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return values


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all verbs."""
    parser = _parser(argparse.ArgumentParser, "python -m benchmark", DESCRIPTION, EXAMPLES)
    parser.add_argument("--version", action="version", version=benchmark.__version__)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = _verb(verbs, "run", run_command, RUN, RUN_EXAMPLES)
    _experiment_flags(run)
    run.add_argument(
        "--dry-run", action="store_true", help="print the plan and stop; the same as `plan`"
    )
    plan = _verb(verbs, "plan", plan_command, PLAN, PLAN_EXAMPLES)
    _experiment_flags(plan)

    listing = _verb(verbs, "list", list_command, LIST, "  python -m benchmark list")
    _plugin_flag(listing)

    report = _verb(verbs, "report", report_command, REPORT, REPORT_EXAMPLES)
    report.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")

    data = _verb(verbs, "data", data_command, DATA, DATA_EXAMPLES)
    data.add_argument(
        "data", metavar="DATA", help="a folder, a .csv manifest or a name from `list`"
    )
    return parser


def _experiment_flags(verb: argparse.ArgumentParser) -> None:
    what = verb.add_argument_group("what is compared")
    what.add_argument(
        "--strategies",
        default="all",
        metavar="NAMES",
        help="`all`, or names from `list` with commas between them, parameters after a colon: "
        "no_change,focal_loss:gamma=1 (default: all)",
    )
    _plugin_flag(what)
    what.add_argument(
        "--seeds",
        type=_whole_numbers,
        default=(0,),
        metavar="0,1,2",
        help="each seed is a split, an initialisation and an order of images of its own, the same "
        "for all strategies (default: 0)",
    )

    data = verb.add_argument_group("on which images")
    data.add_argument(
        "--data",
        default="wheels",
        metavar="DATA",
        help="a folder root/<class>/<file>, a .csv manifest (path,label), torchvision:NAME, "
        "digits, or the built-in wheels (default)",
    )
    data.add_argument(
        "--imbalance",
        default="natural",
        metavar="PROFILE",
        help="natural (default), or make the training part long-tailed: exp:RATIO, "
        "step:RATIO,FRACTION; add @all to do it to validation and test too",
    )
    data.add_argument(
        "--image-size",
        type=int,
        default=128,
        metavar="PIXELS",
        help="images are squashed to a square of this side, 75 or more (default: 128; "
        "InceptionV3 was made for 299)",
    )

    how = verb.add_argument_group("how it is trained")
    how.add_argument(
        "--weights",
        default="auto",
        metavar="WEIGHTS",
        help="auto (default): the official ImageNet weights from torchvision's cache or by "
        "download, else the bundled ones; imagenet; bundled; none; or a .pth or .safetensors file",
    )
    how.add_argument(
        "--recipe", default="forum", metavar="NAME", help="forum (default) or strong; see `list`"
    )
    how.add_argument(
        "--fine-tune",
        default="half",
        metavar="DEPTH",
        help="what the recipe's last phase trains: head, half (default; from Mixed_6c on), full, "
        "or the name of the first block to train, like Mixed_7a",
    )
    how.add_argument(
        "--batch-size",
        type=int,
        default=None,
        metavar="N",
        help="images a step (default: the recipe's 64, halved for small sets until an epoch has "
        "60 steps, never below 8)",
    )
    how.add_argument(
        "--lr", type=float, metavar="RATE", help="learning rate (default: the recipe's)"
    )
    how.add_argument(
        "--epochs",
        type=_numbers,
        metavar="N[,N]",
        help="epochs of the recipe's phases, one number for each or one for all; they fix the "
        "number of optimizer steps, which is the same for every strategy (default: the recipe's)",
    )
    how.add_argument("--device", default="auto", help="auto (default), cpu, cuda or cuda:1")
    how.add_argument(
        "--precision",
        default="auto",
        help="fp32, bf16, or auto (default): bf16 where the device computes in it natively",
    )

    where = verb.add_argument_group("where it goes, and how fast")
    where.add_argument(
        "--out", metavar="DIR", help="folder of the run (default: results/<data>-<recipe>)"
    )
    where.add_argument(
        "--config",
        metavar="FILE.toml",
        help="a file in which any of these flags may stand, like seeds = [0, 1]; flags win",
    )
    where.add_argument(
        "--jobs",
        type=int,
        metavar="N",
        help="networks trained at the same time, each in a process of its own (default: one a "
        "core as far as memory goes; on a GPU one)",
    )
    where.add_argument(
        "--quick",
        action="store_true",
        help="a look in seconds: about 300 of the images, one epoch a phase; no evidence",
    )


def _plugin_flag(group: Any) -> None:
    group.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a Python file with strategies of your own; may be given again",
    )


def _verb(verbs: Any, name: str, command: Any, text: str, examples: str) -> argparse.ArgumentParser:
    verb = _parser(verbs.add_parser, name, text, examples, help=text.split(".", 1)[0])
    verb.set_defaults(command=command, parser=verb)
    return verb


def _parser(make: Any, name: str, text: str, examples: str, **more: Any) -> Any:
    return make(
        name,
        description=textwrap.fill(" ".join(text.split()), 96),
        epilog=f"examples:\n{examples}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **more,
    )


def _whole_numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"whole numbers like 0,1,2, not {text!r}") from None


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"numbers like 2 or 2,2, not {text!r}") from None


DESCRIPTION = """Which remedy helps a classifier that ignores its rare classes? Fine-tunes one
InceptionV3 under several imbalance strategies, each with the same number of optimizer steps on the
same splits, and reports macro-F1, per-class recall and how many classes are never predicted."""

EXAMPLES = """\
  python -m benchmark run --strategies all
  python -m benchmark run --strategies all --data my_images/
  python -m benchmark data my_images/
  python -m benchmark COMMAND --help"""

RUN = """Train and report. Decodes the images, runs the frozen layers once, trains each distinct
network, applies each strategy's decision and writes report.html, report.md and CSV tables. What is
stored in the folder and still current is not trained again; a run that was interrupted goes on
where it stopped. The exit code is 0 only if every strategy ended well."""

RUN_EXAMPLES = """\
  # the built-in images, six strategies, a few minutes on two cores
  python -m benchmark run --strategies all

  # your own images, three seeds
  python -m benchmark run --data my_images/ --seeds 0,1,2 --out results/mine

  # two focal losses, and moved thresholds on top of one, at InceptionV3's own image size
  python -m benchmark run --data my_images/ --image-size 299 \\
      --strategies no_change,focal_loss:gamma=1,threshold_moving:on=focal_loss

  # more training, from a settings file
  python -m benchmark run --config study.toml --recipe strong"""

PLAN = """Show what `run` would train. Prints which networks are shared, which are stored already
and how many steps are left. It decodes the images if that was not done before; it trains
nothing."""

PLAN_EXAMPLES = "  python -m benchmark plan --data my_images/ --seeds 0,1,2 --strategies all"

LIST = """Show what can be asked for by name. Strategies with their parameters, data sources,
recipes and weights, each with a line of explanation."""

REPORT = """Write the report of a run again. Reads the stored outputs and records in DIR, trains
nothing."""

REPORT_EXAMPLES = "  python -m benchmark report results/wheels-forum"

DATA = """Show what the harness sees in a data set. Classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files."""

DATA_EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data wheels:classes=7"""
