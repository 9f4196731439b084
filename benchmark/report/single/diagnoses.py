"""Why is a class never predicted? The diagnoses of a run in words and tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.diagnosis import RULES
from benchmark.report.render.blocks import Cell, Row, Table, as_code, printable
from benchmark.report.render.formats import (
    MISSING,
    add_sign,
    format_count,
    format_share,
    join_names,
    pluralize,
)

DISAGREE = "seeds disagree"
ADVICE = 2  # places that a row names, the most promising
_SPELT = {
    "budget": "Train longer: more epochs, or --recipe strong",
    "images": "More images of it",
    "labels": "Look through its labels",
    "classes": "Ask whether it is a class of its own",
}  # help that no strategy gives


def of_whom(comparison: Comparison) -> str | None:
    """Return the strategy whose classes are explained: the baseline, or else the first with any."""
    diagnosed = set(comparison.findings.diagnoses["strategy"])
    if comparison.baseline in diagnosed:
        return comparison.baseline
    finished = set(comparison.per_class["strategy"])
    if comparison.baseline in finished:  # it ignores no class, and that is the answer
        return None
    return next((name for name in comparison.strategies if name in diagnosed), None)


def diagnoses_words(comparison: Comparison) -> str:
    """Say in one sentence how many classes are ignored for which cause; empty if none is."""
    strategy = of_whom(comparison)
    if strategy is None:
        return ""
    causes = pd.Series([one["cause"] for one in _by_class(comparison, strategy)])
    said = [f"{cause} {n}" for cause, n in causes.value_counts(sort=True).items()]
    classes = pluralize(len(causes), "class is", "classes are")
    return (
        f"Why {classes} never or hardly found under {as_code(strategy)}, by the likeliest cause: "
        f"{join_names(said)}."
    )


def diagnoses_table(comparison: Comparison) -> Table | None:
    """The ignored classes of one strategy, largest first: cause, evidence, what to try next."""
    strategy = of_whom(comparison)
    if strategy is None:
        return None
    rows, told = [], dict[str, str]()  # evidence -> the class of which it was said first
    for one in _by_class(comparison, strategy):
        first = told.setdefault(one["why"], one["class"])
        agree = len(comparison.seeds) > 1 and one["cause"] != DISAGREE
        cells = (
            Cell(printable(one["class"])),
            Cell(format_count(one["train_count"])),
            _found(comparison, strategy, one),
            Cell(one["cause"], note=f"{one['agreeing']} of {one['times']}" if agree else ""),
            Cell(printable(one["why"] if first == one["class"] else f"As for {first}.")),
            Cell(" ".join(_advice(comparison, strategy, one))),
        )
        rows.append(Row(cells))
    columns = ("Class", "Train images", "Found", "Likely cause", "Evidence", "To try next")
    return Table(
        _caption(comparison, strategy),
        columns,
        tuple(rows),
        frozenset({0, 3, 4, 5}),
        csv="diagnoses.csv",
    )


def causes_table(comparison: Comparison) -> Table | None:
    """Ignored classes × strategies: the likeliest cause; blank where a class is found."""
    known = comparison.findings.diagnoses
    if known.empty:
        return None
    found = {
        (strategy, one["class"]): one
        for strategy in dict.fromkeys(known["strategy"])
        for one in _by_class(comparison, str(strategy))
    }
    finished = set(comparison.per_class["strategy"])
    names = [name for name in comparison.strategies if name in finished]
    rows = []
    for label in comparison.classes:
        if not any((name, label) in found for name in names):
            continue
        cells = [Cell(printable(label))]
        for name in names:
            one = found.get((name, label))
            cells.append(Cell(one["cause"] if one else "", mark="never" if one else ""))
        rows.append(Row(tuple(cells)))
    columns = ("Class", *map(printable, names))
    caption = "Classes never or hardly found, by strategy. Blank: the class is found."
    texts = frozenset(range(len(columns)))
    return Table(caption, columns, tuple(rows), texts, csv="diagnoses.csv")


def rules_table() -> Table:
    """The rules that a diagnosis goes by, as they are read: from top to bottom."""
    rows = tuple(
        Row(
            (
                Cell(str(number)),
                Cell(rule.cause),
                Cell(rule.condition),
                Cell(rule.source or MISSING),
            )
        )
        for number, rule in enumerate(RULES, start=1)
    )
    caption = "The rules, read from top to bottom: the first that holds names the cause."
    return Table(caption, ("Rule", "Cause", "When", "Source"), rows, frozenset({1, 2, 3}))


def _by_class(comparison: Comparison, strategy: str) -> Iterator[dict[str, Any]]:
    """Yield for each class that a strategy ignores in most seeds what most of these seeds say."""
    known = comparison.findings.diagnoses
    mine = known[known["strategy"] == strategy]
    finished = comparison.seed_rows
    finished = finished[(finished["strategy"] == strategy) & (finished["status"] == "ok")]
    for label in comparison.classes:
        rows = mine[mine["class"] == label]
        if 2 * len(rows) <= len(finished):
            continue
        causes = rows["cause"].value_counts()
        agreeing = rows[rows["cause"] == causes.index[0]]
        one = {str(name): value for name, value in agreeing.iloc[0].items()}
        if 2 * len(agreeing) <= len(rows):
            said = join_names([f"{cause} {n}" for cause, n in causes.items()])
            one |= {"cause": DISAGREE, "why": f"{said} of {len(rows)} seeds."}
            one["try_next"] = ", ".join(RULES[-1].try_next)
        yield one | {
            "never": len(rows) == len(finished) and bool(rows["never"].all()),
            "agreeing": len(agreeing),
            "times": len(rows),
        }


def _found(comparison: Comparison, strategy: str, one: Mapping[str, Any]) -> Cell:
    """Say how many test images were found, and how high the true recall may be all the same."""
    rows = comparison.class_recalls
    mine = rows[(rows["strategy"] == strategy) & (rows["class"] == one["class"])].iloc[0]
    note = f"up to {format_share(mine['high'], 2)}" if mine["images"] else ""
    mark = "never" if one["never"] else ""
    return Cell(f"{format_count(mine['hits'])} of {format_count(mine['images'])}", note, mark)


def _advice(comparison: Comparison, strategy: str, one: Mapping[str, Any]) -> Iterator[str]:
    """Yield what to try next: strategies at hand that act in the place, or words.

    A strategy that this run holds is named only if it found more of the class.
    """
    changes = comparison.class_changes
    here = changes[(changes["class"] == one["class"]) & (changes["baseline"] == strategy)]
    here = here.set_index("strategy")
    hand = comparison.manifest.get("at_hand") or {}
    given, tried = 0, list[str]()
    for place in str(one["try_next"]).split(", "):
        names = [name for name, about in hand.items() if about["places"][:1] == [place]]
        said = [name for name in names if name not in here.index and name != strategy]
        for name in names:
            if name in here.index:
                helped = here.loc[name, "low"] > 0
                gain = add_sign(format_share(here.loc[name, "difference"], 2))
                said, tried = (
                    ([f"{name} ({gain} here)", *said], tried) if helped else (said, [*tried, name])
                )
        if said:
            yield f"{place.capitalize()}: {join_names(said, 'or')}."
        elif place in _SPELT:
            yield f"{_SPELT[place]}."
        else:
            continue
        given += 1
        if given == ADVICE:
            break
    if tried:
        yield f"No sure gain here: {join_names(tried)}."


def _caption(comparison: Comparison, strategy: str) -> str:
    said = f"Classes of which at most one test image in ten is found under {as_code(strategy)}"
    if len(comparison.seeds) > 1:
        said += (
            " in most seeds; beside the cause, in how many of these seeds it is the likeliest, and "
            "the evidence of the first that says so"
        )
    return (
        f"{said}. Found: of the test images; small: how high the true recall may be all the same, "
        "at 95 %. Red: predicted in no seed. What is likely is not proven: look at the images."
    )
