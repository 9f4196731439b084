"""What is printed as plain lines: no name in it can reach the terminal as a command."""

import sys
from typing import TextIO

from benchmark.system.text import printable_lines


def print_lines(text: str, stream: TextIO | None = None) -> None:
    """Print a text; None stands for the standard output. See `printable_lines`.

    An OSError names the stream: "No space left on device: 'stdout'".
    """
    stream = sys.stdout if stream is None else stream
    try:
        print(printable_lines(text), file=stream, flush=True)
    except OSError as error:
        error.filename = getattr(stream, "name", "stdout").strip("<>")
        raise
