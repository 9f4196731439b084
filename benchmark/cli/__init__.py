"""The command line: parse the arguments and call a command. The work is done by `benchmark.api`."""

import io
import os
import sys
from collections.abc import Sequence

from benchmark.cli.exit_codes import EXIT_STOPPED, EXIT_USAGE
from benchmark.cli.parser import build_parser, parse
from benchmark.system.library_messages import libraries_silenced


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, see `exit_codes`."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows writes files in an encoding without ↑
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        args = parse(build_parser(), argv)
        with libraries_silenced():
            return int(args.command.call(args))
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_STOPPED
    except (ValueError, OSError, ModuleNotFoundError) as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_USAGE
    except KeyboardInterrupt:
        print("\nstopped; the same command continues from what is finished", file=sys.stderr)
        return EXIT_STOPPED
