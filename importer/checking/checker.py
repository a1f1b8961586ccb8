"""Chunks of a sheet checked against a record type: every wrong cell of every row, each once. Pure.

pandera sees only typed columns and answers for whole columns at once; this is the one place that turns its answer
into issues.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import blake2b
from itertools import repeat
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa

from importer.checking.appearance import appearance, held_cells
from importer.checking.causes import Cause, Causes
from importer.checking.cells import Parsed, choices, decimals, texts, whole_numbers, yes_or_no
from importer.checking.columns import ColumnMapping, field_names
from importer.checking.damage import repaired, without_entities
from importer.checking.date_headers import DateHeader, read_date_header
from importer.checking.dates import DateReader
from importer.checking.first_seen import FirstSeen, Hashes, Rows
from importer.checking.gate import MOST_NAMES, NONE_PLAIN, Gate, PlainRows, may_have_gate, passing
from importer.checking.record_ids import Identified, NamedRecords, RecordIds
from importer.checking.references import Directory, one_of, parse_references
from importer.checking.row_hashes import HashedRows, joined, number_hashes, text_hashes
from importer.checking.second_headers import SecondHeaders, without_rows
from importer.checking.whole_columns import WholeColumns, cell_issues, may_be_whole
from importer.checking.wrappers import DASHES, NO_VALUE, Around, inner, unwrap
from importer.issues import CATALOGUE, Candidate, Issue, Severity
from importer.model import Clash, Record, RowElsewhere
from importer.spreadsheet import OF_DATES, Sheet, address, column_letters
from importer.text import printable
from schemas import FieldType, RecordType, written
from schemas.record_type import GUID_LENGTH, visible_text

PANDERA_CODES = {
    "not_nullable": "cell-empty",
    "greater_than": "number-out-of-range",
    "greater_than_or_equal_to": "number-out-of-range",
    "less_than": "number-out-of-range",
    "less_than_or_equal_to": "number-out-of-range",
    "str_length": "text-too-long",
}
"""Issue codes for pandera's own checks; the importer's own checks are named by the code that they raise."""

_IN_THOUSANDS = re.compile(r"\d{1,3}(?:([\s,'])\d{3})(?:\1\d{3})*")
_BOUNDS = {
    "greater_than": "above {}",
    "greater_than_or_equal_to": "{} or more",
    "less_than": "below {}",
    "less_than_or_equal_to": "{} or less",
}
_SIGNED_DATE = re.compile(r"\s*[-+]\s*\d{1,4}([-/.])\d{1,2}\1\d{1,4}(?:[ T].*)?")
"""What a program may calculate, but nobody meant so: it is no date, and that says more than that it is a formula."""

_OF_NAMES = {"name-ambiguous", "name-near", "name-not-found", "name-deleted"}
_PER_COLUMN = {"zone-assumed", "ids-not-listed", "text-as-formula", "quotes-removed"}
_PRIORITY = {code: (kind.severity is Severity.WARNING, i) for i, (code, kind) in enumerate(CATALOGUE.items())}


@dataclass(frozen=True, slots=True)
class _Fault:
    """Rows in which something is wrong with a field; ``bound`` and ``limits`` are those of a check of pandera's."""

    code: str
    field: str
    rows: pd.Index
    bound: str = "{}"
    limits: str = ""


@dataclass(frozen=True)
class Checked:
    """A chunk after checking.

    Shape: ``valid`` holds the typed fields of the rows without an error, index = row numbers, order kept, and the
    columns ``repeat`` and ``key_repeat`` that count earlier rows of the file with the same values, and the same key;
    and ``named_id`` if rows of the file name their records. Plain rows that a gate has taken are not among them, and
    are counted only.
    """

    rows: int
    invalid: int
    causes: Causes
    valid: pd.DataFrame
    kind: RecordType
    salt: str = ""

    @cached_property
    def issues(self) -> list[Issue]:
        """Every issue, those of whole columns first, then by row."""
        return list(self.causes)

    def records(self) -> Iterator[Record]:
        """The valid rows as they will be sent."""
        if self.valid.empty:
            return
        texts = {name: _as_json(self.valid[name]) for name in self.kind.fields if name in self.valid}
        repeats = _json_lines([f"{repeat}{self.salt}" for repeat in self.valid["repeat"].tolist()])
        missing = ["null"] * len(repeats)
        values = [repeats, *(texts.get(name, missing) for name in self.kind.identity)]
        identities = self._digests(values)
        ids: Iterable[int | None] = repeat(None, len(repeats))
        if "named_id" in self.valid:
            ids = [None if number is pd.NA else number for number in self.valid["named_id"].tolist()]
        yield from map(Record, self.valid.index.tolist(), _objects(texts), identities, self._keys(), ids)

    def _keys(self) -> Iterator[bytes]:
        """The ``key_digest`` of each valid row."""
        repeats = _json_lines([f"{repeat}{self.salt}" for repeat in self.valid["key_repeat"].tolist()])
        missing = ["null"] * len(repeats)
        columns = {name: self.valid[name] for name in self.kind.key if name in self.valid}
        texts = {name: _as_json(_comparable(column, self.kind.key_text(name))) for name, column in columns.items()}
        return self._digests([repeats, *(texts.get(name, missing) for name in self.kind.key)])

    def _digests(self, values: list[list[str]]) -> Iterator[bytes]:
        """A hash of each row of these columns, which hold JSON."""
        # One format for each row takes a third of the time of joining its values.
        lists = map(f"[{json.dumps(self.kind.name)}{', %s' * len(values)}]".__mod__, zip(*values, strict=True))
        return (blake2b(text.encode(), digest_size=16).digest() for text in lists)


