"""What holds for every command."""

import errno
import io
import os
import signal
import sys

import pytest

from benchmark.cli import main
from benchmark.cli.commands import list as list_command
from benchmark.cli.exit_codes import EXIT_FAILED, EXIT_STOPPED, EXIT_USAGE


def test_a_sign_that_the_output_has_no_code_for_stops_no_command(monkeypatch, tmp_path):
    for name in ("猫", "犬"):
        (tmp_path / name).mkdir()
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="cp1252"))
    main(["data", str(tmp_path)])
    print("↑", end="")
    sys.stdout.flush()
    assert written.getvalue().endswith(b"\\u2191")


def full(errno_):
    """A standard output that takes nothing."""

    class Full(io.StringIO):
        name = "<stdout>"

        def write(self, text):
            raise OSError(errno_, os.strerror(errno_))

    return Full()


def test_a_reader_that_has_gone_ends_a_short_command_quietly(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", full(errno.EPIPE))
    assert main(["list"]) == EXIT_STOPPED
    assert capsys.readouterr().err == ""


def test_a_full_disk_of_the_output_is_named(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdout", full(errno.ENOSPC))
    assert main(["list"]) == EXIT_USAGE
    assert capsys.readouterr().err == "error: No space left on device: 'stdout'\n"


@pytest.mark.parametrize("number", [errno.EPIPE, errno.EIO, errno.ENOSPC])
def test_a_run_goes_on_when_nobody_reads_what_it_prints(monkeypatch, capsys, number):
    ended = []

    def work(args):
        print("training", flush=True)
        print("a warning", file=sys.stderr, flush=True)
        ended.append(args.argv)
        return 0

    monkeypatch.setattr("benchmark.cli.commands.run._run", work)
    monkeypatch.setattr(sys, "stdout", full(number))
    assert main(["run"]) == 0
    assert ended == [["run"]]
    assert capsys.readouterr().err == "a warning\n"


def test_errors_are_told_to_nobody_without_streams(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["list"]) == 0
    assert main(["report", "nowhere"]) == EXIT_USAGE


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_is_answered_with_its_exit_code_and_the_way_to_go_on(
    name, code, monkeypatch, capfd
):
    if not hasattr(signal, name):
        pytest.skip("no such signal here")
    number = getattr(signal, name)
    before = signal.signal(number, signal.default_int_handler)
    monkeypatch.setattr(list_command, "call", lambda _: signal.raise_signal(number))
    try:
        assert main(["list", "--markdown"]) == code
        assert signal.getsignal(number) is signal.default_int_handler
    finally:
        signal.signal(number, before)
    (line,) = capfd.readouterr().err.split("\n")[1:-1]
    assert line.startswith(f"stopped by {name}: what is finished is kept; the same command")
    assert line.endswith("benchmark list --markdown")


def test_a_working_folder_that_was_removed_is_told(monkeypatch, tmp_path, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert main(["list"]) == EXIT_USAGE
    assert capsys.readouterr().err.startswith("error: the working folder was removed, or can't")


def test_an_exit_out_of_a_command_is_no_success(monkeypatch, capsys):
    """As that which a thread of a strategy raises in the main thread."""

    def work(_args):
        raise SystemExit(0)

    monkeypatch.setattr(list_command, "call", work)
    assert main(["list"]) == EXIT_FAILED
    error = capsys.readouterr().err
    assert error.startswith("error: sys.exit(0) ended the command from outside")
    assert "what is finished is kept, and the same command continues from there: " in error
    assert error.endswith(" list\n")
