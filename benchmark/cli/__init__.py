"""The command line: parse the arguments and call a command. The work is done by `benchmark.api`."""

import argparse
import atexit
import io
import os
import re
import shlex
import sys
from collections.abc import Sequence

from benchmark.cli.exit_codes import EXIT_FAILED, EXIT_STOPPED, EXIT_USAGE
from benchmark.cli.parser import build_parser, parse
from benchmark.cli.program import program_words
from benchmark.storage.user_folders import require_working_folder
from benchmark.system.forbidden_calls import keep_exit_code
from benchmark.system.library_messages import libraries_silenced
from benchmark.system.output import drop_unwritten, lasting_stderr, open_closed_streams
from benchmark.system.process_signals import ctrl_c_ends_at_once
from benchmark.system.processes import end_workers
from benchmark.system.stopping import Stopped, say_at_last, signals_raise
from benchmark.system.terminal import print_lines


class _ExitedError(Exception):
    """A command was ended by what no command does, a SystemExit."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code, see `exit_codes`."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        keep_exit_code()
    open_closed_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):  # Windows writes files in an encoding without ↑
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        require_working_folder()
        with libraries_silenced(), signals_raise():
            args = parse(build_parser(), argv)
            code = _call(args)
        if unwritten := drop_unwritten():
            raise unwritten
        return code
    except BrokenPipeError:  # the reader of our output has closed it
        drop_unwritten()
        return EXIT_STOPPED
    except (ValueError, OSError, ModuleNotFoundError) as raised:
        error = drop_unwritten() or raised
        words = re.sub(r"^\[(Errno|WinError) \d+\] ", "", str(error))  # the words say the same
        print_lines(f"error: {words}", lasting_stderr())
        return EXIT_USAGE
    except KeyboardInterrupt:  # before or after the signals are ours
        return EXIT_STOPPED
    except _ExitedError as error:
        print_lines(f"error: {error}: {_command(argv)}", lasting_stderr())
        return EXIT_FAILED
    except Stopped as stopped:
        again = f"the same command continues from there: {_command(argv)}"
        say_at_last(f"{stopped}: {stopped.kept}; {again}")
        drop_unwritten()
        if arguments is None:  # a program: Python would need seconds to take all libraries apart
            atexit._run_exitfuncs()
            os._exit(stopped.exit_code)
        return stopped.exit_code
    finally:
        if arguments is None:
            ctrl_c_ends_at_once()


def _call(args: argparse.Namespace) -> int:
    try:
        return int(args.command.call(args))
    except SystemExit as exited:
        end_workers()
        raise _ExitedError(
            f"sys.exit({exited.code!r}) ended the command from outside, as a thread of a strategy "
            "may do; what is finished is kept, and the same command continues from there"
        ) from exited


def _command(argv: Sequence[str]) -> str:
    return shlex.join([*program_words(), *argv])
