"""How long a run still takes."""

import pytest

from benchmark.execution.segment_list import ListedSegment
from benchmark.execution.time_left import pace_of, seconds_left


def segment(key, parent=None, strategies="plain"):
    return ListedSegment(key, strategies, 0, parent, 0, 100, True, False)


def left(seconds, running, parents=None):
    segments = [segment(key, (parents or {}).get(key)) for key in seconds]
    return seconds_left(segments, seconds, running)


def test_as_many_are_trained_at_the_same_time_as_now():
    seconds = dict.fromkeys("abcdef", 10.0)
    assert [left(seconds, running) for running in (0, 1, 2, 4, 100)] == [60, 60, 30, 20, 10]


def test_what_goes_on_from_another_comes_after_it():
    seconds = {"a": 10.0, "b": 5.0, "c": 7.0}
    assert left(seconds, 3, {"b": "a", "c": "a"}) == 17
    assert left(seconds, 1, {"b": "a", "c": "a"}) == 22
    assert left(seconds, 3, {"b": "a", "c": "b"}) == 22


def test_the_parent_may_be_done_already():
    assert left({"b": 5.0}, 1, {"b": "done"}) == 5


def test_what_begins_the_longest_chain_goes_first():
    seconds = {"short": 8.0, "other": 8.0, "begin": 6.0, "end": 20.0}
    assert left(seconds, 2, {"end": "begin"}) == 26
    assert left({}, 2) == 0


def test_a_pace_is_that_of_the_same_strategies_else_the_median():
    paces = {"plain": 1.0, "mixed": 5.0, "other": 3.0}
    assert pace_of(segment("a", strategies="mixed"), paces) == 5.0
    assert pace_of(segment("a", strategies="unknown"), paces) == 3.0
    assert pace_of(segment("a"), {}) is None


@pytest.mark.parametrize("number", [5000])
def test_many_segments_take_no_time(number):
    parents = {f"{i}": f"{i - 1}" for i in range(number) if i % 10}
    assert left({f"{i}": 1.0 for i in range(number)}, 64, parents) >= number / 64
