"""Why classes are ignored: the diagnoses of a run in a sentence and as tables."""

from collections import Counter
from collections.abc import Iterator

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
from benchmark.report.single.class_diagnoses import (
    DISAGREE,
    ClassDiagnosis,
    listed_diagnoses,
    majority_diagnoses,
)
from benchmark.report.single.class_groups import are_many, by_shots
from benchmark.report.single.shot_groups import shot_groups_sentence
from benchmark.system.text import first_names, join_names, pluralize

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


def diagnoses_section(comparison: Comparison) -> Iterator[Block]:
    """Yield why one strategy ignores classes; the causes under all strategies, and the rules."""
    manifest = comparison.manifest
    if table := diagnoses_table(comparison):
        if manifest.quick or not manifest.weights.sha256:  # of random weights
            run = "a quick look" if manifest.quick else "a network with random weights"
            yield Paragraph(f"The causes below mean nothing: they are those of {run}.")
        yield Paragraph(READS_TEST_IMAGES)
        if are_many(comparison) and (counts := causes_table(comparison)):
            yield counts
        yield table
        if class_links(comparison):
            yield Link(PICTURES, RunFolder(comparison.folder).gallery_file.name)
    if sentence := different_causes_sentence(comparison):
        yield Paragraph(sentence)
    if causes := causes_table(comparison):
        if not are_many(comparison):
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
    diagnoses = majority_diagnoses(comparison, strategy) if strategy else ()
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
    diagnoses = list(majority_diagnoses(comparison, strategy))
    for diagnosis in listed_diagnoses(comparison, diagnoses):
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
    if len(rows) < len(diagnoses):
        caption += (
            f" Of {len(diagnoses):,} such classes the table lists {len(rows)}: of each cause those "
            "with most training images, of which it is expected least. The others are in "
            "diagnoses.csv."
        )
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
    if are_many(comparison):
        return _causes_counted(comparison)
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


def _causes_counted(comparison: Comparison) -> Table:
    """Strategies × causes: so many classes, of many and of few training images."""
    names, groups = comparison.finished_in_any_seed, by_shots(comparison)
    group_of = {comparison.classes[c]: name for name, own in groups.items() for c in own.tolist()}
    by_strategy = {
        name: Counter((d.cause, group_of[d.label]) for d in majority_diagnoses(comparison, name))
        for name in names
    }
    causes = Counter(cause for own in by_strategy.values() for cause, _ in own.elements())
    rows = []
    for name, own in by_strategy.items():
        cells = []
        for cause, _ in causes.most_common():
            by_group = {group: own[cause, group] for group in groups if own[cause, group]}
            note = ", ".join(f"{n} {group}" for group, n in by_group.items())
            cells.append(Cell(str(sum(by_group.values())), note if len(by_group) > 1 else ""))
        rows.append(make_row(name, *cells))
    titles = ("Strategy", *(cause.capitalize() for cause, _ in causes.most_common()))
    caption = (
        "Classes that a strategy hardly ever recognises, by their likeliest cause; small: those "
        f"with many, medium and few training images. {shot_groups_sentence(comparison)} "
        "diagnoses.csv has each class."
    )
    return Table(caption, titles, tuple(rows), csv="diagnoses.csv")


def _causes_by_class(comparison: Comparison) -> dict[str, dict[str, str]]:
    """Return label -> strategy -> cause, of the classes that some strategy ignores."""
    if comparison.findings.diagnoses.empty:
        return {}
    by_label: dict[str, dict[str, str]] = {label: {} for label in comparison.classes}
    for name in comparison.finished_in_any_seed:
        for diagnosis in majority_diagnoses(comparison, name):
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
