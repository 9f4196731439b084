"""Code stays code, whatever is in it."""

import pytest
from markdown_it import MarkdownIt

from benchmark.system.markdown_code import code_block, code_span

TEXTS = (
    "a",
    "`",
    "``",
    "a`b",
    "`a",
    "a`",
    "`<b>",
    "``` <b>",
    "<b>\n\n# c",
    "\\",
    "a\\",
    "*a*",
    "&",
)


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_in_a_span_is_shown(text):
    (inline,) = (t for t in MarkdownIt().parse(f"{code_span(text)} end") if t.type == "inline")
    code, rest = inline.children
    assert (code.type, code.content) == ("code_inline", " ".join(text.split()))
    assert rest.content == " end"


@pytest.mark.parametrize("text", TEXTS)
def test_what_is_in_a_block_is_shown(text):
    (fence,) = MarkdownIt().parse(code_block(text, "text"))
    assert (fence.type, fence.info, fence.content) == ("fence", "text", f"{text}\n")


def test_commands_of_a_terminal_are_escapes():
    assert code_span("\x1b[31m") == "`\\x1b[31m`"
    assert code_block("\x1b[31m") == "```\n\\x1b[31m\n```"
