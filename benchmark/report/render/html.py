"""The page as one self-contained HTML file, and its headline for a notebook."""

import re
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from benchmark.report.render.blocks import Page, split_code
from benchmark.report.render.colours import COLOURS
from benchmark.report.render.safe_text import isolate, shorten
from benchmark.system.text import printable_lines

_HERE = Path(__file__).parent


def render(page: Page) -> str:
    """Return the page as an HTML document with style and drawings, without scripts or requests."""
    template = _templates().get_template("template.html.jinja")
    style = Markup((_HERE / "style.css").read_text(encoding="utf-8"))  # noqa: S704 -- our own
    return printable_lines(template.render(page=page, style=style, colours=COLOURS))


def render_notebook(page: Page) -> str:
    """Return verdict, warnings and main table as a fragment with its own style."""
    return printable_lines(_templates().get_template("notebook.html.jinja").render(page=page))


@cache
def _templates() -> Environment:
    templates = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"inline": _inline, "breakable": _breakable, "drawing": inline_drawing}
    templates.filters |= {"shorten": shorten, "expandtabs": str.expandtabs, "isolated": _escape}
    templates.tests["kind"] = lambda block, name: type(block).__name__ == name
    return templates


def _inline(text: str) -> Markup:
    """Escape a text; pieces between backticks become code. A number stays beside its %."""
    pieces = split_code(text)
    return Markup("").join(
        _code(piece) if code else _escape(re.sub(r"(?<=\d) (?=%)", "\u00a0", piece))
        for piece, code in pieces
    )


def _code(text: str) -> Markup:
    """Return a code element. A short one stays on one line: a flag would break after its dashes."""
    short = Markup(' class="short"') if len(text) <= 20 else ""
    return Markup("<code{}>{}</code>").format(short, _breakable(text))


def _breakable(text: str) -> Markup:
    """Escape a name and let lines break after its joints: threshold_|moving:|base=|focal_|loss.

    A sentence breaks at its spaces; a number does not break.
    """
    return Markup("<wbr>").join(map(_escape, re.split(r"(?<=[_:=,/.])(?=[^\W\d])", text)))


def _escape(text: str) -> Markup:
    """Escape a text. Words from right to left stay where they are, whatever is beside them."""
    return Markup(isolate(escape(text), "<bdi>", "</bdi>"))  # noqa: S704 -- escaped


def inline_drawing(svg: str, alt: str) -> Markup:
    """Return an SVG document for the page: in the page's colours, with alt text."""
    names = {light: name for name, (light, _) in COLOURS.items()}
    svg = re.sub(
        r"#[0-9a-f]{6}\b(?=[^<>]*>)",  # in a tag, not in a name
        lambda match: f"var(--{names[match[0]]})" if match[0] in names else match[0],
        svg,
    )
    label = Markup('<svg role="img" aria-label="{}"').format(alt)
    return Markup(svg.replace("<svg", str(label), 1))  # noqa: S704 -- matplotlib escapes names
