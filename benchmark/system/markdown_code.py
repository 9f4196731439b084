"""Code in markdown: nothing in it ends it, so that none of it becomes markup."""

import re

from benchmark.system.text import printable_lines


def code_span(text: str) -> str:
    """Return a text as code within a line: more ticks around it than are in it.

    >>> code_span("a=1"), code_span("a `b` <i>"), code_span("`")
    ('`a=1`', '``a `b` <i>``', '`` ` ``')
    """
    code = " ".join(printable_lines(text).split())
    if not code or code.startswith("`") or code.endswith("`"):
        code = f" {code} "  # markdown takes these spaces off
    ticks = "`" * (_longest_run_of_ticks(code) + 1)
    return f"{ticks}{code}{ticks}"


def code_block(text: str, language: str = "") -> str:
    """Return a text of several lines as code."""
    fence = "`" * max(3, _longest_run_of_ticks(text) + 1)
    return f"{fence}{language}\n{printable_lines(text)}\n{fence}"


def _longest_run_of_ticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)
