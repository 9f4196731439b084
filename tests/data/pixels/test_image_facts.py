from __future__ import annotations

import base64
import pickle
from dataclasses import replace

import numpy as np
import pytest

from benchmark.data.pixels.description import read_meta, write_meta
from benchmark.data.pixels.image_facts import ImageFacts
from benchmark.data.pixels.image_info import ImageInfo
from benchmark.data.pixels.thumbnail import SIDE, read_steps

INFO = ImageInfo(
    30, 20, "RGB", "0a" * 32, "RGB", low=0, dark=1, bright=250, high=255, span=9, is_grey=False
)


def with_thumbnail(info: ImageInfo, level: int) -> ImageInfo:
    steps = np.full((SIDE, SIDE), level, "<u2")
    return replace(info, thumbnail=base64.b64encode(steps.tobytes()).decode())


INFOS = {
    7: with_thumbnail(replace(INFO, kind="F", mode="F", low=-3.5, warning="cut off"), 3),
    2: with_thumbnail(INFO, 65_000),
    3: with_thumbnail(replace(INFO, digest="0b" * 32, is_transparent=True), 0),
}


def test_it_reads_like_a_dictionary_in_the_order_of_the_images(tmp_path) -> None:
    facts = ImageFacts.from_infos(INFOS)
    assert list(facts) == [2, 3, 7]
    assert dict(facts) == INFOS
    assert 4 not in facts
    with pytest.raises(KeyError):
        facts[4]
    assert facts.column("warning").tolist() == ["", "", "cut off"]
    assert facts.readable(9).tolist() == [i in INFOS for i in range(9)]
    assert list(facts.digests_of(8))[1:4] == ["", "0a" * 32, "0b" * 32]
    assert facts.open_thumbnails().shape == read_steps([""] * 3).shape
    described = write_meta(tmp_path, facts, {0: "no image"})
    stored = read_meta(tmp_path)
    assert stored is not None
    assert dict(stored.infos) == dict(described.infos) == INFOS
    assert dict(pickle.loads(pickle.dumps(stored.infos))) == INFOS
    assert stored.errors == {0: "no image"}


def test_parts_are_joined_and_the_last_of_an_image_counts() -> None:
    first = ImageFacts.from_infos({i: INFOS[i] for i in (2, 7)})
    again = replace(INFOS[7], low=1, warning="other")
    facts = ImageFacts.join([first, ImageFacts.from_infos({3: INFOS[3], 7: again})])
    assert dict(facts) == {**INFOS, 7: again}
    assert dict(facts.without([2, 9])) == {3: INFOS[3], 7: again}
    assert dict(ImageFacts.join([])) == {}
