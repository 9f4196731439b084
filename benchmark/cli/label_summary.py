"""The work of the command `labels`, and what it prints."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from benchmark.analysis.label_tables import LabelTables
from benchmark.cli.data_summary import print_table
from benchmark.cli.program import program_words
from benchmark.execution.label_audit import LabelAudit
from benchmark.report.labels import sentences
from benchmark.report.labels.command import run_command
from benchmark.report.labels.page import LabelFiles
from benchmark.result.labels import labels
from benchmark.system.display import terminal_progress
from benchmark.system.output import lasting_stdout
from benchmark.system.terminal import print_lines
from benchmark.system.text import printable

MOST_CONFUSIONS = 10  # on a terminal


def show_audit(data: str, out: str | None, settings: Mapping[str, Any]) -> None:
    """Judge the labels of the data, print what was found and where it was written."""
    result = labels(data, out=out, progress=terminal_progress(), **settings)
    print_audit(result.audit, result.tables)
    _print_files(result.files, result.audit)


def print_audit(audit: LabelAudit, tables: LabelTables, console: Console | None = None) -> None:
    """Print what was found on the terminal."""
    console = console or Console(file=lasting_stdout(), highlight=False)
    spec, description = printable(audit.images.spec), printable(audit.images.description)
    console.print(Text.assemble((spec, "bold"), f": {description}"))
    for sentence in (
        sentences.verdict,
        sentences.not_judged_sentence,
        sentences.rates_sentence,
        sentences.conflicts_sentence,
        sentences.agreement_sentence,
    ):
        if text := sentence(tables):
            console.print(Text(f"  {text}"))
    if audit.judged.any():
        console.print(Text(f"  {sentences.features_sentence(audit.network)}"))
    rates = tables.class_rates
    columns = ["class", "group", "images", "suspects", "share"]
    if rates["group"].nunique() == 1:
        columns.remove("group")
    shares = rates["share"].map("{:.3f}".format).where(rates["judged"] > 0, "can't be judged")
    classes = rates[columns].assign(share=shares)
    print_table(console, classes, "Classes", len(classes))
    if len(tables.confusions):
        print_table(console, tables.confusions, "Labels that look wrong", MOST_CONFUSIONS)
    warning = sentences.tail_warning(tables)
    what = sentences.WHAT_FLAGS_ARE if len(tables.suspects) else ""
    for message in filter(None, (*audit.messages, warning, what)):
        console.print(Text(printable(f"- {message}")))


def _print_files(files: LabelFiles, audit: LabelAudit) -> None:
    edited, written = list(map(str, files.label_file.edited)), str(files.label_file.path)
    is_corrected = audit.images.uncorrected is not None
    if text := sentences.edited_sentence(edited, written, is_corrected):
        print_lines(text)
    print_lines(f"Pictures of the suspects: {files.page}")
    print_lines(f"All labels, to be corrected in the column label: {written}")
    command = run_command(audit, written, program_words())
    print_lines(f"Then, with the corrected labels: {command}")
