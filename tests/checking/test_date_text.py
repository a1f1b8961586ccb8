"""The grammar of dates: each form with its many spellings, and what stands near it."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from importer.checking import date_text
from importer.checking.calendar_names import DISPUTED, MONTHS, WEEKDAYS, without_accents
from importer.checking.date_text import PIVOT, PLACEHOLDERS, DateText, instant_of_number, read_date_text

MONTHS_OF = {
    "en": "January February March April May June July August September October November December",
    "en short": "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "de short": "Jan. Feb. Mär. Apr. Mai Jun. Jul. Aug. Sept. Okt. Nov. Dez.",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "fr short": "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
}
WEEKDAYS_OF = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "en short": "Mon Tue Wed Thu Fri Sat Sun",
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "de short": "Mo. Di. Mi. Do. Fr. Sa. So.",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "fr short": "lun. mar. mer. jeu. ven. sam. dim.",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "nl": "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
    "pt": "segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "it": "lunedì martedì mercoledì giovedì venerdì sabato domenica",
}
BLANKS = (" ", "\u00a0", "\u202f", "\u2009")
NOON = 12
FRACTIONS = ("", ".1", ",25", ".123", ".123456", ".0000000", ".123456789")


@st.composite
def dates(draw: st.DrawFn, day: datetime) -> str:
    """A date in one of the forms that name their parts, or whose parts can be told."""
    language = draw(st.sampled_from(sorted(MONTHS_OF)))
    name, weekday = MONTHS_OF[language].split()[day.month - 1], WEEKDAYS_OF[language].split()[day.weekday()]
    iso = f"{day:%Y-%m-%d}"
    named = [
        f"{day.day} {name} {day.year}",
        f"{day.day}. {name} {day.year}",
        f"{day.day:02}-{name}-{day.year}",
        f"{day.day}/{name}/{day.year}",
        f"{day.day}{name}{day.year}",
        f"{day.day} de {name} de {day.year}",
        f"{name} {day.day}, {day.year}",
        f"{day.year}-{name}-{day.day}",
        f"{day.day}-{name}-{day:%y}",
        f"{iso}",
        f"{day.year}/{day.month}/{day.day}",
        f"{day:%Y.%m.%d}",
    ]
    written = draw(st.sampled_from(named))
    return f"{weekday}{draw(st.sampled_from((' ', ', ')))}{written}" if draw(st.booleans()) else written


@st.composite
def times(draw: st.DrawFn, time: datetime) -> tuple[str, bool]:
    """A time of day, and whether its seconds are in it."""
    fraction = draw(st.sampled_from(FRACTIONS))
    letter = "a" if time.hour < NOON else "p"
    half = draw(st.sampled_from((f"{letter}m", f"{letter}M".upper(), f"{letter}.m.", f"{letter}. m.")))
    short = f"{time.hour % 12 or 12}:{time:%M}"
    return draw(
        st.sampled_from(
            [
                (f"{time:%H:%M:%S}{fraction}", True),
                (f"{time:%H.%M.%S}", True),
                (f"{time:%H:%M}", False),
                (f"{time.hour}.{time:%M}", False),
                (f"{time.hour}h{time:%M}", False),
                (f"{time:%H:%M} Uhr", False),
                (f"{short}{draw(st.sampled_from(('', *BLANKS)))}{half}", False),
                (f"{short}:{time:%S} {half}", True),
            ]
        )
    )


def offsets(minutes: int, *, seconds: bool) -> Sequence[str]:
    """The spellings of an offset from UTC; without seconds before it only those that are no end of a meeting."""
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    spellings = [f" GMT{sign}{hours:02}{rest:02}"]
    if seconds or minutes >= 0:
        spellings += [f"{sign}{hours:02}{rest:02}", f" {sign}{hours:02}{rest:02}"]
        spellings += [f"{sign}{hours:02}:{rest:02}", f" {sign}{hours:02}:{rest:02}", f" UTC{sign}{hours}:{rest:02}"]
        spellings += [f"{sign}{hours:02}:{rest:02}[GMT{sign}{hours:02}:{rest:02}]"]
    if rest == 0:
        spellings += [f" UTC{sign}{hours}", f" GMT {sign}{hours}"]
    if rest == 0 and (seconds or minutes >= 0):
        spellings += [f"{sign}{hours:02}"]
    if minutes == 0:
        spellings += ["Z", "z", " Z", " UTC", " GMT", " utc", "Z[UTC]", "Z[Europe/Berlin]", " +0000 UTC"]
    return spellings


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, datetime, int | None]:
    """A text with the moment and the offset in minutes that it means."""
    moment = draw(st.datetimes(datetime(1971, 1, 1), datetime(2068, 12, 31))).replace(microsecond=0)
    clock, seconds = draw(times(moment))
    offset = draw(st.none() | st.just(0) | st.integers(-56, 56).map(lambda quarters: 15 * quarters))
    zone = "" if offset is None else draw(st.sampled_from(offsets(offset, seconds=seconds)))
    between = draw(st.sampled_from((" ", ", ", " at ", " um ", " à ", " T ", "  ", *BLANKS)))
    text = f"{draw(dates(moment))}{between}{clock}{zone}"
    text = draw(st.sampled_from((text, text.lower(), f" {text} ", without_accents(text.lower()))))
    return text, moment if seconds else moment.replace(second=0), offset


@given(spellings())
def test_a_value_is_the_same_in_all_its_spellings(spelling: tuple[str, datetime, int | None]) -> None:
    """Date, time and zone in any combination of the forms are read back to what was written."""
    text, moment, offset = spelling
    read = read_date_text(text)
    assert isinstance(read, DateText), text
    assert (read.year, read.month, read.day) == (moment.year, moment.month, moment.day)
    assert read.time == (moment.hour, moment.minute, moment.second)
    assert read.offset == (None if offset is None else timedelta(minutes=offset))
    assert read.weekday in (None, moment.weekday())


@given(spellings())
def test_no_text_fits_two_forms(spelling: tuple[str, datetime, int | None]) -> None:
    """The order of the forms decides nothing."""
    plain = date_text._plain(spelling[0])
    assert sum(bool(re.fullmatch(form, plain)) for form in date_text._FORMS) == 1


@given(spellings(), st.data())
def test_a_text_with_more_in_it_is_no_date(spelling: tuple[str, datetime, int | None], data: st.DataObject) -> None:
    """A range, a remark, a question mark or a second date beside a date is not left out without a word."""
    text = spelling[0].strip()
    more = data.draw(
        st.sampled_from([" - 2026-11-30", f" - {text}", "?", " (cancelled 3)", " or later", "/", " 7", "\u0336"])
    )
    assert isinstance(read_date_text(f"{text}{more}"), str)
    assert isinstance(read_date_text(f"until {text}"), str)


@given(spellings(), st.data())
def test_a_sign_less_is_never_another_date(spelling: tuple[str, datetime, int | None], data: st.DataObject) -> None:
    """Cut off at the end, a text says nothing or the same day, if it still names a year of four digits."""
    text, moment, _ = spelling
    cut = text[: data.draw(st.integers(1, len(text)))]
    read = read_date_text(cut)
    assume(isinstance(read, DateText) and str(moment.year) in cut)
    assert isinstance(read, DateText)
    if (read.year, read.month) == (moment.year, moment.month):
        assert read.day == moment.day or cut.rstrip().endswith(str(read.day))


REAL = [
    "2026-11-28 10:30:00+00",
    "2026-11-28 11:30:00+01",
    "2026-11-28 10:30:00 UTC",
    "2026-11-28T10:30:00Z[UTC]",
    "2026-11-28T11:30:00+01:00[Europe/Berlin]",
    "Sat, 28 Nov 2026 10:30:00 GMT",
    "Saturday, 28-Nov-26 10:30:00 GMT",
    "Sat, 28 Nov 2026 10:30:00 +0000 (UTC)",
    "Sat Nov 28 10:30:00 UTC 2026",
    "Sat Nov 28 2026 10:30:00 GMT+0000 (Coordinated Universal Time)",
    "Sat Nov 28 2026 11:30:00 GMT+0100 (Mitteleuropäische Normalzeit)",
    "20261128T103000Z",
    "20261128103000Z",
    "2026-11-28T10:30:00.000+0000",
    "2026-11-28T10:30:00.0000000+00:00",
    "28/Nov/2026:10:30:00 +0000",
    "2026-11-28 10:30:00 +0000 UTC",
    "2026-11-28 11:30:00 +0100 CET",
    "28-NOV-26 10.30.00.000000000 AM +00:00",
    "2026\u201111\u201128T09:30:00\u221201:00",
    "\u200e2026\u200e-\u200e11\u200e-\u200e28\u200e \u200e10\u200e:\u200e30 UTC",
    "2026-11-28 12:30 GMT+2",
    "2026-11-28 05:30:00 America/New_York",
]
"""As programs write half past ten in UTC."""


@pytest.mark.parametrize("text", REAL)
def test_what_programs_write_is_read(text: str) -> None:
    """Each of these is one instant."""
    read = read_date_text(text)
    assert isinstance(read, DateText)
    assert (read.year, read.month, read.day) == (2026, 11, 28)
    assert read.time is not None
    if read.offset is not None:
        assert timedelta(hours=read.time[0], minutes=read.time[1]) - read.offset == timedelta(hours=10, minutes=30)
    else:
        assert read.place == "America/New_York"


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("31. März 2027", (2027, 3, 31)),
        ("31. Maerz 2027", (2027, 3, 31)),
        ("28 nov. 2026", (2026, 11, 28)),
        ("28 de noviembre de 2026", (2026, 11, 28)),
        ("sábado, 28 de noviembre de 2026", (2026, 11, 28)),
        ("1er décembre 2026", (2026, 12, 1)),
        ("1º de dezembro de 2026", (2026, 12, 1)),
        ("le samedi 28 novembre 2026", None),
        ("samedi le 28 novembre 2026", (2026, 11, 28)),
        ("Samstag, den 28. November 2026", (2026, 11, 28)),
        ("28 grudnia 2026", (2026, 12, 28)),
        ("28 paź 2026", (2026, 10, 28)),
        ("28th of November, 2026", (2026, 11, 28)),
        ("2026. 11. 28.", (2026, 11, 28)),
        ("2026年11月28日", (2026, 11, 28)),
        ("20261128", (2026, 11, 28)),
        ("28NOV2026", (2026, 11, 28)),
        ("Nov 28, '26", (2026, 11, 28)),
    ],
)
def test_what_people_write_is_read(text: str, date: tuple[int, int, int] | None) -> None:
    """In their languages, with the words that belong to them."""
    read = read_date_text(text)
    assert ((read.year, read.month, read.day) if isinstance(read, DateText) else None) == date


CZECH = [
    *(("leden", "ledna"), ("únor", "února"), ("březen", "března"), ("duben", "dubna"), ("květen", "května")),
    *(("červen", "června"), ("červenec", "července"), ("srpen", "srpna"), ("září", "září"), ("říjen", "října")),
    *(("listopad", "listopadu"), ("prosinec", "prosince")),
]


@pytest.mark.parametrize("month", range(1, 13))
def test_czech_names_of_months_are_read_in_both_cases(month: int) -> None:
    """Except for listopad, which is October in Croatian."""
    texts = [
        f"5.{blank}{name} 2027{time}" for name in CZECH[month - 1] for blank in (" ", "") for time in ("", " 14:30")
    ]
    for text in (*texts, *map(str.upper, texts)):
        read = read_date_text(text)
        date = (read.year, read.month, read.day) if isinstance(read, DateText) else read
        assert date == ("month-ambiguous" if month == 11 else (2027, month, 5))


@pytest.mark.parametrize("time", ["14h30min", "14h30 min", "14 h 30 min", "14 h 30 min.", "14H30MIN", "14h30"])
def test_minutes_may_be_named_behind_hours(time: str) -> None:
    """As in Portuguese and French."""
    read = read_date_text(f"28/11/2026 {time}")
    assert isinstance(read, DateText)
    assert read.time == (14, 30, 0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *((text, "date-incomplete") for text in ("1/2/27", "28/11/26", "26-11-28", "28.11.26 10:30", "28/11/0026")),
        *(
            (text, "date-incomplete")
            for text in (
                "2026-11",
                "11/2026",
                "04.2027",
                "4-2027",
                "04 / 2027",
                "leden 2027",
                "Nov 2026",
                "28 November",
                "28.11.",
                "10:30:00",
                "10:30 PM",
            )
        ),
        *((text, "date-placeholder") for text in ("0", "0001-01-01", "1899-12-30 10:30", "1899-12-31", "1900-01-00")),
        *((text, "date-placeholder") for text in ("1/0/1900", "00/01/1900", "01/01/1900", "1/1/1970", "1 Jan 1904")),
        *((text, "date-placeholder") for text in ("0000-00-00 00:00:00", "1969-12-31T19:00:00-05:00", "30/12/1899")),
        *((text, "time-impossible") for text in ("2026-11-28T24:00:00Z", "2026-11-28T23:59:60Z", "28/11/2026 10:60")),
        *((text, "time-impossible") for text in ("28 Nov 2026 0:30 am", "28 Nov 2026 13:30 pm", "20261128T250000Z")),
        *((text, "zone-unclear") for text in ("2026-11-28 10:30 EST", "2026-11-28 10:30 (CST)", "28 Nov 2026 10:30 B")),
        *(
            (text, "zone-unclear")
            for text in ("2026-11-28T10:30:00+25:00", "2026-11-28 10:30 +14:01", "2026-11-28 10:30 +1")
        ),
        *(
            (text, "zone-unclear")
            for text in ("2026-11-28 10:30-12:00", "28/11/2026 10:30 -12:00", "28 Nov 2026 9:00-10:30")
        ),
        *((text, "zone-unclear") for text in ("2026-11-28 10:30 Europe/Berlln", "2026-11-28 10:30Z[Berlin]")),
        *((text, "unix-time") for text in ("1795861800", "1795861800.5", "1795861800000", "/Date(1795861800000)/")),
        *((f"28 {name} 2026", "month-ambiguous") for name in sorted(DISPUTED)),
        *((text, "") for text in ("2026-W48-6", "2026-332", "tomorrow", "46354,4375", "########", "N/A", "-", "12")),
        *(
            (text, "")
            for text in ("2026-11-28 - 2026-11-30", "2026-11-28 10:30\u201312:00", "28-11/2026", "2026-28/11")
        ),
        *(
            (text, "")
            for text in ("2026-11-28-05:00", "28 Nov 2026 10", "2026-11-28 10:30Z pm", "02026-11-28", "x" * 200)
        ),
    ],
)
def test_what_is_near_a_date_is_refused(text: str, code: str) -> None:
    """With the code whose sentence says what it looks like."""
    assert read_date_text(text) == code


@pytest.mark.parametrize("digits", [0, PIVOT - 1, PIVOT, 99])
def test_two_digits_are_a_year_beside_a_name_only(digits: int) -> None:
    """By one pivot; and never beside numbers."""
    read = read_date_text(f"28-Nov-{digits:02}")
    assert isinstance(read, DateText)
    assert read.year == (2000 if digits < PIVOT else 1900) + digits
    assert read_date_text(f"28-11-{digits:02}") == "date-incomplete"


@given(st.datetimes(datetime(2001, 9, 10), datetime(2286, 11, 20)), st.sampled_from([0, 3, 6, 9]))
def test_a_number_that_counts_from_1970_is_told_with_its_date(moment: datetime, zeros: int) -> None:
    """In seconds, or in thousandths, millionths or thousand-millionths of one."""
    number = f"{int(moment.replace(tzinfo=UTC).timestamp())}{'7' * zeros}"
    assert instant_of_number(number) == f"{moment:%Y-%m-%dT%H:%M:%SZ}"
    assert read_date_text(number) == "unix-time"
    assert not instant_of_number(f"{moment:%Y-%m-%d}")


@given(st.text(max_size=140) | st.text("0123456789-:./+TZ[]() ,apmNovGMT", max_size=60))
def test_every_text_is_a_date_or_has_a_code(text: str) -> None:
    """None breaks the grammar, and none takes long."""
    assert isinstance(read_date_text(text), DateText | str)


def test_a_name_is_one_month_in_all_languages() -> None:
    """And is written in the letters that the grammar compares."""
    assert not DISPUTED & MONTHS.keys()
    assert sorted(set(MONTHS.values())) == list(range(1, 13))
    assert sorted(set(WEEKDAYS.values())) == list(range(7))
    for names, table in ((MONTHS_OF, MONTHS), (WEEKDAYS_OF, WEEKDAYS)):
        for line in names.values():
            numbers = [table[without_accents(name.lower()).rstrip(".")] for name in line.split()]
            assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert all(name == without_accents(name.lower()) for name in (*MONTHS, *WEEKDAYS))


def test_a_date_that_is_struck_out_is_no_date() -> None:
    """A mark on a letter is an accent; on a digit it means something else."""
    assert isinstance(read_date_text("28 de\u0301c 2026"), DateText)
    assert read_date_text("".join(f"{sign}\u0336" for sign in "2026-11-28")) == ""


def test_placeholders_are_those_of_programs() -> None:
    """In whatever zone their first second was written."""
    assert {(1, 1, 1), (1899, 12, 30), (1900, 1, 0), (1900, 1, 1), (1969, 12, 31), (1970, 1, 1)} <= PLACEHOLDERS


@given(
    moment=st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)),
    end=st.tuples(st.integers(0, 23), st.sampled_from((0, 15, 30, 59))),
    date=st.sampled_from(("%d %B %Y", "%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%d/%m/%Y", "%B %d, %Y")),
    clock=st.sampled_from(("%H:%M", "%H.%M", "%Hh%M", "%I%p", "%I:%M %p", "%Hh", "%H:%M Uhr", "%H%M")),
    dash=st.sampled_from(("-", " -", "- ", " - ", "\u2010", "\u2011", "\u2212", "\u2013")),
    last=st.sampled_from(("{:02}:{:02}", "{:02}{:02}", "{:02}", "{}:{:02}", "{}", "{:02}.{:02}", "{}h", "{}pm")),
)
def test_the_end_of_a_meeting_is_no_offset(
    moment: datetime, end: tuple[int, int], date: str, clock: str, dash: str, last: str
) -> None:
    """A time without seconds and a dash behind it: from and to, whichever of them is the earlier."""
    text = f"{moment:{date} {clock}}{dash}{last.format(*end)}"
    read = read_date_text(text)
    assert isinstance(read, str), text


@pytest.mark.parametrize(
    "text",
    [
        *("30 November 2026 10am-12", "30.11.2026 10h-12", "2026-11-30 10:30-12", "2026-11-30 10:30 -12"),
        *("30 November 2026 10:30-1130", "20270430 1030-1200", "30 April 2027 14:00-13", "2026-11-30 10:30-08:00"),
    ],
)
def test_a_time_of_a_meeting_is_an_unclear_zone(text: str) -> None:
    """So that the sentence is about what stands behind the time."""
    assert read_date_text(text) == "zone-unclear"


OF_A_LANGUAGE = {
    (11, 28): (
        *(
            "28 november 2026 om 14:30 uur",
            "28-11-2026 14.30 uur",
            "28 november 2026 14u30",
            "28 novembre 2026 ore 14:30",
        ),
        *("28 novembre 2026, alle ore 14.30", "28 novembre 2026 h. 14:30", "28 listopada 2026 r., 14:30"),
        *("28 listopada 2026 r. o godz. 14:30", "28 lis 2026 r. 14:30", "28 de noviembre de 2026, 14:30 h"),
        *("28 de noviembre de 2026, 14:30 horas", "28 de novembro de 2026 às 14h30", "28 novembre 2026 à 14 h 30"),
        *("28/11/2026 à 14 h 30", "den 28 november 2026 klockan 14:30", "28. november 2026 klokken 14.30"),
        *("28. November 2026 um 14:30 Uhr", "28 november 2026 kl. 14:30"),
    ),
    (3, 28): ("28 marca 2026 r., 14:30", "28 marca 2026 o 14:30", "28. marts 2026 kl. 14:30"),
    (7, 28): ("28 lip 2026 r., 14:30", "28 lipca 2026, godz. 14:30"),
    (8, 28): ("28 augusti 2026 kl. 14:30",),
    (12, 28): ("28. desember 2026 kl. 14:30",),
}


@pytest.mark.parametrize(("day", "text"), [(day, text) for day, texts in OF_A_LANGUAGE.items() for text in texts])
def test_a_time_as_its_language_writes_it(day: tuple[int, int], text: str) -> None:
    """With the words that stand before and behind it."""
    read = read_date_text(text)
    assert isinstance(read, DateText)
    month_and_day = (read.month, read.day) if read.numbers is None else read.numbers[::-1]
    assert (read.year, month_and_day, read.time) == (2026, day, (14, 30, 0))


def test_a_polish_day_may_end_with_the_word_for_year() -> None:
    """Without it, the month may be a Croatian or a Czech one."""
    assert read_date_text("28 listopada 2026 r.") == DateText(2026, 11, 28)
    for text in ("28 listopada 2026", "28. listopadu 2026 v 14:30", "28 lip 2026"):
        assert read_date_text(text) == "month-ambiguous"


@pytest.mark.parametrize("text", ["28 november 2026 14 u 30", "28 november 2026 v", "28 november 2026 r. x", "14 h 5"])
def test_what_is_left_over_makes_it_no_date(text: str) -> None:
    """Nothing is read on a guess."""
    assert isinstance(read_date_text(text), str)