class Checker:
    """Checks one sheet chunk by chunk, and remembers the rows and keys so far.

    ``required`` names the fields that must not be empty; ``now`` decides what is in the past. A ``salt`` makes its rows
    differ from equal rows of other runs, for a user who wants them created once more. ``directories`` hold what
    references may name; ``names`` collects what they are called in the file. ``found_collisions`` collects rows of
    earlier chunks that turn out to have the key of a later one: given to the next checker of the sheet as
    ``collisions``, they are errors there. ``elsewhere`` are rows that a row of another file repeats. Rows with the
    same values in all fields of ``match_key``, by which rows find their records, are errors as well: they would share
    one. ``whole_columns`` are issues that every date of a column has, as an earlier checker of the sheet ended with
    them: they stand in the place of those of the cells.
    """

    def __init__(
        self,
        kind: RecordType,
        mapping: ColumnMapping,
        sheet: Sheet,
        *,
        required: tuple[str, ...],
        now: datetime,
        allow_duplicates: bool = False,
        salt: str = "",
        directories: Mapping[str, Directory] = MappingProxyType({}),
        dates: DateReader | None = None,
        collisions: Mapping[int, int] = MappingProxyType({}),
        named: NamedRecords | None = None,
        elsewhere: Mapping[int, RowElsewhere] = MappingProxyType({}),
        match_key: tuple[str, ...] = (),
        answers: Mapping[int, int] = MappingProxyType({}),
        whole_columns: Sequence[Issue] = (),
    ) -> None:
        """Build the pandera schema for this moment and endpoint."""
        self._kind, self._mapping, self._sheet = kind, mapping, sheet
        self._schema, self._required = _schema(kind, required, now), required
        self._wrapping = {name: _wrapping(kind, name, required) for name in kind.fields}
        self._metadata = {name: kind.metadata(name) for name in kind.fields}
        self._directories, self._dates = directories, dates or DateReader()
        self.names: dict[str, set[str]] = {name: set() for name in kind.references if mapping.column(name)}
        self._allow_duplicates, self._salt = allow_duplicates, salt
        self._rows, self._keys, self._collisions = FirstSeen(), FirstSeen(), collisions
        self._match_key, self._matches = match_key, FirstSeen()
        self._may_have_gate = not match_key and not answers
        self.found_collisions: dict[int, int] = {}
        self._repeats: Counter[int] = Counter()
        self._key_repeats: Counter[int] = Counter()
        self._reported: set[tuple[str, str]] = set()
        self._without_label = {position for position in sheet.columns if not sheet.labels[position]}
        self._whole_columns, self._told_of_column = list(whole_columns), cell_issues(whole_columns)
        self._dates_of_columns = WholeColumns()
        self._forms = {column.field: read_date_header(column.label) for column in mapping.columns}
        self._elsewhere, self._headers = elsewhere, SecondHeaders(field_names(kind), mapping, sheet)
        self.record_ids = RecordIds(kind, mapping, sheet, named, directories, elsewhere, answers=answers)
        # Rows that name their record, and those of them that are as it is.
        self._named_rows: set[int] = set()
        self._same_rows: set[int] = set()

    def gate(self) -> Gate | None:
        """What takes the plain rows of the sheet before they come to this checker; None if there can be none."""
        if not self._may_have_gate or not may_have_gate(self._kind, self._mapping, self._sheet, self._schema):
            return None
        return Gate(
            self._kind, self._mapping, self._sheet, self._schema, self._required, self._directories, self._plain_words
        )

    @property
    def met_other_header(self) -> bool:
        """Whether a header of other columns has come among the rows: then no row below it is plain."""
        return self._headers.met_other

    def check(self, chunk: pd.DataFrame, plain: PlainRows = NONE_PLAIN) -> Checked:
        """The issues and the valid rows of a chunk; ``plain`` are further rows of it, which a gate has taken."""
        # The order matters. What a cell is comes before what it may be: pandera sees only values that could be read.
        # Rows with an error are taken out before equal rows are looked for, or a row could be left out in favour of one
        # that is never sent. Equal rows go before rows of one key, which they would be as well. A cell that is as it is
        # in the record that its row names is not at fault, whatever would be wrong with it in a row to be created.
        few = {name for name, names in self.names.items() if len(names) < MOST_NAMES}
        parsed = {name: self._parse(chunk, name) for name in self._schema.columns}
        self._count_plain(plain, few)
        typed = pd.DataFrame({name: column.values for name, column in parsed.items()}, index=chunk.index)
        identified = self.record_ids.read(chunk, typed)
        # No file can hold these as they are: what was read is not the value of the record, so pandera must not see it.
        for name, mask in identified.inexact.items():
            typed.loc[mask, name] = None
        faults = [*self._from_reading(chunk), *self._from_parsing(parsed), *self._from_pandera(typed)]
        self._count_dates(chunk, typed, faults, identified.same)
        faults = [fault for fault in faults if (fault.code, fault.field) not in self._told_of_column]
        causes = [*self._one_a_cell(chunk, faults, identified.same), *self._extra_cells(chunk), *identified.causes]
        causes.sort(key=lambda cause: (len(cause.letters), cause.letters))
        causes = self._with_headers(chunk, causes)
        errors = [cause.rows for cause in causes if cause.severity is Severity.ERROR]
        valid = typed[~np.isin(chunk.index, np.concatenate(errors))] if errors else typed
        valid = self._with_named(valid, identified)
        valid, number, doubles = self._without_doubles(valid, plain)
        causes_of_chunk = Causes(list(self._of_columns(chunk, parsed)), [[*causes, *doubles]])
        rows = len(chunk) + len(plain)
        return Checked(rows, rows - number, causes_of_chunk, valid, self._kind, self._salt)

    def _count_plain(self, plain: PlainRows, few: Collection[str]) -> None:
        """Count the dates of plain rows, and gather their names in fields that had ``few`` before this chunk."""
        for name, names in plain.names.items():
            self.names[name].update(names if name in few else ())
        for name, number in plain.dates.items():
            self._dates_of_columns.add_dates(name, number)

    def _without_doubles(self, valid: pd.DataFrame, plain: PlainRows) -> tuple[pd.DataFrame, int, list[Cause]]:
        """The rows that nothing else is wrong with; how many they are with the plain ones; why others are left out."""
        hashed = _hashed(valid, self._kind).merged(plain.hashed)
        repeats, equal = self._duplicates(hashed)
        left = ~np.isin(hashed.rows, equal.rows)
        hashed, repeats = hashed.only(left), repeats[left]
        key_repeats, same_key = self._of_one_key(hashed)
        left = ~np.isin(hashed.rows, same_key.rows) & (np.isin(hashed.rows, valid.index) if len(plain) else True)
        valid = valid[np.isin(valid.index, hashed.rows[left])]
        valid = valid.assign(repeat=repeats[left], key_repeat=key_repeats[left])
        valid, same_match = self._of_one_match(valid)
        causes = [cause for cause in (equal, same_key, same_match) if len(cause)]
        return valid, len(hashed) - len(same_key) - len(same_match), causes

    def _with_headers(self, chunk: pd.DataFrame, causes: list[Cause]) -> list[Cause]:
        """The causes, where a row that is a header or below another one has a single one."""
        errors = [cause.rows for cause in causes if cause.severity is Severity.ERROR]
        headers = self._headers.causes(chunk, np.unique(np.concatenate(errors)).tolist() if errors else ())
        if not headers:
            return causes
        rows = np.concatenate([cause.rows for cause in headers])
        return [*(cause for cause in (without_rows(cause, rows) for cause in causes) if len(cause)), *headers]

    def _with_named(self, valid: pd.DataFrame, identified: Identified) -> pd.DataFrame:
        """The rows with the Ids of the records that they name, if the file has a column for them."""
        if identified.ids is None:
            return valid
        ids = identified.ids.loc[valid.index]
        self._named_rows.update(ids.dropna().index.tolist())
        same = np.isin(valid.index, identified.ids.index[identified.whole])
        self._same_rows.update(valid.index[same].tolist())
        return valid.assign(named_id=ids)

    def _parse(self, chunk: pd.DataFrame, name: str) -> Parsed:
        bare = unwrap(self._text(chunk, name), *self._wrapping[name])
        parsed = self._typed(bare.text, name)
        if not bare.doubtful and not len(bare.empty) and not len(bare.unseen):
            return parsed
        doubtful = {code: rows.union(bare.doubtful.get(code, rows[:0])) for code, rows in parsed.doubtful.items()}
        doubtful = bare.doubtful | doubtful
        if name in self._required:
            refused = {**parsed.refused, "no-value": bare.empty, "nothing-to-see": bare.unseen}
            return replace(parsed, refused=refused, doubtful=doubtful)
        return replace(parsed, doubtful=doubtful | {"read-as-empty": bare.empty.union(bare.unseen)})

    def _plain_words(self, name: str, cells: list[str]) -> list[bool]:
        """Which of these texts of a field have no issue and are sent as they stand, whatever they mean elsewhere."""
        column = self._mapping.column(name)
        chunk = pd.DataFrame({column.position if column else 0: cells}, dtype=object)
        parsed = self._parse(chunk, name)
        plain = (parsed.values == chunk.iloc[:, 0]).to_numpy(dtype=bool, na_value=False)
        for rows in (*parsed.refused.values(), *parsed.doubtful.values()):
            plain[rows] = False
        return list(plain)

    def _typed(self, text: pd.Series, name: str) -> Parsed:
        if name in self._kind.references:
            if name in self.names:
                self._gather(self.names[name], text)
            return parse_references(text, self._directories.get(name))
        match self._kind.type_of(name):
            case FieldType.TEXT:
                return texts(text, opaque=self._kind.is_opaque(name))
            case FieldType.WHOLE_NUMBER:
                return whole_numbers(text)
            case FieldType.DATE:
                return self._dates.read(name, text, self._forms.get(name, DateHeader("")))
            case FieldType.DECIMAL:
                return decimals(text, *self._kind.digits(name))
            case FieldType.YES_NO:
                return yes_or_no(text)
            case FieldType.CHOICE:
                return choices(text, self._kind.spellings(name))

    @staticmethod
    def _gather(names: set[str], text: pd.Series) -> None:
        """Add the names in the cells; numbers only while they are few, for ten million would be a gigabyte."""
        cells = set(text.tolist())
        names.update(cells if len(names) < MOST_NAMES else (cell for cell in cells if not cell.isdecimal()))

    def _text(self, chunk: pd.DataFrame, name: str) -> pd.Series:
        column = self._mapping.column(name)
        return chunk[column.position] if column else pd.Series("", index=chunk.index, dtype=object)

    def _from_reading(self, chunk: pd.DataFrame) -> Iterator[_Fault]:
        problems = self._sheet.problems
        inside = problems[problems["row"].isin(chunk.index)] if len(problems) else problems
        for column in self._mapping.columns:
            is_date = column.field not in self._kind.references and self._kind.type_of(column.field) is FieldType.DATE
            for code, rows in inside.loc[inside["position"] == column.position].groupby("code", observed=True)["row"]:
                if code == OF_DATES and not is_date:
                    continue
                cells = chunk.loc[rows, column.position].tolist() if is_date else [""] * len(rows)
                is_fault = [not _is_signed_date(cell) for cell in cells]
                yield _Fault(str(code), column.field, pd.Index(rows)[is_fault])
            if self._sheet.has_formats:
                yield from self._of_formats(chunk, column.field, column.position)

    def _of_formats(self, chunk: pd.DataFrame, name: str, position: int) -> Iterator[_Fault]:
        """The cells that show something else than their value."""
        is_text = name not in self._kind.references and self._kind.type_of(name) is FieldType.TEXT
        for code, rows in held_cells(chunk[position], is_text=is_text).items():
            yield _Fault(code, name, rows)

    @staticmethod
    def _from_parsing(parsed: dict[str, Parsed]) -> Iterator[_Fault]:
        for name, column in parsed.items():
            for code, rows in (*column.refused.items(), *column.doubtful.items()):
                if code not in _PER_COLUMN:
                    yield _Fault(code, name, rows)

    def _of_columns(self, chunk: pd.DataFrame, parsed: dict[str, Parsed]) -> Iterator[Issue]:
        """The issues of whole columns, each once for the file and not in every chunk."""
        yield from self._whole_columns
        self._whole_columns = []
        yield from self._unlabelled(chunk)
        for name, column in parsed.items():
            for code in (code for code, rows in column.doubtful.items() if code in _PER_COLUMN and len(rows)):
                if (code, name) not in self._reported:
                    self._reported.add((code, name))
                    [issue] = self._cause(chunk, _Fault(code, name, column.doubtful[code][:1]))
                    yield replace(issue, row=None, cell=None)

    def _unlabelled(self, chunk: pd.DataFrame) -> Iterator[Issue]:
        """A sentence about each column with values that has no header; once for the file."""
        for position in self._without_label.intersection(chunk.columns):
            if chunk[position].map(str.strip).any():
                self._without_label.discard(position)
                letters = column_letters(position)
                cell = address(self._sheet.header_row, position)
                yield Issue("column-unlabelled", cell=cell, label=letters, detail=cell)

    def whole_columns(self) -> list[Issue]:
        """The issues that every date of a column has; known only after the last chunk."""
        return list(self._dates_of_columns.issues())

    def _count_dates(
        self,
        chunk: pd.DataFrame,
        typed: pd.DataFrame,
        faults: list[_Fault],
        same: Mapping[str, npt.NDArray[np.bool_]],
    ) -> None:
        for name in (name for name in self._schema.columns if self._kind.type_of(name) is FieldType.DATE):
            counted = typed[name].notna().to_numpy()
            if name in same:
                counted = counted & ~same[name]
            self._dates_of_columns.add_dates(name, int(counted.sum()))
            for fault in (fault for fault in faults if fault.field == name and may_be_whole(fault.code)):
                rows = fault.rows[counted[np.searchsorted(chunk.index, fault.rows)]]
                if len(rows):
                    [first] = self._cause(chunk, replace(fault, rows=rows[:1]))
                    self._dates_of_columns.add(first, len(rows))

    def _from_pandera(self, typed: pd.DataFrame) -> Iterator[_Fault]:
        # Its checks one by one, not validate(): that makes a table of failures first, by which a chunk with a few wrong
        # rows takes three times as long.
        for name, column in self._schema.columns.items():
            values = typed[name].dropna()
            if not column.nullable and len(values) < len(typed):
                yield _Fault(PANDERA_CODES["not_nullable"], name, typed.index[typed[name].isna()])
            for check in column.checks if len(values) else ():
                rows = values.index[~passing(check, values)]
                if len(rows):
                    check_name, _, limits = str(check.error or check.name).partition("(")
                    code, bound = PANDERA_CODES.get(check_name, check_name), _BOUNDS.get(check_name, "{}")
                    yield _Fault(code, name, rows, bound, limits.rstrip(")"))

    def _one_a_cell(
        self, chunk: pd.DataFrame, faults: list[_Fault], same: Mapping[str, npt.NDArray[np.bool_]]
    ) -> Iterator[Cause]:
        """The gravest issue of each cell; two sentences on one cell would be read as two problems.

        ``same`` are cells that are as they are in the record of their row.
        """
        taken = {name: same[name].copy() if name in same else np.zeros(len(chunk), bool) for name in self._metadata}
        # Errors before warnings, then in the order of the catalogue: the same file always gives the same report.
        for fault in sorted(faults, key=lambda fault: _PRIORITY[fault.code]):
            mask = np.zeros(len(chunk), dtype=bool)
            mask[np.searchsorted(chunk.index, fault.rows)] = True
            mask &= ~taken[fault.field]
            taken[fault.field] |= mask
            if mask.any():
                yield self._cause(chunk, replace(fault, rows=chunk.index[mask]))

    def _cause(self, chunk: pd.DataFrame, fault: _Fault) -> Cause:
        column = self._mapping.column(fault.field)
        # All cells at once: looked up one by one they take 10 microseconds each.
        values = self._text(chunk, fault.field).loc[fault.rows].tolist()
        if fault.code in _OF_NAMES:
            # The name is typed again, or remembered, to choose the record that it means.
            values = [inner(value, self._wrapping[fault.field][0])[0] for value in values]
        details = {value: self._detail(fault, value) for value in set(values)}
        # Two cells of one value may show different texts.
        each = map(appearance, values) if fault.code == "shown-differently" else (details[value] for value in values)
        extras = list(each)
        names = details if fault.code in ("name-ambiguous", "name-near") else ()
        candidates = {name: self._candidates(fault, name) for name in names}
        letters, label = (column_letters(column.position), column.label) if column else ("", None)
        return Cause(fault.code, letters, label, fault.field, fault.rows.to_numpy(), values, extras, candidates)

    def _candidates(self, fault: _Fault, name: str) -> tuple[Candidate, ...]:
        directory = self._directories[fault.field]
        return directory.candidates(name) if fault.code == "name-ambiguous" else directory.near(name.strip())

    def _detail(self, fault: _Fault, value: str) -> str:
        if (detail := self._dates.detail(fault.code, fault.field, value)) is not None:
            return detail
        match fault.code:
            case "name-ambiguous":
                return one_of(self._directories[fault.field].candidates(value))
            case "name-near":
                return one_of(self._directories[fault.field].near(value.strip()))
            case "name-not-found" | "name-deleted" | "id-not-found" | "id-not-listed" | "ids-not-listed":
                return self._directories[fault.field].noun
            case "number-out-of-range":
                return fault.bound.format(fault.limits)
            case "text-too-long":
                return fault.limits.rpartition(",")[2].strip()
            case _:
                return self._detail_of_value(fault, value) or self._detail_of_field(fault.code, fault.field)

    def _detail_of_value(self, fault: _Fault, value: str) -> str:
        """The further value that a cell's own text gives, as far as it does."""
        match fault.code:
            case "not-a-whole-number" if _IN_THOUSANDS.fullmatch(value):
                return re.sub(r"\D", "", value)
            case "double-encoded":
                return printable(repaired(value.strip()))
            case "html-entities":
                return printable(without_entities(value.strip()))
            case "text-as-formula" | "quotes-removed":
                return printable(inner(value, self._wrapping[fault.field][0])[0])
            case _:
                return ""

    def _detail_of_field(self, code: str, name: str) -> str:
        """The further value that is the same for each cell of a field."""
        match code:
            case "date-far-ahead":
                return str(self._metadata[name]["days_ahead"])
            case "too-many-digits":
                before, after = self._kind.digits(name)
                return f"{before} digits before the decimal point and {after} after it" if after else f"{before} digits"
            case "not-a-choice":
                return " or ".join(self._kind.offers(name))
            case _:
                return str(self._metadata[name].get("example", ""))

    def _extra_cells(self, chunk: pd.DataFrame) -> Iterator[Cause]:
        for position in self._sheet.beyond(chunk.shape[1]):
            if len(filled := chunk.loc[chunk[position] != "", position]):
                values = filled.tolist()
                rows = filled.index.to_numpy(dtype=np.int64)
                yield Cause("extra-cell", column_letters(position), None, None, rows, values, [""] * len(values))

    def _duplicates(self, hashed: HashedRows) -> tuple[Rows, Cause]:
        """How many earlier rows each row is equal to, and those that are left out for it."""
        # Equal in all fields of the identity, by which the journal recognises the same row in any file. The number goes
        # into the identity and makes doubles that are allowed differ.
        rows = hashed.rows
        first = self._rows.first_rows(hashed.values, rows)
        repeats = _count_repeats(first, rows, self._repeats)
        others: dict[int, str] = {}
        if not self._allow_duplicates:
            pairs = zip(rows[repeats > 0].tolist(), first[repeats > 0].tolist(), strict=True)
            others = {row: str(other) for row, other in pairs if not self._may_repeat(row, other)}
        others |= self._doubled_elsewhere(Clash.VALUES, rows, others)
        return repeats, _rows_cause("duplicate-row", others)

    def _of_one_key(self, hashed: HashedRows) -> tuple[Rows, Cause]:
        """How many earlier rows have the key of each row, and those that share one; equal rows were left out before."""
        rows = hashed.rows
        first = self._keys.first_rows(hashed.keys, rows)
        repeats = _count_repeats(first, rows, self._key_repeats)
        collisions = {} if self._allow_duplicates else self._colliding(rows, first)
        collisions |= self._doubled_elsewhere(Clash.KEY, rows, collisions)
        return repeats, _rows_cause("duplicate-key", collisions)

    def _of_one_match(self, valid: pd.DataFrame) -> tuple[pd.DataFrame, Cause]:
        """The rows that find a record of their own by the match key, and those that would share one."""
        none = _rows_cause("duplicate-key", {})
        if not self._match_key:
            return valid, none
        # A row with an empty field finds no record by it.
        filled = valid[list(self._match_key)].notna().all(axis="columns")
        rows = valid.index[filled].to_numpy()
        if not len(rows):
            return valid, none
        first = self._matches.first_rows(key_hashes(valid[filled], self._kind, self._match_key), rows)
        cause = _rows_cause("duplicate-key", self._colliding(rows, first))
        return valid[~np.isin(valid.index, cause.rows)], cause

    def _colliding(self, rows: Rows, first: Rows) -> dict[int, str]:
        """The rows of a chunk that another row stands in the way of, each with that one.

        ``first`` are the rows in which their keys occurred first.
        """
        # For each row of the chunk: the number of another row with its key, in this chunk or any other; 0 for none.
        others = np.zeros(len(rows), dtype=np.int64)
        for index in np.flatnonzero(np.isin(rows, list(self._collisions))).tolist():
            others[index] = self._collisions[int(rows[index])]
        # Both rows of a pair are errors, because only the user knows which of them is meant. An earlier row of this
        # chunk is marked at once. One of an earlier chunk has been given out as valid already, so it is remembered,
        # and the file is gone through once more.
        for index in np.flatnonzero(first != rows).tolist():
            row, other = int(rows[index]), int(first[index])
            if {row, other} <= self._named_rows:
                continue
            others[index] = 0 if row in self._same_rows else other
            if other in self._same_rows:
                continue
            earlier = int(np.searchsorted(rows, other))
            if other < rows[0]:
                self.found_collisions.setdefault(other, row)
            elif not others[earlier]:
                others[earlier] = row
        return dict(zip(rows[others > 0].tolist(), map(str, others[others > 0].tolist()), strict=True))

    def _doubled_elsewhere(self, clash: Clash, rows: Rows, others: Mapping[int, str]) -> dict[int, str]:
        """Those of these rows that a row of another file repeats, each with that one; ``others`` are errors already."""
        if not self._elsewhere:
            return {}
        left = [row for row in rows.tolist() if row in self._elsewhere and row not in others]
        there = {row: self._elsewhere[row] for row in left if row not in self._same_rows}
        return {row: str(other) for row, other in there.items() if other.clash is clash}

    def _may_repeat(self, row: int, other: int) -> bool:
        """Whether a row may be equal to another one: each names its record, or it is as its record is already."""
        return row in self._same_rows or (row in self._named_rows and other in self._named_rows)


