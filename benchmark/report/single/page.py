"""The page of a run: its headline, and its sections in order."""

from collections.abc import Callable, Iterable

from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.evaluation.metrics.registry import METRICS
from benchmark.report.render.blocks import Block, Definitions, Page, add_sections
from benchmark.report.render.formats import format_count, lower_first
from benchmark.report.single import curves
from benchmark.report.single.audit import audit_section, draw_training_effects
from benchmark.report.single.calibration import calibration_section, draw_reliability
from benchmark.report.single.confidence import confidence_section
from benchmark.report.single.confusion import confusion_section, draw_confusion
from benchmark.report.single.costs import costs_section
from benchmark.report.single.coverage import coverage_section, draw_coverage
from benchmark.report.single.csv_files import files_section
from benchmark.report.single.diagnoses import diagnoses_section
from benchmark.report.single.fit import fit_section
from benchmark.report.single.follow_up import follow_up
from benchmark.report.single.further_metrics import further_section
from benchmark.report.single.metric_tables import main_table
from benchmark.report.single.more_images import draw_more_images, more_images_section
from benchmark.report.single.notices import highlights, warnings
from benchmark.report.single.posthoc import posthoc_section
from benchmark.report.single.recall import class_changes_section, draw_recall, recall_section
from benchmark.report.single.search import search_section
from benchmark.report.single.seeds import draw_seeds, seeds_section
from benchmark.report.single.setup import data_section, recipe_title, setup_section
from benchmark.report.single.strategies import descriptions_section, failures_section
from benchmark.report.single.verdict import verdict
from benchmark.report.single.wrong_labels import wrong_labels_section
from benchmark.system.text import pluralize

FIGURES: dict[str, Callable[[Comparison], Figure | None]] = {
    "seeds": draw_seeds,
    "more_images": draw_more_images,
    "recall": draw_recall,
    "confusion": draw_confusion,
    "training_effects": draw_training_effects,
    "reliability": draw_reliability,
    "coverage": draw_coverage,
    "curve_macro_f1": curves.draw_macro_f1,
    "curve_never_predicted": curves.draw_never_predicted,
    "curve_loss": curves.draw_loss,
}


def all_figures(comparison: Comparison) -> dict[str, Figure]:
    """Draw every figure that the run has numbers for: name -> matplotlib figure."""
    figures = {name: draw(comparison) for name, draw in FIGURES.items()}
    return {name: figure for name, figure in figures.items() if figure is not None}


def build_page(comparison: Comparison) -> Page:
    """Return the whole report, figures drawn; sections without content are left out."""
    run = comparison
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("failures", "What failed", failures_section(run)),
        ("confidence", "Confidence intervals and tests", confidence_section(run)),
        ("changes", "Recall by class, against the baseline", class_changes_section(run)),
        ("diagnoses", "Why classes are ignored", diagnoses_section(run)),
        ("more_images", "More images?", more_images_section(run)),
        ("audit", "Implementation audit", audit_section(run)),
        ("wrong_labels", "What is learnt of wrong labels", wrong_labels_section(run)),
        ("costs", "Cost of the decisions", costs_section(run)),
        ("posthoc", "Post-hoc adjustment", posthoc_section(run)),
        ("search", "Hyper-parameter search", search_section(run)),
        ("seeds", "Results by seed", seeds_section(run)),
        ("recall", "Recall by class", recall_section(run)),
        ("confusion", "Confusion matrices", confusion_section(run)),
        ("calibration", "Calibration and class priors", calibration_section(run)),
        ("coverage", "Error against coverage", coverage_section(run)),
        ("curves", "Learning curves", curves.curves_section(run)),
        ("fit", "Training against test", fit_section(run)),
        ("further", "Further metrics", further_section(run)),
        ("strategies", "Strategies", descriptions_section(run)),
        ("glossary", "Glossary", (glossary(),)),
        ("data", "Data", data_section(run)),
        ("setup", "Recipe, weights and machine", setup_section(run)),
        ("files", "Files", files_section(run)),
    )
    return add_sections(headline(run), contents)


def headline(comparison: Comparison) -> Page:
    """Return the first screen: title, verdict, further results, warnings and the main table."""
    return Page(
        title=comparison.manifest.name or comparison.folder.name or "Report",
        subtitle=_subtitle(comparison),
        verdict=verdict(comparison),
        follow_up=follow_up(comparison),
        warnings=tuple(warnings(comparison)),
        lead=(main_table(comparison),),
        sections=(),
        highlights=tuple(highlights(comparison)),
    )


