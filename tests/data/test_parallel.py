"""Images are read in processes; one at which a process ends, or that fails in passing, is alone."""

import errno
import os
import signal
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmark.data.decoding.unreadable import (
    BrokenAccess,
    PassingReason,
    RefusedAccess,
    format_error,
)
from benchmark.data.parallel import BLOCK, MOST_ALONE, map_blocks


def indices(reader, block):
    return reader.reader, list(block)


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


@dataclass
class Trouble:
    """Ends the process, or raises an error, at some images: always, or until a file says it did."""

    ends: dict[int, str] = field(default_factory=dict)  # image -> signal
    errors: dict[int, Exception] = field(default_factory=dict)
    once: str = ""  # the folder where it is noted what was done already

    def image(self, index, at_least=0):
        done = Path(self.once, str(index))
        if self.once and done.exists():
            return index
        if self.once and index in self.ends | self.errors:
            done.touch()
        if index in self.ends:
            os.kill(os.getpid(), getattr(signal, self.ends[index]))
            time.sleep(60)
        if index in self.errors:
            raise self.errors[index]
        return index


def read(reader, block):
    values, errors = {}, {}
    for index in block:
        try:
            values[index] = reader.image(index)
        except Exception as error:
            errors[index] = format_error(error)
    return values, errors


def read_all(reader, n):
    values, errors = {}, {}
    for block_values, block_errors in map_blocks(read, reader, n):
        assert not values.keys() & block_values.keys()
        values |= block_values
        errors |= block_errors
    return values, errors


def test_the_image_that_ends_a_process_again_is_unreadable_and_the_others_are_read():
    reader = Trouble({5: "SIGKILL", 200: "SIGPROF", 201: "SIGALRM", 7: "SIGSEGV"})
    values, errors = read_all(reader, 2 * BLOCK)
    assert sorted(values) == [i for i in range(2 * BLOCK) if i not in reader.ends]
    assert errors == {
        5: "the process that decoded it was killed (for lack of memory?)",
        7: "the process that decoded it ended by SIGSEGV",
        200: "it takes more than 60 s to decode: store it at a smaller size",
        201: "it could not be read within 600 s",
    }
    # time of computing is the file's own; the others may end otherwise another time
    assert {i for i, why in errors.items() if isinstance(why, PassingReason)} == {5, 7, 201}


def test_what_fails_in_passing_is_read_again_alone(tmp_path):
    lost = OSError(errno.EIO, "Input/output error")
    reader = Trouble({3: "SIGKILL"}, {4: MemoryError(), 5: lost}, once=str(tmp_path))
    assert read_all(reader, 9) == ({i: i for i in range(9)}, {})


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.EIO, "Input/output error"), BrokenAccess),
        (OSError(errno.EMFILE, "Too many open files"), BrokenAccess),
        (PermissionError(errno.EACCES, "Permission denied"), RefusedAccess),
        (MemoryError(), PassingReason),
        (OSError("image file is truncated"), str),
        (ValueError("bad header"), str),
    ],
)
def test_the_kind_of_a_reason_survives_the_processes(error, kind):
    assert type(read_all(Trouble({}, {1: error}), 3)[1][1]) is kind


@dataclass
class Counted:
    """Fails at each image; a file of the image has a byte for each try."""

    folder: str
    error: Exception

    def image(self, index, at_least=0):
        with Path(self.folder, str(index)).open("ab") as tries:
            tries.write(b".")
        raise self.error


def test_files_without_permission_are_not_tried_again(tmp_path):
    _, errors = read_all(Counted(str(tmp_path), PermissionError(errno.EACCES, "denied")), 9)
    assert len(errors) == 9
    assert {file.stat().st_size for file in tmp_path.iterdir()} == {1}


def read_in_block(reader, block):
    return list(block), read(reader, block)[1]


@pytest.mark.parametrize(("number", "most"), [(5, 1), (MOST_ALONE + 1, BLOCK)])
def test_many_that_fail_in_passing_are_tried_again_in_blocks(number, most, tmp_path):
    reader = Counted(str(tmp_path), OSError(errno.EIO, "Input/output error"))
    blocks = [block for block, errors in map_blocks(read_in_block, reader, number) if errors]
    assert sorted(index for block in blocks for index in block) == list(range(number))
    assert max(map(len, blocks)) == most
    assert {file.stat().st_size for file in tmp_path.iterdir()} == {2}