def value_hashes(valid: pd.DataFrame, kind: RecordType) -> Hashes:
    """A hash of all values of each row by which equal rows are found, however an accent is stored in them."""
    return joined((_cell_hashes(valid[name], visible_text) for name in kind.identity), len(valid))


def key_hashes(valid: pd.DataFrame, kind: RecordType, key: Sequence[str]) -> Hashes:
    """A hash of the values of each row in the fields of a key, as they are compared."""
    return joined((_cell_hashes(valid[name], kind.key_text(name)) for name in key), len(valid))


def _hashed(valid: pd.DataFrame, kind: RecordType) -> HashedRows:
    rows = valid.index.to_numpy(dtype=np.int64)
    return HashedRows(rows, value_hashes(valid, kind), key_hashes(valid, kind, kind.key))


def _cell_hashes(column: pd.Series, text: Callable[[str], str]) -> Hashes:
    """A hash of each value of a column, of its texts as they are compared."""
    missing = column.isna().to_numpy(dtype=bool)
    if isinstance(column.dtype, pd.StringDtype):
        values = _comparable(column, text).tolist()
        return text_hashes([None if value is pd.NA else value for value in values] if missing.any() else values)
    if column.dtype == object:
        return text_hashes([None if value is None else format(value, "f") for value in column.tolist()])
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return number_hashes(column.dt.as_unit("us").astype("int64").to_numpy(), missing)
    numbers = np.asarray(column.astype("Int64").fillna(0), dtype=np.int64)
    return number_hashes(numbers, missing)


