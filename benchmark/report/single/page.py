"""The content of a report, from a comparison: what is said, in which order, in which words."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import matplotlib.figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import (
    Block,
    Code,
    Definitions,
    Details,
    Figure,
    Heading,
    Page,
    Paragraph,
    Section,
    as_code,
    printable,
)
from benchmark.report.render.canvas import to_svg
from benchmark.report.render.formats import format_count, join_names, pluralize
from benchmark.report.single import (
    audit,
    class_changes,
    diagnoses,
    posthoc,
    reliability,
    tables,
    training,
    training_effects,
)
from benchmark.report.single.few import few_images_words
from benchmark.report.single.figures import all_figures
from benchmark.report.single.priors import priors_table
from benchmark.report.single.search import tuning
from benchmark.report.single.significance import follow_up
from benchmark.report.single.verdict import verdict

Drawn = dict[str, matplotlib.figure.Figure]


def build_page(comparison: Comparison) -> Page:
    """Return the whole report, figures drawn."""
    first, drawn = headline(comparison), all_figures(comparison)
    sections = [
        Section(id, title, blocks)
        for id, title, blocks in (
            ("failures", "What failed", tuple(_failures(comparison))),
            ("certainty", "How sure is this?", tuple(_certainty(comparison))),
            ("gains", "What each class gains and loses", tuple(_gains(comparison))),
            ("causes", "Why are classes never or hardly found?", tuple(_causes(comparison))),
            ("effects", "Did it take effect?", tuple(_effects(comparison, drawn))),
            ("free", "What a free correction does", tuple(_free(comparison))),
            ("tuning", "What was tried", tuple(tuning(comparison))),
            ("seeds", "Seed by seed", tuple(_seeds(comparison, drawn))),
            ("classes", "Recall of each class", tuple(_classes(comparison, drawn))),
            ("confusion", "Confusion matrices", tuple(_confusion(comparison, drawn))),
            ("calibration", "Calibration and priors", tuple(_calibration(comparison, drawn))),
            ("curves", "Learning curves", tuple(_curves(drawn))),
            ("more", "Further numbers", tuple(_more(comparison))),
            ("strategies", "The strategies", tuple(_strategies(comparison))),
            ("reading", "How to read this", (Definitions(tuple(READING.items())),)),
            ("data", "Data", tuple(_data(comparison))),
            ("setup", "Recipe, weights and machine", tuple(_setup(comparison))),
            ("files", "Files", tuple(_files(comparison))),
        )
        if blocks
    ]
    return Page(
        first.title,
        first.subtitle,
        first.verdict,
        first.follow_up,
        first.warnings,
        first.lead,
        tuple(sections),
        first.highlights,
    )


def headline(comparison: Comparison) -> Page:
    """Return only what stands first: title, verdict, warnings and the main table."""
    return Page(
        title=printable(str(comparison.manifest.get("name") or comparison.folder.name or "Report")),
        subtitle=_subtitle(comparison),
        verdict=verdict(comparison),
        follow_up=follow_up(comparison),
        warnings=tuple(_warnings(comparison)),
        lead=(tables.main_table(comparison),),
        sections=(),
        highlights=tuple(_highlights(comparison)),
    )


READING = {
    "Macro-F1": "F1 of each class, then the plain mean over the whole class list, however rare a "
    "class is. A class that is never predicted counts as 0; it does not drop out.",
    "Never predicted": "Classes that no test image was assigned to: the classifier ignores them.",
    "Zero recall": "Classes of which no test image was recognised. This includes every class that "
    "is never predicted, and those predicted only for images of other classes.",
    "Balanced accuracy, accuracy": "Mean recall over classes, and share of all test images that "
    "are right. The test images keep the natural distribution, so helping rare classes tends to "
    "raise the first and lower the second: look at both.",
    "Worst-class recall": "Recall of the class that fares worst.",
    "Wilson interval": "The true recalls that the observed one is compatible with, at 95 %, with "
    "the correction of Brown, Cai and DasGupta near 0 and 1. With "
    "10 test images of a class and none recognised it reaches from 0 to .28: few test images say "
    "little.",
    "p, same images": "How often a difference in macro-F1 as large as this one comes about if each "
    "test image's two predictions, the strategy's and the baseline's, are exchanged at random: "
    "whether these networks differ, not whether the next training would. Corrected by Holm for "
    "all strategies, which the interval is not. And where classes have few test images, an "
    "interval that draws among those few sees too little of how others would differ, while an "
    "exchange counts how easily so few fall one way: then it can exclude 0 though p is above .05. "
    "Believe the more cautious of the two.",
    "p, over seeds": "Whether another training on another split would differ again. The larger of "
    "two: how often a mean difference as large comes about if the sign of every seed's difference "
    "is drawn at random; and a t-test that adds the chance of the test images which seeds share, "
    "for splits of one set of images overlap. Corrected by Holm; below 8 seeds it can't get small.",
    "Biggest sure gain, biggest sure loss": "Of all classes and strategies the change of recall "
    "whose interval stays farthest from 0, so that a class of one test image is not the biggest.",
    "Took effect": "While a strategy trains it is measured what it does, against what the same "
    "network would have done otherwise with the same images: draws against class sizes, the loss's "
    "gradient against that of cross-entropy, labels against the largest logit. A strategy that is "
    "not seen to do what it declares, trains other blocks than it should or leaves the common "
    "budget is flagged.",
    "Free correction": "A decision that needs no training, fitted on the validation images to a "
    "network as it is. What a training gains beyond it is what the training is worth.",
    "Steps, seconds": "Every strategy gets the same number of optimizer steps, whatever it "
    "samples. What several strategies share is trained once. Seconds are those of its training "
    "steps, taken while other trainings shared the machine.",
    "Many, medium, few images": "Mean recall over the third of the classes with the most, the "
    "middle and the fewest training images.",
    "Calibration error": "How far the confidence in the predicted class is, on average, from how "
    "often it is right. Class-wise: the same of the probability of every class, whether it is the "
    "largest or not, mean over classes.",
    "Geometric mean, MCC, log-loss": "The geometric mean of the recalls, 0 as soon as one class is "
    "never found; Matthews' correlation of true and predicted classes, 0 for guessing; the mean of "
    "minus the logarithm of the true class's probability.",
    "Balanced": "As if all classes were equally frequent among the test images: each counts by one "
    "over the number of its class.",
}


def _subtitle(comparison: Comparison) -> str:
    data = tables.mapping(comparison.manifest.get("data"))
    name = data.get("name") or tables.mapping(comparison.manifest.get("experiment")).get("data")
    parts = [
        pluralize(len(comparison.strategies), "strategy", "strategies"),
        pluralize(len(comparison.seeds), "seed", "seeds"),
        (f"{printable(str(name))}: " if name else "")
        + pluralize(len(comparison.classes), "class", "classes"),
    ]
    counts = comparison.train_counts
    if counts and min(counts) > 0:
        parts[-1] += (
            f" with {format_count(max(counts))} to {format_count(min(counts))} training images"
            f" (ratio {format_count(max(counts) / min(counts))})"
        )
    return " · ".join(parts)


def _warnings(comparison: Comparison) -> Iterator[str]:
    run, said = comparison.manifest, set()

    def once(text: Any) -> Iterator[str]:
        text = " ".join(printable(str(text or "")).split())
        if text and text not in said:
            said.add(text)
            yield text[0].upper() + text[1:]

    failed = comparison.failures["strategy"].value_counts(sort=False)
    if len(failed):
        seeds = len(comparison.seeds)
        of = {name: f" on {n} of {seeds} seeds" if n < seeds else "" for name, n in failed.items()}
        names = join_names([as_code(str(name)) + on for name, on in of.items()])
        names = names if len(failed) < 4 else f"{len(failed)} strategies"
        yield from once(f"Failed: {names}; the errors stand below the table.")
    if (comparison.summary["status"] == "partly failed").any():
        yield from once(
            "Where a seed failed, means are over the seeds that finished: "
            "rows then compare different seeds."
        )
    rows = comparison.seed_rows
    cut_up = rows[rows["micro_batch"] < rows["batch_size"]]
    if len(cut_up):
        names = join_names([as_code(name) for name in dict.fromkeys(cut_up["strategy"])])
        yield from once(
            f"Memory ran out: {names} trained in micro-batches of "
            f"{format_count(cut_up['micro_batch'].min())} images. The gradient is still that of "
            f"{format_count(cut_up['batch_size'].max())}, but batch norm averaged over fewer than in the "
            "other rows."
        )
    yield from once(audit.warning(comparison))
    weights = tables.mapping(run.get("weights"))
    yield from once(weights.get("message"))
    yield from once(few_images_words(comparison))
    for message in [*comparison.messages, *(tables.mapping(run.get("data")).get("messages") or [])]:
        yield from once(message)


def _highlights(comparison: Comparison) -> Iterator[str]:
    if _is_quick(comparison):
        return
    for words in (
        class_changes.biggest_words,
        diagnoses.diagnoses_words,
        posthoc.corrected_words,
    ):
        if said := words(comparison):
            yield said


def _is_quick(comparison: Comparison) -> bool:
    return bool(comparison.manifest.get("quick"))


def _failures(comparison: Comparison) -> Iterator[Block]:
    for record in comparison.failures.to_dict("records"):
        yield Details(
            f"{as_code(str(record['strategy']))}, seed {record['seed']}: {record['error']}",
            (Code(printable(str(record.get("traceback") or "No traceback was recorded."))),),
        )


def _certainty(comparison: Comparison) -> Iterator[Block]:
    if table := tables.certainty_table(comparison):
        yield table
    if table := tables.intervals_table(comparison):
        yield Details("Macro-F1, balanced accuracy and accuracy, each on its own", (table,))


def _gains(comparison: Comparison) -> Iterator[Block]:
    yield from class_changes.gains_tables(comparison)


def _effects(comparison: Comparison, drawn: Drawn) -> Iterator[Block]:
    if table := audit.effects_table(comparison):
        yield table
    if "effects" in drawn:
        yield _figure(
            drawn,
            "effects",
            training_effects.CAPTION,
            "Shares of draws and of the gradient, and shift of the logits, by class, two panels a "
            "strategy; numbers in effects.csv.",
        )
    if checks := audit.checks_table(comparison):
        yield Details("Every check, and what was seen", (checks,))


def _causes(comparison: Comparison) -> Iterator[Block]:
    table, causes = diagnoses.diagnoses_table(comparison), diagnoses.causes_table(comparison)
    if table:
        yield table
    if causes:
        yield Details("Causes under every strategy", (causes,))
        yield Details("The rules", (diagnoses.rules_table(),))


def _free(comparison: Comparison) -> Iterator[Block]:
    if table := posthoc.corrected_table(comparison):
        yield table


def _calibration(comparison: Comparison, drawn: Drawn) -> Iterator[Block]:
    if "reliability" in drawn:
        yield _figure(
            drawn,
            "reliability",
            reliability.CAPTION,
            "Share of right predictions over confidence, a panel a strategy; "
            "calibration errors are in the table below, the points in reliability.csv.",
        )
    if table := priors_table(comparison):
        yield table


def _seeds(comparison: Comparison, drawn: Drawn) -> Iterator[Block]:
    if "seeds" not in drawn:
        return
    yield _figure(
        drawn,
        "seeds",
        "A ring is a seed, a bar the mean. Seeds are paired: for differences see above.",
        "Macro-F1 and classes never predicted of every strategy and seed; "
        "the same numbers are in the table below.",
    )
    yield tables.ranges_table(comparison)
    yield Details("Every seed as a row", (tables.seeds_table(comparison),))


def _classes(comparison: Comparison, drawn: Drawn) -> Iterator[Block]:
    if "recall" not in drawn:
        return
    never = "predicted in no seed" if len(comparison.seeds) > 1 else "never predicted"
    yield _figure(
        drawn,
        "recall",
        f"Recall, classes ordered by training images. ×: {never}. Bars: training images.",
        "Heat map of recall, a row a class and a column a strategy; "
        "the same numbers are in the table below.",
    )
    yield from tables.recall_tables(comparison)


def _confusion(comparison: Comparison, drawn: Drawn) -> Iterator[Block]:
    if "confusion" not in drawn:
        return
    yield _figure(
        drawn,
        "confusion",
        "Each row is a true class, largest first, and shows what share of its test images was "
        "called what, in the same order. The diagonal is recall; a column without colour is a "
        "class never predicted.",
        "Confusion matrices, one a strategy; the most frequent errors are in the table below.",
    )
    yield Details("The most frequent errors as a table", (tables.confusions_table(comparison),))


def _curves(drawn: Drawn) -> Iterator[Block]:
    ours = (
        "Coloured: the strategy, a line a seed; grey: all others. Dotted: a new phase. "
        "A decision fitted after training is not in it yet."
    )
    if "curve_macro_f1" in drawn:
        yield _figure(
            drawn,
            "curve_macro_f1",
            f"Macro-F1 on the validation images. {ours}",
            "Validation macro-F1 over optimizer steps, a panel a strategy; numbers in curves.csv.",
        )
    if "curve_never_predicted" in drawn:
        yield _figure(
            drawn,
            "curve_never_predicted",
            f"Classes never predicted on the validation images. {ours}",
            "Classes never predicted over optimizer steps, a panel a strategy; "
            "numbers in curves.csv.",
        )
    if "curve_loss" in drawn:
        loss = _figure(
            drawn,
            "curve_loss",
            "Training loss, solid, and validation loss, dashed. A strategy that changes the loss "
            "is on a scale of its own: compare shapes, not heights.",
            "Training and validation loss over optimizer steps, a panel a strategy; "
            "numbers in curves.csv.",
        )
        yield Details("Losses", (loss,))


def _figure(drawn: Drawn, name: str, caption: str, alt: str) -> Figure:
    return Figure(name, to_svg(drawn[name], name), caption, alt)


def _more(comparison: Comparison) -> Iterator[Block]:
    if table := tables.more_table(comparison):
        yield table


def _strategies(comparison: Comparison) -> Iterator[Block]:
    for name in comparison.strategies:
        yield Heading(printable(name))
        yield from _prose(comparison.descriptions.get(name) or "No description.")
        if used := _parameters(comparison, name):
            yield Paragraph(f"Parameters: {used}")


def _parameters(comparison: Comparison, strategy: str) -> str:
    """Return a strategy's parameters as used; empty where it has none or none were recorded."""
    for asked in map(tables.mapping, comparison.manifest.get("asked") or []):
        if asked.get("name") == strategy:
            pairs = tables.mapping(asked.get("parameters")).items()
            return ", ".join(as_code(printable(f"{name}={value}")) for name, value in pairs)
    return ""


