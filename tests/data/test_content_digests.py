from __future__ import annotations

import numpy as np
import pytest

from benchmark.data.content_digests import Digests, number_contents

TEXTS = ["0f" * 32, "", "0a" * 32, "0f" * 32, "0a" * 31 + "0b", ""]


def test_digests_read_like_texts() -> None:
    digests = Digests.from_texts(TEXTS)
    assert list(digests) == digests.texts == TEXTS
    assert digests[2:4].texts == TEXTS[2:4]
    assert digests == Digests.from_texts(TEXTS)
    assert digests != Digests.from_texts(TEXTS[::-1])
    assert digests.known.tolist() == [text != "" for text in TEXTS]


@pytest.mark.parametrize("make", [Digests.from_texts, list])
def test_equal_contents_have_equal_numbers_and_unknown_ones_none(make) -> None:
    numbers = number_contents(make(TEXTS))
    assert numbers.dtype == np.int64
    assert (numbers == -1).tolist() == [text == "" for text in TEXTS]
    known = [(number, text) for number, text in zip(numbers.tolist(), TEXTS, strict=True) if text]
    assert len({number for number, _ in known}) == len(set(known)) == 3
    assert number_contents(numbers) is numbers
