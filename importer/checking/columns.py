"""Matches the headers of a sheet with the fields of a record type. Pure."""

import difflib
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from importer.checking.date_headers import read_date_header
from importer.checking.date_text import DateText, read_date_text, read_short_year
from importer.errors import ColumnsError
from importer.issues import Issue
from importer.spreadsheet import NO_HEADER, RECORD_ID, STAMPS, Sheet, column_letters
from importer.text import printable, typed_word
from schemas import FieldType, RecordType

_ALL_LABELS = 400
_SAMPLED_ROWS = 200
_CLOSE_ENOUGH = 0.75
"""Below this, difflib's ratio begins to pair headings that mean different things (measured on 34 headings)."""

_SEPARATORS = {
    ",": 'the separator is a comma, add --delimiter ","',
    ";": 'the separator is a semicolon, add --delimiter ";"',
    "\t": "the separator is a tab, add --delimiter tab",
    "|": 'the separator is a vertical bar, add --delimiter "|"',
}

_HEADER_ELSEWHERE = "If the header is in another row, add --header-row N."

UNUSED = "-"
"""What a header is mapped to if its column is to be left alone."""


class How(StrEnum):
    """How a column was found."""

    EXACT = "exact"
    ALIAS = "alias"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet that holds a field."""

    field: str
    position: int
    label: str
    how: How


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds which field, and what was left over.

    ``record_id`` is the position of the column of Ids that say which record a row is, None if there is none. ``names``
    are those of the columns with names beside the Ids of a field.
    """

    columns: tuple[Column, ...]
    issues: tuple[Issue, ...]
    record_id: int | None = None
    names: Mapping[str, int] = field(default_factory=dict)

    def column(self, field: str) -> Column | None:
        """The column that holds a field."""
        return next((column for column in self.columns if column.field == field), None)


def match_columns(
    sheet: Sheet, kind: RecordType, required: Sequence[str], chosen: Mapping[str, str] = MappingProxyType({})
) -> ColumnMapping:
    """The mapping of a sheet to a record type; ``chosen`` maps headers to fields (or UNUSED) and overrides names.

    Raises:
        ColumnsError: A required field has no column, or two columns hold one field.
    """
    # A field that the user has mapped is taken from the names: another column that merely sounds like it would make the
    # field occur twice, and the file would be refused for what the user has already settled.
    choices = choices_by_position(sheet, chosen)
    names = {name: each for name, each in field_names(kind).items() if each not in chosen.values()}
    columns = list(_by_label(sheet, kind, choices, names))
    by_hint = {plain(hint): each for each, hints in kind.hints.items() for hint in hints}
    fields = {column.field for column in columns}
    weaker = {name: each for name, each in by_hint.items() if each not in fields}
    taken = {column.position for column in columns}
    columns += [column for column in _by_label(sheet, kind, choices, weaker) if column.position not in taken]
    taken = {column.position for column in columns}
    labels = {i: sheet.labels[i] for i in sheet.columns}
    unused = [i for i, label in labels.items() if label and i not in choices and i not in taken]
    _refuse_doubled(sheet, columns)
    _refuse_contradicted(sheet, kind, columns)
    record_id, beside = _record_id(sheet, kind, choices), dict[str, int]()
    if record_id is not None:
        beside = _names_beside(sheet, kind, columns)
        unused = [i for i in unused if i not in {record_id, *beside.values()}]
    if record_id is not None or _is_export(sheet, kind, choices):
        unused = [i for i in unused if sheet.labels[i] not in STAMPS]
    _refuse_missing(sheet, kind, unused, [name for name in required if name not in {c.field for c in columns}])
    free = ", ".join(name for name in kind.fields if name not in {c.field for c in columns})
    unless = f", unless it holds one of these fields: {free}" if free else ""
    issues = tuple(
        Issue("column-unused", cell=_cell_of_header(sheet, i), label=sheet.labels[i], detail=unless) for i in unused
    )
    ordered = tuple(sorted(columns, key=lambda column: kind.fields.index(column.field)))
    return ColumnMapping(ordered, issues, record_id, beside)


