"""What most seeds say about each class that a strategy hardly ever recognises."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.diagnosis import RULES
from benchmark.report.single.class_groups import are_many
from benchmark.system.text import join_names

DISAGREE = "seeds disagree"
MOST_ROWS = 20  # of the table, where there are more classes than are shown one by one
_READ = ["class", "train_count", "cause", "explanation", "suggestions", "never_predicted"]


@dataclass(frozen=True)
class ClassDiagnosis:
    """What most seeds say about a class that a strategy ignores in most seeds."""

    label: str
    train_count: int
    cause: str
    explanation: str
    suggestions: tuple[str, ...]
    never_predicted: bool  # in no seed
    agreeing: int  # seeds that name this cause
    ignoring: int  # seeds that ignore the class


def majority_diagnoses(comparison: Comparison, strategy: str) -> Iterator[ClassDiagnosis]:
    """Yield what most seeds say of each class that the strategy ignores in most seeds."""
    diagnoses, seed_rows = comparison.findings.diagnoses, comparison.seed_rows
    mine = diagnoses.loc[diagnoses["strategy"] == strategy, _READ]
    finished = int(((seed_rows["strategy"] == strategy) & (seed_rows["status"] == "ok")).sum())
    by_label: dict[str, list[dict[Any, Any]]] = {}
    for row in mine.to_dict("records"):
        by_label.setdefault(str(row["class"]), []).append(row)
    for label in (label for label in comparison.classes if label in by_label):
        rows = by_label[label]
        if 2 * len(rows) <= finished:
            continue
        causes = Counter(str(row["cause"]) for row in rows)
        cause, agreeing = causes.most_common(1)[0]
        first = next(row for row in rows if row["cause"] == cause)
        explanation = str(first["explanation"])
        suggestions = tuple(str(first["suggestions"]).split(", "))
        if 2 * agreeing <= len(rows):
            names = join_names([f"{name} {n}" for name, n in causes.most_common()])
            cause, explanation = DISAGREE, f"{names} of {len(rows)} seeds."
            suggestions = RULES[-1].suggestions
        never_predicted = len(rows) == finished and all(row["never_predicted"] for row in rows)
        result = (label, int(first["train_count"]), cause, explanation, suggestions)
        yield ClassDiagnosis(*result, never_predicted, agreeing, len(rows))


def listed_diagnoses(
    comparison: Comparison, diagnoses: Sequence[ClassDiagnosis]
) -> Iterator[ClassDiagnosis]:
    """Yield all diagnoses; of many classes, of each cause the first ones, in their order."""
    if not are_many(comparison):
        yield from diagnoses
        return
    before, rank = Counter[str](), list[int]()  # how many of the same cause stand before each
    for diagnosis in diagnoses:
        rank.append(before[diagnosis.cause])
        before[diagnosis.cause] += 1
    chosen = sorted(range(len(diagnoses)), key=lambda k: (rank[k], k))[:MOST_ROWS]
    yield from (diagnoses[k] for k in sorted(chosen))