def _rows_cause(code: str, others: Mapping[int, str]) -> Cause:
    """The cause of whole rows, each with the row that it is about."""
    rows = sorted(others)
    return Cause(code, "", None, None, np.array(rows, dtype=np.int64), [""] * len(rows), [others[row] for row in rows])


def _count_repeats(first: Rows, rows: Rows, counts: Counter[int]) -> Rows:
    """How many earlier rows each row repeats; ``counts`` are those of earlier chunks by the row that was first."""
    repeats = np.zeros(len(rows), dtype=np.int64)
    for index in np.flatnonzero(first != rows).tolist():
        counts[int(first[index])] += 1
        repeats[index] = counts[int(first[index])]
    return repeats


def _comparable(column: pd.Series, text: Callable[[str], str]) -> pd.Series:
    """A column of a key as its values are compared, its texts by ``text``."""
    if not isinstance(column.dtype, pd.StringDtype) or _is_as_compared(column):
        return column
    values = [None if value is pd.NA else text(value) or None for value in column.tolist()]
    return pd.Series(pd.array(values, dtype="string"), index=column.index)


def _is_as_compared(column: pd.Series) -> bool:
    """Whether all texts of a column are surely as ``guid_text`` makes them: nothing to strip, to compose, no GUID."""
    texts = column.dropna().tolist()
    return (
        all(map(str.isascii, texts))
        and GUID_LENGTH not in set(map(len, texts))
        and all(texts)
        and (list(map(str.strip, texts)) == texts)
    )


