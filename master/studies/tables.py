"""Tables of settings that people write: a CSV file whose first line names parameters."""

import csv
from pathlib import Path

from hyperspool.common.errors import UsageError
from hyperspool.common.space import Categorical, Float, Parameter, Scalar
from hyperspool.common.typed import typed_value


def rows_of(path: Path, where: str) -> dict[int, dict[str, str]]:
    """Return the rows of a CSV file by the number of their line; empty cells are left out.

    Args:
        path: the file.
        where: how a message names it.

    Raises:
        UsageError: the file cannot be read, or has no rows.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, restkey="", restval=""))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{where}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if not rows:
        raise UsageError(f"{where}: expected a line of names and a line for each setting")
    return {
        number: {str(name).strip(): str(cell).strip() for name, cell in row.items() if str(cell or "").strip()}
        for number, row in enumerate(rows, start=2)
    }


def typed_for(parameter: Parameter, text: str) -> Scalar:
    """Return the value that a text gives a parameter."""
    value = typed_value(text)
    if isinstance(parameter, Categorical):
        return next((choice for choice in parameter.choices if text == str(choice) or value == choice), text)
    if isinstance(parameter, Float) and type(value) is int:
        return float(value)
    return value if isinstance(value, Scalar) else text
