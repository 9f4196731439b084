"""The command line: parse the arguments and call a command. The work is done by `benchmark.api`."""

import os
import sys
from collections.abc import Sequence

from benchmark.cli.parser import build_parser, parse

EXIT_USAGE, EXIT_STOPPED = 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    0 if all went well, 1 if a strategy failed, 2 if the command can't be carried out, 130 if it was
    stopped.
    """
    argv = list(sys.argv[1:] if arguments is None else arguments)
    try:
        args = parse(build_parser(), argv)
        return int(args.command.call(args))
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_STOPPED
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("\nstopped; the same command continues from what is finished", file=sys.stderr)
        return EXIT_STOPPED