def _subtitle(comparison: Comparison) -> str:
    counts = comparison.train_counts
    classes = pluralize(len(comparison.classes), "class", "classes")
    if min(counts) > 0:
        labelled = "" if comparison.findings.wrong_labels.empty else " as labelled"
        classes += (
            f" with {format_count(max(counts))} to {format_count(min(counts))} training images"
            f"{labelled} (ratio {format_count(max(counts) / min(counts))})"
        )
    strategies = pluralize(len(comparison.strategies), "strategy", "strategies")
    seeds = pluralize(len(comparison.seeds), "seed", "seeds")
    recipe = lower_first(recipe_title(comparison.manifest.experiment))
    return f"{strategies} · {seeds} · {comparison.manifest.data.name}: {classes} · {recipe}"


def glossary() -> Definitions:
    """Return all terms: metrics in the order of the tables, then the others."""
    metrics = [(metric.title, metric.description) for metric in METRICS.values()]
    return Definitions((*metrics, *OTHER_TERMS.items()))


OTHER_TERMS = {
    "Steps, seconds": "Every strategy gets the same number of optimizer steps, however it samples. "
    "One that averages several networks has as many times the steps, and its row says so. "
    "Strategies that share a network train it once. Seconds are those of the training steps, "
    "measured while other trainings shared the machine.",
    "Exact interval": "The true recalls that fit the observed one at 95 % (Clopper and Pearson). "
    "If none of a class's 10 test images is recognised, it reaches from 0 to .31: few test images "
    "say little.",
    "Interval": "The values that fit the result at 95 %. What it is over stands beside it. One "
    "seed: other test images, as many of each class, for these networks; it says nothing of "
    "other trainings. Own splits: other data of this kind, as many images, split and trained "
    "anew. A given split: other initialisations on these training images, and other test images. "
    "Images are added to the variance in each class, two right and two wrong, or for a difference "
    "one for either strategy (over seeds a quarter and a half as many): so one test image, or "
    "seeds that agree by chance, give no certainty. Accuracy of one seed has the exact interval, "
    "its difference that of Bonett and Price.",
    "p, test set": "For each test image the predictions of the strategy and of the baseline are "
    "exchanged at random. The p-value is how often macro-F1 then differs as much as observed. It "
    "asks whether these networks differ, not whether the next training would. There are 10,000 "
    "exchanges, and fewer of more than 20,000 images that differ, but at least 1,000. Holm's "
    "correction for all strategies is applied to p, not to the interval.",
    "p, seeds": "Whether other data of this kind or, where the split is given, other "
    "initialisations would differ again: the larger of two p-values. One draws the sign of every "
    "seed's difference at random. The other is a t-test that takes into account that seeds share "
    "images (Nadeau and Bengio 2003). Holm's correction is applied. Below 8 seeds p cannot get "
    "small.",
    "Told apart": "A difference is called one only if its interval excludes 0, the test agrees "
    "at 5 % after Holm's correction, and the null row, which changes nothing, moves less. Over "
    "several seeds that takes 8 or more. Of one seed it holds for the two networks: another "
    "training may differ more.",
    "Largest gain, largest loss": "Of all classes and strategies, the change of recall whose "
    "interval is farthest from 0, among those that are told apart if there are any. So a class "
    "with a single test image does not win.",
    "Audit": "While a strategy trains, the benchmark measures what it does: images drawn by class "
    "against the declared shares, the gradient of its loss against that of the declared formula on "
    "the same images, predicted labels against those of the decision, fitted again. A strategy is "
    "flagged if it does not do what it declares, as strongly as it declares it, if it trains other "
    "blocks than it should, or exceeds the common budget.",
    "Linear probe": "A linear classifier on the network's features, with a closed-form solution.",
    "AUC": "How often an image of a class scores higher than an image of another class; by chance "
    ".50.",
    "Main confuser": "The other class that takes a class's images most, beyond its share of all "
    "other images.",
    "Prior bias": "The network separates the images, but decides by the sizes of classes.",
    "Share of the gradient": "The norms of the gradient at the logits, summed over a class's "
    "images, as a share of the sum over all images.",
    "Coverage": "The share of images that a classifier decides; it abstains from the others, of "
    "which it is less confident.",
    "Post-hoc adjustment": "A decision that needs no training: it is fitted on the validation "
    "images to a trained network. Training is worth what it gains beyond that.",
}
