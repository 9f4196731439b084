"""The page of a run: its headline, and its sections in order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Page, Section, printable
from benchmark.report.render.formats import format_count, pluralize
from benchmark.report.single.audit import audit_section
from benchmark.report.single.calibration import calibration_section
from benchmark.report.single.class_changes import class_changes_tables
from benchmark.report.single.confidence import confidence_section
from benchmark.report.single.confusion import confusion_section
from benchmark.report.single.csv_files import files_section
from benchmark.report.single.curves import curves_section
from benchmark.report.single.diagnoses import diagnoses_section
from benchmark.report.single.glossary import glossary
from benchmark.report.single.metric_tables import further_section, main_table
from benchmark.report.single.notices import highlights, warnings
from benchmark.report.single.posthoc import posthoc_section
from benchmark.report.single.recall import recall_section
from benchmark.report.single.search import search_section
from benchmark.report.single.seeds import seeds_section
from benchmark.report.single.setup import data_section, setup_section
from benchmark.report.single.significance import follow_up
from benchmark.report.single.strategies import descriptions_section, failures_section
from benchmark.report.single.verdict import verdict


def build_page(comparison: Comparison) -> Page:
    """Return the whole report, figures drawn; sections without content are left out."""
    run = comparison
    contents: tuple[tuple[str, str, Iterable[Block]], ...] = (
        ("failures", "What failed", failures_section(run)),
        ("confidence", "Confidence intervals and tests", confidence_section(run)),
        ("changes", "Recall by class, against the baseline", class_changes_tables(run)),
        ("diagnoses", "Why classes are ignored", diagnoses_section(run)),
        ("audit", "Implementation audit", audit_section(run)),
        ("posthoc", "Post-hoc adjustment", posthoc_section(run)),
        ("search", "Hyper-parameter search", search_section(run)),
        ("seeds", "Results by seed", seeds_section(run)),
        ("recall", "Recall by class", recall_section(run)),
        ("confusion", "Confusion matrices", confusion_section(run)),
        ("calibration", "Calibration and class priors", calibration_section(run)),
        ("curves", "Learning curves", curves_section(run)),
        ("further", "Further metrics", further_section(run)),
        ("strategies", "Strategies", descriptions_section(run)),
        ("glossary", "Glossary", (glossary(),)),
        ("data", "Data", data_section(run)),
        ("setup", "Recipe, weights and machine", setup_section(run)),
        ("files", "Files", files_section(run)),
    )
    sections = (Section(id, title, tuple(blocks)) for id, title, blocks in contents)
    return replace(headline(run), sections=tuple(s for s in sections if s.blocks))


def headline(comparison: Comparison) -> Page:
    """Return the first screen: title, verdict, further results, warnings and the main table."""
    return Page(
        title=printable(comparison.manifest.name or comparison.folder.name or "Report"),
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
        classes += (
            f" with {format_count(max(counts))} to {format_count(min(counts))} training images"
            f" (ratio {format_count(max(counts) / min(counts))})"
        )
    return " · ".join(
        (
            pluralize(len(comparison.strategies), "strategy", "strategies"),
            pluralize(len(comparison.seeds), "seed", "seeds"),
            f"{printable(comparison.manifest.data.name)}: {classes}",
        )
    )
