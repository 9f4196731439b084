"""Strategies with a planted error, each with the declaration of the right strategy.

`PLANTED` were at hand while the audit was made able to see errors. `KEPT_APART` were written at the
same time, before the audit's measurements were chosen, and counted when these were done.
"""

from tests.evaluation.planted import (
    augmentation,
    decisions,
    heads,
    independent,
    losses,
    mixing,
    outsider,
    samplers,
    stages,
    synthesis,
)

_MODULES = (
    samplers,
    augmentation,
    mixing,
    synthesis,
    losses,
    heads,
    decisions,
    stages,
    independent,
    outsider,
)
PLANTED = [error for module in _MODULES for error in module.PLANTED]
KEPT_APART = [error for module in _MODULES for error in module.KEPT_APART]
