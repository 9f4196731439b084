"""What is printed: where the reports are, checks, what the cache holds."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.storage.sizes import format_size
from benchmark.system.terminal import print_lines
from benchmark.system.text import pluralize

if TYPE_CHECKING:
    from benchmark.contract.case import ContractResult
    from benchmark.storage.cache import Entry

INDENT = " " * 8


def print_reports(reports: Mapping[str, Path]) -> None:
    """Print where the reports are."""
    for kind in ("markdown", "html"):
        print_lines(f"report: {reports[kind]}")


def print_checks(strategy: str, results: Iterable[ContractResult]) -> int:
    """Print a line for each check of a strategy as it ends; return how many fail."""
    outcomes = []
    for result in results:
        if result.is_note:
            print_lines(f"  NOTE  {textwrap.indent(_wrap(result.check), INDENT).strip()}")
            continue
        outcomes.append(bool(result.error))
        print_lines(f"  {'FAIL' if result.error else 'PASS'}  {result.check}")
        if result.error:
            print_lines(textwrap.indent(_wrap(result.error), INDENT))
    failed = sum(outcomes)
    print_lines(f"  {strategy} passes {len(outcomes) - failed} of {len(outcomes)} checks")
    return failed


def _wrap(text: str) -> str:
    """Break lines at spaces alone: a path with hyphens stays whole."""
    return textwrap.fill(text, 88, break_on_hyphens=False, break_long_words=False)


def format_cache(entries: Sequence[Entry], limit: int, folder: Path) -> str:
    """Return a table of what is in the cache, and how much that is."""
    rows = [("what", "size", "last used", "in use")]
    for entry in entries:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.last_used))
        in_use = "yes" if entry.in_use else ""
        rows.append((entry.description, format_size(entry.bytes), used, in_use))
    width = max(len(row[0]) for row in rows)
    lines = [f"{a:<{width}}  {size:>6}  {used:<16}  {end}".rstrip() for a, size, used, end in rows]
    total = format_size(sum(entry.bytes for entry in entries))
    end = f"{total} in {folder}; a run without --cache-limit lets it grow to {format_size(limit)}"
    return "\n".join([*lines, "", end] if entries else [end])


def format_removal(removed: Sequence[Entry], in_use: Sequence[Entry], folder: Path) -> str:
    """Return what `cache --clear` removed, and what it kept because a process uses it."""
    freed = format_size(sum(entry.bytes for entry in removed))
    first = f"removed {pluralize(len(removed), 'entry', 'entries')}, {freed}, from {folder}"
    remaining = [f"{entry.description}, {format_size(entry.bytes)}" for entry in in_use]
    return "\n".join([first, *(f"kept, as it is in use: {entry}" for entry in remaining)])
