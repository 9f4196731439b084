from benchmark.data.parallel import BLOCK, map_blocks


def indices(read, block):
    return read, list(block)


def test_every_index_is_in_one_block():
    results = list(map_blocks(indices, "reader", BLOCK + 3))
    assert {read for read, _ in results} == {"reader"}
    assert sorted(len(block) for _, block in results) == [3, BLOCK]
    assert sorted(i for _, block in results for i in block) == list(range(BLOCK + 3))
