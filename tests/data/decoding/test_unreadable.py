"""Many files of one reason in one sentence."""

from benchmark.data.decoding.unreadable import (
    UnreadableImageError,
    format_error,
    none_readable,
    unreadable_sentences,
)

FILES = [f"{i}.jpg" for i in range(50)]


def test_the_type_of_an_error_is_named_unless_the_sentence_is_ours():
    assert format_error(UnreadableImageError("a PDF file")) == "a PDF file"
    assert format_error(KeyError("mode")) == "KeyError: 'mode'"
    assert format_error(ValueError()) == "ValueError()"


def test_a_sentence_for_each_reason_the_most_frequent_first():
    errors = {
        0: "OSError: truncated (7 bytes)",
        3: "a PDF file.",
        9: "OSError: truncated (8 bytes)",
    }
    assert unreadable_sentences(errors, FILES) == [
        "2 images can't be read: OSError: truncated (7 bytes) (0.jpg, 9.jpg).",
        "3.jpg can't be read: a PDF file.",
    ]
    assert len(unreadable_sentences(errors, FILES, at_least=2)) == 1


def test_texts_that_differ_in_what_is_quoted_are_of_one_reason():
    errors = {i: f"text, not an image; it begins 'key {i} of mine'" for i in range(40)}
    (sentence,) = unreadable_sentences(errors, FILES)
    assert sentence.startswith("40 images can't be read: text, not an image")
    assert sentence.endswith("(0.jpg, 1.jpg, 2.jpg and 37 more).")


def test_many_reasons_are_counted():
    errors = {i: "reason " + "x" * i for i in range(13)}
    sentences = unreadable_sentences(errors, FILES)
    assert len(sentences) == 11
    assert sentences[-1] == "3 more images can't be read, for other reasons."


def test_that_none_can_be_read_comes_with_the_reasons():
    assert none_readable("set", FILES[:2], {0: "a PDF file", 1: "a PDF file"}) == (
        "set: none of the 2 images can be read.\n"
        "- 2 images can't be read: a PDF file (0.jpg, 1.jpg)."
    )
