"""A markdown list of all strategies, made from their docstrings. The README has this list."""

from benchmark.strategy.registration import StrategyEntry
from benchmark.strategy.registry import registered

_HEADER = "| name | groups | in a sentence |\n| --- | --- | --- |\n"
_SUMMARY = "<summary>Each of them with its source, its formula and an example</summary>"


def strategies_markdown() -> str:
    """Return a table of all strategies, and below it the folded details of each."""
    entries = registered().values()
    rows = "".join(_row(entry) for entry in entries)
    details = "\n\n".join(_details(entry) for entry in entries)
    return f"{_HEADER}{rows}\n<details>\n{_SUMMARY}\n\n{details}\n\n</details>\n"


def _row(entry: StrategyEntry) -> str:
    groups = " ".join(f"`{group}`" for group in entry.groups)
    return f"| `{entry.name}` | {groups} | {entry.summary} |\n"


def _details(entry: StrategyEntry) -> str:
    _, *paragraphs = entry.doc.split("\n\n")
    if len(paragraphs) > 1 and paragraphs[-1].startswith("Example: "):
        *paragraphs, formula, example = paragraphs
        command = example.removeprefix("Example: ")
        paragraphs += [f"```\n{formula}\n```", f"`{command}`"]
    parameters = " ".join(f"`{name}={value}`" for name, value in entry.defaults.items())
    title = f"**`{entry.name}`**" + (f" ({parameters})" if parameters else "")
    return "\n\n".join([title, *paragraphs])
