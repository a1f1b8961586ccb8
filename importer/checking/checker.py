"""Chunks of a sheet checked against a record type: every wrong cell of every row, each once. Pure.

pandera sees only typed columns and answers for whole columns at once; this is the one place that turns its answer
into issues.
"""

import json
import re
from collections import Counter, abc
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from types import MappingProxyType

import numpy as np
import pandas as pd
import pandera.pandas as pa

from importer.checking.columns import Mapping
from importer.checking.dates import DateReader
from importer.checking.parsing import Parsed, texts, whole_numbers
from importer.checking.references import Directory, parse_references
from importer.checking.seen import Seen
from importer.spreadsheet import Sheet, address
from importer.words import CATALOGUE, Issue, Record, Severity
from schemas import RecordType

PANDERA_CODES = {
    "not_nullable": "cell-empty",
    "greater_than": "number-out-of-range",
    "greater_than_or_equal_to": "number-out-of-range",
    "less_than": "number-out-of-range",
    "less_than_or_equal_to": "number-out-of-range",
    "str_length": "text-too-long",
}
"""Issue codes for pandera's own checks; a check of ours is named by the code that it raises."""

_BOUNDS = {
    "greater_than": "above {}",
    "greater_than_or_equal_to": "{} or more",
    "less_than": "below {}",
    "less_than_or_equal_to": "{} or less",
}
MOST_WANTED = 100_000
"""More different references are only gathered if they are names; so many Ids tell enough about a column of them."""

_PER_COLUMN = {"zone-assumed", "ids-not-listed"}
_PRIORITY = {code: (kind.severity is Severity.WARNING, i) for i, (code, kind) in enumerate(CATALOGUE.items())}


@dataclass(frozen=True)
class Checked:
    """A chunk after checking.

    Shape: ``valid`` holds the typed fields of the rows without an error, index = row numbers, order kept, and a
    column ``repeat`` that counts earlier rows of the file with the same values.
    """

    rows: int
    invalid: int
    issues: list[Issue]
    valid: pd.DataFrame
    kind: RecordType
    salt: str = ""

    def records(self) -> Iterator[Record]:
        """The valid rows as they will be sent."""
        fields = [name for name in self.kind.fields if name in self.valid]
        columns = [_plain_values(self.valid[name]) for name in fields]
        repeats = self.valid["repeat"].tolist()
        for row, repeat, *values in zip(self.valid.index.tolist(), repeats, *columns, strict=True):
            body = {name: value for name, value in zip(fields, values, strict=True) if value is not None}
            yield Record(row, json.dumps(body, ensure_ascii=False, separators=(",", ":")), self._identity(body, repeat))

    def _identity(self, body: dict[str, object], repeat: int) -> bytes:
        known = [self.kind.name, f"{repeat}{self.salt}", *(body.get(name) for name in self.kind.identity)]
        return blake2b(json.dumps(known, ensure_ascii=False).encode(), digest_size=16).digest()


