"""The page of a run's images, in the order of the report's tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from benchmark.analysis.shown_images import BASELINE, Gallery, ShownClass, ShownImage, ShownPair
from benchmark.evaluation.diagnosis import UNDETERMINED
from benchmark.report.gallery.links import class_id
from benchmark.report.gallery.thumbnails import Thumbnails, short
from benchmark.report.render.blocks import (
    Block,
    Heading,
    Link,
    Page,
    Paragraph,
    Pictures,
    Section,
    add_sections,
    as_code,
    without_ticks,
)
from benchmark.report.render.formats import format_share
from benchmark.system.text import join_names, pluralize

MOST_CONFUSERS = 4  # classes that a sentence names
NOTICES = (
    "This page holds images of the data. The report beside it holds none: pass on that alone where "
    "the images must not go, or run with --no-gallery.",
    "These are test images. If you choose a strategy, or change the data, by what they show, they "
    "no longer measure the result: take new ones.",
)


def build_page(
    gallery: Gallery, name: str, seeds: int, thumbnails: Thumbnails, where: tuple[str, ...]
) -> Page:
    """Return the page of a run of so many seeds; `where` are sentences on where networks look."""
    page = Page(
        title=f"{name}: pictures",
        subtitle=_subtitle(gallery, seeds),
        verdict=_verdict(gallery),
        follow_up="",
        warnings=tuple(_warnings(gallery)),
        lead=(Link("The report, with the numbers", "report.html"),),
        sections=(),
        highlights=(*_highlights(gallery, seeds), *where),
    )
    surest = f"The surest of {gallery.number_of_errors:,} errors"
    rest = (
        ("errors", surest, _errors(gallery, thumbnails)),
        ("pairs", "The most confused pairs of classes", _pairs(gallery, thumbnails)),
    )
    classes = tuple(_class_section(gallery, each, thumbnails) for each in gallery.classes)
    page = add_sections(page, rest)
    entries = {"errors": "Surest errors", "pairs": "Confused pairs"}
    others = tuple(replace(section, entry=entries[section.id]) for section in page.sections)
    return replace(page, sections=(*classes, *others))


def _subtitle(gallery: Gallery, seeds: int) -> str:
    seed = f"seed {gallery.seed} of {seeds}" if seeds > 1 else f"seed {gallery.seed}"
    names = [f"{each.name} ({each.role})" for each in gallery.strategies]
    return f"{seed} · {gallery.test_images:,} test images · {join_names(names)}"


def _verdict(gallery: Gallery) -> str:
    first, number = as_code(gallery.strategies[0].name), len(gallery.classes)
    if gallery.ignored:
        classes = pluralize(gallery.ignored, "class", "classes")
        these = "It is" if gallery.ignored == 1 else "They are"
        if number < gallery.ignored:
            these = f"The {number} of the lowest recall are"
        return f"{first} recognises at most one test image in ten of {classes}. {these} shown here."
    if number:
        which = "The one" if number == 1 else f"The {number}"
        s = "is" if number == 1 else "are"
        return f"{first} ignores no class. {which} that it recognises least {s} shown here."
    return f"{first} makes no error on the test images."


def _warnings(gallery: Gallery) -> Iterator[str]:
    yield from NOTICES
    if left_out := max(gallery.ignored - len(gallery.classes), 0):
        classes = pluralize(left_out, "ignored class is", "ignored classes are")
        yield f"{classes} left out: a page has room for {len(gallery.classes)}."
    if gallery.has_wrong_labels:
        yield (
            "Some labels were made wrong on purpose. An image stands under the label that it is "
            "given; where another is right, it says so."
        )


def _highlights(gallery: Gallery, seeds: int) -> Iterator[str]:
    first, *others = gallery.strategies
    score = f"macro-F1 {format_share(first.validation)}"
    if others:
        best = others[0]
        yield (
            f"Beside the baseline {as_code(first.name)} stands {as_code(best.name)}, which is best "
            f"on validation (macro-F1 {format_share(best.validation)}; the baseline: "
            f"{format_share(first.validation)})."
        )
    elif first.role == BASELINE:
        yield f"No strategy is better on validation than the baseline ({score}): it stands alone."
    else:
        yield f"The baseline failed: {as_code(first.name)} ({first.role}) stands alone."
    if seeds > 1:
        yield (
            f"One seed of {seeds} is shown, {gallery.seed}: networks of other seeds may err on "
            "other images."
        )
    else:
        yield "One training is shown: another may err on other images."
    yield (
        "The number beside a class is the probability that the network gives it, before a decision "
        "such as moved thresholds."
    )


def _class_section(gallery: Gallery, row: ShownClass, thumbnails: Thumbnails) -> Section:
    label = short(row.label)
    return Section(
        class_id(row.index),
        f"{label}: {row.hits[0]} of {row.test_count:,} recognised",
        tuple(_class_blocks(gallery, row, thumbnails)),
        entry=label,
    )


def _class_blocks(gallery: Gallery, row: ShownClass, thumbnails: Thumbnails) -> Iterator[Block]:
    label = without_ticks(short(row.label))
    yield Paragraph(" ".join(_class_sentences(gallery, row)))
    number = pluralize(row.test_count, "test image", "test images")
    if len(row.test) < row.test_count:
        number += f", {len(row.test)} of them shown, the surest errors first"
        if len(gallery.strategies) > 1:
            number += ", some that only the best recognises among them"
    yield Heading(number.capitalize())
    yield from thumbnails.of_test(row.test)
    if row.training:
        yield Heading(f"Training images of {label}")
        yield from thumbnails.of_training(row.training)
    if row.of_confuser:
        yield Heading(f"For comparison: training images of {short(row.confuser)}")
        yield from thumbnails.of_training(row.of_confuser)


def _class_sentences(gallery: Gallery, row: ShownClass) -> Iterator[str]:
    first, *others = (as_code(each.name) for each in gallery.strategies)
    yield f"{pluralize(row.train_count, 'training image', 'training images')}."
    if others:
        yield f"{first} recognises {row.hits[0]} of {row.test_count:,} test images,"
        yield f"{others[0]} {row.hits[1]}."
    wrong = [(name, number) for name, number in row.predicted if name != row.label]
    if wrong:
        names = [f"{without_ticks(short(name))} ({n:,})" for name, n in wrong[:MOST_CONFUSERS]]
        if len(wrong) > MOST_CONFUSERS:
            names.append(pluralize(len(wrong) - MOST_CONFUSERS, "other class", "other classes"))
        yield f"{first} takes them for {join_names(names)}."
    if row.cause and row.cause != UNDETERMINED:
        yield f"Likely cause, in the report: {row.cause}."


def _errors(gallery: Gallery, thumbnails: Thumbnails) -> Iterator[Block]:
    if gallery.errors:
        first = as_code(gallery.strategies[0].name)
        yield Paragraph(
            f"Test images of any class that {first} calls wrong with the most confidence. A label "
            "may be what is wrong: the command `labels` looks for such."
        )
        yield from thumbnails.of_test(gallery.errors)


def _pairs(gallery: Gallery, thumbnails: Thumbnails) -> Iterator[Block]:
    if gallery.pairs:
        first = as_code(gallery.strategies[0].name)
        yield Paragraph(
            f"The classes between which {first} errs most often, of all sizes: test images that "
            "are taken for the other class, beside training images of that."
        )
    for pair in gallery.pairs:
        yield from _pair(pair, thumbnails)


def _pair(pair: ShownPair, thumbnails: Thumbnails) -> Iterator[Block]:
    names = tuple(short(label) for label in pair.labels)
    yield Heading(f"{names[0]} and {names[1]}")
    for k in (0, 1):
        if not pair.errors[k]:
            continue
        label, other = (without_ticks(name) for name in (names[k], names[1 - k]))
        count = f"{pair.errors[k]:,} of {pair.test_counts[k]:,}"
        taken = f"{count} test images of {label} are taken for {other}"
        yield from _row(pair.test[k], taken, thumbnails)
        yield from _row(pair.training[1 - k], f"Training images of {other}", thumbnails)


def _row(images: tuple[ShownImage, ...], caption: str, thumbnails: Thumbnails) -> Iterator[Block]:
    if images:
        yield Pictures(tuple(thumbnails.photograph(image) for image in images), caption)
