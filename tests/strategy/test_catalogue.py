"""The list of strategies in markdown, made from their docstrings."""

from itertools import chain

import pytest
from markdown_it import MarkdownIt

from benchmark.strategy import Strategy
from benchmark.strategy.catalogue import strategies_markdown
from benchmark.strategy.registration import strategy
from benchmark.strategy.registry import registered


@pytest.mark.usefixtures("forgotten")
def test_a_plugin_with_a_short_docstring_is_listed():
    @strategy
    def brief(gamma: float = 2.0) -> Strategy:
        """Nothing else is said."""
        return Strategy()

    text = strategies_markdown()
    assert "| `brief` | `all` | Nothing else is said. |" in text
    assert "**`brief`** (`gamma=2.0`)\n\n" in text
    assert text.endswith("</details>\n")


@pytest.mark.usefixtures("forgotten")
def test_a_docstring_adds_no_cell_and_no_html():
    @strategy
    def hostile() -> Strategy:
        """<script>a</script> | b.

        <img src=x onerror=a>
        """
        return Strategy()

    text = strategies_markdown()
    assert "| `hostile` | `all` | &lt;script>a&lt;/script> \\| b. |\n" in text
    assert "<img" not in text


@pytest.mark.usefixtures("forgotten")
def test_code_ends_where_it_ends():
    @strategy
    def hostile(text: str = "`<img src=x onerror=a>\n# b") -> Strategy:
        """Adds | a cell \\| with ` ticks.

        ``` <b>
        not closed

        ```
        <script>a</script>

        Example: --strategies `<img src=x onerror=a> `x`
        # b
        """
        return Strategy()

    @strategy
    def after() -> Strategy:
        """Is a row and an entry of its own."""
        return Strategy()

    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(strategies_markdown())
    html = [
        t.content
        for t in (*tokens, *chain(*(t.children or () for t in tokens)))
        if t.type.startswith("html")
    ]
    assert [line for text in html for line in text.split("\n")] == [
        "<details>",
        "<summary>Each of them with its source, its formula and an example</summary>",
        "",
        "</details>",
        "",
    ]
    assert not [token for token in tokens if token.type == "heading_open"]
    assert sum(token.type == "td_open" for token in tokens) == 3 * len(registered())
    assert any(token.content == "**`after`**" for token in tokens)
