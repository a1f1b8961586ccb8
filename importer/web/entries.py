"""The cells of a row on their way through a form: what was typed, as against what the page showed and got back.

A browser posts every field of a form, touched or not, and not always as it was served: a line of text has no line ends,
some browsers compose letters. So each field goes out with a digest of its text, as a browser would give it back
untouched, and counts as typed only if it comes back as something else. No script takes part in this. Pure.
"""

import re
import unicodedata
from collections.abc import Mapping
from hashlib import blake2b

SHOWN = "shown-"
"""Before the address of a cell: the name of the field that carries the digest of its text. Before the name of another
field: the one that carries what the page showed there."""

INSTEAD, REPLACES = "instead-", "replaces-"
"""Before the address of a cell: the name of a button whose text is to replace what another page has put there, and of
the field that carries the digest of that."""

_NAME = re.compile(rf"({SHOWN})?([A-Z]{{1,3}})([1-9][0-9]{{0,8}})")

_LINE_ENDS = re.compile(r"[\r\n]")
_NEVER_SERVED = re.compile("[\0\ud800-\udfff]")
"""What no page can hold; browsers make it a replacement character."""


def digest(text: str) -> str:
    """What tells a text, and whatever a browser makes of it untouched, from every other text."""
    return blake2b(_untouched(text).encode(), digest_size=12).hexdigest()


def by_row(form: Mapping[str, str]) -> dict[int, dict[str, str]]:
    """The fields of cells in a form by their rows, under the letters of their columns; any other field is left out."""
    rows: dict[int, dict[str, str]] = {}
    for name, text in _with_insisted(form).items():
        if match := _NAME.fullmatch(name):
            shown, letters, row = match.groups(default="")
            rows.setdefault(int(row), {})[f"{shown}{letters}"] = text
    return rows


def _with_insisted(form: Mapping[str, str]) -> dict[str, str]:
    """A form with the text of a pressed button that replaces what another page has put into a cell, once seen."""
    cells = [name.removeprefix(INSTEAD) for name in form if name.startswith(INSTEAD)]
    insisted = {cell: form[f"{INSTEAD}{cell}"] for cell in cells}
    return {**form, **insisted, **{f"{SHOWN}{cell}": form.get(f"{REPLACES}{cell}", "") for cell in cells}}


def typed(form: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """The texts in the fields of a row, by column letters, that a person typed or chose.

    ``cells`` holds what the row's cells hold now, as far as that is at hand. A field is compared with what its page
    showed: if another page has changed the cell since, its text is not taken back. A field without a digest is
    compared with the cell alone, and is nobody's if there is none.
    """
    same = {letters: {digest(text)} for letters, text in cells.items()}
    for name, shown in form.items():
        if name.startswith(SHOWN):
            same.setdefault(name.removeprefix(SHOWN), set()).add(shown)
    return {
        letters: form[letters]
        for letters, digests in same.items()
        if letters in form and digest(form[letters]) not in digests
    }


def overtaken(form: Mapping[str, str], cells: Mapping[str, str]) -> dict[str, str]:
    """Those typed texts of a row that would replace what nobody saw: the cell is not what its page showed any more."""
    return {
        letters: text
        for letters, text in typed(form, cells).items()
        if letters in cells and form.get(f"{SHOWN}{letters}", digest(cells[letters])) != digest(cells[letters])
    }


def _untouched(text: str) -> str:
    return unicodedata.normalize("NFC", _NEVER_SERVED.sub("\N{REPLACEMENT CHARACTER}", _LINE_ENDS.sub("", text)))
