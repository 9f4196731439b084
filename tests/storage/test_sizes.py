"""Bytes in words."""

import pytest

from benchmark.storage.sizes import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("20GB", 20 * 10**9),
        ("500 MB", 5 * 10**8),
        ("1.5tb", 15 * 10**11),
        ("16GiB", 2**34),
        ("1 MiB", 2**20),
        ("123", 123),
        ("7B", 7),
    ],
)
def test_sizes_are_read(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "GB", "20 GG", "-1GB", "0", "0.1B", "1e9", "1,5GB", "nan"])
def test_the_error_of_a_wrong_size_says_what_is_right(text):
    with pytest.raises(ValueError, match=r"like 20GB, 500MB") as error:
        parse_size(text)
    assert repr(text) in str(error.value)


def test_sizes_are_written_short():
    sizes = (0, 999, 1000, 9_940, 9_960, 118_000_000, 999_400_000, 999_600_000, 13 * 10**9)
    assert [format_size(size) for size in sizes] == (
        ["0 B", "999 B", "1.0 KB", "9.9 KB", "10 KB", "118 MB", "999 MB", "1.0 GB", "13 GB"]
    )
