"""Verbs and their flags, in words that read like documentation; and the file they may stand in."""

from __future__ import annotations

import argparse
import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import benchmark
from benchmark.storage.sizes import parse_size

SWITCHES = ("quick", "dry_run")
Command = Callable[[argparse.Namespace, Sequence[str]], int]


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
        elif isinstance(value, bool) or name in SWITCHES:
            if not (isinstance(value, bool) and name in SWITCHES):
                allowed_here = "true or false" if name in SWITCHES else "a value, not true or false"
                raise ValueError(f"--config {file}: {key} must be {allowed_here}, got {value!r}")
            values[name] = value
        else:  # as it would stand on the command line, so that the same rules read it
            values[name] = ",".join(map(str, value)) if isinstance(value, list) else str(value)
            if name == "seeds" and isinstance(value, list) and len(value) == 1:
                values[name] += ","  # a list says which, a number how many
    return values


def build_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """Return the parser of all verbs; `chosen.command` is the one to call."""
    parser = _parser(argparse.ArgumentParser, "python -m benchmark", DESCRIPTION, EXAMPLES)
    parser.add_argument("--version", action="version", version=benchmark.__version__)
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    run = _verb(verbs, "run", commands["run"], RUN, RUN_EXAMPLES)
    _experiment_flags(run)
    run.add_argument(
        "--dry-run", action="store_true", help="print the plan and stop; the same as `plan`"
    )
    plan = _verb(verbs, "plan", commands["plan"], PLAN, PLAN_EXAMPLES)
    _experiment_flags(plan)

    listing = _verb(verbs, "list", commands["list"], LIST, "  python -m benchmark list")
    _plugin_flag(listing)
    listing.add_argument(
        "--markdown",
        action="store_true",
        help="the strategies alone, with all that is said of them",
    )

    report = _verb(verbs, "report", commands["report"], REPORT, REPORT_EXAMPLES)
    report.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")
    _control_flag(report, "that of the run")

    compare = _verb(verbs, "compare", commands["compare"], COMPARE, COMPARE_EXAMPLES)
    compare.add_argument(
        "folders", nargs="+", metavar="DIR", help="folders of runs, two or more, each on its data"
    )
    _control_flag(compare, "that of each run")
    compare.add_argument(
        "--out", metavar="DIR", help="folder of the report (default: results/compare-<folders>)"
    )

    data = _verb(verbs, "data", commands["data"], DATA, DATA_EXAMPLES)
    data.add_argument(
        "data", metavar="DATA", help="a folder, a .csv manifest or a name from `list`"
    )

    check = _verb(verbs, "check", commands["check"], CHECK, CHECK_EXAMPLES)
    check.add_argument("files", nargs="+", metavar="FILE.py", help="files with strategies")

    cache = _verb(verbs, "cache", commands["cache"], CACHE, CACHE_EXAMPLES)
    cache.add_argument(
        "--clear", action="store_true", help="remove everything that no process uses now"
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
    _control_flag(what, "the strategy that changes nothing")
    what.add_argument(
        "--seeds",
        type=parse_seeds,
        default=(0,),
        metavar="N",
        help="how many, or which: 0,1,2 (7, is the seed 7 alone). Each is a split, an "
        "initialisation and an order of images of its own, the same for all strategies "
        "(default: 1, the seed 0)",
    )

    what.add_argument(
        "--tune",
        type=int,
        default=0,
        metavar="N",
        help="choose every strategy's parameters on validation before, each by N trials, the "
        "defaults first; parameters that are given stay (default: take them as they are)",
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
        help="images are squashed to a square of this side (default: 128; InceptionV3 was made for "
        "299 and takes 75 or more)",
    )

    how = verb.add_argument_group("how it is trained")
    how.add_argument(
        "--backbone",
        default="inception_v3",
        metavar="NAME",
        help="inception_v3 (default), or a network that a --plugin file brings",
    )
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
        "--cache-limit",
        type=_size,
        metavar="SIZE",
        help="what decoded images and activations may take on the disk, like 20GB; what was used "
        "least recently goes (default: half of what the disk has for them; see `cache`)",
    )
    where.add_argument(
        "--quick",
        action="store_true",
        help="a quick look: about 300 of the images, one epoch a phase; no evidence",
    )


def _plugin_flag(group: Any) -> None:
    group.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a Python file with strategies, or a network, of your own; may be given again",
    )


def _control_flag(group: Any, default: str) -> None:
    group.add_argument(
        "--baseline",
        metavar="NAME",
        help="the strategy that the others are compared with, by the name that it has in the table "
        f"(default: {default})",
    )


def _verb(
    verbs: Any, name: str, command: Command, text: str, examples: str
) -> argparse.ArgumentParser:
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


def _size(text: str) -> int:
    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def parse_seeds(text: str) -> tuple[int, ...]:
    """Read how many seeds, or with a comma which."""
    if "," in text:
        return _whole_numbers(text.removesuffix(","))
    (number,) = _whole_numbers(text)
    if number < 1:
        raise argparse.ArgumentTypeError(
            f"how many seeds, 1 or more, not {text!r}; with a comma the seeds themselves: {text},"
        )
    return tuple(range(number))


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
  python -m benchmark run --data my_images/ --seeds 3 --out results/mine

  # two focal losses, and moved thresholds on top of one, at InceptionV3's own image size
  python -m benchmark run --data my_images/ --image-size 299 \\
      --strategies no_change,focal_loss:gamma=1,threshold_moving:base=focal_loss

  # more training, from a settings file
  python -m benchmark run --config study.toml --recipe strong"""

PLAN = """Show what `run` would train. Prints which networks are shared, which are stored already
and how many steps are left. It decodes the images if that was not done before; it trains
nothing."""

PLAN_EXAMPLES = "  python -m benchmark plan --data my_images/ --seeds 3 --strategies all"

LIST = """Show what can be asked for by name. Strategies with their parameters, groups of them, data
sources, recipes, networks and weights, each with a line of explanation; and plug-ins that are
broken."""

REPORT = """Write the report of a run again. Reads the stored records in DIR and trains nothing;
another --baseline changes the report, not what the run recorded. The exit code is 0 if the report
was written, also of a run in which a strategy failed."""

REPORT_EXAMPLES = """\
  python -m benchmark report results/wheels-forum
  python -m benchmark report results/wheels-forum --baseline class_weights"""

COMPARE = """Put runs on several data sets into one report. Macro-F1, ranks and changes against the
baseline, a row a strategy and a column a data set; every two strategies are tested by Wilcoxon's
signed ranks over data sets, corrected by Holm. Trains nothing and leaves the runs as they are."""

COMPARE_EXAMPLES = """\
  python -m benchmark compare results/wheels-forum results/digits-forum
  python -m benchmark compare results/*-forum --baseline class_weights --out results/all"""

DATA = """Show what the harness sees in a data set. Classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files."""

DATA_EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data wheels:classes=7"""

CHECK = """Check strategies of your own. Goes through the contract that every strategy here keeps:
losses, draws, views and decisions on made-up cases, and a short training of the real network, in
which what the strategy declares must be seen. Says of each clause whether it is kept, and in words
what is wrong. The exit code is 0 only if all are."""

CHECK_EXAMPLES = "  python -m benchmark check my_strategy.py"

CACHE = """Show or clear what is kept for the next runs. Decoded images and activations of the
frozen layers, which all runs share and any run can make again. They lie in the user's cache folder,
or in $IMBALANCE_BENCH_CACHE if it is set."""

CACHE_EXAMPLES = """\
  python -m benchmark cache
  python -m benchmark cache --clear"""
