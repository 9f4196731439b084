"""All strategies as markdown, from their docstrings: the README holds this text."""

from __future__ import annotations

from benchmark.strategy.registry import Entry, groups, registered

_HEADER = "| name | groups | in a sentence |\n| --- | --- | --- |\n"
_MORE = "<summary>Each of them with its source, its formula and an example</summary>"


def strategies_markdown() -> str:
    """Return a table of all strategies, and below it what each does exactly, folded up."""
    entries = registered()
    rows = "".join(_row(entry) for entry in entries.values())
    texts = "\n\n".join(_text(entry) for entry in entries.values())
    return f"{_HEADER}{rows}\n<details>\n{_MORE}\n\n{texts}\n\n</details>\n"


def _row(entry: Entry) -> str:
    of = [f"`{group}`" for group, names in groups().items() if entry.name in names]
    return f"| `{entry.name}` | {' '.join(g for g in of if g != '`every`')} | {entry.summary} |\n"


def _text(entry: Entry) -> str:
    _, *paragraphs, formula, example = entry.doc.split("\n\n")
    parameters = " ".join(f"`{name}={value}`" for name, value in entry.defaults.items())
    title = f"**`{entry.name}`**" + (f" ({parameters})" if parameters else "")
    words = example.removeprefix("Example: ")
    return "\n\n".join([title, *paragraphs, f"```\n{formula}\n```", f"`{words}`"])
