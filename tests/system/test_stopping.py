"""Signals that ask the run to end."""

import multiprocessing
import signal
import subprocess
import sys
import threading
import time

import pytest

from benchmark.system import stopping
from benchmark.system.process_signals import SIGNALS
from benchmark.system.stopping import (
    Stopped,
    postponed,
    requested,
    signals_as_elsewhere,
    signals_noted,
    signals_raise,
)

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="signals of POSIX")


def signalled(code, number):
    """Run Python code, send it a signal once it has printed a line; return exit code and output."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen([sys.executable, "-c", code], **pipes, text=True)
    process.stdout.readline()
    time.sleep(0.1)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


@pytest.fixture(autouse=True)
def handlers():
    """A suite in the background may have been handed down that SIGINT is ignored."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, signal.default_int_handler)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def handlers_now():
    return [signal.getsignal(number) for number in SIGNALS]


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_raises_at_once_and_the_handlers_are_as_before_afterwards(number, code):
    before, threads = handlers_now(), threading.active_count()
    with pytest.raises(Stopped, match=f"stopped by {number}") as raised, signals_raise():
        signal.raise_signal(getattr(signal, number))
    assert raised.value.exit_code == code
    assert handlers_now() == before
    assert not requested()
    deadline = time.monotonic() + 5
    while threading.active_count() > threads:
        assert time.monotonic() < deadline, "the thread that hurries has ended, too"
        time.sleep(0.01)


def test_where_it_is_postponed_it_is_noted_and_raised_at_the_end():
    done, notified = [], []

    def work():
        with postponed(lambda: notified.append(requested())):
            assert not requested()
            signal.raise_signal(signal.SIGTERM)
            done.append(requested())
        done.append("went on")

    with pytest.raises(Stopped), signals_raise():
        work()
    assert done == [True]
    assert notified == [True]


def test_without_a_signal_nothing_is_raised():
    with signals_raise(), postponed():
        pass
    assert not requested()


def test_a_second_signal_raises_at_once_unless_it_is_the_same_wish(monkeypatch):
    done = []

    def work():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)  # as a terminal's group and `timeout` send it
        done.append("both")
        monkeypatch.setattr(stopping, "SECONDS_OF_ONE_WISH", 0.0)
        time.sleep(0.001)
        signal.raise_signal(signal.SIGINT)
        done.append("went on")

    with pytest.raises(Stopped), signals_raise(), postponed():
        work()
    assert done == ["both"]


def test_while_what_was_begun_is_cleaned_up_signals_change_nothing():
    cleaned = []

    def work():
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            signal.raise_signal(signal.SIGTERM)
            cleaned.append(1)

    with pytest.raises(Stopped), signals_raise():
        work()
    assert cleaned == [1]


class SignalledAtItsEnd:
    """A signal comes while this is removed, where Python drops what is raised."""

    def __del__(self):
        signal.raise_signal(signal.SIGTERM)


@pytest.mark.parametrize("is_postponed_then", [False, True])
def test_a_signal_that_comes_where_errors_are_dropped_raises_a_moment_later(
    is_postponed_then, capfd
):
    hook = sys.unraisablehook

    def run():
        it = SignalledAtItsEnd()
        del it
        if is_postponed_then:
            with postponed():
                pytest.fail("what comes after a signal is not begun")
        time.sleep(20)
        pytest.fail("the signal was lost")

    with pytest.raises(Stopped, match="stopped by SIGTERM"), signals_raise():
        run()
    time.sleep(0.1)  # it is not sent once more, to who comes after
    assert sys.unraisablehook is hook
    assert "Traceback" not in capfd.readouterr().err


def test_other_errors_that_python_drops_are_shown_as_elsewhere(capfd):
    class Broken:
        def __del__(self):
            raise RuntimeError("dropped")

    with signals_raise():
        it = Broken()
        del it
    assert "RuntimeError: dropped" in capfd.readouterr().err


