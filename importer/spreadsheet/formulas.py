"""Text that a spreadsheet program would run as a formula: made harmless for a CSV, and undone when read again.

Source: OWASP ASVS 5.0, 1.2.10, and OWASP "CSV Injection" (read 2026-11-23).
"""

import re

# Tab and line ends because programs skip them before they look; the wide forms because East Asian versions of
# spreadsheet programs take them for the plain ones.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")  # noqa: RUF001
_GUARD = "'"
_ALL_SIGNS = r"=＝@＠+＋\-－"  # noqa: RUF001
_FARTHEST = 100
"""Blanks and quotes that may stand before a sign in its cell."""

_NARROW = str.maketrans("＝＋－＠", "=+-@")  # noqa: RUF001
_CALCULATED = re.compile(r"""=\s*[\w"'(\[{+\-@$#.]""")
_SIGNS = ("+", "-", "@")
# In capitals, as programs write them: -Room(2) is a name.
_FUNCTION = re.compile(r"[@+-][\s@+-]*[A-Z][A-Z0-9.]*\(.*\)[^()]*", re.DOTALL)
_PLACE = r"\$?[a-z]{1,3}\$?[1-9]\d{0,6}(?::\$?[a-z]{1,3}\$?[1-9]\d{0,6})?"
_TERM = rf"[\s(]*(?:{_PLACE}|\d+(?:[.,]\d+)?%?)[\s)]*"
_ARITHMETIC = re.compile(rf"[+-]{_TERM}(?:[-+*/^]+{_TERM})*", re.IGNORECASE)
_SIGNED_NUMBER = re.compile(r"[+-][\s\d.,()%]*")
_TEXT = re.compile(r'=\s*"(?:[^"]|"")*"')
"""="1001": the notation by which exports keep text from becoming a number."""

_LONGEST_FORMULA = 8_192
"""What Excel takes for one at most."""


def escape_formula(text: str) -> str:
    """The text with an apostrophe before it if a program could take it for a formula.

    A text of apostrophes before a trigger gets one more, so that ``unescape_formula`` can tell ours from the user's.
    """
    return _GUARD + text if text.lstrip(_GUARD).startswith(TRIGGERS) else text


def unescape_formula(text: str) -> str:
    """The text as it was before ``escape_formula``."""
    return text[1:] if text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(TRIGGERS) else text


def may_hold_formula(text: str, separator: str) -> bool:
    """Whether a cell of a table in text may be one of which ``is_formula`` is true: a quick look at the whole of it."""
    if text.isascii() and not _has_sign_first(text, separator):
        return False
    # The sign first, which is rare: to look for the beginnings of cells takes twice as long.
    mark = re.compile(rf'[{_ALL_SIGNS}](?<=[\r\n\t "{re.escape(separator)}].)(?:(?<=[=＝])|[ \t(@+-]*[A-Za-z$\d(])')  # noqa: RUF001
    before = re.compile(rf'(?:^|[\r\n]|{re.escape(separator)})[ \t"]*$')
    within = f"\n{text}"
    return any(before.search(within[max(at.start() - _FARTHEST, 0) : at.start()]) for at in mark.finditer(within))


def _has_sign_first(text: str, separator: str) -> bool:
    """Whether a sign stands where a cell may begin, in a text of ASCII."""
    # Dates and Ids are full of signs, and a pattern stops at each of them: with three kinds of letters left there is
    # only one pair to look for, in a third of the time.
    kinds = ["x"] * 128
    for letter in f'\r\n\t "{separator if separator.isascii() else ""}':
        kinds[ord(letter)] = " "
    for letter in "=@+-":
        kinds[ord(letter)] = "="
    return " =" in f" {text}".translate(kinds)


def is_formula(cell: str) -> bool:
    """Whether a cell of a text file shows the result of a calculation in a spreadsheet program, not what it holds.

    After a sign it has to go on as a formula: -5, +44 20 7946 0958, @ada and a dash are what they are.
    """
    bare = cell.strip().translate(_NARROW)
    if bare.startswith("="):
        return _CALCULATED.match(bare) is not None and _TEXT.fullmatch(bare) is None
    if not bare.startswith(_SIGNS) or len(bare) > _LONGEST_FORMULA:
        return False
    is_sum = _ARITHMETIC.fullmatch(bare) is not None and _SIGNED_NUMBER.fullmatch(bare) is None
    return is_sum or _FUNCTION.fullmatch(bare) is not None