def _prose(docstring: str) -> Iterator[Block]:
    """Turn a docstring into paragraphs; an indented one stays as it was typed."""
    for part in re.split(r"\n\s*\n", inspect.cleandoc(printable(docstring))):
        if part.startswith((" ", "\t")):
            yield Code(inspect.cleandoc(part))
        elif part.strip():
            yield Paragraph(" ".join(part.replace("``", "`").split()))


def _data(comparison: Comparison) -> Iterator[Block]:
    data = tables.mapping(comparison.manifest.get("data"))
    said = ("name", "description", "counts", "classes", "messages")
    if data.get("description"):
        yield from _prose(str(data["description"]))
    experiment = tables.mapping(comparison.manifest.get("experiment"))
    pairs = {"name": data.get("name"), "imbalance": experiment.get("imbalance")}
    pairs |= {name: value for name, value in data.items() if name not in said}
    yield from _given(tables.facts(pairs))
    for message in data.get("messages") or []:
        yield Paragraph(printable(str(message)))
    if counts := tables.counts_table(comparison):
        yield Details("Images of each class in each part", (counts,))


def _setup(comparison: Comparison) -> Iterator[Block]:
    run = comparison.manifest
    experiment = dict(tables.mapping(run.get("experiment")))
    yield Heading(training.recipe_title(experiment))
    yield from _prose(training.recipe_words(experiment))
    yield from _given(training.phases_table(experiment))
    said = ("recipe", "name", "description", "phases", "phase_steps", "first_trained", "changed")
    pairs = {**experiment, **tables.mapping(experiment.get("recipe")), "seeds": run.get("seeds")}
    pairs["batch_size"] = training.batch_size(experiment)
    yield from _given(tables.facts({k: value for k, value in pairs.items() if k not in said}))
    weights = tables.mapping(run.get("weights"))
    if weights:
        yield Heading("Weights")
        yield from _given(tables.facts(weights))
    environment = tables.mapping(run.get("environment"))
    if environment:
        yield Heading("Machine and versions")
        yield from _given(tables.facts(environment))
    if run.get("command"):
        yield Heading("Command")
        yield Code(printable(str(run["command"])))


