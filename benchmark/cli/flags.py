"""Verbs and their flags, in words that read like documentation; and the file they may stand in."""

from __future__ import annotations

import argparse
import textwrap
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import benchmark

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

    report = _verb(verbs, "report", commands["report"], REPORT, REPORT_EXAMPLES)
    report.add_argument("folder", metavar="DIR", help="folder of a run, like results/wheels-forum")

    data = _verb(verbs, "data", commands["data"], DATA, DATA_EXAMPLES)
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
        help="a quick look: about 300 of the images, one epoch a phase; no evidence",
    )


def _plugin_flag(group: Any) -> None:
    group.add_argument(
        "--plugin",
        action="append",
        default=[],
        metavar="FILE.py",
        help="a Python file with strategies of your own; may be given again",
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
nothing. The exit code is 0 if the report was written, also of a run in which a strategy failed."""

REPORT_EXAMPLES = "  python -m benchmark report results/wheels-forum"

DATA = """Show what the harness sees in a data set. Classes, counts, imbalance ratio, groups, image
sizes, duplicates and unreadable files."""

DATA_EXAMPLES = """\
  python -m benchmark data my_images/
  python -m benchmark data wheels:classes=7"""
