"""What a strategy is required to reach, as `macro_f1>=.5, recall["not sure"]>=.3`, and if it does.

A list of requirements has commas between them. A requirement is a metric, or the recall of a class
in brackets, then one of ``>= > <= < ==`` and a number.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.analysis.comparison import Comparison
from benchmark.analysis.scores import Score, metric_scores, recall_scores
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.spec import did_you_mean
from benchmark.system.text import first_names

RECALL = "recall"
MOST_NAMED = 20  # classes in an error
COMPARISONS = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
}
FORM = "write METRIC>=NUMBER or recall[CLASS]>=NUMBER, with >=, >, <=, < or =="
_QUOTED = r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^'\\]|\\.)*'"
_REQUIREMENT = re.compile(
    rf"\s*(?P<metric>\w+)\s*(?:\[\s*(?P<class>{_QUOTED}|[^\]\"',]*?)\s*\])?"
    r"\s*(?P<sign>>=|<=|==|>|<)\s*(?P<bound>[^,\s]+)\s*(?:,|$)"
)


@dataclass(frozen=True)
class Requirement:
    """A metric, or the recall of a class, and the bound that it must keep."""

    metric: str
    class_name: str | None
    sign: str  # one of COMPARISONS
    bound: float

    @property
    def subject(self) -> str:
        """What it is about, as it is written: ``recall[wire]``."""
        return self.metric if self.class_name is None else f"{RECALL}[{self.class_name}]"

    def holds(self, value: float) -> bool:
        """Return whether a value keeps the bound; NaN never does."""
        return bool(COMPARISONS[self.sign](value, self.bound))

    def unfavourable(self, score: Score) -> tuple[float, ...]:
        """Return the end of an interval that is likelier to break the bound; of ``==`` both."""
        if self.sign == "==":
            return score.low, score.high
        return (score.low if self.sign in (">=", ">") else score.high,)


@dataclass(frozen=True)
class Outcome:
    """A requirement, the number that it is about, and whether it holds."""

    requirement: Requirement
    score: Score
    by_interval: bool  # the unfavourable end of the interval counts, not the value

    @property
    def counted(self) -> tuple[float, ...]:
        """The numbers that must keep the bound."""
        if self.by_interval:
            return self.requirement.unfavourable(self.score)
        return (self.score.value,)

    @property
    def holds(self) -> bool:
        """Whether the requirement holds."""
        return all(map(self.requirement.holds, self.counted))


def read_requirements(texts: Iterable[str], classes: Iterable[str]) -> list[Requirement]:
    """Return the requirements in lists of them; ValueError for what can't be understood."""
    names = list(classes)
    result = [requirement for text in texts for requirement in _read_list(text, names)]
    if not result:
        raise ValueError(f"nothing is required; {FORM}")
    return result


def _read_list(text: str, classes: list[str]) -> Iterable[Requirement]:
    position = 0
    while text[position:].strip():
        match = _REQUIREMENT.match(text, position)
        if match is None:
            rest = text[position:].strip()
            quotes = "; put a class name with odd characters in quotes" if "[" in rest else ""
            raise ValueError(f"requirement {rest!r} can't be understood; {FORM}{quotes}")
        yield _requirement(match, classes)
        position = match.end()


def _requirement(match: re.Match[str], classes: list[str]) -> Requirement:
    written, metric, label = match[0].strip(" ,"), match["metric"], match["class"]
    if label is not None and label[:1] in ("'", '"'):
        label = re.sub(r"\\(.)", r"\1", label[1:-1])
    if metric == RECALL:
        if label is None:
            raise ValueError(f"requirement {written!r} names no class; write {RECALL}[CLASS]>=…")
        if label not in classes:
            close = did_you_mean(label, classes)
            known = first_names(classes, MOST_NAMED)
            raise ValueError(f"there is no class {label!r}.{close} Known: {known}")
    else:
        if metric not in METRICS:
            close = did_you_mean(metric, [*METRICS, f"{RECALL}[CLASS]"])
            known = ", ".join([*METRICS, f"{RECALL}[CLASS]"])
            raise ValueError(f"there is no metric {metric!r}.{close} Known: {known}")
        if label is not None:
            raise ValueError(f"{metric} is not one of a class; only {RECALL}[CLASS] is")
    return Requirement(metric, label, match["sign"], _number(match["bound"], written))


def _number(text: str, written: str) -> float:
    try:
        bound = float(text)
    except ValueError:
        bound = math.nan
    if not math.isfinite(bound):
        raise ValueError(f"requirement {written!r} ends with {text!r}, which is no number like .5")
    return bound


def check_requirements(
    comparison: Comparison, strategy: str, requirements: Iterable[Requirement], by_interval: bool
) -> list[Outcome]:
    """Return the outcome of each requirement for one strategy, over the seeds that it finished.

    With `by_interval` the unfavourable end of the 95 % interval counts. ValueError where a metric
    has no interval.
    """
    metrics, recalls = metric_scores(comparison, strategy), recall_scores(comparison, strategy)
    outcomes = []
    for requirement in requirements:
        name = requirement.class_name
        found_in = metrics if name is None else recalls
        score = found_in.get(requirement.metric if name is None else name, Score(math.nan))
        if by_interval and name is None and not METRICS.get(requirement.metric).of_counts:
            raise ValueError(
                f"{requirement.metric} has no interval, so no bound of it can count; require it "
                "in a command of its own, without --lower-bound"
            )
        outcomes.append(Outcome(requirement, score, by_interval))
    return outcomes