def _cell_of_header(sheet: Sheet, position: int) -> str | None:
    return None if sheet.header_row == NO_HEADER else f"{column_letters(position)}{sheet.header_row}"


def choice_keys(letters: Sequence[str], labels: Sequence[str]) -> list[str]:
    """What choices call these columns: each by its header, and where several have that header, its letters as well."""
    pairs = zip(letters, labels, strict=True)
    return [label if labels.count(label) == 1 else f"{label} [{place}]" for place, label in pairs]


def _keys(sheet: Sheet) -> dict[int, str]:
    labels = [sheet.labels[i] for i in sheet.columns]
    return dict(zip(sheet.columns, choice_keys([*map(column_letters, sheet.columns)], labels), strict=True))


def choices_by_position(sheet: Sheet, chosen: Mapping[str, str]) -> dict[int, str]:
    """The field, or UNUSED, that was chosen for each column; of several with one header, one chosen leaves the others.

    A choice for the header itself holds for all of them.
    """
    keys = _keys(sheet)
    settled = {sheet.labels[i] for i, key in keys.items() if key in chosen}
    of_labels = {i: chosen[sheet.labels[i]] for i in keys if sheet.labels[i] in chosen}
    return of_labels | {i: chosen.get(key, UNUSED) for i, key in keys.items() if sheet.labels[i] in settled}


def _by_label(sheet: Sheet, kind: RecordType, choices: Mapping[int, str], names: Mapping[str, str]) -> Iterator[Column]:
    """The columns whose headers were chosen for a field, or are one of these names."""
    for position in sheet.columns:
        label = sheet.labels[position]
        name = choices.get(position) or names.get(plain(label))
        if name in kind.fields:
            by_name = How.EXACT if plain(label) == plain(name) else How.ALIAS
            yield Column(name, position, label, How.CHOSEN if position in choices else by_name)


def _record_id(sheet: Sheet, kind: RecordType, choices: Mapping[int, str]) -> int | None:
    """The position of the column of Ids, if there is one that is surely meant so."""
    # Sheets often have a column "ID" that counts 1, 2, 3. Taken for records, each row would be an error; so a header is
    # believed only in a file whose other headers are those of an export as well, or if the user says so.
    labels = {i: sheet.labels[i] for i in sheet.columns if sheet.labels[i]}
    if by_choice := [i for i, field in choices.items() if field == RECORD_ID]:
        return by_choice[0] if len(by_choice) == 1 else None
    if sheet.answers is not None:
        return sheet.answers
    ids = [i for i, label in labels.items() if label == RECORD_ID and i not in choices]
    return ids[0] if len(ids) == 1 and _is_export(sheet, kind, choices) else None


def _is_export(sheet: Sheet, kind: RecordType, choices: Mapping[int, str]) -> bool:
    """Whether every header is one that an export has, or that the user has spoken of."""
    names = {reference.name_header for reference in kind.references.values()}
    labels = {sheet.labels[i] for i in sheet.columns if i not in choices}
    return {*kind.fields, RECORD_ID, *STAMPS, *names, ""}.issuperset(labels)


def _names_beside(sheet: Sheet, kind: RecordType, columns: Sequence[Column]) -> dict[str, int]:
    """The columns of names beside the Ids of fields that have a column."""
    headers = {reference.name_header: name for name, reference in kind.references.items()}
    fields = {column.field for column in columns}
    return {
        headers[sheet.labels[i]]: i
        for i in sheet.columns
        if sheet.labels[i] in headers and headers[sheet.labels[i]] in fields
    }


