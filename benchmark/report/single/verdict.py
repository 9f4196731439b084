"""The verdict: which classes plain training ignores, what changes that, and at what price."""

from collections.abc import Callable, Sequence

import pandas as pd

from benchmark.analysis.claims import Claim
from benchmark.analysis.comparison import Comparison
from benchmark.report.render import formats
from benchmark.report.render.blocks import as_code
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.single.absent_classes import absent_classes
from benchmark.report.single.doubts import interval_phrase
from benchmark.report.single.strategies import caveats, short_name
from benchmark.system.text import join_names, pluralize

MOST_NAMES = 3  # strategies that a sentence names
CLAIMED = ("macro_f1", "accuracy")  # metrics of the verdict


def verdict(comparison: Comparison) -> str:
    """Return one or two sentences: which classes are ignored, what changes that, at what price."""
    table = _finished_means(comparison)
    if table.empty:
        return "No strategy finished, so nothing can be compared. The errors are listed below."
    baseline = comparison.baseline
    if baseline is None or baseline not in table.index:
        return _verdict_without_baseline(comparison, table)
    before, others = table.loc[[baseline]], table.drop(index=baseline)
    claim = f"{_baseline_name(comparison)} {_ignored_classes(comparison, before)}"
    first = _sentence(comparison, claim)
    if others.empty:
        return f"{first} No other strategy finished, so there is no comparison."
    fewest, ignored = others["never_predicted"].min(), before["never_predicted"].iloc[0]
    helps = fewest < ignored
    names = list(others.index[others["never_predicted"] == fewest] if helps else others.index)
    s = "s" if len(names) == 1 else ""
    predicate, wrong = f"ignore{s} {_no_fewer(others, ignored)}" if ignored else "", ""
    if helps:
        noun = "class" if fewest == 1 else "classes"
        which = f"all but {format_count(fewest)} {noun}" if fewest else "all of them"
        wrong = _only_wrong(others.loc[names])
        predicate = f"predict{s} {which}{f', {wrong} only wrongly' if wrong else ''}"
    subject = _subject(comparison, names, others, "The other {} strategies")
    if len(names) > 1:
        whose = f"{subject} {predicate}. Their macro-F1"
        whose = whose if predicate else f"The macro-F1 of {formats.lower_first(subject)}"
        macro_f1, accuracy = (_level(comparison, names, metric) for metric in CLAIMED)
        return f"{first} {whose} is {macro_f1}; accuracy is {accuracy}."
    predicate += f"{',' if wrong else ''} and " if predicate else ""
    return f"{first} {subject} {predicate}{_changes(comparison, baseline, names[0])}."


def _no_fewer(others: pd.DataFrame, ignored: float) -> str:
    """Return how many classes strategies ignore, none of them fewer than the baseline."""
    if others["never_predicted"].min() > ignored:
        return "more"
    return "as many" if others["never_predicted"].max() == ignored else "as many or more"


def _finished_means(comparison: Comparison) -> pd.DataFrame:
    """Return the means of strategies that finished: those of others are over other seeds.

    A class without test images is not ignored where it is never predicted, so it is not counted.
    """
    table = comparison.summary[comparison.summary["status"] == "ok"].set_index("strategy")
    table = table[["macro_f1", "never_predicted", "zero_recall", "accuracy"]].astype(float)
    if any(absent_classes(comparison)):
        rows = comparison.seed_rows.astype({"never_predicted_present": float})
        present = rows.groupby("strategy")["never_predicted_present"].mean()
        present = present.reindex(table.index).fillna(table["never_predicted"])  # of older records
        table = table.assign(never_predicted=present)
    return table


def _verdict_without_baseline(comparison: Comparison, table: pd.DataFrame) -> str:
    baseline = comparison.baseline
    fewest = table["never_predicted"].min()
    names = list(table.index[table["never_predicted"] == fewest])
    rows = table.loc[names]
    predictions = _ignored_classes(comparison, rows)
    subject = _subject(comparison, names, table, "All {} strategies")
    fewer = ", fewer than any other strategy" if fewest and len(names) < len(table) else ""
    macro_f1, accuracy = (_range(rows[metric]) for metric in CLAIMED)
    reason = f"The baseline {as_code(str(baseline))} failed, so nothing is compared with it."
    if baseline is None:
        reason = "No baseline was chosen, so nothing shows what plain training does."
    elif baseline in set(comparison.seed_rows.query("status == 'ok'")["strategy"]):
        which = f"The baseline {as_code(baseline)} failed on some seeds"
        reason = f"{which}, so means are not compared with it."
    first = _sentence(comparison, f"{subject} {predictions}{fewer}")
    return f"{first} Macro-F1 is {macro_f1} and accuracy {accuracy}. {reason}"


