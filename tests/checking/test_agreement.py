"""What a file says that a cell shows, beside the value of the cell."""

import pytest

from importer.checking.agreement import agrees, may_agree

AGREEING = [
    *(("7", text) for text in ("7", "007", "Room 07", "7.00", "7,0", "A-7", "€7.00", "7 %")),
    *(("0.5", text) for text in ("0.5", ",5", ".50", "50%", "50,0 %", "500‰", "1", "5E-01")),
    *(
        ("1234567", text)
        for text in ("1,234,567", "1.234.567", "1 234 567", "12-34-567", "1.23E+06", "1\u2019234\u2019567.00")
    ),
    *(("12.345", text) for text in ("12.3", "12,35", "12", "12.345 kg")),
    *(("-5", text) for text in ("-5", "\u22125", "(5)", "5-", "-5.00 €", "-€5")),
    *(("-0.001", text) for text in ("0.00", "-0.00")),
    *(("TRUE", text) for text in ("TRUE", "WAHR", "vrai", "yes", "1")),
    *(("FALSE", text) for text in ("FALSE", "FAŁSZ", "no")),
    *(("2026-12-05", text) for text in ("05.12.2026", "12/5/26", "Saturday, 5 December 2026", "5. Dez 26", "Dec-26")),
    *(("2026-12-05", text) for text in ("5 декабря 2026 \u0433.", "2026年12月5日", "Samstag", "2026-12-05T00:00:00")),
    *(("2026-12-12", text) for text in ("12.12.2026", "12/12/26", "2026-12-12")),
    *(("2026-12-05T16:30:15", text) for text in ("16.30.15", "5.12.2026 16.30.15", "5. 12. 2026 16:30")),
    *(("2026-12-05T16:30:15", text) for text in ("5.12.2026 16:30", "4:30 PM", "16h30", "16:30:15")),
    *(("2026-12-05T10:30:00.25", text) for text in ("2026-12-05 10:30:00", "10:30")),
    *(("10:30:00", text) for text in ("10:30", "10:30:00 AM", "10 Uhr 30")),
    *(("PT36H00M00S", text) for text in ("36:00:00", "36:00")),
    ("-PT5H30M00S", "-5:30"),
]
CONTRADICTING = [
    *(("7", text) for text in ("8", "70", "Room", "#FMT", "-7", "(7)", "7 and 8", "###", "2007", "5.12.2026")),
    *(("0.5", text) for text in ("5", "5%", "0.4", "yes")),
    *(("-5", text) for text in ("5", "5.00", "A5")),
    *(("1234567", text) for text in ("1234568", "1.23E+07", "123456", "1,234")),
    *(("12.345", text) for text in ("12.4", "12.35 of 13", "12345")),
    *(("TRUE", text) for text in ("FALSE", "0", "falsch", "Room 1")),
    *(
        ("2026-12-05", text)
        for text in ("06.12.2026", "5.12.2027", "January 2026", "Sunday", "Room", "Room 12", "#FMT")
    ),
    *(("2027-03-02", text) for text in ("2/2/2027", "3/3/2027", "27/27/27", "2-2-27", "2. 2. 2027", "2027/3/3")),
    *(("2027-04-03", text) for text in ("4 abril 2027", "April 4, 2027", "4 Apr 27")),
    *(("2027-03-02T10:03:00", text) for text in ("10.3.2027", "3.10.2027", "10/3/27 10:03")),
    *(("2026-12-05T16:30:15", text) for text in ("4:30 AM", "16:31", "17:30", "half past four")),
    *(("10:30:00", text) for text in ("10:31", "10:30 PM", "Room 10", "noon")),
    *(("PT36H00M00S", text) for text in ("12:00:00", "-36:00")),
    ("12345-01-01", "2026-12-05"),
    *((value, "2027-03-02") for value in ("2027-02-30", "2027-13-01", "0000-01-01", "2027-04-31T00:00:00")),
    *((value, "9" * 5_000) for value in ("7", "2026-12-05", "PT36H00M00S", "TRUE")),
    *(("7", text) for text in ("7E99999999999999", "7E999", ".", "E5")),
    ("1" + "0" * 300, "1E+299"),
]


@pytest.mark.parametrize(("value", "shown"), AGREEING)
def test_some_format_shows_the_value_so(value: str, shown: str) -> None:
    """Rounded, in groups, with a unit, in parts, in any language."""
    assert agrees(value, shown)


@pytest.mark.parametrize(("value", "shown"), CONTRADICTING)
def test_no_format_shows_the_value_so(value: str, shown: str) -> None:
    """Another number, another day, or no number at all."""
    assert not agrees(value, shown)


@pytest.mark.parametrize("shown", ["3 травня", "3. toukokuuta", "3 травня 16:30"])
def test_a_month_in_a_language_that_is_not_known_is_neither_right_nor_wrong(shown: str) -> None:
    """Without a year nothing says that the word is that month; and nothing says that it is not."""
    assert (agrees("2027-05-03T16:30:00", shown), may_agree("2027-05-03T16:30:00", shown)) == (False, True)


@pytest.mark.parametrize("shown", ["4 травня", "травня", "3 March", "3 травня 17:30", "5", "3 May", "3 травня 2027"])
def test_what_is_known_is_right_or_wrong(shown: str) -> None:
    """Another day, no day, a month that is known, and what says enough."""
    assert not may_agree("2027-05-03T16:30:00", shown)
    assert not may_agree("300", shown)
