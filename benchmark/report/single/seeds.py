"""Results by seed: how far the seeds of one strategy lie apart."""

from collections.abc import Iterator

from matplotlib.figure import Figure

from benchmark.analysis.comparison import Comparison
from benchmark.report.render.blocks import Block, Cell, Details, Table, make_row
from benchmark.report.render.canvas import figure_block
from benchmark.report.render.formats import MISSING
from benchmark.report.single.drawings import seed_dots
from benchmark.report.single.metric_tables import main_columns, number_in
from benchmark.report.single.strategies import heading_cell, row_kind


def draw_seeds(comparison: Comparison) -> Figure | None:
    """Draw macro-F1 and never predicted classes of every seed; None of a single seed."""
    if len(comparison.seeds) < 2 or comparison.seed_rows.empty:
        return None
    metrics = [("macro_f1", "Macro-F1"), ("never_predicted", "Classes never predicted")]
    seed_rows = comparison.with_null(lambda run: run.seed_rows)
    return seed_dots(seed_rows, comparison.rows, metrics)


def seeds_section(comparison: Comparison) -> Iterator[Block]:
    """Yield a drawing of all seeds, their ranges and every seed; nothing of a single seed."""
    figure = draw_seeds(comparison)
    if figure is None:
        return
    yield figure_block(
        "seeds",
        figure,
        "A ring is a seed; a bar is the mean. Seeds are paired: see the differences above.",
        "Macro-F1 and classes never predicted by strategy and seed; the table below has the same "
        "numbers.",
    )
    yield ranges_table(comparison)
    yield Details("Every seed as a row", (seeds_table(comparison),))


def seeds_table(comparison: Comparison) -> Table:
    """One row per strategy and seed."""
    columns, rows = main_columns(), []
    seed_rows = comparison.with_null(lambda run: run.seed_rows)
    for record in seed_rows.to_dict("records"):
        numbers = (column.write(number_in(record, column.name)) for column in columns)
        rows.append(make_row(str(record["strategy"]), str(record["seed"]), *numbers))
    titles = ("Strategy", "Seed", *(column.heading for column in columns))
    return Table("Every seed.", titles, tuple(rows), csv="seeds.csv", heading_columns=2)


def ranges_table(comparison: Comparison) -> Table:
    """Strategies × the main metrics as mean and range over seeds."""
    columns = [column for column in main_columns() if column.better is not None]
    rows, seed_rows = [], comparison.with_null(lambda run: run.seed_rows)
    for strategy in comparison.rows:
        mine = seed_rows[seed_rows["strategy"] == strategy]
        cells = [heading_cell(comparison, strategy)]
        for column in columns:
            values = mine[column.name].dropna().astype(float)
            mean = column.write(values.mean()) if len(values) else MISSING
            spread = f"{column.write(values.min())} to {column.write(values.max())}"
            cells.append(Cell(mean, note=spread if len(values) > 1 else ""))
        rows.append(make_row(*cells, kind=row_kind(comparison, strategy)))
    titles = ("Strategy", *(column.heading for column in columns))
    caption = f"Mean and range over {len(comparison.seeds)} seeds."
    return Table(caption, titles, tuple(rows), csv="seeds.csv")