class Checker:
    """Checks one sheet, chunk after chunk, and remembers what it has seen of it.

    ``required`` names the fields that may not be empty; ``now`` decides what has passed. A ``salt`` makes its rows
    strangers to equal rows of other runs, for a user who wants them created once more. ``directories`` hold what
    references may name; ``wanted`` gathers what they are called in the file.
    """

    def __init__(
        self,
        kind: RecordType,
        mapping: Mapping,
        sheet: Sheet,
        *,
        required: tuple[str, ...],
        now: datetime,
        allow_duplicates: bool = False,
        salt: str = "",
        directories: abc.Mapping[str, Directory] = MappingProxyType({}),
        dates: DateReader | None = None,
    ) -> None:
        """Build the pandera schema for this moment and endpoint."""
        self._kind, self._mapping, self._sheet = kind, mapping, sheet
        self._schema = _schema(kind, required, now)
        self._metadata = {name: kind.metadata(name) for name in kind.fields}
        self._directories, self._dates = directories, dates or DateReader()
        self.wanted: dict[str, set[str]] = {name: set() for name in kind.references if mapping.column(name)}
        self._allow_duplicates, self._salt = allow_duplicates, salt
        self._seen = Seen()
        self._repeats: Counter[int] = Counter()
        self._said: set[tuple[str, str]] = set()

    def check(self, chunk: pd.DataFrame) -> Checked:
        """The issues and the valid rows of a chunk."""
        parsed = {name: self._parse(chunk, name, column.dtype) for name, column in self._schema.columns.items()}
        typed = pd.DataFrame({name: column.values for name, column in parsed.items()}, index=chunk.index)
        found = [*self._from_reading(chunk), *self._from_parsing(chunk, parsed), *self._from_pandera(chunk, typed)]
        found += self._extra_cells(chunk)
        issues = _one_a_cell(found)
        wrong = {issue.row for issue in issues if issue.severity is Severity.ERROR}
        valid = typed[~typed.index.isin(list(wrong))].copy()
        doubles = self._duplicates(valid)
        valid = valid.drop(index=[issue.row for issue in doubles])
        issues = sorted([*issues, *doubles], key=lambda issue: issue.row or 0)
        return Checked(len(chunk), len(chunk) - len(valid), issues, valid, self._kind, self._salt)

    def _parse(self, chunk: pd.DataFrame, name: str, dtype: object) -> Parsed:
        text = self._text(chunk, name)
        if str(dtype).startswith("datetime64"):
            return self._dates.read(name, text)
        if name not in self._kind.references:
            return whole_numbers(text) if str(dtype) == "Int64" else texts(text)
        if name in self.wanted:
            self._gather(self.wanted[name], text)
        return parse_references(text, self._directories.get(name))

    @staticmethod
    def _gather(wanted: set[str], text: pd.Series) -> None:
        """Add what the cells are called; numbers only while they are few, for ten million would be a gigabyte."""
        cells = text.unique().tolist()
        wanted.update(cells if len(wanted) < MOST_WANTED else (cell for cell in cells if not cell.isdecimal()))

    def _text(self, chunk: pd.DataFrame, name: str) -> pd.Series:
        column = self._mapping.column(name)
        return chunk[column.position] if column else pd.Series("", index=chunk.index, dtype=object)

    def _from_reading(self, chunk: pd.DataFrame) -> Iterator[Issue]:
        problems = self._sheet.problems
        here = problems[problems["row"].isin(chunk.index)] if len(problems) else problems
        for column in self._mapping.columns:
            its_own = here[here["position"] == column.position]
            for code, row in zip(its_own["code"], its_own["row"], strict=True):
                yield from self._issues(chunk, code, column.field, pd.Index([int(row)]))

    def _from_parsing(self, chunk: pd.DataFrame, parsed: dict[str, Parsed]) -> Iterator[Issue]:
        for name, column in parsed.items():
            for code, rows in (*column.refused.items(), *column.doubtful.items()):
                if code in _PER_COLUMN:
                    yield from self._once(chunk, name, code, rows)
                else:
                    yield from self._issues(chunk, code, name, rows)

    def _once(self, chunk: pd.DataFrame, name: str, code: str, rows: pd.Index) -> Iterator[Issue]:
        if len(rows) and (code, name) not in self._said:
            self._said.add((code, name))
            column = self._mapping.column(name)
            value = str(chunk.at[rows[0], column.position]) if column else ""
            label = column.label if column else None
            yield Issue(code, None, None, label, name, value, self._detail(code, name, value, "", ""))

    def _from_pandera(self, chunk: pd.DataFrame, typed: pd.DataFrame) -> Iterator[Issue]:
        try:
            self._schema.validate(typed, lazy=True)
        except pa.errors.SchemaErrors as errors:
            for (name, check), cases in errors.failure_cases.groupby(["column", "check"], sort=False):
                kind, _, limits = str(check).partition("(")
                rows = pd.Index(cases["index"]).astype("int64")
                code, bound = PANDERA_CODES.get(kind, kind), _BOUNDS.get(kind, "{}")
                yield from self._issues(chunk, code, str(name), rows, bound, limits.rstrip(")"))

    def _issues(
        self, chunk: pd.DataFrame, code: str, name: str, rows: pd.Index, bound: str = "{}", limits: str = ""
    ) -> Iterator[Issue]:
        column = self._mapping.column(name)
        # All cells at once: looked up one by one they take 10 microseconds each.
        cells = self._text(chunk, name).loc[rows].tolist()
        for row, value in zip(rows.tolist(), cells, strict=True):
            place = address(row, column.position) if column else None
            detail = self._detail(code, name, value, bound, limits)
            yield Issue(code, row, place, column.label if column else None, name, value, detail)

    def _detail(self, code: str, name: str, value: str, bound: str, limits: str) -> str:
        metadata = self._metadata[name]
        match code:
            case "zone-assumed" | "time-skipped":
                return self._dates.zone
            case "date-ambiguous":
                return str(self._dates.evidence[name])
            case "name-ambiguous":
                return self._directories[name].candidates(value)
            case "name-not-found" | "name-deleted" | "id-not-listed" | "ids-not-listed":
                return self._directories[name].noun
            case "number-out-of-range":
                return bound.format(limits)
            case "text-too-long":
                return limits.rpartition(",")[2].strip()
            case "date-far-ahead":
                return str(metadata["days_ahead"])
            case "not-a-whole-number" if (digits := re.sub(r"[\s,']", "", value)).isdecimal() and "." not in value:
                return digits
            case _:
                return str(metadata.get("example", ""))

    def _extra_cells(self, chunk: pd.DataFrame) -> Iterator[Issue]:
        for position in range(len(self._sheet.labels), chunk.shape[1]):
            for row, value in chunk[position][chunk[position] != ""].items():
                yield Issue("extra-cell", int(str(row)), address(int(str(row)), position), value=value)

    def _duplicates(self, valid: pd.DataFrame) -> list[Issue]:
        rows = valid.index.to_numpy()
        # categorize=True would look for equal cells in each column first, which hardly any text column has.
        hashes = pd.util.hash_pandas_object(valid[list(self._kind.identity)], index=False, categorize=False)
        first = self._seen.first_rows(np.asarray(hashes, dtype=np.uint64), rows)
        repeats = np.zeros(len(rows), dtype=np.int64)
        for place in np.flatnonzero(first != rows).tolist():
            self._repeats[int(first[place])] += 1
            repeats[place] = self._repeats[int(first[place])]
        valid["repeat"] = repeats
        if self._allow_duplicates:
            return []
        return [Issue("duplicate-row", int(rows[i]), detail=str(first[i])) for i in np.flatnonzero(repeats).tolist()]


