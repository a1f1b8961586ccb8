"""A Parquet file as texts: every value exactly as it is stored, or the file is refused.

Writes the same lines as ``reading.py``, with the names of the columns as "labels" in the last one.
"""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
from pyarrow import compute, parquet

from .confinement import confine
from .limits import MOST_COLUMNS, PIECE_ROWS, TOO_LARGE, Refusal, limit_this_process

MOST_CELLS = 100_000_000
_EXACT_FLOAT = 1 << 53
"""From here on, a number with a point is not certainly the one that was stored into it."""

_DAY_ZERO = datetime(1970, 1, 1)
_LEFT_OUT = "Leave that column out, or export the table as .csv (UTF-8)."
_NOT_PARQUET = ("is damaged, or no Parquet file", "Export it again, or as .csv (UTF-8).")

_NO_DAY = ("holds a date beyond the years that there are", "Correct it, then export the file again.")

Texts = list[str]


def main(path: Path, out: IO[str]) -> None:
    """Write the rows of a file, or why it cannot be read.

    Any other exception ends the process, which is as good as saying that the file is damaged.
    """
    # The pool of the system asks for memory as it needs it; the others reserve more than this process may have.
    pa.set_memory_pool(pa.system_memory_pool())
    limit_this_process(path.stat().st_size)
    confine(path)
    try:
        for line in _lines(path):
            out.write(json.dumps(line, separators=(",", ":")) + "\n")
    except Refusal as refusal:
        out.write(json.dumps({"refused": refusal.args}) + "\n")
    except MemoryError:
        out.write(json.dumps({"refused": TOO_LARGE}) + "\n")
    except OverflowError:
        out.write(json.dumps({"refused": _NO_DAY}) + "\n")
    except (pa.ArrowException, OSError):
        out.write(json.dumps({"refused": _NOT_PARQUET}) + "\n")


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with parquet.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
        schema = file.schema_arrow
        if len(schema) > MOST_COLUMNS:
            raise Refusal(f"has {len(schema):,} columns; at most {MOST_COLUMNS} can be read", "Leave some of them out.")
        if file.metadata.num_rows * max(len(schema), 1) > MOST_CELLS:
            raise Refusal(f"holds more than {MOST_CELLS:,} values", "Split it into several files.")
        writers = [_writer(field) for field in schema]
        rounded: list[tuple[int, int]] = []
        first = 1
        for batch in file.iter_batches(batch_size=PIECE_ROWS, use_threads=False):
            columns = []
            for position, (write, column) in enumerate(zip(writers, batch.columns, strict=True)):
                columns.append(write(column))
                rounded += [(first + row, position) for row in _rounded(column)]
            yield {"first": first, "columns": columns, "formats": []}
            first += batch.num_rows
        rounded.sort()
        problems = [["number-rounded"] * len(rounded), [row for row, _ in rounded], [place for _, place in rounded]]
        yield {"name": "", "notices": [], "day_zero": "", "problems": problems, "labels": schema.names}


def _writer(field: pa.Field) -> Callable[[pa.Array], Texts]:
    """What makes texts of the values of a column.

    Raises:
        Refusal: It holds what no cell can hold.
    """
    name, kind = field.name.strip(), field.type
    if not name:
        raise Refusal("has a column without a name", "Give it a name, or leave it out.")
    if pa.types.is_dictionary(kind):
        write = _writer(pa.field(name, kind.value_type))
        return lambda column: write(column.dictionary_decode())
    if pa.types.is_nested(kind):
        raise Refusal(f'holds lists or objects in the column "{name}", and a cell holds one value', _LEFT_OUT)
    if getattr(pa, "UuidType", None) is not None and isinstance(kind, pa.UuidType):
        return _plain
    for fits, writer in _WRITERS:
        if fits(kind):
            return writer
    raise Refusal(f'holds {kind} in the column "{name}", of which nobody can say how it looks', _LEFT_OUT)


def _plain(column: pa.Array) -> Texts:
    return ["" if value is None else str(value) for value in column.to_pylist()]


def _decimal(column: pa.Array) -> Texts:
    # Never as 1E+2.
    return ["" if value is None else format(value, "f") for value in column.to_pylist()]


def _truth(column: pa.Array) -> Texts:
    return [{None: "", True: "true", False: "false"}[value] for value in column.to_pylist()]


def _float(column: pa.Array) -> Texts:
    """The shortest text that is that number; whole ones without a point, as pandas makes of Ids beside empty cells."""
    texts = compute.cast(column, pa.string()).to_pylist()
    return ["" if text is None else text.removesuffix(".0") for text in texts]


def _rounded(column: pa.Array) -> list[int]:
    """The rows whose number is so large that its digits are not certain."""
    if not pa.types.is_floating(column.type):
        return []
    most = _EXACT_FLOAT if pa.types.is_float64(column.type) else 1 << 24
    large = compute.fill_null(
        compute.greater_equal(compute.abs(compute.cast(column, pa.float64())), float(most)), False
    )
    finite = compute.fill_null(compute.is_finite(column), False)
    return [int(row) for row in compute.indices_nonzero(compute.and_(large, finite)).to_pylist()]


def _moment(column: pa.Array) -> Texts:
    """A time with a zone in UTC, as it is stored; one without as it is. Fractions of a microsecond are cut off."""
    between, end = ("T", "Z") if column.type.tz else (" ", "")
    # As numbers, which count in UTC: for values with a zone, pyarrow would look for files that are out of reach here.
    numbers = compute.cast(column, pa.timestamp("us", column.type.tz), safe=False).view(pa.int64()).to_pylist()
    days = (None if number is None else _DAY_ZERO + timedelta(microseconds=number) for number in numbers)
    return ["" if day is None else day.isoformat(between) + end for day in days]


_WRITERS: list[tuple[Callable[[pa.DataType], bool], Callable[[pa.Array], Texts]]] = [
    (pa.types.is_null, _plain),
    (pa.types.is_string, _plain),
    (pa.types.is_large_string, _plain),
    (pa.types.is_integer, _plain),
    (pa.types.is_boolean, _truth),
    (pa.types.is_decimal, _decimal),
    (pa.types.is_floating, _float),
    (pa.types.is_timestamp, _moment),
    (pa.types.is_date, _plain),
    (pa.types.is_time, _plain),
]