def recognise(
    sheet: Sheet, kinds: Sequence[RecordType], chosen: Mapping[str, str] = MappingProxyType({})
) -> RecordType:
    """The record type that a sheet is of: all its required fields are there, and the most others; else the first."""
    labels = {plain(chosen.get(sheet.labels[i], sheet.labels[i])) for i in sheet.columns if sheet.labels[i]}

    def fields(kind: RecordType) -> set[str]:
        names = field_names(kind)
        return {names[label] for label in labels if label in names}

    # Types share most of their fields. Those whose required fields are all there are possible; of these the file is of
    # the one that explains most of its columns; if two explain equally many, of the first.
    whole = [kind for kind in kinds if fields(kind) >= set(kind.required(kind.paths[0]))]
    return max(whole, key=lambda kind: len(fields(kind)), default=kinds[0])


def named_columns(
    labels: Sequence[str], kinds: Sequence[RecordType], chosen: Mapping[str, str] = MappingProxyType({})
) -> int:
    """How many fields these texts name, if they are taken for a header: of the record type of which they name the most.

    A field that is named twice counts for none: above a header there may be a row of what groups of columns are about.
    """
    return max((_named_fields(labels, kind, chosen) for kind in kinds), default=0)


def _named_fields(labels: Sequence[str], kind: RecordType, chosen: Mapping[str, str]) -> int:
    names = field_names(kind)
    by_choice = sum(label in chosen for label in labels)
    fields = [names[plain(label)] for label in labels if label not in chosen and plain(label) in names]
    return by_choice + sum(fields.count(name) == 1 for name in set(fields))


