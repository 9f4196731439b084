"""The strategies of a run as a report lists them: row headings, shared networks, descriptions."""

import inspect
import re
from collections.abc import Iterator

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Code, Details, Heading, Paragraph, as_code
from benchmark.system.text import join_names, pluralize

FLAG = "failed its audit"


def network_titles(comparison: Comparison) -> dict[str, str]:
    """Return for each owner of a network its name and the other strategies that use the network."""
    return _titles(comparison.network_owners)


def probability_titles(comparison: Comparison) -> dict[str, str]:
    """Return the same of probabilities, of which a calibrated strategy has its own."""
    return _titles(comparison.probability_owners)


def _titles(owners: dict[str, str]) -> dict[str, str]:
    titles = {}
    for owner in dict.fromkeys(name for name, other in owners.items() if name == other):
        others = [name for name, other in owners.items() if other == owner and name != owner]
        titles[owner] = owner + (f" (also {join_names(others)})" if others else "")
    return titles


def row_kind(comparison: Comparison, strategy: str) -> str:
    """Return the kind of a strategy's row, see `Row`."""
    kinds = {comparison.null: "null", comparison.baseline: "baseline"}
    return kinds.get(strategy, "")


def short_name(comparison: Comparison, strategy: str) -> str:
    """Return "Plain fine-tuning" for a strategy that changes no component, or else its name."""
    info = comparison.manifest.available.get(strategy)
    return "Plain fine-tuning" if info and not info.components else as_code(strategy)


def extra_steps(comparison: Comparison, strategy: str) -> int:
    """Return the steps that a strategy takes after the common budget, in the first seed.

    Of several networks that are averaged, each has the common budget.
    """
    rows = comparison.seed_rows
    is_row = (rows["strategy"] == strategy) & (rows["seed"] == comparison.seeds[0])
    steps = rows["steps"][is_row].dropna().astype(int).sum()
    networks = max(averaged_networks(comparison, strategy), 1)
    return max(int(steps) - networks * sum(comparison.manifest.experiment.phase_steps), 0)


def averaged_networks(comparison: Comparison, strategy: str) -> int:
    """Return how many networks a strategy averages; 0 for one that has a network of its own."""
    infos = comparison.manifest.strategies
    return sum(len(info.members) for info in infos if info.name == strategy)


def caveats(comparison: Comparison, strategy: str) -> list[str]:
    """Return what makes a strategy's numbers unlike the others', wherever it is named."""
    extra, is_flagged = extra_steps(comparison, strategy), strategy in comparison.failed_checks
    more_steps = [f"{pluralize(extra, 'step', 'steps')} more than the others"] if extra else []
    if networks := averaged_networks(comparison, strategy):
        cost = f"{networks} networks: {networks} times the training and the time to predict"
        more_steps = [cost, *more_steps]
    return [*more_steps, FLAG] if is_flagged else more_steps


def heading_cell(comparison: Comparison, strategy: str) -> Cell:
    """Return the heading of a strategy's row: its name, and tags if it failed something."""
    null_row = comparison.null_row
    run = null_row if null_row and strategy == comparison.null else comparison
    status = run.summary.set_index("strategy")["status"].get(strategy, "ok")
    kinds = {comparison.null: "null row", comparison.baseline: "baseline"}
    tags = [kinds[strategy]] if strategy in kinds else []
    if status == "partly failed":
        failed = int((comparison.failures["strategy"] == strategy).sum())
        tags.append(f"{failed} of {pluralize(len(comparison.seeds), 'seed', 'seeds')} failed")
    tags += caveats(comparison, strategy)
    return Cell(strategy, note=", ".join(tags), mark="failed" if FLAG in tags else "")


def error_of(comparison: Comparison, strategy: str) -> str:
    """Return the first error of a strategy, in at most 200 letters."""
    errors = comparison.failures.loc[comparison.failures["strategy"] == strategy, "error"]
    error = " ".join(str(errors.iloc[0]).split()) if len(errors) else "not recorded"
    return error if len(error) <= 200 else error[:199] + "…"


def failures_section(comparison: Comparison) -> Iterator[Block]:
    """Yield every error with its traceback."""
    for failure in comparison.failures.to_dict("records"):
        traceback = str(failure.get("traceback") or "No traceback was recorded.")
        name = as_code(str(failure["strategy"]))
        yield Details(f"{name}, seed {failure['seed']}: {failure['error']}", (Code(traceback),))


def descriptions_section(comparison: Comparison) -> Iterator[Block]:
    """Yield the description of every strategy and its parameters as used."""
    parameters = {info.name: info.parameters for info in comparison.manifest.strategies}
    for name in comparison.rows:
        yield Heading(name)
        yield from prose(comparison.descriptions.get(name) or "No description.")
        pairs = parameters.get(name, {}).items()
        if used := ", ".join(as_code(f"{key}={value}") for key, value in pairs):
            yield Paragraph(f"Parameters: {used}")


def prose(docstring: str) -> Iterator[Block]:
    """Turn a docstring into paragraphs; indented ones stay as they are."""
    for paragraph in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
        if paragraph.startswith((" ", "\t")):
            yield Code(inspect.cleandoc(paragraph))
        elif paragraph.strip():
            yield Paragraph(" ".join(paragraph.replace("``", "`").split()))
