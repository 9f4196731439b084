"""The page as GitHub-flavoured markdown."""

import re
from collections.abc import Iterator
from html import escape

from benchmark.report.render import blocks
from benchmark.report.render.blocks import Block, Cell, Page, Table, split_code
from benchmark.report.render.safe_text import isolate, shorten
from benchmark.system.markdown_code import code_block, code_span
from benchmark.system.text import printable_lines

# around words from right to left
_ISOLATE = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"


def render(page: Page) -> str:
    """Return the page; figures are links to figures/<name>.svg beside it."""
    return "\n\n".join(_blocks(page)) + "\n"


def _blocks(page: Page) -> Iterator[str]:
    yield f"# {_plain(page.title)}"
    yield _line(_plain(page.subtitle))
    yield f"**{_inline(page.verdict)}** {_inline(page.follow_up)}".rstrip()
    if page.highlights:
        yield "\n".join(f"- {_line(_inline(line))}" for line in page.highlights)
    if page.warnings:
        yield "\n".join(f"> - {_line(_inline(warning))}" for warning in page.warnings)
    for block in page.lead:
        yield from _block(block)
    yield "\n".join(f"- [{_plain(s.title)}](#{_anchor(s.title)})" for s in page.sections)
    for section in page.sections:
        yield f"## {_inline(section.title)}"
        for block in section.blocks:
            yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    match block:
        case blocks.Paragraph(text):
            yield _line(_inline(text))
        case blocks.Link(text, target):
            yield f"[{_plain(text)}]({target})"
        case blocks.Heading(text):
            yield f"### {_plain(text)}"
        case blocks.Code(text):
            yield code_block(text.expandtabs(), "text")
        case blocks.Definitions(items):
            yield "\n".join(f"- **{_inline(term)}**: {_inline(meaning)}" for term, meaning in items)
        case blocks.Facts(items):
            yield "\n".join(f"- {_line(_plain(name))}: {_plain(value)}" for name, value in items)
        case blocks.Figure():
            yield f"![{_inline(block.alt)}](figures/{block.name}.svg)"
            yield f"*{_inline(block.caption)}*"
        case Table():
            yield _table(block)
            files = "".join(f" [{file}]({file})" for file in block.files)
            yield f"*{_inline(block.caption)}*{files}"
        case blocks.Pictures(items, caption):
            names = ", ".join(f"{_plain(item.name)} ({_plain(item.note)})" for item in items)
            yield f"{_line(_inline(caption))}: {_line(names)}" if caption else _line(names)
        case blocks.ContactSheet(items):
            yield "\n".join(f"- {_plain(item.note)}: {_plain(item.name)}" for item in items)
        case blocks.Details(summary, inner):
            yield f"<details><summary>{_summary(summary)}</summary>"
            for each in inner:
                yield from _block(each)
            yield "</details>"


def _table(table: Table) -> str:
    head = [_plain(shorten(title)) for title in table.columns]
    rule = [":--" if k in table.text_columns else "--:" for k in range(len(head))]
    lines = [head, rule]
    for row in table.rows:
        cells = []
        for index, cell in enumerate(row.cells):
            is_name = index < table.heading_columns
            cells += [_cell(cell, is_name)] + [""] * (cell.span - 1)
        lines.append(cells)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(cell: Cell, is_name: bool) -> str:
    text = _plain(shorten(cell.text) if is_name else cell.text)
    if cell.mark and text:
        text = f"**{text}**"
    text = f"[{text}]({cell.link})" if cell.link else text
    return f"{text} <sub>{_plain(cell.note)}</sub>" if cell.note else text


def _inline(text: str) -> str:
    """Escape what markdown or HTML would interpret; code stays code."""
    pieces = split_code(" ".join(printable_lines(text).split()))
    return "".join(_code(piece) if is_code else _escape(piece) for piece, is_code in pieces)


def _code(text: str) -> str:
    code = code_span(text)
    # no mark inside: who copies a command gets no more than the command
    return code if isolate(text, *_ISOLATE) == text else code.join(_ISOLATE)


def _line(written: str) -> str:
    """Escape the start of a line that markdown would read as a list or a rule."""
    written = re.sub(r"^([0-9]+)([.)])(?=\s|$)", r"\1\\\2", written)
    return re.sub(r"^([-+])(?=\s|[-\s]*$)", r"\\\1", written)


def _plain(text: str) -> str:
    return _escape(" ".join(printable_lines(text).split()))


def _escape(text: str) -> str:
    escaped = escape(re.sub(r"([\\`*_\[\]|~#$])", r"\\\1", text), quote=False)
    return isolate(escaped, *_ISOLATE)


def _summary(text: str) -> str:
    """Return HTML: markdown is not interpreted inside a summary tag."""
    return "".join(
        f"<code>{_html(piece)}</code>" if code else _html(piece) for piece, code in split_code(text)
    )


def _html(text: str) -> str:
    text = printable_lines(text)
    text = " ".join(text.split()) if "\n" in text else text
    return isolate(escape(text, quote=False), *_ISOLATE)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