def test_what_is_ignored_stays_ignored():
    """As SIGHUP is after nohup."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    with signals_raise():
        signal.raise_signal(signal.SIGHUP)
        assert not requested()
    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN


def test_within_another_and_in_another_thread_the_handlers_stay():
    with signals_raise():
        inside = handlers_now()
        with signals_raise():
            assert handlers_now() == inside
        assert handlers_now() == inside
    before, observed = handlers_now(), []

    def work():
        with signals_raise(), postponed(), signals_noted():
            observed.append(handlers_now())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert observed == [before]


def test_a_worker_notes_what_ends_it_and_leaves_ctrl_c_to_its_parent():
    with signals_noted():
        signal.raise_signal(signal.SIGINT)
        assert not requested()
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)
        assert requested()
    assert not requested()


def test_from_python_ctrl_c_is_a_keyboard_interrupt_and_a_signal_reaches_its_own_handler():
    with pytest.raises(KeyboardInterrupt, match="SIGINT"), signals_as_elsewhere():
        signal.raise_signal(signal.SIGINT)
    observed = []
    signal.signal(signal.SIGTERM, lambda number, _: observed.append(number))
    with pytest.raises(Stopped), signals_as_elsewhere():
        signal.raise_signal(signal.SIGTERM)
    assert observed == [signal.SIGTERM]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_call_from_the_command_line_leaves_the_signal_to_it(number):
    """It says what is kept, which a KeyboardInterrupt would pass by."""
    with pytest.raises(Stopped) as stopped, signals_raise(), signals_as_elsewhere():
        signal.raise_signal(number)
    assert stopped.value.number == number


@pytest.mark.parametrize("in_library", [True, False], ids=["one long call", "swallowed"])
def test_who_takes_too_long_is_ended(tmp_path, in_library):
    """In one call of a library no handler runs; a `finally` or an `except` may swallow it."""
    work = "print(flush=True); hashlib.pbkdf2_hmac('sha256', b'', b'', 1 << 30)"
    if not in_library:
        work = (
            "\n  while True:\n   try:\n    print(flush=True)\n    time.sleep(60)\n"
            "   except BaseException: pass"
        )
    folder = tmp_path / "temporary"
    (folder / "inner").mkdir(parents=True)
    code = (
        "import hashlib, time\nfrom pathlib import Path\nfrom benchmark.system import stopping\n"
        "stopping.SECONDS_TO_SAVE = stopping.SECONDS_TO_END = 0.2\n"
        f"with (stopping.signals_raise(), stopping.removed_if_ended(Path({str(folder)!r})),\n"
        f"    stopping.postponed()):\n  {work.lstrip()}"
    )
    code_of_exit, _, errors = signalled(code, signal.SIGTERM)
    assert code_of_exit == 143
    assert "stopped by SIGTERM in a step of many seconds" in errors
    assert not folder.exists()


def test_a_notebook_is_not_ended_however_long_a_call_takes():
    """Its variables are not the run's: the signal waits for the end of the call."""
    code = (
        "import hashlib, time\nfrom benchmark.system import stopping\n"
        "stopping.SECONDS_TO_SAVE = stopping.SECONDS_TO_END = 0.05\n"
        "try:\n"
        "  with stopping.signals_as_elsewhere():\n"
        "    print(flush=True); begun = time.monotonic()\n"
        "    while time.monotonic() < begun + 1:\n"
        "      hashlib.pbkdf2_hmac('sha256', b'', b'', 1 << 21)\n"
        "except KeyboardInterrupt as error: print('kept', error)\n"
    )
    code_of_exit, output, errors = signalled(code, signal.SIGINT)
    assert code_of_exit == 0, errors
    assert output.startswith("kept stopped by SIGINT")
    assert not errors


@pytest.mark.parametrize("wait", [0, 0.2])
@pytest.mark.parametrize("handled", [signals_raise, signals_noted])
def test_a_signal_to_a_copy_of_this_process_is_the_copys(handled, wait, monkeypatch):
    """A strategy may start and end processes: the run goes on, and does not wait for them."""
    ended = threading.Event()
    monkeypatch.setattr(stopping, "SECONDS_TO_SAVE", 0.05)
    monkeypatch.setattr(stopping, "send_to_main_thread", lambda _: ended.set())
    with handled(), postponed():
        process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
        process.start()
        time.sleep(wait)
        process.terminate()
        process.join(20)
        assert process.exitcode == -signal.SIGTERM
        assert not ended.wait(0.2)
        assert not requested()