def _wrapping(kind: RecordType, name: str, required: Collection[str]) -> tuple[Around, frozenset[str]]:
    """What may stand around the values of a field, and the words for no value."""
    if name in kind.references:
        return Around.NUMBER_OR_NAME, NO_VALUE
    match kind.type_of(name):
        case FieldType.TEXT:
            if kind.is_opaque(name):
                return Around.ALL, NO_VALUE
            # A room may be called N/A. Where there must be a name, it is the one that people see.
            return Around.AS_FORMULA, frozenset() if name in required else NO_VALUE
        case FieldType.DECIMAL | FieldType.WHOLE_NUMBER:
            return Around.ALL, NO_VALUE - DASHES
        case FieldType.CHOICE:
            spellings = kind.spellings(name)
            return Around.ALL, frozenset(word for word in NO_VALUE if written(word) not in spellings)
        case _:
            return Around.ALL, NO_VALUE


def _schema(kind: RecordType, required: tuple[str, ...], now: datetime) -> pa.DataFrameSchema:
    _refuse_unknown_codes(kind)
    schema, changes = kind.model.to_schema(), dict[str, dict[str, Any]]()
    for name, column in schema.columns.items():
        metadata = column.metadata or {}
        checks = list(column.checks)
        if metadata.get("not_past"):
            checks.append(pa.Check(lambda dates: dates >= now, name="date-past"))
        if days := metadata.get("days_ahead"):
            limit = now + timedelta(days=days)
            checks.append(pa.Check(lambda dates, limit=limit: dates <= limit, name="date-far-ahead"))
        changes[name] = {"checks": checks, "nullable": name not in required}
        if kind.type_of(name) is FieldType.DECIMAL:
            # pandera's own look at Decimals ends in an IndexError for a column without any (0.35.0).
            changes[name]["dtype"] = object
    # All at once: pandera copies the whole schema for each change, which took longer than the check of a small file.
    return schema.update_columns(changes)


