"""The command line: parse the words, call a verb. The work is done by `benchmark.api`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from benchmark.cli.flags import build_parser, parse
from benchmark.cli.verbs import COMMANDS

EXIT_USAGE, EXIT_STOPPED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 if all went well, 1 if a strategy failed, 2 if what was asked can't be done, 130 if stopped.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    parser = build_parser(COMMANDS)
    try:
        chosen = parse(parser, words)
        return int(chosen.command(chosen, words))
    except BrokenPipeError:  # whoever read our lines has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_STOPPED
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("\nstopped; the same command goes on from what is finished", file=sys.stderr)
        return EXIT_STOPPED
