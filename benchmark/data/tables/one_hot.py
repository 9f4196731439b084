"""Labels as a column for each class, with a 1 in that of the image: ISIC, HAM10000, Kaggle."""

from collections.abc import Collection, Sequence

from benchmark.data.tables.csv_file import CsvFile
from benchmark.system.text import first_names, list_below, pluralize

_VALUES = {
    **dict.fromkeys(("0", "0.0", "0.", "false"), False),
    **dict.fromkeys(("1", "1.0", "1.", "true"), True),
}
_MARKS = {*_VALUES, "", "x", "-1", "-1.0", "yes", "no", "y", "n"}


def one_hot_columns(table: CsvFile, besides: Sequence[int | None]) -> list[int]:
    """Return the columns, `besides` some, of which every cell is 0 or 1; [] if fewer than two."""
    return _columns_of(table, _VALUES, besides)


def marked_columns(table: CsvFile) -> list[int]:
    """Return the columns that hold marks other than 0 and 1 as labels might: x, -1, empty cells."""
    return _columns_of(table, _MARKS)


def are_exclusive(table: CsvFile, columns: Sequence[int]) -> bool:
    """Tell whether each row has one 1 in such columns, of which there are some."""
    return bool(columns) and all(
        sum(_VALUES[row.cells[column].lower()] for column in columns) == 1 for row in table.rows
    )


def read_one_hot(table: CsvFile, columns: Sequence[int]) -> tuple[list[str], str]:
    """Return a label for each row, the name of the column that holds its 1, and a message.

    Raises
    ------
    ValueError
        If a row has no 1, or several.
    """
    labels, without, several = [], [], []
    for row in table.rows:
        names = [table.header[c] for c in columns if _VALUES[row.cells[c].lower()]]
        if len(names) == 1:
            labels.append(names[0])
        elif names:
            several.append(f"line {row.line}: {', '.join(names)}")
        else:
            without.append(f"line {row.line}: {', '.join(row.cells)[:100]}")
    header = first_names([table.header[column] for column in columns], 20)
    for wrong, what, advice in (
        (several, "more than one 1", "An image has one label here: keep one, or remove columns"),
        (without, "no 1", "Give each image a label, or remove the row; add columns"),
    ):
        if wrong:
            rows = pluralize(len(wrong), "row has", "rows have")
            raise ValueError(
                list_below(
                    f"{table.path}: there is no column 'label', but 0 and 1 in the columns "
                    f"{header}, as if each were a class. {rows} {what}. {advice} that "
                    f"{'are no classes' if wrong is several else 'are missing'}.",
                    wrong[:5],
                )
            )
    empty = [table.header[c] for c in columns if table.header[c] not in set(labels)]
    message = f"each of {len(columns)} columns of 0 and 1 is taken as a class: {header}."
    if empty:
        message += f" No row has a 1 for {first_names(empty)}: left out."
    return labels, message


def _columns_of(
    table: CsvFile, values: Collection[str], besides: Sequence[int | None] = ()
) -> list[int]:
    """Return the columns with a name that hold such values alone; [] if fewer than two."""
    columns = [
        index
        for index, name in enumerate(table.header)
        if name and index not in besides and all(c.lower() in values for c in table.column(index))
    ]
    return columns if len(columns) > 1 else []
