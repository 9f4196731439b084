"""Hold a strategy of a run to requirements: `gate`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmark.analysis.choice import choose_on_validation, require_strategy
from benchmark.analysis.comparison import Comparison, load_comparison
from benchmark.analysis.requirements import Outcome, check_requirements, read_requirements
from benchmark.storage.user_folders import expand_home
from benchmark.system.text import join_names, printable


@dataclass(frozen=True)
class GateResult:
    """Whether a strategy of a run meets requirements."""

    strategy: str | None  # None: there is none, since none finished every seed
    choice: str  # a sentence: why it is this strategy
    outcomes: tuple[Outcome, ...]
    obstacles: tuple[str, ...]  # why nothing holds: what failed, or is not there yet

    @property
    def holds(self) -> bool:
        """Whether all requirements hold, of a whole run."""
        return not self.obstacles and all(outcome.holds for outcome in self.outcomes)

    def lines(self) -> Iterator[str]:
        """Yield the choice, a line for each requirement and one for each obstacle."""
        yield printable(self.choice)
        for outcome in self.outcomes:
            yield printable(_line(outcome))
        for obstacle in self.obstacles:
            yield printable(f"FAIL  {obstacle}")


def gate(
    folder: str | Path,
    require: str | Iterable[str],
    *,
    strategy: str | None = None,
    lower_bound: bool = False,
) -> GateResult:
    """Hold a strategy of a finished run to requirements. Nothing is trained or written.

    For example::

        benchmark.gate("results/mine", "macro_f1>=.5, never_predicted==0").holds

    Parameters
    ----------
    folder
        Of a run.
    require
        A list with commas, or several: a metric of seeds.csv, or ``recall[CLASS]``, then one of
        ``>= > <= < ==`` and a number. A class name with odd characters stands in quotes.
    strategy
        By the name that it has in the table; None: the one that is best on validation.
    lower_bound
        The unfavourable end of the 95 % interval counts in place of the value.

    Raises
    ------
    FileNotFoundError, ValueError
        If the folder holds no run, or several; if there is no such strategy, metric or class, or
        with `lower_bound` a metric has no interval.
    """
    comparison = load_comparison(expand_home(folder))
    texts = (require,) if isinstance(require, str) else tuple(require)
    requirements = read_requirements(texts, comparison.classes)
    obstacles = comparison.incomplete
    if strategy is None:
        choice = choose_on_validation(comparison)
        name = choice.strategy if choice else None
        sentence = choice.sentence if choice else "No strategy finished every seed."
        obstacles += [] if choice else ["there is no strategy that is best on validation"]
    else:
        name = require_strategy(strategy, comparison)
        sentence = f"{name} was asked for."
        obstacles += _failures(comparison, name)
    outcomes = check_requirements(comparison, name, requirements, lower_bound) if name else []
    return GateResult(name, sentence, tuple(outcomes), tuple(obstacles))


def _failures(comparison: Comparison, strategy: str) -> list[str]:
    failures = comparison.failures
    own = failures[failures["strategy"] == strategy]
    return [
        f"{strategy} (seed {seed}) failed: {error}"
        for seed, error in zip(own["seed"], own["error"], strict=True)
    ]


def _line(outcome: Outcome) -> str:
    """Return "PASS  macro_f1 >= 0.5: 0.6123 (95 %: 0.5512 to 0.6734)".

    Numbers have so many digits that one beside its bound does not look like it.
    """
    requirement, score = outcome.requirement, outcome.score

    def write(number: float) -> str:
        is_beside = number != requirement.bound and f"{number:.5g}" == f"{requirement.bound:.5g}"
        return repr(number) if is_beside else f"{number:.5g}"

    text = write(score.value)
    if np.isnan(score.value):
        is_of_class = requirement.class_name is not None
        text = "no test images" if is_of_class else "not defined"
    elif score.has_interval:
        text += f" (95 %: {write(score.low)} to {write(score.high)})"
        if outcome.by_interval:
            ends = list(map(write, outcome.counted))
            text += f"; {join_names(ends)} {'counts' if len(ends) == 1 else 'count'}"
    mark = "PASS" if outcome.holds else "FAIL"
    return f"{mark}  {requirement.subject} {requirement.sign} {requirement.bound:g}: {text}"
