"""Fields that name another record: by Id, or by what people call it. Pure; the lists come from elsewhere."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, product
from typing import TypeVar

import pandas as pd

from importer.checking.cells import UNSEEN_CHARACTERS, Parsed, digits, is_error, whole_number
from importer.issues import Candidate

FEW = 3
"""If at least this many distinct Ids are all unlisted, suspect the account, not the Ids."""

_NUMBER_LIKE = re.compile(r"[-+]?[\d\s.,']+(?:e[-+]?\d+)?%?", re.IGNORECASE)
_MOST_SHOWN = 5
_MOST_COMPARED = 20_000
"""Names that one with a mistyped letter is looked for among; of more, the index would take a tenth of a gigabyte."""

_SHORTEST_COMPARED = 5
_IS_CALLED = "\n"
Key = TypeVar("Key")
AgreedNames = Mapping[str, Mapping[str, int]]
"""The Ids that a person has seen for names in a plan, by field and plain name."""
_ADDRESS = re.compile(r"(?:[^<>]*<|mailto:)(?:mailto:)?([^<>\s@]+@[^<>\s@]+?)>?", re.IGNORECASE)
_ALIKE = str.maketrans(
    {"ẞ": "ß"} | dict.fromkeys("\u2018\u2019\u02bc\u00b4`\u2032", "'") | dict.fromkeys(UNSEEN_CHARACTERS, None)
)
"""Apostrophes as keyboards, word processors and programs write them, the capital of ß, and what nobody sees."""


_SHARP_S = {"SS": ("SS", "ss", "ß"), "ß": ("ß", "SS"), "ss": ("ss", "SS")}
"""What each way to write it may be when a record is called so."""

_SHARP_OR_CAPITAL, _ANY_SHARP, _MOST_SHARP = re.compile("(SS|ß)"), re.compile("(SS|ß|ss)"), 3


@dataclass(frozen=True, slots=True)
class Entry(Candidate):
    """A record that may be named; whether it was deleted, and whether the service says that it is not in use."""

    deleted: bool = False
    inactive: bool = False


class Directory:
    """The records that a field may refer to, by Id and by name; "Location / Name" is a name too.

    ``noun`` is what such a record is called. ``chosen_ids`` are earlier choices of a person: between records of one
    name, by ``plain_name``, and of a record for a name that none has, by ``other_name``. ``complete`` says whether all
    records are listed, so that a number can be called unlisted; ``none_listed`` that none of the file's numbers is,
    which is reported once and not for every cell. ``agreed`` are the Ids that a person has seen for names in a plan, by
    ``plain_name``: what they mean by now does not count, and no other name means a record. None without such a plan.
    """

    def __init__(
        self,
        noun: str,
        entries: Iterable[Entry],
        chosen_ids: Mapping[str, int] | None = None,
        *,
        complete: bool = True,
        none_listed: bool = False,
        agreed: Mapping[str, int] | None = None,
    ) -> None:
        """Index the names."""
        self.noun, self.complete, self.none_listed = noun, complete, none_listed
        self._agreed = agreed
        self._chosen_ids = chosen_ids or {}
        self._other_names = _by_other_name(self._chosen_ids)
        self._names: dict[str, list[Entry]] = {}
        self._bare: dict[str, set[str]] = {}
        self._entries: dict[int, Entry] = {}
        for entry in entries:
            self._entries[entry.id] = entry
            spelled = [*entry.names, *(f"{entry.place} / {name}" for name in entry.names if entry.place)]
            for name in set(chain.from_iterable(_forms(plain_name(one)) for one in spelled if one)):
                self._names.setdefault(name, []).append(entry)
                self._bare.setdefault(without_accents(name), set()).add(name)

    def named(self, text: str) -> list[Entry]:
        """The records that a text may mean; one if somebody chose between them before."""
        name = plain_name(text)
        if self._agreed is None:
            return self._named(name)
        if (number := self._agreed.get(name)) is not None:
            return [entry] if (entry := self._entries.get(number)) is not None else []
        entries = self._named(name)
        # The plan left such a row out. Nobody has seen which record the name means since.
        return [] if len([entry for entry in entries if not entry.deleted]) == 1 else entries

    def _named(self, name: str) -> list[Entry]:
        # A choice holds only while the record is listed under that name: renamed or deleted, it must be made again.
        entries = self._names.get(name, [])
        if all(entry.deleted for entry in entries):
            return self._by_other_name(name) or entries
        return [entry for entry in entries if entry.id == self._chosen_ids.get(name)] or entries

    def meant(self, texts: Iterable[str]) -> dict[str, int]:
        """The Ids of the records that names mean, by their plain names; names that mean none are left out."""
        names = {plain_name(text) for text in texts if is_name(text.strip())}
        alive = {name: [entry.id for entry in self.named(name) if not entry.deleted] for name in names}
        return {name: numbers[0] for name, numbers in sorted(alive.items()) if len(numbers) == 1}

    @property
    def has_choices(self) -> bool:
        """Whether any name may mean a record because somebody chose it."""
        return bool(self._chosen_ids)

    def chosen(self, text: str) -> Entry | None:
        """The record that a text means because somebody chose it, None if it means one, or several, by itself."""
        name = plain_name(text)
        alive = [entry for entry in self._names.get(name, []) if not entry.deleted]
        named = [entry for entry in self.named(text) if not entry.deleted]
        return named[0] if len(named) == 1 and len(alive) != 1 else None

    def _by_other_name(self, name: str) -> list[Entry]:
        record, number = self._other_names.get(name, ("", 0))
        return [entry for entry in self._names.get(record, []) if entry.id == number and not entry.deleted]

    def near(self, text: str) -> tuple[Entry, ...]:
        """The records, not deleted, whose name is nearly a text; to be offered, never taken.

        That is, it differs in nothing but accents, else in the order of its words, else in one letter, or two that
        changed places. "Jose Garcia" may be José García, and just as well a colleague whom Nexudus does not have.
        """
        bare = without_accents(plain_name(text))
        names = self._bare.get(bare) or self._in_other_order.get(_words(bare)) or self._one_letter_off(bare)
        entries = {entry.id: entry for name in names for entry in self._names[name] if not entry.deleted}
        return tuple(entries[number] for number in sorted(entries))

    @cached_property
    def _in_other_order(self) -> dict[tuple[str, ...], set[str]]:
        return _grouped((_words(bare), name) for bare, names in self._bare.items() for name in names)

    @cached_property
    def _with_a_gap(self) -> dict[str, set[str]]:
        """Names without accents, whole and with each of their letters left out in turn."""
        if len(self._bare) > _MOST_COMPARED:
            return {}
        return _grouped((gap, bare) for bare in self._bare for gap in _gaps(bare))

    def _one_letter_off(self, bare: str) -> set[str]:
        if len(bare) < _SHORTEST_COMPARED:
            return set()
        # Two texts that are one letter apart are equal once it is left out of one of them, or one letter out of both.
        alike = {other for gap in _gaps(bare) for other in self._with_a_gap.get(gap, ()) if _is_near(bare, other)}
        return {name for other in alike for name in self._bare[other]}

    def may_mean(self, text: str, number: int) -> bool:
        """Whether a text is one of the names of this record, whatever else it may mean."""
        return any(entry.id == number for entry in self._names.get(plain_name(text), []))

    @property
    def ids(self) -> set[int]:
        """The Ids of the listed records."""
        return set(self._entries)

    @property
    def deleted_ids(self) -> set[int]:
        """The Ids of which the service says that it has no such record, whether its list shows it or not."""
        return {entry.id for entry in self._entries.values() if entry.deleted}

    def lists(self, number: int) -> bool:
        """Whether a record of this Id is listed."""
        entry = self._entries.get(number)
        # One without a name that does not exist was not on the list: it was read by its Id.
        return entry is not None and (bool(entry.names) or not entry.deleted)

    def entry(self, number: int) -> Entry | None:
        """The listed record of this Id."""
        return self._entries.get(number)

    def matching(self, text: str, most: int) -> tuple[Candidate, ...]:
        """Records, not deleted, to choose from for what somebody types in a search: their names hold all its words."""
        words = without_accents(plain_name(text)).split()
        spellings = (names for bare, names in self._bare.items() if all(word in bare for word in words))
        names = chain.from_iterable(spellings)
        entries = {entry.id: entry for name in names for entry in self._names[name] if not entry.deleted}
        ordered = sorted(entries.values(), key=lambda entry: (entry.inactive, entry.names, entry.id))
        return tuple(ordered[:most]) if words else ()

    def choices(self) -> list[str]:
        """A way to name each record that means it alone; those that cannot be named so, or have left, are left out."""
        spellings = []
        for entries in self._names.values():
            if len(entries) == 1 and not entries[0].deleted and not entries[0].inactive:
                entry = entries[0]
                spellings.append(f"{entry.place} / {entry.names[0]}" if entry.place and entry.names else str(entry.id))
        return sorted(dict.fromkeys(spellings))

    def candidates(self, text: str) -> tuple[Candidate, ...]:
        """The records that a text may mean, without those that were deleted."""
        return tuple(entry for entry in self.named(text) if not entry.deleted)


def other_name(text: str, record: str) -> str:
    """The key of a choice of a record called ``record`` for a name that no record has.

    The name of the record is in it, because such a choice, too, holds only while the record is called so.
    """
    # No plain name holds a line end.
    return f"{plain_name(text)}{_IS_CALLED}{plain_name(record)}"


def chosen_for(text: str, chosen_ids: Mapping[str, int]) -> dict[str, int]:
    """Those of the choices that are about this name, by their keys."""
    name = plain_name(text)
    return {key: number for key, number in chosen_ids.items() if key.partition(_IS_CALLED)[0] == name}


def choices_about(texts: Iterable[str], chosen_ids: Mapping[str, int]) -> dict[str, int]:
    """Those of the choices that are about one of these names, by their keys."""
    names = set(map(plain_name, texts)) if chosen_ids else set()
    return {key: number for key, number in chosen_ids.items() if key.partition(_IS_CALLED)[0] in names}


def chosen_others(texts: Iterable[str], chosen_ids: Mapping[str, int]) -> set[int]:
    """The Ids that were chosen for those of these names that perhaps no record has."""
    others = _by_other_name(chosen_ids)
    return {others[name][1] for name in map(plain_name, texts) if name in others}


def _by_other_name(chosen_ids: Mapping[str, int]) -> dict[str, tuple[str, int]]:
    parts = ((key.partition(_IS_CALLED), number) for key, number in chosen_ids.items())
    return {name: (record, number) for (name, between, record), number in parts if between}


def _words(name: str) -> tuple[str, ...]:
    return tuple(sorted(re.findall(r"[^\s,;]+", name)))


def _gaps(name: str) -> set[str]:
    return {name} | {name[:index] + name[index + 1 :] for index in range(len(name))}


def _is_near(one: str, other: str) -> bool:
    """Whether two different texts are one letter apart, too many, missing or another, or two that changed places."""
    if len(one) > len(other):
        one, other = other, one
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) < len(other):
        return one[start:] == other[start + 1 :]
    left, right = one[start:], other[start:]
    return left[1:] == right[1:] or (left[:2] == right[1::-1] and left[2:] == right[2:])


def _grouped(pairs: Iterable[tuple[Key, str]]) -> dict[Key, set[str]]:
    groups: dict[Key, set[str]] = {}
    for key, name in pairs:
        groups.setdefault(key, set()).add(name)
    return groups


def one_of(candidates: Sequence[Candidate]) -> str:
    """Some of the candidates and how many more there are, for a sentence."""
    shown = " or ".join(map(str, candidates[:_MOST_SHOWN]))
    return shown + (f" or {len(candidates) - _MOST_SHOWN} more" if len(candidates) > _MOST_SHOWN else "")


def plain_name(text: str) -> str:
    """A name without what people and programs vary; E-mails are compared in the same way.

    That is case, spaces, the shape of apostrophes, characters without a width, and whether an accent is a letter of its
    own (Macs write it so). Where SS is written in capitals it stays so: it may be ss or ß, which tell names apart.
    """
    name = unicodedata.normalize("NFC", bare_name(text).translate(_ALIKE))
    # All at once, "Anna Groß" would be Anna Gross, who is somebody else.
    parts = (part if part in _SHARP_S else part.casefold() for part in _SHARP_OR_CAPITAL.split(name))
    return " ".join(unicodedata.normalize("NFC", "".join(parts)).replace("/", " / ").split())


def _forms(name: str) -> set[str]:
    """The plain names that may mean a record with this one: SS in capitals is ss as well as ß, and either may be SS."""
    parts = _ANY_SHARP.split(name)
    if len(parts) // 2 > _MOST_SHARP:
        return {name, _ANY_SHARP.sub("SS", name), name.replace("SS", "ss"), name.replace("SS", "ß")}
    return set(map("".join, product(*(_SHARP_S.get(part, (part,)) for part in parts))))


def bare_name(text: str) -> str:
    """The e-mail address of a text like ``Ada Abbott <ada@example.com>``, as mail programs copy it; else the text."""
    match = _ADDRESS.fullmatch(text.strip())
    return match[1] if match else text


def without_accents(name: str) -> str:
    """A plain name without accents and the like, as people type it on a keyboard that has none."""
    decomposed = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


_LETTERS = str.maketrans({"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss", "S": "s"})
"""Letters that Unicode does not take apart."""


def is_name(text: str) -> bool:
    """Whether a cell names a record in words, and is no number written in some other way."""
    return any(c.isalpha() for c in text) and not _NUMBER_LIKE.fullmatch(text)


def parse_references(text: pd.Series, directory: Directory | None) -> Parsed:
    """Int64 Ids from a column of Ids and names; without a directory names cannot be read."""
    values, places = digits(text)
    rows, cells = text.index[places].tolist(), text.iloc[places].tolist()
    fates = {cell: _fate(cell.strip(), directory) for cell in set(cells)}
    numbers = [fates[cell][0] for cell in cells]
    values.iloc[places] = pd.array(numbers, dtype="Int64")
    refused: dict[str, list[int]] = {}
    doubtful: dict[str, list[int]] = {}
    for row, cell, number in zip(rows, cells, numbers, strict=True):
        if (code := fates[cell][1]) and number is None:
            refused.setdefault(code, []).append(row)
    if directory is not None and (deleted_ids := directory.deleted_ids):
        deleted = values.isin(deleted_ids).to_numpy(dtype=bool, na_value=False)
        refused |= {"id-not-found": text.index[deleted].tolist()} if deleted.any() else {}
        values = values.mask(deleted)
    if directory is not None and directory.complete:
        unlisted = values.notna() & (values > 0) & ~values.isin(directory.ids)
        code = "ids-not-listed" if directory.none_listed else "id-not-listed"
        doubtful[code] = text.index[unlisted.to_numpy(dtype=bool)].tolist()
    return Parsed(values, _indexes(refused), _indexes(doubtful))


def _fate(cell: str, directory: Directory | None) -> tuple[int | None, str]:
    """The Id that a cell means, or the issue code that says why it means none."""
    if not cell:
        return None, ""
    # A number is an Id, also where a resource is called "12": cells of Ids are the rule, and one that is not listed is
    # warned of. Such a resource can be named by its location, "North / 12".
    if (number := whole_number(cell)) is not None:
        return number, ""
    if is_error(cell):
        return None, "cell-error"
    if not is_name(cell):
        return None, "not-a-whole-number"
    if directory is None:
        return None, "name-not-looked-up"
    entries = directory.named(cell)
    # Deleted ones are out before they are counted: lists still show them (met by a public client), and of two coworkers
    # with one e-mail the other may be the only one that is left.
    alive = [entry for entry in entries if not entry.deleted]
    if len(alive) == 1:
        return alive[0].id, ""
    if alive:
        return None, "name-ambiguous"
    if entries:
        return None, "name-deleted"
    return None, "name-near" if directory.near(cell) else "name-not-found"


def nobody_listed(texts: Iterable[str], directory: Directory) -> bool:
    """Whether a column holds several Ids and the service lists none of them: perhaps it is another account's file."""
    numbers = {number for text in texts if (number := whole_number(text.strip())) is not None}
    return len(numbers) >= FEW and not any(directory.lists(number) for number in numbers)


def _indexes(rows: Mapping[str, list[int]]) -> dict[str, pd.Index]:
    return {code: pd.Index(numbers, dtype="int64") for code, numbers in rows.items()}
