"""`check`: whether strategies of the user's own pass the checks of the contract."""

import argparse

from benchmark.cli.console import print_checks
from benchmark.cli.exit_codes import EXIT_FAILED
from benchmark.contract.files_read import watch_reads
from benchmark.plugins import load_plugins, names_from
from benchmark.strategy.discovery import broken
from benchmark.strategy.registry import registered
from benchmark.system.terminal import print_lines

HELP = """Check strategies of your own. Runs the checks that every strategy here passes: losses,
samplers, augmentations and decisions on synthetic cases, and a short training of the real network,
in which the strategy must do what it declares. Prints PASS or FAIL for each check, and in words
what is wrong; NOTE names a component whose strength no check sees, and a file whose edits would
not be noticed. The exit code is 0 only if all pass."""

EXAMPLES = "  python -m benchmark check my_strategy.py"


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the files."""
    parser.add_argument("files", nargs="+", metavar="FILE.py", help="files with strategies")


def call(args: argparse.Namespace) -> int:
    """Check all strategies of the files."""
    from benchmark.contract.checks import check_strategy  # torch, which --help can do without

    watch_reads()
    load_plugins(args.files)
    failed = 0
    for file in args.files:
        if file in broken:
            print_lines(f"{file}: {broken[file]}")
            failed += 1
        for name in names_from(file):
            if name in registered():
                print_lines(f"{file}: {name}")
                failed += print_checks(name, check_strategy(registered().get(name)))
            else:
                print_lines(f"{file}: {name} is a backbone; only strategies are checked")
    return EXIT_FAILED if failed else 0