def _sentence(comparison: Comparison, claim: str) -> str:
    """Return a claim as a sentence that says if it is about means."""
    seeds = len(comparison.seeds)
    over = f"On average over {seeds} seeds, {formats.lower_first(claim)}."
    return f"{claim}." if seeds == 1 else over


def _baseline_name(comparison: Comparison) -> str:
    """Return the name of the baseline at the start of a sentence, and its caveats."""
    baseline = str(comparison.baseline)
    return short_name(comparison, baseline) + _caveats(comparison, baseline)


def _subject(comparison: Comparison, names: Sequence[str], among: pd.DataFrame, every: str) -> str:
    """Return strategies as the subject of a sentence; many are counted, as in `every`."""
    if len(names) > MOST_NAMES:
        some_failed = (comparison.summary["status"] != "ok").any()
        everyone = f"{every.format(len(names))}{' that finished' if some_failed else ''}"
        return everyone if len(names) == len(among) else f"{len(names)} strategies"
    return join_names([as_code(name) + _caveats(comparison, name) for name in names])


def _caveats(comparison: Comparison, strategy: str) -> str:
    named = caveats(comparison, strategy)
    return f" ({', '.join(named)})" if named else ""


def _ignored_classes(comparison: Comparison, numbers: pd.DataFrame) -> str:
    """Return a predicate: how many classes are never predicted, how many more only wrongly.

    `numbers` has a row for each strategy of the subject; they agree in the first number.
    """
    ignored, s = float(numbers["never_predicted"].min()), "s" if len(numbers) == 1 else ""
    total, wrong = _classes_with_images(comparison), _only_wrong(numbers)
    if ignored:
        more = f" and predict{s} {wrong} more only wrongly" if wrong else ""
        return f"never predict{s} {format_count(ignored)} of {total}{more}"
    if wrong:
        return f"predict{s} all {total}, but {wrong} of them only wrongly"
    return f"recognise{s} images of all {total}"


def _classes_with_images(comparison: Comparison) -> str:
    """Return how many classes there are to predict, and that they have test images if some lack."""
    present = sum(images > 0 for images in comparison.test_counts)
    total = pluralize(present, "class", "classes")
    return f"{total} with test images" if any(absent_classes(comparison)) else total


def _only_wrong(numbers: pd.DataFrame) -> str:
    """Return the number of classes that are predicted, but for none of their images; or ""."""
    wrong = (numbers["zero_recall"] - numbers["never_predicted"]).clip(lower=0)
    written = _range(wrong, format_count) if wrong.any() else ""
    return f"up to {written.removeprefix('0 to ')}" if written.startswith("0 to ") else written


def _changes(comparison: Comparison, baseline: str, strategy: str) -> str:
    """Return a predicate: what a strategy does to macro-F1, and then what happens to accuracy.

    It "raises" or "lowers" macro-F1 only where the run may claim that of the strategy, see
    `benchmark.analysis.claims`. One seed claims nothing of a strategy, so there it "brings".
    """
    all_claims = comparison.claims
    macro_f1, accuracy = (all_claims.get((strategy, metric)) for metric in CLAIMED)
    (from_macro_f1, same_macro_f1), (from_accuracy, same_accuracy) = (
        _from_to(comparison, baseline, strategy, metric) for metric in CLAIMED
    )
    verb = {1: "raises", -1: "lowers", 0: "brings"}[_direction(macro_f1)]
    how = {1: "rises", -1: "falls", 0: "goes"}[_direction(accuracy)]
    verb, how = "leaves" if same_macro_f1 else verb, "is" if same_accuracy else how
    interval = f" ({interval_phrase(macro_f1)})" if macro_f1 else ""
    doubt = f" ({interval_phrase(accuracy)})" if accuracy and not _direction(accuracy) else ""
    return f"{verb} macro-F1 {from_macro_f1}{interval}; accuracy {how} {from_accuracy}{doubt}"


def _direction(claim: Claim | None) -> int:
    """Return 1 or -1 where a run may claim a rise or fall of the strategy, not of its networks."""
    return claim.strategy_direction if claim else 0


def _from_to(comparison: Comparison, baseline: str, strategy: str, metric: str) -> tuple[str, bool]:
    """Return "from … to …", and whether both numbers are written alike."""
    before, after = map(format_share, _finished_means(comparison)[metric][[baseline, strategy]])
    same = before == after
    return f"unchanged at {after}" if same else f"from {before} to {after}", same


def _level(comparison: Comparison, names: Sequence[str], metric: str) -> str:
    """Return the values of strategies, beside the baseline's."""
    values = _finished_means(comparison)[metric]
    before, after = format_share(values[str(comparison.baseline)]), _range(values[list(names)])
    return f"unchanged at {after}" if before == after else f"{after} (baseline {before})"


def _range(values: pd.Series, write: Callable[[float], str] = format_share) -> str:
    low, high = write(values.min()), write(values.max())
    return low if low == high else f"{low} to {high}"
