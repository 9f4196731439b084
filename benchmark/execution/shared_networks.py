"""Networks that several runs of a grid have in common: one run trains them, the others copy them.

Such are those of two budgets at the recipe's own batch size. Networks with equal keys are trained
alike. `network_copies` copies them; this module needs no torch, so that `--help` starts without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmark.execution.executor import Executor


def networks_of_others(executors: Mapping[str, Executor]) -> dict[str, set[str]]:
    """Return which networks each run will take from others, if they are carried out in order.

    They are those that an earlier run trains and those that any other has stored. What failed in
    an earlier run, and is not tried again there, nobody has.
    """
    keys = {name: executor.plan.trained for name, executor in executors.items()}
    stored = {
        name: {key for key in own if executors[name].outputs.has(key)} for name, own in keys.items()
    }
    anywhere = set().union(*stored.values())
    others, earlier = {}, set[str]()
    for name, own in keys.items():
        others[name] = own & (earlier | anywhere) - stored[name]
        earlier |= own - executors[name].failed_earlier()
    return others
