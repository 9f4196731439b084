"""The page as GitHub-flavoured markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from benchmark.report.render.blocks import (
    Block,
    Cell,
    Code,
    Definitions,
    Details,
    Facts,
    Figure,
    Heading,
    Page,
    Paragraph,
    Table,
    split_code,
)


def render(page: Page) -> str:
    """Return the report; figures are links to figures/<name>.svg beside it."""
    return "\n\n".join(_parts(page)) + "\n"


def _parts(page: Page) -> Iterator[str]:
    yield f"# {_name(page.title)}"
    yield _line(_name(page.subtitle))
    yield f"**{_text(page.verdict)}** {_text(page.follow_up)}".rstrip()
    if page.highlights:
        yield "\n".join(f"- {_line(_text(line))}" for line in page.highlights)
    if page.warnings:
        yield "\n".join(f"> - {_line(_text(warning))}" for warning in page.warnings)
    for block in page.lead:
        yield from _block(block)
    yield "\n".join(f"- [{_name(s.title)}](#{_anchor(s.title)})" for s in page.sections)
    for section in page.sections:
        yield f"## {_text(section.title)}"
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case Paragraph(text):
            yield _line(_text(text))
        case Heading(text):
            yield f"### {_name(text)}"
        case Code(text):
            fence = "`" * max(3, _longest_run_of_ticks(text) + 1)
            yield f"{fence}text\n{text}\n{fence}"
        case Definitions(items):
            yield "\n".join(f"- **{_text(term)}**: {_text(meaning)}" for term, meaning in items)
        case Facts(items):
            yield "\n".join(f"- {_line(_name(name))}: {_name(value)}" for name, value in items)
        case Figure():
            yield f"![{_text(block.alt)}](figures/{block.name}.svg)"
            yield f"*{_text(block.caption)}*"
        case Table():
            yield _table(block)
            yield f"*{_text(block.caption)}*" + (
                "".join(f" [{file}]({file})" for file in block.files)
            )
        case Details(summary, blocks):
            yield f"<details><summary>{_summary(summary)}</summary>"
            for inner in blocks:
                yield from _block(inner)
            yield "</details>"


def _table(table: Table) -> str:
    head = [_name(title) for title in table.columns]
    rule = [":--" if k in table.text_columns else "--:" for k in range(len(head))]
    lines = [head, rule]
    for row in table.rows:
        cells = []
        for cell in row.cells:
            cells += [_cell(cell)] + [""] * (cell.span - 1)
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Cell) -> str:
    text = _name(cell.text)
    if cell.mark and text:
        text = f"**{text}**"
    return f"{text} <sub>{_name(cell.note)}</sub>" if cell.note else text


def _text(text: str) -> str:
    """Escape everything that markdown or HTML would read; code spans stay code."""
    written = []
    for piece, code in split_code(" ".join(text.split())):
        if code:
            ticks = "`" * (_longest_run_of_ticks(piece) + 1)
            written.append(f"{ticks}{piece}{ticks}")
        else:
            written.append(_escape(piece))
    return "".join(written)


def _line(written: str) -> str:
    """Keep what opens a line, or an item of a list, from becoming a list or a rule."""
    written = re.sub(r"^([0-9]+)([.)])(?=\s|$)", r"\1\\\2", written)
    return re.sub(r"^([-+])(?=\s|[-\s]*$)", r"\\\1", written)


def _name(text: str) -> str:
    return _escape(" ".join(text.split()))


def _escape(text: str) -> str:
    text = re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _summary(text: str) -> str:
    """Markdown is not read inside a summary tag: HTML it is."""
    return "".join(
        f"<code>{_html(piece)}</code>" if code else _html(piece) for piece, code in split_code(text)
    )


def _html(text: str) -> str:
    text = " ".join(text.split()) if "\n" in text else text
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _longest_run_of_ticks(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
