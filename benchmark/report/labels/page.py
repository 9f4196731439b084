"""The page of a label audit: suspects with pictures, rates, confusions, copies, what to do next."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from benchmark.analysis.label_tables import LabelTables
from benchmark.data.duplicates.copies import Copy
from benchmark.data.pixels.picture import encoded_picture
from benchmark.execution.label_audit import LabelAudit
from benchmark.report.labels import files
from benchmark.report.labels.command import run_call, run_command
from benchmark.report.labels.sentences import (
    WHAT_FLAGS_ARE,
    agreement_sentence,
    conflicts_sentence,
    edited_sentence,
    features_sentence,
    not_judged_sentence,
    rates_sentence,
    tail_warning,
    verdict,
)
from benchmark.report.labels.suspects import suspects_blocks
from benchmark.report.render import html
from benchmark.report.render.blocks import (
    Block,
    Cell,
    Code,
    Definitions,
    Page,
    Paragraph,
    Picture,
    Pictures,
    Table,
    add_sections,
    make_row,
)
from benchmark.report.render.formats import format_count, format_share
from benchmark.report.render.safe_text import shorten
from benchmark.storage.atomic import write_text
from benchmark.system.text import pluralize

MOST_CLASSES, LISTED = 100, 50  # of more classes, so many are listed
MOST_CONFUSIONS, MOST_CONFLICTS = 20, 50  # on the page; the CSV files have all
_NOT_JUDGED = "can't be judged"


@dataclass(frozen=True)
class LabelFiles:
    """What an audit has written."""

    page: Path
    label_file: files.CorrectionsFile
    tables: dict[str, Path]  # name -> path


def write_label_files(audit: LabelAudit, tables: LabelTables, folder: Path) -> LabelFiles:
    """Write the tables, the file for corrections and the page."""
    written = files.write_tables(tables, folder)
    label_file = files.write_corrections(tables, folder)
    path = folder / files.PAGE
    write_text(path, html.render(build_page(audit, tables, label_file)))
    return LabelFiles(path, label_file, written)


def build_page(audit: LabelAudit, tables: LabelTables, label_file: files.CorrectionsFile) -> Page:
    """Return the page."""
    images, csv = audit.images, label_file.path.name
    names = [path.name for path in label_file.edited]
    edited = edited_sentence(names, csv, images.uncorrected is not None)
    headline = Page(
        title=f"{images.name}: labels",
        subtitle=_subtitle(audit),
        verdict=verdict(tables),
        follow_up=WHAT_FLAGS_ARE if len(tables.suspects) else "",
        warnings=tuple(filter(None, (edited, tail_warning(tables), *audit.messages))),
        lead=(
            _rates_table(tables.group_rates, "group", files.GROUP_RATES, rates_sentence(tables)),
        ),
        sections=(),
        highlights=tuple(_highlights(audit, tables, label_file)),
    )
    suspects = suspects_blocks(tables, audit.pixels, csv) if len(tables.suspects) else ()
    listed, sentence = tables.class_rates, "How many labels of each class look wrong."
    if (classes := len(listed)) > MOST_CLASSES:
        listed = listed.sort_values("share", ascending=False, kind="stable").head(LISTED)
        sentence += f" Of {classes:,} classes the {LISTED} of which most do; the file has all."
    rates = _rates_table(listed, "class", files.CLASS_RATES, sentence)
    contents = (
        ("next", "What to do next", _next_steps(audit, label_file)),
        ("suspects", f"Suspects ({len(tables.suspects):,})", suspects),
        ("confusions", "What is taken for what", _confusions(tables.confusions)),
        ("classes", "Classes", (rates,)),
        (
            "conflicts",
            f"Same picture, different labels ({len(tables.conflicts):,})",
            _conflicts(audit),
        ),
    )
    return add_sections(headline, contents)


def _subtitle(audit: LabelAudit) -> str:
    judged = int(audit.judged.sum())
    images = pluralize(judged or len(audit.judged), "image", "images")
    how = ", each judged by a linear classifier that has not seen it" if judged else ""
    return f"{images} of {len(audit.images.classes)} classes{how}"


def _highlights(
    audit: LabelAudit, tables: LabelTables, label_file: files.CorrectionsFile
) -> Iterator[str]:
    if len(tables.conflicts):
        wrong = "At least one label of a pair is wrong"
        yield f"{conflicts_sentence(tables)} {wrong}: {files.CONFLICTS}."
    if unread := len(audit.images) - len(audit.readable):
        are = "image that can't be read was" if unread == 1 else "images that can't be read were"
        yield f"{unread:,} {are} not looked at."
    yield from filter(None, (not_judged_sentence(tables), agreement_sentence(tables)))
    if audit.judged.any():
        yield features_sentence(audit.network)
    yield f"All images with their labels are in {label_file.path.name}, the suspects first."


def _rates_table(rates: pd.DataFrame, kind: str, csv: str, sentence: str) -> Table:
    """Return a table of flag rates, with a row for each class or group."""
    is_group, has_groups = kind == "group", rates["group"].nunique() > 1
    rows = []
    for row in rates.to_dict("records"):
        group = row["group"] if has_groups else "all"
        if is_group:
            names = [group, format_count(row["classes"])]
        else:
            names = [row["class"], group][: 1 + has_groups]
        bounds = f"{format_share(row['low'], 2)} to {format_share(row['high'], 2)}"
        share = Cell(format_share(row["share"]), bounds) if row["judged"] else _NOT_JUDGED
        counts = (format_count(row["images"]), format_count(row["suspects"]))
        rows.append(make_row(*names, *counts, share))
    caption = f"{sentence} With 95 % intervals (Clopper & Pearson 1934)."
    columns = ["Group", "Classes"] if is_group else ["Class", "Group"][: 1 + has_groups]
    columns += ["Images", "Suspects", "Share"]
    return Table(caption, tuple(columns), tuple(rows), frozenset({0}), csv)


def _confusions(confusions: pd.DataFrame) -> Iterator[Block]:
    if confusions.empty:
        return
    some = confusions.head(MOST_CONFUSIONS)
    rows = tuple(
        make_row(shorten(label), shorten(suggested), format_count(number))
        for label, suggested, number in some.itertuples(index=False, name=None)
    )
    more = "" if len(some) == len(confusions) else f" The first {len(some)} of {len(confusions)}."
    caption = f"Which labels look like which other class, the most frequent first.{more}"
    columns = ("Label", "Looks like", "Suspects")
    yield Table(caption, columns, rows, frozenset({0, 1}), files.CONFUSIONS)


def _conflicts(audit: LabelAudit) -> Iterator[Block]:
    if not audit.conflicts:
        return
    some = audit.conflicts[:MOST_CONFLICTS]
    number = f" {len(some)} are shown." if len(some) < len(audit.conflicts) else ""
    yield Paragraph(
        "Pairs of images that look the same and have two labels, of which at least one is wrong."
        f"{number} All are in {files.CONFLICTS}; correct them as well."
    )
    for copy in some:
        yield Pictures(tuple(_pair(audit, copy)), caption=copy.kind)


def _pair(audit: LabelAudit, copy: Copy) -> Iterator[Picture]:
    images = audit.images
    for index in (copy.original, copy.image):
        label = images.classes[images.labels[index]]
        yield Picture(
            encoded_picture(audit.pixels, index), shorten(images.files[index]), shorten(label)
        )


def _next_steps(audit: LabelAudit, label_file: files.CorrectionsFile) -> Iterator[Block]:
    labels = label_file.path.as_posix()
    if audit.in_memory:
        command = run_call(audit, labels)
    else:
        command = run_command(audit, labels, ["python", "-m", "benchmark"])
    name = label_file.path.name
    is_corrected = audit.images.uncorrected is not None
    corrected = ", `corrected` what the file of --labels says otherwise" if is_corrected else ""
    yield Definitions(
        (
            (
                "Correct",
                f"Look at the suspects below, and open {name}, which lies beside this page. Where "
                "a label is wrong, write the right class into the column `label`; leave all else. "
                "Only this column and the path are read back; `given` keeps what the data say"
                f"{corrected}. Rows may be sorted or removed: an image without one keeps the label "
                "of the data.",
            ),
            (
                "Leave out",
                "An image of no class: take its file, or its row of a table, out of the data.",
            ),
            (
                "Use it",
                "The command below trains and tests with these labels. The commands `data` and "
                "`labels` take `--labels` as well. Compare with a run without it: that is what the "
                "wrong labels cost.",
            ),
            (
                "Mind",
                "Labels of the test are corrected too, and a network has chosen which: that "
                "favours networks like it. Look at a random sample of the others before you "
                "report scores.",
            ),
        )
    )
    yield Code(command)
