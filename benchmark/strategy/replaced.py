"""What a strategy that is built on another one does not take over from it."""

from __future__ import annotations

from benchmark.strategy.calibrated import parts
from benchmark.strategy.stage import STAGE_COMPONENTS, Strategy
from benchmark.system.text import join_names

# of others: their own names
_TITLES = {"synthesizer": "synthesis", "selection": "selection of images"}


def replaced_sentence(strategy: Strategy, base: Strategy, base_name: str) -> str:
    """Say which components of its base a strategy replaces; empty if it keeps them all.

    A later stage has components of its own: what its base does otherwise than plain training ends
    where that stage begins.
    """
    earlier, last = base.stages[-1], strategy.stages[-1]
    replaced = [
        f"the {_TITLES.get(name, name)}"
        for name in STAGE_COMPONENTS
        if not earlier.is_neutral(name) and getattr(earlier, name) != getattr(last, name)
    ]
    sentences = []
    if replaced:
        verb = "is" if len(replaced) == 1 else "are"
        sentences.append(
            f"In its last stage {join_names(replaced)} of `{base_name}` {verb} replaced."
        )
    kinds, before, now = ("calibration", "decision"), parts(base.decision), parts(strategy.decision)
    for kind, replaced_part, part in zip(kinds, before, now, strict=True):
        if replaced_part not in (None, Strategy().decision, part):
            sentences.append(f"The {kind} of `{base_name}` is replaced.")
    return " ".join(sentences)
