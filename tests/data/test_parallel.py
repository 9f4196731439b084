import warnings

from benchmark.data.parallel import BLOCK, map_blocks


def indices(reader, block):
    return reader, list(block)


def test_every_index_is_in_one_block():
    results = list(map_blocks(indices, "reader", BLOCK + 3))
    assert {reader for reader, _ in results} == {"reader"}
    assert sorted(len(block) for _, block in results) == [3, BLOCK]
    assert sorted(i for _, block in results for i in block) == list(range(BLOCK + 3))


def test_of_no_images_there_is_no_block():
    assert list(map_blocks(indices, "reader", 0)) == []


def warn(reader, block):
    warnings.warn("Truncated File Read", stacklevel=1)


def test_no_warning_of_a_decoder_reaches_the_terminal(recwarn, capfd):
    assert list(map_blocks(warn, "reader", BLOCK + 1)) == [None, None]
    assert list(map_blocks(warn, "reader", 1)) == [None]
    assert not recwarn.list
    assert capfd.readouterr().err == ""