def _given(block: Block | None) -> Iterator[Block]:
    if block:
        yield block


def _files(comparison: Comparison) -> Iterator[Block]:
    tuned = (("tuning.csv", "One row a strategy, seed and trial: parameters and their score."),)
    yield Definitions(
        (
            *(tuned if comparison.manifest.get("tuning") else ()),
            ("summary.csv", "One row a strategy: the first table, the mean over seeds."),
            ("seeds.csv", "One row a strategy and seed, with further numbers."),
            ("per_class.csv", "One row a strategy, seed and class."),
            ("recalls.csv", "One row a strategy and class: recall over all seeds, interval."),
            ("intervals.csv", "One row a strategy and metric: value and 95 % interval."),
            ("paired.csv", "The same for the difference from the baseline, with tests."),
            ("class_changes.csv", "One row a strategy and class: recall minus the baseline's."),
            ("corrected.csv", "One row a strategy, seed and decision that needs no training."),
            ("audit.csv", "One row a strategy, seed and check: what had to be seen, and was."),
            ("effects.csv", "One row a strategy, seed and class: draws, gradient, logits."),
            ("diagnoses.csv", "One row a strategy, seed and ignored class: cause and signals."),
            ("predictions.csv", "One row a strategy, seed and image of validation and test."),
            ("curves.csv", "One row a strategy, seed and evaluation during training."),
            ("confusion.csv", "One row a strategy and pair of classes, test images of all seeds."),
            (
                "reliability.csv",
                "One row a strategy and bin of confidence, all seeds together.",
            ),
            ("class_images.csv", "One row a class: its images in each part, as split first."),
        )
    )
    yield Paragraph(
        "In the CSV files a text that a spreadsheet could take for a formula has one apostrophe "
        "put before it, and so has one that begins with an apostrophe: drop one leading "
        "apostrophe to get the text back."
    )