def _schema(kind: RecordType, required: tuple[str, ...], now: datetime) -> pa.DataFrameSchema:
    schema = kind.model.to_schema()
    for name, column in schema.columns.items():
        metadata = column.metadata or {}
        checks = list(column.checks)
        if metadata.get("not_past"):
            checks.append(pa.Check(lambda dates: dates >= now, name="date-past"))
        if days := metadata.get("days_ahead"):
            limit = now + timedelta(days=days)
            checks.append(pa.Check(lambda dates, limit=limit: dates <= limit, name="date-far-ahead"))
        schema = schema.update_column(name, checks=checks, nullable=name not in required)
    return schema


def _one_a_cell(found: list[Issue]) -> list[Issue]:
    """The gravest issue of each cell; two sentences on one cell would be read as two problems."""
    kept: dict[tuple[int | None, str | None], Issue] = {}
    for issue in found:
        key = (issue.row, issue.field or issue.cell)
        if key not in kept or _PRIORITY[issue.code] < _PRIORITY[kept[key].code]:
            kept[key] = issue
    return list(kept.values())


def _plain_values(column: pd.Series) -> list[object]:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        seconds = column.dt.tz_localize(None).to_numpy(dtype="datetime64[s]")
        return [None if text == "NaT" else f"{text}Z" for text in np.datetime_as_string(seconds)]
    return [None if pd.isna(value) else value for value in column.tolist()]
