"""What can't be shown ends no work: each kind of stream that takes nothing."""

import copy
import errno
import io
import os
import subprocess
import sys

import pytest

from benchmark.system.output import (
    LastingStream,
    drop_unwritten,
    lasting_output,
    lasting_stdout,
    open_closed_streams,
)


class Refusing(io.StringIO):
    """A stream that raises an error."""

    def __init__(self, error):
        super().__init__()
        self.error = error

    def write(self, text):
        raise self.error

    def flush(self):
        raise self.error

    isatty = flush


def closed():
    stream = io.StringIO()
    stream.close()
    return stream


ERRORS = [OSError(n, os.strerror(n)) for n in (errno.EPIPE, errno.EIO, errno.ENOSPC, errno.EAGAIN)]
STREAMS = [
    None,
    closed(),
    object(),
    *map(Refusing, [*ERRORS, ValueError("closed"), RuntimeError()]),
]


@pytest.mark.parametrize("stream", STREAMS)
def test_writing_never_fails(stream, monkeypatch):
    monkeypatch.setattr(sys, "stdout", stream)
    print("a line", file=lasting_stdout(), flush=True)
    assert not lasting_stdout().isatty()
    with lasting_output():
        print("a line", flush=True)
        sys.stdout.writelines(["a line", "another"])
    assert sys.stdout is stream


def test_a_copy_writes_to_the_same_stream():
    written = io.StringIO()
    copied = copy.copy(LastingStream(written))
    copied.writelines(["a\n", "b\n"])
    assert copied.getvalue() == "a\nb\n"
    with pytest.raises(AttributeError):
        LastingStream.__new__(LastingStream).closed  # noqa: B018 - it would recurse without end


def test_a_stop_of_the_user_passes():
    with pytest.raises(KeyboardInterrupt):
        LastingStream(Refusing(KeyboardInterrupt())).write("a line")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("ascii", r"a \xb7 \u2191 \U0001f600 \udcff"),
        ("cp1252", "a · \\u2191 \\U0001f600 \\udcff"),
        ("latin-1", "a · \\u2191 \\U0001f600 \\udcff"),
        ("utf-16-le", "a · ↑ 😀 \\udcff"),
        ("utf-8", "a · ↑ 😀 \\udcff"),
    ],
)
def test_nothing_beyond_the_encoding_is_written(encoding, expected):
    written = io.BytesIO()
    stream = LastingStream(io.TextIOWrapper(written, encoding=encoding))
    print("a · ↑ 😀 \udcff", end="", file=stream, flush=True)
    assert written.getvalue().decode(encoding) == expected
    assert stream.encoding == encoding


def test_what_is_left_unwritten_is_dropped_and_told(monkeypatch):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        print("a line")
        assert isinstance(drop_unwritten(), BrokenPipeError)
        print("another")
        assert drop_unwritten() is None


def test_what_is_closed_is_opened_so_that_no_file_takes_its_place(tmp_path):
    code = (
        "import os, sys; from benchmark.system.output import open_closed_streams\n"
        "open_closed_streams(); file = open(sys.argv[1], 'w')\n"
        "os.system('echo no line of the file'); sys.exit(file.fileno() < 3)"
    )
    shell = 'exec "$0" -c "$1" "$2" <&- >&- 2>&-'
    done = subprocess.run(["sh", "-c", shell, sys.executable, code, tmp_path / "file"], check=False)
    assert done.returncode == 0
    assert (tmp_path / "file").read_text() == ""


def test_open_streams_stay(capfd):
    open_closed_streams()
    os.write(1, b"a line")
    assert capfd.readouterr().out == "a line"
