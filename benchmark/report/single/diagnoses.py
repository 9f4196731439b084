"""Why classes are ignored: the diagnoses of a run in a sentence and as tables."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.diagnosis import RULES, UNDETERMINED
from benchmark.execution.run_folder import RunFolder
from benchmark.report.gallery.links import class_links
from benchmark.report.render import formats
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Details,
    Link,
    Paragraph,
    Table,
    as_code,
    make_row,
    without_ticks,
)
from benchmark.report.render.formats import MISSING, format_count, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.system.text import first_names, join_names, pluralize

DISAGREE = "seeds disagree"
NO_CAUSE = (DISAGREE, UNDETERMINED)
MOST_SUGGESTIONS = 2  # of a row, the most promising
WITHOUT_STRATEGY = {
    "budget": "Train longer: more epochs, or --recipe strong",
    "images": "More images of it",
    "labels": "Check its labels",
    "classes": "Ask whether it is a class of its own",
    "splits": "Look at its training and test images side by side",
    "layers": "Train more blocks: --fine-tune full",
}  # suggestions that no strategy carries out

READS_TEST_IMAGES = (
    "A diagnosis reads the test images with their labels. If you choose a strategy, or change the "
    "data, by what it says, these test images no longer measure the result: take new ones."
)
PICTURES = "Pictures: what these classes look like, and where the network looks"
MOST_CLASSES = 3  # whose causes differ, in the sentence about them


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


def diagnoses_section(comparison: Comparison) -> Iterator[Block]:
    """Yield why one strategy ignores classes; the causes under all strategies, and the rules."""
    manifest = comparison.manifest
    if table := diagnoses_table(comparison):
        if manifest.quick or not manifest.weights.sha256:  # of random weights
            run = "a quick look" if manifest.quick else "a network with random weights"
            yield Paragraph(f"The causes below mean nothing: they are those of {run}.")
        yield Paragraph(READS_TEST_IMAGES)
        yield table
        if class_links(comparison):
            yield Link(PICTURES, RunFolder(comparison.folder).gallery_file.name)
    if sentence := different_causes_sentence(comparison):
        yield Paragraph(sentence)
    if causes := causes_table(comparison):
        yield Details("Causes under every strategy", (causes,))
        yield Details("The rules", (rules_table(),))


def explained_strategy(comparison: Comparison) -> str | None:
    """Return the strategy whose classes are explained: the baseline, or else the first with any."""
    diagnosed = set(comparison.findings.diagnoses["strategy"])
    if comparison.baseline in diagnosed:
        return comparison.baseline
    if comparison.baseline in comparison.finished_in_any_seed:
        return None  # the baseline ignores no class: nothing needs an explanation
    return next((name for name in comparison.strategies if name in diagnosed), None)


def diagnoses_sentence(comparison: Comparison) -> str:
    """Say how many classes are ignored for which cause; empty if none is."""
    strategy = explained_strategy(comparison)
    diagnoses = _majority_diagnoses(comparison, strategy) if strategy else ()
    causes = Counter(diagnosis.cause for diagnosis in diagnoses)
    if strategy is None or not causes:
        return ""
    names = join_names([f"{cause} ({n})" for cause, n in causes.most_common()])
    classes = pluralize(causes.total(), "class", "classes")
    return f"{as_code(strategy)} hardly ever recognises {classes}. Likeliest causes: {names}."


def diagnoses_table(comparison: Comparison) -> Table | None:
    """The ignored classes of one strategy, largest first: cause, evidence; None without any."""
    strategy = explained_strategy(comparison)
    if strategy is None:
        return None
    links = class_links(comparison) or {}
    rows, first_with = [], dict[str, str]()  # explanation -> the first class with it
    for diagnosis in _majority_diagnoses(comparison, strategy):
        first = first_with.setdefault(diagnosis.explanation, diagnosis.label)
        evidence = (
            diagnosis.explanation if first == diagnosis.label else f"As for {shorten(first)}."
        )
        show_agreement = len(comparison.seeds) > 1 and diagnosis.cause != DISAGREE
        agreement = f"{diagnosis.agreeing} of {diagnosis.ignoring}" if show_agreement else ""
        cells = (
            Cell(diagnosis.label, link=links.get(diagnosis.label, "")),
            format_count(diagnosis.train_count),
            _recognised_cell(comparison, strategy, diagnosis),
            Cell(diagnosis.cause, note=agreement),
            evidence,
            " ".join(_suggestions(comparison, strategy, diagnosis)),
        )
        rows.append(make_row(*cells))
    if not rows:  # classes are ignored in some seeds, but none in most
        return None
    titles = ("Class", "Train images", "Recognised", "Likely cause", "Evidence", "Suggestions")
    caption, texts = _caption(comparison, strategy), frozenset({0, 3, 4, 5})
    return Table(caption, titles, tuple(rows), texts, csv="diagnoses.csv")


def different_causes_sentence(comparison: Comparison) -> str:
    """Say which classes strategies ignore for different causes; empty if there is none."""
    differ = []
    for label, causes in _causes_by_class(comparison).items():
        named = {name: cause for name, cause in causes.items() if cause not in NO_CAUSE}
        if len(set(named.values())) > 1:
            by_cause = [
                f"{cause} under {join_names([as_code(n) for n in named if named[n] == cause])}"
                for cause in dict.fromkeys(named.values())
            ]
            differ.append(f"{without_ticks(label)} ({'; '.join(by_cause)})")
    if not differ:
        return ""
    return (
        "A cause is that of one trained network, not of the class alone. Strategies ignore these "
        f"classes for different causes: {first_names(differ, MOST_CLASSES)}."
    )


def causes_table(comparison: Comparison) -> Table | None:
    """Ignored classes × strategies: the likeliest cause; blank where a class is recognised."""
    if comparison.findings.diagnoses.empty:
        return None
    names = comparison.finished_in_any_seed
    rows = []
    for label, causes in _causes_by_class(comparison).items():
        cells = (causes.get(name, "") for name in names)
        marked = (Cell(cause, mark="never" if cause else "") for cause in cells)
        rows.append(make_row(label, *marked))
    titles = ("Class", *names)
    caption = "Classes that a strategy hardly ever recognises. Blank: it recognises the class."
    texts = frozenset(range(len(titles)))
    return Table(caption, titles, tuple(rows), texts, csv="diagnoses.csv")


def _causes_by_class(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Return label -> strategy -> cause, of the classes that some strategy ignores."""
    if comparison.findings.diagnoses.empty:
        return {}
    by_label: dict[str, dict[str, str]] = {label: {} for label in comparison.classes}
    for name in comparison.finished_in_any_seed:
        for diagnosis in _majority_diagnoses(comparison, name):
            by_label[diagnosis.label][name] = diagnosis.cause
    return {label: causes for label, causes in by_label.items() if causes}


