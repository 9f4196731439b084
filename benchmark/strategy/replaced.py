"""What a strategy that is built on another one does not take over from it."""

from __future__ import annotations

from benchmark.strategy.stage import STAGE_COMPONENTS, Strategy
from benchmark.system.text import join_names

# of others: their own names
_TITLES = {"synthesizer": "synthesis", "selection": "selection of images"}


def replaced_sentence(strategy: Strategy, base: Strategy, base_name: str) -> str:
    """Say which components of its base a strategy replaces; empty if it keeps them all.

    A later stage has components of its own: what its base does otherwise than plain training ends
    where that stage begins.
    """
    before, last = base.stages[-1], strategy.stages[-1]
    replaced = [
        f"the {_TITLES.get(name, name)}"
        for name in STAGE_COMPONENTS
        if not before.is_neutral(name) and getattr(before, name) != getattr(last, name)
    ]
    sentences = []
    if replaced:
        verb = "is" if len(replaced) == 1 else "are"
        sentences.append(
            f"In its last stage {join_names(replaced)} of `{base_name}` {verb} replaced."
        )
    if base.decision not in (Strategy().decision, strategy.decision):
        sentences.append(f"The decision of `{base_name}` is replaced.")
    return " ".join(sentences)
