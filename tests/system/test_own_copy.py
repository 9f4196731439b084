"""Copies of what strangers' code may change."""

import threading
from dataclasses import dataclass, field

from benchmark.system.own_copy import own_copy


@dataclass(frozen=True)
class Counting:
    calls: list[int] = field(default_factory=list)


def test_what_is_changed_in_a_copy_stays_there():
    value = (Counting(), {"deep": [1]})
    copied = own_copy(value)
    copied[0].calls.append(1)
    copied[1]["deep"].append(2)
    assert value == (Counting(), {"deep": [1]})


def test_what_cannot_be_copied_is_itself():
    value = [threading.Lock()]
    assert own_copy(value) is value
