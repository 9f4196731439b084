"""A markdown list of all strategies, made from their docstrings. The README has this list."""

import re

from benchmark.strategy.registration import StrategyEntry
from benchmark.strategy.registry import registered
from benchmark.system.markdown_code import code_block, code_span
from benchmark.system.text import printable

_HEADER = "| name | groups | in a sentence |\n| --- | --- | --- |\n"
_SUMMARY = "<summary>Each of them with its source, its formula and an example</summary>"


def strategies_markdown() -> str:
    """Return a table of all strategies, and below it the folded details of each."""
    entries = registered().values()
    rows = "".join(_row(entry) for entry in entries)
    details = "\n\n".join(_details(entry) for entry in entries)
    return f"{_HEADER}{rows}\n<details>\n{_SUMMARY}\n\n{details}\n\n</details>\n"


def _row(entry: StrategyEntry) -> str:
    groups = " ".join(map(code_span, entry.groups))
    cells = (code_span(entry.name), groups, _no_tags(entry.summary))
    return "".join(f"| {_in_one_cell(cell)} " for cell in cells) + "|\n"


def _details(entry: StrategyEntry) -> str:
    _, *paragraphs = entry.doc.split("\n\n")
    code: list[str] = []
    if len(paragraphs) > 1 and paragraphs[-1].startswith("Example: "):
        *paragraphs, formula, example = paragraphs
        command = example.removeprefix("Example: ")
        code = [code_block(formula), code_span(command)]
    defaults = (printable(f"{name}={value}") for name, value in entry.defaults.items())
    parameters = " ".join(map(code_span, defaults))
    title = f"**{code_span(entry.name)}**" + (f" ({parameters})" if parameters else "")
    return "\n\n".join([title, *map(_no_tags, paragraphs), *code])


def _no_tags(text: str) -> str:
    """Return a text in which no HTML begins, nor code that goes on behind it."""
    return re.sub(r"(?m)^(\s*)(?=```|~~~)", r"\1\\", text.replace("<", "&lt;"))


def _in_one_cell(text: str) -> str:
    """Put a backslash before each pipe that has none, or that of another backslash."""
    return re.sub(r"(?<!\\)((?:\\\\)*)\|", r"\1\|", text)
