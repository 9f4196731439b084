"""The parser of all commands. Errors say what to write instead."""

import argparse
import textwrap
from collections.abc import Sequence
from types import ModuleType
from typing import Any, NoReturn

import benchmark
from benchmark.cli.commands import (
    cache,
    check,
    compare,
    data,
    export,
    gate,
    labels,
    list,
    plan,
    predict,
    report,
    run,
    status,
    study,
)
from benchmark.cli.exit_codes import EXIT_USAGE
from benchmark.cli.program import program_words
from benchmark.plan.settings import RENAMED
from benchmark.spec import did_you_mean
from benchmark.system.text import printable_lines

COMMANDS = (
    *(run, plan, study, list, report, status, export, predict, gate, compare, data, labels, check),
    cache,
)
REPLACED = {
    **{f"--{name}": f"write --{new}" for name, new in RENAMED.items()},
    "--dry-run": "use the command `plan` in place of `run`",
}
DESCRIPTION = """Which remedy helps a classifier that ignores its rare classes? Fine-tunes one
InceptionV3 under several imbalance strategies, each with the same number of optimizer steps on the
same splits, and reports macro-F1, per-class recall and how many classes are never predicted."""
EXAMPLES = """\
  python -m benchmark run --strategies all
  python -m benchmark run --strategies all --data my_images/
  python -m benchmark data my_images/
  python -m benchmark COMMAND --help"""


class Parser(argparse.ArgumentParser):
    """A parser with wrapped descriptions, examples, and errors of one line."""

    def __init__(self, prog: str, description: str, examples: str, **more: Any) -> None:
        super().__init__(
            prog,
            description=textwrap.fill(" ".join(description.split()), 96),
            epilog=f"examples:\n{examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            **more,
        )

    def error(self, message: str) -> NoReturn:
        """Print what is wrong and where help is, and exit."""
        self.exit(EXIT_USAGE, f"error: {printable_lines(message)}\nSee `{self.prog} --help`.\n")


def build_parser() -> Parser:
    """Return the parser of all commands; `args.command` is the module of the one to call."""
    parser = Parser(" ".join(program_words()), DESCRIPTION, EXAMPLES)
    parser.add_argument("--version", action="version", version=benchmark.__version__)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        name = _name(command)
        verb = commands.add_parser(
            name, prog=f"{parser.prog} {name}", help=command.HELP.split(".", 1)[0],
            description=command.HELP, examples=command.EXAMPLES,
        )  # fmt: skip
        command.add_flags(verb)
        verb.set_defaults(command=command, parser=verb)
    return parser


def parse(parser: Parser, argv: Sequence[str]) -> argparse.Namespace:
    """Parse a command line; exit with an error if a command or flag is unknown."""
    names = [_name(command) for command in COMMANDS]
    if argv and not argv[0].startswith("-") and argv[0] not in names:
        close = did_you_mean(argv[0], names)
        parser.error(f"there is no command {argv[0]!r}.{close} Known: {', '.join(names)}")
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        args.parser.error(_unknown_sentence(unknown[0], args.parser))
    args.argv = argv
    return args


def _name(command: ModuleType) -> str:
    return command.__name__.rpartition(".")[2]


def _unknown_sentence(word: str, parser: argparse.ArgumentParser) -> str:
    flag, flags = word.split("=", 1)[0], parser._option_string_actions
    alone = [action.dest for action in parser._actions if not action.option_strings]
    if not flag.startswith("-"):
        if alone:
            return f"{word!r} is unexpected here; put quotes around what has spaces"
        return f"{word!r} is unexpected here; values follow their flag, as in --data {word}"
    if flag.removeprefix("--") in alone:
        return f"there is no flag {flag}: give {flag[2:].upper()} without it"
    instead = f"; {REPLACED[flag]}" if flag in REPLACED else f".{did_you_mean(flag, flags)}"
    return f"there is no flag {flag}{instead}"
