"""What `predict` prints: images by class, how many to review, how many can't be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from benchmark.system.text import first_names, pluralize, printable

if TYPE_CHECKING:
    import pandas as pd

MOST_NAMED = 30  # classes
MOST_FILES = 5  # that can't be read


def summary_lines(table: pd.DataFrame, threshold: float, max_error: float) -> Iterator[str]:
    """Yield lines on a table of predictions, see `predict_files`."""
    unread = table[table["error"].notna()]
    readable = table[table["error"].isna()]
    counts = readable["class"].value_counts()
    if len(counts):
        names = [f"{printable(str(name))} {count:,}" for name, count in counts.items()]
        yield f"{pluralize(len(readable), 'image', 'images')}: {first_names(names, MOST_NAMED)}"
    if len(readable):
        review = int(readable["review"].astype(bool).sum())
        yield (
            f"for review: {review:,} of {len(readable):,}, "
            + (
                f"whose confidence is below {threshold:.3f}"
                if threshold < float("inf")
                else f"since no confidence kept errors on validation images at {max_error:g}"
            )
        )
    if len(unread):
        yield f"can't be read: {pluralize(len(unread), 'file', 'files')}"
        for file, reason in unread[["file", "error"]].head(MOST_FILES).itertuples(index=False):
            yield f"  {printable(str(file))}: {printable(str(reason))}"
        if len(unread) > MOST_FILES:
            yield f"  and {len(unread) - MOST_FILES:,} more, see the column error"
