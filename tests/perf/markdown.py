"""Tables, and a warning if the machine was busy: parts of every page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.perf.journal import Row

QUIET = 0.1  # cores that other programs may use while something is timed


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; the first column is text, the others are aligned right."""
    rule = [":--", *["--:"] * (len(head) - 1)]
    lines = [head, rule, *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def disturbed(rows: Sequence[Row]) -> Iterator[str]:
    """Yield a warning if other programs used the machine."""
    others = [row["others"] for row in rows if (row["others"] or 0) > QUIET]
    if others:
        yield (
            f"**Unreliable:** during {len(others)} of {len(rows)} runs other programs "
            f"used up to {max(others):.1f} cores. Measure again on a quiet machine."
        )