def _refuse_unknown_codes(kind: RecordType) -> None:
    """Raise ValueError for a check without an issue; else the first row that fails it would end the command."""
    for name, column in kind.columns.items():
        for check in column.checks:
            if PANDERA_CODES.get(check.name or "", check.name) not in CATALOGUE:
                raise ValueError(
                    f"{kind.name}: {check.name}, a check of {name}, is not an issue code in importer/issues.py"
                )


def _is_signed_date(cell: str) -> bool:
    return _SIGNED_DATE.fullmatch(cell) is not None


def _as_json(column: pd.Series) -> list[str]:
    """Each value of a column as JSON has it."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        seconds = np.datetime_as_string(column.dt.tz_localize(None).to_numpy(dtype="datetime64[s]"))
        return _json_lines([None if text == "NaT" else f"{text}Z" for text in seconds.tolist()])
    if column.dtype == object:
        # Decimals go out digit by digit: a binary float between the cell and the wire could change one.
        return ["null" if value is None else format(value, "f") for value in column.tolist()]
    return _json_lines([None if value is pd.NA else value for value in column.tolist()])


def _json_lines(values: list[object]) -> list[str]:
    """Each value as JSON has it; all at once, one a line, for a line end inside a text is escaped."""
    return json.dumps(values, ensure_ascii=False, separators=("\n", ":"))[1:-1].split("\n")


def _objects(texts: Mapping[str, list[str]]) -> Iterable[str]:
    """The columns as JSON objects, one a row; a missing value is no member."""
    starts = {name: f"{json.dumps(name)}:" for name in texts}
    if not any("null" in column for column in texts.values()):
        # One format for each row takes a third of the time of putting its members together.
        row = ",".join(f"{start.replace('%', '%%')}%s" for start in starts.values())
        return map(f"{{{row}}}".__mod__, zip(*texts.values(), strict=True))
    members = (["" if text == "null" else starts[name] + text for text in column] for name, column in texts.items())
    return (f"{{{','.join(filter(None, row))}}}" for row in zip(*members, strict=True))
