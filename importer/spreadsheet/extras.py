"""Rows below a header that are no data: the header once more, lines of dashes, what a program says at the end.

Only what is certain is left out, each with a notice: everything else stays a row, and is an error if it is none. Must
not know fields.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import pandas as pd

from importer.errors import FileError
from importer.issues import Notice
from importer.spreadsheet.sheet import Rows, labels_of_user
from importer.text import printable

_INVISIBLE = "\ufeff\x1a"
"""What begins a file, and what ended one in DOS: files that were joined have them in the middle."""

_RULE = re.compile(r"[-=+_:|]+")
_SHORTEST_RULE = 3
_MOST_IN_FOOTER = 3
_NUMBER = re.compile(r"[-+]?[\d.,' \xa0]*\d")
_TOTALS = frozenset(
    (
        *("total", "totals", "grand total", "sum", "sum total", "count", "subtotal", "total result"),
        *("summe", "gesamt", "insgesamt", "gesamtsumme", "gesamtergebnis", "zwischensumme", "anzahl"),  # German
        *("somme", "total general", "sous-total", "nombre"),  # French
        *("totale", "totale generale", "totale complessivo", "subtotale", "somma", "conteggio"),  # Italian
        *("totaal", "eindtotaal", "algemeen totaal", "subtotaal", "som", "aantal"),  # Dutch
        *("suma", "suma total", "total", "recuento"),  # Spanish
        *("total geral", "soma", "contagem"),  # Portuguese
        *("razem", "ogolem", "ogołem", "łacznie", "suma koncowa", "liczba"),  # Polish
        *("summa", "totalsumma", "totalt", "antal", "i alt", "ialt", "hovedtotal"),  # Swedish, Danish, Norwegian
        *("yhteensa", "kaikki yhteensa", "loppusumma"),  # Finnish
        *("celkem", "celkovy soucet", "soucet", "spolu"),  # Czech, Slovak
        *("osszesen", "vegosszeg", "ukupno", "skupaj", "toplam", "genel toplam"),  # Hungarian, Croatian, Turkish
        *(
            "итого",
            "всего",
            "общии итог",
            "разом",
            "συνολο",
            "γενικο συνολο",
            "合計",
            "総計",
            "合计",
            "总计",
            "합계",
            "총합계",
        ),
    )
)
"""What people and programs write before a total, folded as ``_folded`` does it."""
_NUMBER_BEHIND = re.compile(r"(?: *[:=] *| +)\(?[-+]?\d[\d.,' \xa0]*\)?$")
_COUNTED = r"\(?(?:no|\d[\d,.' ]*) (?:row|record|line)(?:s|\(s\))?"
_FOOTER = re.compile(
    "|".join(
        [
            _COUNTED + r"(?: (?:were |was )?(?:affected|selected|returned|fetched|exported|found|in set))?"
            r"(?:,? \(?[\d.]+ ?(?:s|ms|sec|seconds?)\)?)?[.)]*",
            r"(?:total )?(?:rows|records|row count|affected rows|rows affected) ?[:=] ?\d[\d,.]*",
            r"number of (?:rows|records) ?[:=] ?\d[\d,.]*",
            r"(?:time|elapsed|execution time|total execution time|completion time) ?[:=] ?[\d:.,T+-]+ ?(?:s|ms|sec)?",
            r"query ok,? .*",
            r"sql> ?.*",
            r"page \d+(?: ?(?:of|/) ?\d+)?",
            r"(?:seite|página|pagina) \d+(?: ?(?:von|de|di|van|/) ?\d+)?",
            r"[-*= ]*end of (?:report|file|data|export|list|results?)[-*=. ]*",
            r"[-*= ]*eof[-*= ]*",
        ]
    ),
    re.IGNORECASE,
)
_FEWEST_LABELS = 2
_SHOWN = 80


class Extra(NamedTuple):
    """A row that is no data: what it is, and what it says."""

    kind: str
    text: str


@dataclass(frozen=True)
class Extras:
    """The rows of a table that are no data, by number."""

    rows: dict[int, Extra]

    @property
    def notices(self) -> tuple[Notice, ...]:
        """A sentence about the repeated headers, and one about all the others."""
        repeated = [row for row, extra in self.rows.items() if extra.kind == "header"]
        others = [(row, extra.text) for row, extra in self.rows.items() if extra.kind in {"rule", "footer"}]
        notices = []
        if repeated:
            code = "header-repeated" if len(repeated) == 1 else "headers-repeated"
            notices.append(Notice(code, {"count": len(repeated), "first": repeated[0]}))
        if others:
            code = "row-left-out" if len(others) == 1 else "rows-left-out"
            row, text = others[0]
            notices.append(Notice(code, {"count": len(others), "first": row, "text": text}))
        return tuple(notices)

    def without(self, read: Callable[[], Iterator[pd.DataFrame]]) -> Callable[[], Iterator[pd.DataFrame]]:
        """The same chunks without these rows."""
        if not self.rows:
            return read
        numbers = list(self.rows)

        def chunks() -> Iterator[pd.DataFrame]:
            for chunk in read():
                left_out = chunk.index.isin(numbers)
                rest = chunk[~left_out] if left_out.any() else chunk
                if len(rest):
                    yield rest

        return chunks


def find_extras(rows: Rows, labels: Sequence[str]) -> Extras:
    """The rows that are no data among those below a header with these labels.

    What a program says at the end is such a row only there, or right before the header comes once more: in the middle
    it would be a row that somebody has to look at.
    """
    extras: dict[int, Extra] = {}
    at_end: dict[int, Extra] = {}
    for number, cells in rows:
        extra = _extra(cells, labels)
        if extra is None:
            if any(map(str.strip, cells)):
                at_end = {}
            continue
        if extra.kind == "footer":
            at_end[number] = extra
            continue
        if extra.kind == "header":
            extras |= at_end
            at_end = {}
        extras[number] = extra
    return Extras(dict(sorted((extras | at_end).items())))


def refuse_other_header(name: str, rows: Rows, labels: Sequence[str]) -> None:
    """Refuse a table in which another header follows: the rows below it would be read in the wrong columns.

    Raises:
        FileError: A row has most of the labels, but not all of them in their places.
    """
    for number, cells in rows:
        texts = [cell.strip().strip(_INVISIBLE).strip() for cell in cells]
        if not _repeats(texts, labels) and _is_header(texts, labels):
            raise FileError(
                f"{name}: row {number} is a second header, and its columns are not those of the first.",
                "The rows below it belong to other columns. Save each of the joined tables as a file of its own.",
            )


def _is_header(texts: Sequence[str], labels: Sequence[str]) -> bool:
    names = {label.casefold() for label in labels_of_user(labels) if label}
    same = names & {text.casefold() for text in texts}
    return len(same) >= _FEWEST_LABELS and is_mostly(len(same), len(names))


def is_mostly(part: int, whole: int) -> bool:
    """Whether a part of the labels of a header is enough to recognise it."""
    return 0 < whole * 2 <= part * 3


def may_be_extra(line: str) -> bool:
    """Whether a line of text may be such a row; not whether it repeats the header."""
    text = line.strip(f'{_INVISIBLE}\t ,;|"')
    rule = re.sub(r"[\s,;|\"]", "", line)
    return (
        (bool(_RULE.fullmatch(rule)) and len(rule) >= _SHORTEST_RULE)
        or _FOOTER.fullmatch(text) is not None
        or _folded(text).startswith(tuple(_TOTALS))
        or "\x1a" in line
    )


def _extra(cells: Sequence[str], labels: Sequence[str]) -> Extra | None:
    texts = [cell.strip().strip(_INVISIBLE).strip() for cell in cells]
    filled = [text for text in texts if text]
    if not filled:
        return Extra("mark", "") if any("\x1a" in cell for cell in cells) else None
    shown = printable(", ".join(filled), _SHOWN)
    if _repeats(texts, labels):
        return Extra("header", shown)
    if all(map(_RULE.fullmatch, filled)) and max(map(len, filled)) >= _SHORTEST_RULE:
        return Extra("rule", shown)
    if _is_footer(filled) or _is_total(filled, len(labels_of_user(labels))):
        return Extra("footer", shown)
    return None


def _repeats(texts: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether texts are the labels, with or without those that a report adds."""
    row = _without_tail(texts)
    return any(row == _without_tail(header) for header in (labels, labels_of_user(labels)))


def _without_tail(texts: Sequence[str]) -> list[str]:
    row = [text.casefold() for text in texts]
    while row and not row[-1]:
        row.pop()
    return row


def _is_footer(filled: Sequence[str]) -> bool:
    # A separator inside "1,234 rows" makes several cells of it.
    return len(filled) <= _MOST_IN_FOOTER and _FOOTER.fullmatch(",".join(filled)) is not None


def _is_total(filled: Sequence[str], width: int) -> bool:
    """Whether a row is a word for a total and numbers, and leaves at least half of the columns empty."""
    # The number may stand behind the word in its own cell.
    word = _folded(_NUMBER_BEHIND.sub("", filled[0]).rstrip(":= "))
    return word in _TOTALS and len(filled) * 2 <= width and all(map(_NUMBER.fullmatch, filled[1:]))


def _folded(text: str) -> str:
    """A text without accents, in small letters."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in letters if not unicodedata.combining(letter)))
