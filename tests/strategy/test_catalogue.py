"""The list of strategies in markdown, made from their docstrings."""

import pytest

from benchmark.strategy import Strategy
from benchmark.strategy.catalogue import strategies_markdown
from benchmark.strategy.registration import strategy


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
