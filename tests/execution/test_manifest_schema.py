from __future__ import annotations

from benchmark.execution.manifest_schema import SplitManifest, SplitPart
from benchmark.storage.number_columns import Integers, Names


def part(*files: str) -> SplitPart:
    return SplitPart((len(files), 0), Integers([0] * len(files)), Names(files))


def test_seeds_share_the_names_of_images() -> None:
    names: dict[str, str] = {}
    first = SplitManifest(part("cat/1.png", "cat/2.png"), part("cat/3.png"), part())
    copies = ["".join(("cat/", f"{i}.png")) for i in (3, 1, 2)]
    second = SplitManifest(part(copies[0]), part(*copies[1:]), part())
    shared = [split.sharing(names) for split in (first, second)]
    assert shared == [first, second]
    assert shared[1].train.files[0] is shared[0].val.files[0]
    assert names.keys() == set(copies)
