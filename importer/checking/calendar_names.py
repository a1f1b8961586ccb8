"""Names of months and weekdays in eight languages, as spreadsheet programs and browsers write them. Pure data.

They are the wide and the abbreviated names of the Unicode CLDR (release 49) in English, German (and Austrian), French,
Spanish, Dutch, Portuguese, Italian and Polish, without accents, because people omit them; "ae" stands for "ä" too.
So are the wide names of months in Danish, Norwegian, Swedish and Czech, these in both cases.
A name that is another month in a language of the CLDR that a computer may be set to is in ``DISPUTED``, and never read.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

_MONTHS: Sequence[str] = (
    "january jan januar jaenner janner januari janvier janv enero ene janeiro gennaio gen styczen stycznia sty leden"
    " ledna",
    "february feb februar feber februari fevrier fevr fev febrero fevereiro febbraio luty lutego lut unor unora",
    "march mar marz maerz mrz mars marts marzo marco maart mrt marzec marca brezen brezna",
    "april apr avril avr abril abr aprile kwiecien kwietnia kwi duben dubna",
    "may mai mayo mei maio maggio mag maj maja kveten kvetna",
    "june jun juni juin junio junho giugno giu czerwiec czerwca cze cerven cervna",
    "july jul juli juillet juil juill julio julho luglio lug lipiec lipca cervenec cervence",
    "august aug aout agosto ago augustus augusti sierpien sierpnia sie srpen srpna",
    "september sep sept septembre septiembre setiembre setembro set settembre wrzesien wrzesnia wrz zari",
    "october oct oktober okt octobre octubre outubro out ottobre ott pazdziernik pazdziernika paz rijen rijna",
    "november nov novembre noviembre novembro",
    "december dec dezember dez desember decembre diciembre dic dezembro dicembre grudzien grudnia gru prosinec"
    " prosince",
)
"""From January to December."""

POLISH: Mapping[str, int] = {"listopad": 11, "listopada": 11, "lis": 11, "lip": 7}
"""Polish for November, its short form, and that of July; Croatian for October and June."""

DISPUTED = frozenset((*POLISH, "listopadu"))
"""The last is Czech for November too."""

_WEEKDAYS: Sequence[str] = (
    "monday mon montag mo lundi lun lunes maandag ma segunda-feira segunda seg lunedi poniedzialek pon",
    "tuesday tue tues dienstag di mardi mar martes dinsdag terca-feira terca ter martedi wtorek wt",
    "wednesday wed mittwoch mi mercredi mer miercoles mie woensdag wo quarta-feira quarta qua mercoledi sroda sr",
    "thursday thu thur thurs donnerstag do jeudi jeu jueves jue donderdag quinta-feira quinta qui giovedi gio czwartek"
    " czw",
    "friday fri freitag fr vendredi ven viernes vie vrijdag vr sexta-feira sexta sex venerdi piatek pt",
    "saturday sat samstag sonnabend sa samedi sam sabado sab zaterdag za sabato sobota sob",
    "sunday sun sonntag so dimanche dim domingo dom zondag zo domenica niedziela niedz ndz nd",
)
"""From Monday to Sunday."""

_ACCENTED = re.compile("(?<=[a-z])[\u0300-\u0303\u0307\u0308\u030a-\u030c\u0327\u0328]")


def without_accents(text: str) -> str:
    """The text with Latin letters bare. Other marks stay: a date that is struck out is no date."""
    return _ACCENTED.sub("", unicodedata.normalize("NFD", text.replace("ł", "l")))


def _numbered(names: Sequence[str], first: int) -> Iterator[tuple[str, int]]:
    return ((name, number) for number, line in enumerate(names, start=first) for name in line.split())


MONTHS: Mapping[str, int] = dict(_numbered(_MONTHS, 1))
"""The number of a month by its name, in lower case and without accents."""

WEEKDAYS: Mapping[str, int] = dict(_numbered(_WEEKDAYS, 0))
"""The number of a weekday, Monday 0, by its name, in lower case and without accents."""