def rules_table() -> Table:
    """The rules of a diagnosis, in the order in which they apply."""
    rows = tuple(
        make_row(str(k), rule.cause, rule.condition, rule.source or MISSING)
        for k, rule in enumerate(RULES, start=1)
    )
    caption = "The rules apply from top to bottom: the first that holds names the cause."
    return Table(caption, ("Rule", "Cause", "When", "Source"), rows, frozenset({1, 2, 3}))


def _majority_diagnoses(comparison: Comparison, strategy: str) -> Iterator[ClassDiagnosis]:
    """Yield what most seeds say of each class that the strategy ignores in most seeds."""
    diagnoses, seed_rows = comparison.findings.diagnoses, comparison.seed_rows
    mine = diagnoses[diagnoses["strategy"] == strategy]
    finished = int(((seed_rows["strategy"] == strategy) & (seed_rows["status"] == "ok")).sum())
    ignored = set(mine["class"])
    for label in (label for label in comparison.classes if label in ignored):
        rows = mine[mine["class"] == label]
        if 2 * len(rows) <= finished:
            continue
        causes = rows["cause"].value_counts()
        agreeing = rows[rows["cause"] == causes.index[0]]
        first = agreeing.iloc[0]
        cause, explanation = str(first["cause"]), str(first["explanation"])
        suggestions = tuple(str(first["suggestions"]).split(", "))
        if 2 * len(agreeing) <= len(rows):
            names = join_names([f"{name} {n}" for name, n in causes.items()])
            cause, explanation = DISAGREE, f"{names} of {len(rows)} seeds."
            suggestions = RULES[-1].suggestions
        never_predicted = len(rows) == finished and bool(rows["never_predicted"].all())
        result = (label, int(first["train_count"]), cause, explanation, suggestions)
        yield ClassDiagnosis(*result, never_predicted, len(agreeing), len(rows))


def _recognised_cell(comparison: Comparison, strategy: str, diagnosis: ClassDiagnosis) -> Cell:
    """Return how many test images were recognised, and the upper bound of the true recall."""
    rows = comparison.class_recalls
    row = rows[(rows["strategy"] == strategy) & (rows["class"] == diagnosis.label)].iloc[0]
    note = f"up to {format_share(row['high'], 2)}" if row["images"] else ""
    mark = "never" if diagnosis.never_predicted else ""
    return Cell(f"{format_count(row['hits'])} of {format_count(row['images'])}", note, mark)


def _helped(comparison: Comparison, strategy: str, label: str) -> bool:
    claim = comparison.class_claims.get((strategy, label))  # None without test images
    return claim is not None and claim.is_gain


def _suggestions(comparison: Comparison, strategy: str, diagnosis: ClassDiagnosis) -> Iterator[str]:
    """Yield available strategies that change the suggested component, or other advice.

    A strategy of this run is suggested only if it raised the recall of the class.
    """
    changes = comparison.class_changes
    changes = changes[(changes["class"] == diagnosis.label) & (changes["baseline"] == strategy)]
    in_run = {str(row["strategy"]): row for row in changes.to_dict("records")}
    available = comparison.manifest.available
    given, without_gain = 0, list[str]()
    for component in diagnosis.suggestions:
        names = [n for n, info in available.items() if info.components[:1] == (component,)]
        new = [name for name in names if name not in in_run and name != strategy]
        helped = [n for n in names if n in in_run and _helped(comparison, n, diagnosis.label)]
        without_gain += [n for n in names if n in in_run and n not in helped]
        differences = {n: format_share(in_run[n]["difference"], 2) for n in reversed(helped)}
        gains = [f"{n} ({formats.add_sign(d)} here)" for n, d in differences.items()]
        if gains or new:
            yield f"{component.capitalize()}: {join_names([*gains, *new], 'or')}."
        elif component in WITHOUT_STRATEGY:
            yield f"{WITHOUT_STRATEGY[component]}."
        else:
            continue
        given += 1
        if given == MOST_SUGGESTIONS:
            break
    if without_gain:
        yield f"No clear gain here: {join_names(without_gain)}."


def _caption(comparison: Comparison, strategy: str) -> str:
    several = len(comparison.seeds) > 1
    agreement = (
        " Small beside the cause: how many of these seeds name it. The evidence is that of the "
        "first such seed."
    )
    return (
        f"Classes of which {as_code(strategy)} recognises at most one test image in ten"
        f"{' in most seeds' if several else ''}. "
        "Recognised: of the test images; small: the upper end of the true recall's 95 % interval. "
        f"Red: {'predicted in no seed' if several else 'never predicted'}."
        f"{agreement if several else ''} A likely cause is not proven: look at the images."
    )