def plain(label: str) -> str:
    """A header without what people vary: case, accents, width of letters, spaces, punctuation, a form of dates."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", read_date_header(label).label.casefold()))


def field_names(kind: RecordType) -> dict[str, str]:
    """The fields of a record type by everything that headers call them, as ``plain`` makes it."""
    aliases = [*kind.translations.items(), *kind.aliases.items()]
    names = {plain(alias): field for field, spellings in aliases for alias in spellings}
    # The fields last, so that a field's own name is never an alias of another.
    return names | {plain(field): field for field in kind.fields}


def _refuse_doubled(sheet: Sheet, columns: Sequence[Column]) -> None:
    for column in columns:
        same = [c for c in columns if c.field == column.field]
        if len(same) > 1:
            places = " and ".join(f'{column_letters(c.position)} ("{printable(c.label)}")' for c in same)
            typed = typed_word(f"{printable(_keys(sheet)[same[0].position])}={column.field}")
            raise ColumnsError(
                f"More than one column is read as {column.field}: {places}.",
                f"Rename or delete all but one of them, or say which one it is: --map {typed}. {_HEADER_ELSEWHERE}",
                on_page="Choose which one it is.",
            )


def _refuse_contradicted(sheet: Sheet, kind: RecordType, columns: Sequence[Column]) -> None:
    """Raise ColumnsError if a column is read as one field by its header, and holds the values of another.

    Only for a field that no column holds: "Calendar" may be the name of a calendar, or Microsoft's Id of it.
    """
    fields = {column.field for column in columns}
    by_alias = [column for column in columns if column.how is How.ALIAS]
    patterns = {name: pattern for name in kind.fields if name not in fields and (pattern := kind.looks_like(name))}
    if not by_alias or not patterns:
        return
    values = _values(sheet, [column.position for column in by_alias])
    for column in by_alias:
        for name in (name for name, pattern in patterns.items() if _all_match(pattern, values[column.position])):
            label = printable(column.label)
            choices = " or ".join(f"--map {typed_word(f'{label}={field}')}" for field in (name, column.field))
            raise ColumnsError(
                f'Column "{label}" looks like the {column.field} by its header, and like the {name} by its values.',
                f"Say which it is: {choices}.",
                on_page="Choose which one it is.",
            )


def _values(sheet: Sheet, positions: Sequence[int]) -> dict[int, list[str]]:
    """The filled cells of columns among the first rows."""
    first = next(sheet.read(), None)
    if first is None:
        return {position: [] for position in positions}
    top = first.head(_SAMPLED_ROWS)
    return {i: [cell.strip() for cell in top[i].tolist() if cell.strip()] if i in top else [] for i in positions}


def _all_match(pattern: re.Pattern[str], values: Sequence[str]) -> bool:
    return bool(values) and all(map(pattern.fullmatch, values))


def refuse_absent(sheet: Sheet, chosen: Mapping[str, str]) -> None:
    """Raise ColumnsError if a header chosen for a field is not in the sheet: a typing mistake would lose a field."""
    labels = list(dict.fromkeys([*(sheet.labels[i] for i in sheet.columns), *_keys(sheet).values()]))
    # A column that is to be left out may be missing: one command is typed for many files.
    absent = next((label for label, field in chosen.items() if field != UNUSED and label not in labels), None)
    if absent is None:
        return
    close = difflib.get_close_matches(absent, labels, n=1, cutoff=_CLOSE_ENOUGH)
    meant = f' Did you mean "{printable(close[0])}"?' if close else ""
    raise ColumnsError(
        f'The file has no header "{printable(absent)}", which was chosen for a field. It has: {_shown(labels)}.',
        f"Copy the header for --map from the file, or leave it out.{meant}",
        on_page="Choose the columns of this file again.",
    )


def _refuse_missing(sheet: Sheet, kind: RecordType, unused: Sequence[int], missing: Sequence[str]) -> None:
    if not missing:
        return
    labels = [sheet.labels[i] for i in sheet.columns if sheet.labels[i]]
    hint = _of_one_header(sheet, kind, labels[0]) if len(labels) == 1 else ""
    raise ColumnsError(
        f"The file has no column for {_listed(missing)}. It has: {_shown(labels)}.",
        hint or _of_missing(sheet, kind, unused, missing),
    )


def _of_one_header(sheet: Sheet, kind: RecordType, label: str) -> str:
    """What to do about a sheet with one header only, which is then never mapped: it may hold all of them."""
    names = field_names(kind)
    runs = sorted({*re.findall(r"[^\w\s]+|_+| {2,}|\t| ", label)}, key=len, reverse=True)
    separator = max(runs, key=lambda run: len({names.get(plain(part)) for part in label.split(run)}), default="")
    if sheet.names_apart:
        return ""
    if not separator:
        return f"The header row, {sheet.header_row}, holds nothing else. {_HEADER_ELSEWHERE}"
    if sheet.name is not None:
        return "All headers are in one cell. Split the text into columns in your spreadsheet program."
    if separator.isspace() and separator != "\t":
        # Cut at each space, a name of two words would be two cells.
        return (
            "All headers were read as one. If only spaces stand between them, the columns cannot be told apart. "
            "Save the file with commas, as .csv (UTF-8)."
        )
    if len(separator) > 1:
        return (
            f'All headers were read as one. If "{separator}" separates them: it is not a single character, as a '
            "separator is. Save the file with commas, as .csv (UTF-8)."
        )
    quote = "'" if separator in '"$`\\!' else '"'
    words = _SEPARATORS.get(separator, f"the separator is {separator}, add --delimiter {quote}{separator}{quote}")
    return f"All headers were read as one. If {words}."


def _of_missing(sheet: Sheet, kind: RecordType, unused: Sequence[int], missing: Sequence[str]) -> str:
    near = {name: sheet.labels[i] for name, i in _near_positions(sheet, kind, unused, missing, missing).items()}
    hints = [
        f'If "{printable(label)}" is the {name}, rename it or add --map {typed_word(f"{printable(label)}={name}")}.'
        for name, label in near.items()
    ]
    if without := [name for name in missing if name not in near]:
        where = "column that holds it" if len(without) == 1 else "columns that hold them"
        # Only a header that holds nothing yet can be meant, and none that the sentence before is about.
        example = next((sheet.labels[i] for i in unused if sheet.labels[i] not in near.values()), "Header")
        hints.append(
            f"Add {_listed(without)}, or name the {where}, for example with "
            f"--map {typed_word(f'{printable(example)}={without[0]}')}. The fields are {', '.join(kind.fields)}."
        )
    return " ".join([*hints, _HEADER_ELSEWHERE])


def near_labels(sheet: Sheet, kind: RecordType, mapping: ColumnMapping, required: Sequence[str] = ()) -> dict[str, int]:
    """For each field without a column the position of an unused one that may be meant; for a person to confirm.

    Its header is close, or its values are those of a field that is ``required``. Never taken without asking: a wrong
    column would be sent, while a missing one only stops the import.
    """
    taken = {column.position for column in mapping.columns}
    unused = [i for i in sheet.columns if i not in taken]
    free = [name for name in kind.fields if mapping.column(name) is None]
    return _near_positions(sheet, kind, unused, free, required)


def _near_positions(
    sheet: Sheet, kind: RecordType, unused: Sequence[int], fields: Sequence[str], required: Sequence[str]
) -> dict[str, int]:
    values = _values(sheet, unused)
    by_values = _by_values(kind, values, fields)
    by_values |= _by_dates(sheet, kind, values, [name for name in fields if name in required])
    free = {plain(sheet.labels[i]): i for i in unused if sheet.labels[i] and i not in by_values.values()}
    near: dict[str, int] = {}
    for name in fields:
        # What stands in a column says more than a likeness of letters: "valid" is no "calId" if it holds dates.
        fitting = [label for label, i in free.items() if _may_be(kind, name, values[i])]
        for spelling in (name, *kind.aliases.get(name, ())):
            if close := difflib.get_close_matches(plain(spelling), fitting, n=1, cutoff=_CLOSE_ENOUGH):
                near.setdefault(name, free[close[0]])
    return near | by_values


def _may_be(kind: RecordType, name: str, values: Sequence[str]) -> bool:
    """Whether these may be values of a field, as far as dates tell."""
    if not values:
        return True
    if _is_date(kind, name):
        return any(_is_written_date(text) or text.isdecimal() for text in values)
    return not all(map(_is_written_date, values))


def _is_date(kind: RecordType, name: str) -> bool:
    return name not in kind.references and kind.type_of(name) is FieldType.DATE


def _is_written_date(text: str) -> bool:
    # A number alone may be an Id, whatever day it would be.
    return not text.isdecimal() and any(isinstance(read(text), DateText) for read in (read_date_text, read_short_year))


def _by_dates(
    sheet: Sheet, kind: RecordType, values: Mapping[int, Sequence[str]], fields: Sequence[str]
) -> dict[str, int]:
    """The only one of these fields that is a date, with the only column of dates, if there is one of each."""
    dates = [name for name in fields if _is_date(kind, name)]
    columns = [i for i, texts in values.items() if texts and all(map(_is_written_date, texts))]
    columns = [i for i in columns if sheet.labels[i] not in STAMPS]
    return {dates[0]: columns[0]} if len(dates) == len(columns) == 1 else {}


def _by_values(kind: RecordType, values: Mapping[int, Sequence[str]], fields: Sequence[str]) -> dict[str, int]:
    """For each field the only column whose values look like those of this field, and of no other."""
    patterns = {name: pattern for name in fields if (pattern := kind.looks_like(name))}
    alike = {
        name: [i for i, texts in values.items() if _all_match(pattern, texts)] for name, pattern in patterns.items()
    }
    return {name: positions[0] for name, positions in alike.items() if len(positions) == 1}


def _shown(labels: Sequence[str]) -> str:
    return printable(", ".join(filter(None, labels)), _ALL_LABELS) or "none"


def _listed(fields: Sequence[str]) -> str:
    return fields[0] if len(fields) == 1 else f"{', '.join(fields[:-1])} and {fields[-1]}"
