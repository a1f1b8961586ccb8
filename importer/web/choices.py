"""What is asked once for all rows of an upload, and what a form makes of the answers.

The questions are names, the order of dates, repairs of a column, the time zone and the encoding. An answer about a name
is remembered in the journal, for every later file of the account, one about the order of dates or their time zone for
every later file with the same header; the others belong to the upload.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any
from zoneinfo import available_timezones

from importer.checking import plain_name
from importer.config.saved_columns import DateChoice, remember_date_choice, saved_columns
from importer.config.settings import Settings
from importer.errors import ImporterError, JournalError
from importer.issues import Candidate
from importer.journal.shelves import shelf_of
from importer.model import Clock
from importer.spreadsheet import REPAIRS, ReadOptions
from importer.text import count, printable
from importer.web import upload_names
from importer.web.drafts import Draft, Drafts, NameChoice
from importer.web.entries import SHOWN
from importer.web.error_words import page_words
from importer.web.table.edit import Table
from importer.web.table.omission import leave_out, of_names
from importer.web.table.views import Views
from importer.web.upload_check import ENCODINGS, ORDERS, latest_check, source_of, zone_of
from importer.web.upload_documents import CauseSummary, CheckedRows, ChosenName, NameQuestion, UploadCheck

PAGE_QUESTIONS = 20
"""Names asked for on one page."""

ASKED_REPAIRS = ("thousands", "unprintable")
"""Repairs without which the rows need a change."""

DATES, ZONE, ENCODING, ROWS = "dates", "zone", "encoding", "rows"
_ALONE, _ALL, _FORGET, _OTHER, _OUT = "only", "all", "forget", "other", "out"
_ORDER_WORDS = {"dmy": "day/month/year", "mdy": "month/day/year"}
_REPAIR_WORDS = {
    "thousands": "Thousands separators",
    "unprintable": "Characters that cannot be printed",
    "trim": "Spaces around the text",
}
_REMEMBERED, _CHOSEN_HERE = "Remembered from an earlier file.", "Chosen for this file, and remembered."
_FOR_THIS_FILE = "Chosen for this file."
_THREE_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})([./-])(\d{1,2})\2(\d{4})(?!\d)")
_ANY_DATE = "03/04/2027"
_OF_ZONES = {"zone-assumed", "time-skipped", "date-ambiguous"}
_LONGEST_TYPED = 300
_CHOICE, _TYPED, _REPAIR = "pick-", "other-", "repair-"


@dataclass(frozen=True, slots=True)
class ColumnQuestion:
    """Something to choose for a whole column, or the order of all dates: ``count`` cells wait for it.

    ``kind`` is "dates" or the name of a repair.
    """

    key: str
    kind: str
    label: str
    example: str
    count: int

    @property
    def repaired(self) -> str:
        """What the repair makes of the example."""
        return REPAIRS[self.kind](self.example) if self.kind in REPAIRS else self.example

    @property
    def orders(self) -> Mapping[str, str]:
        """What the date of the example is with the day first and with the month first."""
        match = _THREE_NUMBERS.search(self.example)
        return (_orders(match) if match else {}) or _orders(_THREE_NUMBERS.fullmatch(_ANY_DATE))


def _orders(match: re.Match[str] | None) -> dict[str, str]:
    """By the order; empty if the numbers leave nothing to ask."""
    if match is None:
        return {}
    first, _, second, year = match.groups()
    try:
        days = {"dmy": date(int(year), int(second), int(first)), "mdy": date(int(year), int(first), int(second))}
    except ValueError:
        return {}
    if first == second:
        return {}
    return {order: f"{match[0]} is {day.day} {day:%B} {day.year}" for order, day in days.items()}


@dataclass(frozen=True, slots=True)
class Reply:
    """What of a form could not be taken: why, by the key of the question, and what may have been meant there."""

    problems: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """What it takes to answer a form: where uploads are, with which sign-in names are looked up, and the time."""

    drafts: Drafts
    settings: Settings
    clock: Clock


# -- questions --------------------------------------------------------------------------------------------------------


def column_questions(rows: CheckedRows) -> list[ColumnQuestion]:
    """What is to be chosen for columns, the order of dates first."""
    dates = [cause for cause in rows.causes if cause.code == "date-ambiguous"]
    return [*([_about_dates(dates)] if dates else []), *_about_repairs(rows.causes)]


def _about_dates(causes: Sequence[CauseSummary]) -> ColumnQuestion:
    labels = " and ".join(dict.fromkeys(cause.label for cause in causes))
    return ColumnQuestion(DATES, DATES, labels, causes[0].value, sum(cause.count for cause in causes))


def _about_repairs(causes: Sequence[CauseSummary]) -> list[ColumnQuestion]:
    questions = []
    for cause in causes:
        for name in ASKED_REPAIRS:
            if count := cause.repairs.get(name, 0):
                key = f"{_REPAIR}{cause.letters}-{name}"
                questions.append(ColumnQuestion(key, name, cause.label, cause.repairable or cause.value, count))
    return questions


@dataclass(frozen=True, slots=True)
class MadeChoice:
    """A choice that holds, for the page: the record that a name means, else ``text`` says how something is read.

    ``origin`` says where something was chosen that may be remembered.
    """

    key: str
    text: str
    label: str = ""
    count: int = 0
    record: Candidate | None = None
    origin: str = ""

    @property
    def is_remembered(self) -> bool:
        """Whether it holds for later files as well, so that it is forgotten rather than taken back."""
        return self.origin not in ("", _FOR_THIS_FILE)


def made(draft: Draft, rows: CheckedRows, check: UploadCheck | None) -> list[MadeChoice]:
    """The choices that hold for an upload, each of which can be taken back."""
    choices = [
        MadeChoice(name.key, name.text, name.label, name.count, name.record, _origin(draft, name))
        for name in rows.chosen
    ]
    if omitted := len(draft.read.left_out):
        choices.append(MadeChoice(ROWS, f"{count(omitted, 'row')} {'is' if omitted == 1 else 'are'} left out."))
    recalled = draft.recalled or DateChoice()
    if draft.read.dates in _ORDER_WORDS:
        origin = _origin_of_dates(draft.read.dates, recalled.dates, check)
        choices.append(MadeChoice(DATES, f"Dates are read as {_ORDER_WORDS[draft.read.dates]}.", origin=origin))
    # Nobody has to take back the zone of an earlier file where no time needs one.
    if draft.read.zone and (draft.read.zone != recalled.zone or about_zone(rows)):
        origin = _origin_of_dates(draft.read.zone, recalled.zone, check)
        choices.append(MadeChoice(ZONE, f"Times without a time zone are read in {draft.read.zone}.", origin=origin))
    header = check.header if check else None
    labels = dict(zip(header.letters, header.labels, strict=True)) if header else {}
    for letters, name in draft.read.repairs.items():
        label = printable(labels.get(letters, "")) or letters
        choices.append(MadeChoice(f"{_REPAIR}{letters}", f"{_REPAIR_WORDS[name]} are removed in “{label}”."))
    return choices


def about_zone(rows: CheckedRows) -> bool:
    """Whether any time of the file does not say its time zone."""
    return any(cause.code in _OF_ZONES for cause in rows.causes)


def _origin_of_dates(now: str, recalled: str | None, check: UploadCheck | None) -> str:
    if now == recalled:
        return _REMEMBERED
    return _CHOSEN_HERE if _has_titles(check) else _FOR_THIS_FILE


def _has_titles(check: UploadCheck | None) -> bool:
    """Whether the file has a header, by which another one is known as the same kind of file."""
    return check is not None and check.header is not None and bool(check.header.row)


def _origin(draft: Draft, name: ChosenName) -> str:
    ids = {choice.id for choice in draft.choices if choice.name == plain_name(name.text)}
    if not ids:
        return _REMEMBERED
    if name.record.id in ids:
        return _CHOSEN_HERE
    return "Chosen for another file, after you had chosen another one here."


def suggested(draft: Draft, name: str, text: str, settings: Settings) -> list[tuple[str, str]]:
    """What to offer for what is being typed for a field: what to type, and what tells it from others."""
    records = upload_names.suggestions(draft, name, text, settings) if len(text) <= _LONGEST_TYPED else ()
    alike = Counter(plain_name(one.names[0]) for one in records)
    return [
        (one.names[0] if alike[plain_name(one.names[0])] == 1 else str(one.id), _told_apart(one)) for one in records
    ]


def _told_apart(record: Candidate) -> str:
    return ", ".join(filter(None, [*record.names[1:], record.place, f"Id {record.id}"]))


# -- answers ----------------------------------------------------------------------------------------------------------


def answer(desk: Desk, draft: Draft, check: UploadCheck, fields: Mapping[str, str]) -> Reply:
    """Take all answers of a form, whichever of its buttons was pressed, and take back what one of them says.

    What cannot be taken is in the reply; the rest is saved all the same.
    """
    fields = _agreed(desk, draft, fields)
    chosen, reply = _names(desk, draft, check, fields)
    options, problems = _options(fields)
    problems |= _leave_out(desk, draft, check, fields)
    _save(desk, draft, chosen, options)
    _remember_dates(desk, check, {name: options[name] for name in (DATES, ZONE) if name in options})
    if forgotten := fields.get(_FORGET):
        _forget(desk, draft, check, forgotten)
    return Reply({**reply.problems, **problems}, reply.offers)


def _agreed(desk: Desk, draft: Draft, fields: Mapping[str, str]) -> dict[str, str]:
    """A form without what it only proposed, unless its button is about that and nothing else was chosen meanwhile."""
    holds = {ZONE: zone_of(draft, desk.settings), ENCODING: draft.read.encoding or ""}

    def is_answer(name: str, text: str) -> bool:
        if name not in holds:
            return True
        if text.strip() != fields.get(f"{SHOWN}{name}", holds[name]):
            return True
        return (_ALL in fields or fields.get(_ALONE) == name) and text.strip() == holds[name]

    return {name: text for name, text in fields.items() if is_answer(name, text)}


def _table(desk: Desk) -> Table:
    return Table(desk.drafts, Views(), desk.settings, desk.clock())


def _leave_out(desk: Desk, draft: Draft, check: UploadCheck, fields: Mapping[str, str]) -> dict[str, str]:
    """Leave out the rows of names for which a person says so; why that was not possible, by the key of a question."""
    all_questions = check.rows.questions if check.rows else ()
    questions = [question for question in all_questions if fields.get(f"{_CHOICE}{question.key}") == _OUT]
    if not questions:
        return {}
    reply = leave_out(_table(desk), draft, lambda rows: of_names(rows, questions))
    return {questions[0].key: reply.problem} if reply.problem else {}


def _save(desk: Desk, draft: Draft, chosen: Sequence[tuple[str, str, Candidate]], options: Mapping[str, Any]) -> None:
    with desk.drafts.locked(draft.id) as now:
        if now is None or now.run is not None:
            return
        made = upload_names.choose(now, desk.settings, chosen) if chosen else ()
        repairs = {**now.read.repairs, **options.get("repairs", {})}
        read = replace(now.read, **{**options, "repairs": repairs})
        if made or read != now.read:
            # In another encoding, the header may be another one, for which something else is remembered.
            recalled = None if ENCODING in options else now.recalled
            made = _together(now.choices, made)
            desk.drafts.keep(now, read=read, recalled=recalled, choices=made, version=now.version + 1)


def _remember_dates(desk: Desk, check: UploadCheck, changes: Mapping[str, str | None]) -> None:
    """Remember this of the dates of files with the same header; None forgets it."""
    if not changes or check.header is None or not _has_titles(check):
        return
    # It holds for this upload all the same.
    with suppress(JournalError):
        remember_date_choice(check.header.labels, changes, shelf_of(desk.settings.journal_place))


def _together(before: Sequence[NameChoice], made: Sequence[NameChoice]) -> tuple[NameChoice, ...]:
    """All choices of an upload; one that was made twice goes back to what held before the first."""
    choices = {(choice.account, choice.path, choice.name): choice for choice in before}
    for choice in made:
        at = choice.account, choice.path, choice.name
        choices[at] = replace(choice, before=choices[at].before) if at in choices else choice
    return tuple(choices.values())


def _options(fields: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """What a form says about the upload as a whole, and what of it is wrong."""
    options: dict[str, Any] = {}
    if fields.get(DATES) in ORDERS:
        options[DATES] = fields[DATES]
    if fields.get(ENCODING) in ENCODINGS:
        options |= {ENCODING: fields[ENCODING], "remembered": False}
    options["repairs"] = dict(_repair(name) for name, text in fields.items() if name.startswith(_REPAIR) and text)
    zone = fields.get(ZONE, "").strip()
    if zone and zone not in available_timezones():
        problem = f"There is no time zone “{printable(zone)}”. Choose one from the list, for example Europe/Berlin."
        return options, {ZONE: problem}
    return options | ({ZONE: zone} if zone else {}), {}


def _repair(field_name: str) -> tuple[str, str]:
    letters, _, name = field_name.removeprefix(_REPAIR).partition("-")
    return letters, name if name in REPAIRS else ""


def _names(
    desk: Desk, draft: Draft, check: UploadCheck, fields: Mapping[str, str]
) -> tuple[list[tuple[str, str, Candidate]], Reply]:
    """The records that were chosen for names, each with its field and text; and what was typed without success."""
    chosen: list[tuple[str, str, Candidate]] = []
    problems, offers = dict[str, str](), dict[str, tuple[Candidate, ...]]()
    for question in check.rows.questions if check.rows else ():
        choice = fields.get(f"{_CHOICE}{question.key}", "")
        text = fields.get(f"{_TYPED}{question.key}", "").strip()
        offered = _records(desk, draft, question, choice, text)
        if isinstance(offered, str):
            problems[question.key] = offered
        elif len(offered) == 1:
            chosen.append((question.field, question.text, offered[0]))
        elif offered:
            problems[question.key] = f"Several {question.noun}s match “{printable(text)}”. Choose one of them."
            offers[question.key] = offered
    return chosen, Reply(problems, offers)


def _records(desk: Desk, draft: Draft, question: NameQuestion, choice: str, text: str) -> tuple[Candidate, ...] | str:
    """The records that an answer names, none if it leaves the name as it is; or what is wrong with it."""
    if choice == _OUT:
        return ()
    if choice not in ("", _OTHER):
        text = choice
    if by_choice := [record for record in question.candidates if str(record.id) == choice]:
        return (by_choice[0],)
    if not text:
        return f"Enter the name or the Id of a {question.noun}." if choice == _OTHER else ()
    try:
        source = source_of(draft, desk.settings)
        records = upload_names.records_for(draft, source, question.field, text, desk.settings, desk.clock)
    except ImporterError as error:
        return " ".join(page_words(draft.named(error)))
    return records or f"Nexudus has no {question.noun} “{printable(text)}”. Enter another name, or the Id."


def _forget(desk: Desk, draft: Draft, check: UploadCheck, key: str) -> None:
    """Ask again what was chosen before."""
    if key == ROWS:
        _table(desk).set_left_out(draft, draft.read.left_out, out=False)
        return
    with desk.drafts.locked(draft.id) as now:
        if now is None or now.run is not None:
            return
        read, recalled = now.read, now.recalled
        if key in (DATES, ZONE):
            nothing = {key: None}
            read = replace(read, **nothing)  # type: ignore[arg-type]
            recalled = replace(recalled or DateChoice(), **nothing)
            _remember_dates(desk, check, {key: None})
        elif key.startswith(_REPAIR):
            letters = key.removeprefix(_REPAIR)
            read = replace(read, repairs={place: name for place, name in read.repairs.items() if place != letters})
        else:
            for name in check.rows.chosen if check.rows else ():
                if name.key == key:
                    upload_names.forget(now, desk.settings, name.field, name.text)
        desk.drafts.keep(now, read=read, recalled=recalled, version=now.version + 1)


def take_back(desk: Desk, draft: Draft) -> None:
    """Read the upload as it came: without a correction, and with the choices that held before it."""
    with desk.drafts.locked(draft.id) as now:
        if now is None or now.run is not None:
            return
        upload_names.take_back(desk.settings, now.choices)
        recalled = now.recalled or DateChoice()
        _take_back_dates(desk, now, recalled)
        dates, zone = recalled.dates, recalled.zone
        read: ReadOptions = replace(now.read, cells={}, repairs={}, dates=dates, zone=zone, answers={}, left_out=())
        desk.drafts.keep(now, read=read, choices=(), version=now.version + 1)


def _take_back_dates(desk: Desk, draft: Draft, recalled: DateChoice) -> None:
    """Remember of dates what held before this upload, unless somebody has chosen anew since."""
    check, chosen = latest_check(draft), {"dates": draft.read.dates, "zone": draft.read.zone}
    if check is None or check.header is None:
        return
    remembered = saved_columns(shelf_of(desk.settings.journal_place))
    saved, before = asdict(remembered.date_choice(check.header.labels)), asdict(recalled)
    changes = {name: before[name] for name, now in chosen.items() if now and now == saved[name] != before[name]}
    _remember_dates(desk, check, changes)
