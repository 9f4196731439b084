"""Code in isolation, and other threads meanwhile."""

import os
import signal
import threading

from benchmark.system.forbidden_calls import ProcessEndError
from benchmark.system.isolated_thread import is_outside, is_started_inside
from benchmark.system.isolation import isolated


def in_thread(work):
    """Run a function in a thread to its end, and return what it returned."""
    results = []
    thread = threading.Thread(target=lambda: results.append(work()))
    thread.start()
    thread.join(20)
    return results[0] if results else None


def isolate_until(entered, left):
    """Enter an isolation, and leave it when another thread says so."""
    with isolated():
        entered.set()
        left.wait(20)


def test_isolations_in_two_threads_leave_everything_as_it_was():
    with isolated():  # the functions that forbid calls stay in place
        pass
    before = os.kill, os._exit, signal.raise_signal, threading.Thread.start
    events = [threading.Event() for _ in range(4)]
    first = threading.Thread(target=isolate_until, args=events[:2])
    second = threading.Thread(target=isolate_until, args=events[2:])
    first.start()
    assert events[0].wait(20)
    second.start()
    assert not events[2].wait(0.1), "it waits for its turn"
    events[1].set()
    assert events[2].wait(20)
    events[3].set()
    for thread in (first, second):
        thread.join(20)
        assert not thread.is_alive()
    assert (os.kill, os._exit, signal.raise_signal, threading.Thread.start) == before


def test_nothing_is_forbidden_to_other_threads():
    entered, left = threading.Event(), threading.Event()
    thread = threading.Thread(target=isolate_until, args=(entered, left))
    thread.start()
    assert entered.wait(20)
    try:
        assert is_outside()
        os.killpg(os.getpgrp(), signal.SIGCONT)  # which ends nothing, and would raise an exception
        assert in_thread(lambda: threading.current_thread().daemon) is False
    finally:
        left.set()
        thread.join(20)
    assert not is_outside()


def test_a_thread_that_is_left_over_ends_no_process():
    go_on, ended, caught = threading.Event(), threading.Event(), []

    def exit_later():
        go_on.wait(20)
        try:
            os._exit(0)
        except BaseException as error:
            caught.append(error)
        threading.Thread(target=exit_at_once).start()

    def exit_at_once():
        try:
            os.kill(os.getpid(), signal.SIGKILL)
        except BaseException as error:
            caught.append(error)
        ended.set()

    with isolated():
        threading.Thread(target=exit_later).start()
    with isolated():  # of another strategy, which is not at fault
        go_on.set()
        assert ended.wait(20)
    assert [type(error) for error in caught] == [SystemExit, SystemExit]


def test_a_thread_of_the_code_is_isolated_with_it():
    def work():
        with isolated():  # no turn of its own: the code may wait for it
            try:
                os._exit(1)
            except ProcessEndError:
                return is_started_inside()

    called = []
    try:
        with isolated():
            called.append(in_thread(work))
    except Exception as error:
        called.append(str(error))
    assert called == [True, "it called os._exit(1), which would end the run"]
