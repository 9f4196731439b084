"""Only plain files are opened, and none that is too large."""

import os
import socket
import stat

import pytest

from benchmark.storage.plain_file import NotPlainError, other_kind, read_plain


def test_a_plain_file_is_read_whole_also_by_a_link(tmp_path):
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_plain(tmp_path / "file", 7) == read_plain(str(tmp_path / "link"), 100) == b"content"


def test_a_pipe_a_device_a_folder_and_a_socket_are_said_and_wait_for_nobody(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        for path, kind in {
            tmp_path / "pipe": "a named pipe, not a file",
            tmp_path / "socket": "a socket, not a file",
            "/dev/zero": "a device, not a file",
            tmp_path: "a folder, not a file",
        }.items():
            with pytest.raises(NotPlainError) as error:
                read_plain(path, 100)
            assert str(error.value) == kind
            assert error.value.errno is None  # not the system's


def test_a_large_file_is_refused_unread(tmp_path):
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(10**13)
    with pytest.raises(NotPlainError, match="a file of 10 TB: at most 600 MB are read"):
        read_plain(tmp_path / "sparse", 600_000_000)


def test_a_missing_file_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_plain(tmp_path / "none", 9)


def test_what_has_no_name_is_something_else():
    assert other_kind(stat.S_IFREG) == "something else"
