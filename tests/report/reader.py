"""Reads written pages and tables back, for the tests of the report."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pandas as pd

HOSTILE = (
    "<script>alert(1)</script>",
    "a|b",
    "=HYPERLINK(1)",
    "🦊 & fox",
    "x" * 60,
    "`tick`",
    "*star* $m$",
    "\x00null",
)
VOID = {"meta", "br", "wbr", "img", "link", "input", "hr"}


def read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, keep_default_na=False, na_values=[""])


class Reader(HTMLParser):
    """Checks that tags nest, and collects tags, attributes and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.cells: list[str] = []  # of tables, without the text for screen readers
        self.unseen = False
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.unseen = self.unseen or ("class", "unseen") in attrs
        if tag in ("td", "th"):
            self.cells.append("")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
        self.unseen = False

    def handle_data(self, data: str) -> None:
        self.text += data
        if not self.unseen and {"td", "th"} & set(self.open):
            self.cells[-1] += data
