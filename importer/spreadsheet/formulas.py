"""Text that a spreadsheet program would run as a formula: made harmless for a CSV, and undone when read again.

Source: OWASP ASVS 5.0, 1.2.10, and OWASP "CSV Injection" (read 2026-11-23).
"""

import re

# Tab and line ends because programs skip them before they look; the wide forms because East Asian versions of
# spreadsheet programs take them for the plain ones.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")  # noqa: RUF001
_GUARD = "'"
_CALCULATED = re.compile(r"""=\s*[\w"'(\[{+\-@$#.]""")
_TEXT = re.compile(r'=\s*"(?:[^"]|"")*"')
"""="1001": the notation by which exports keep text from becoming a number."""


def escape_formula(text: str) -> str:
    """The text with an apostrophe before it if a program could take it for a formula.

    A text of apostrophes before a trigger gets one more, so that ``unescape_formula`` can tell ours from the user's.
    """
    return _GUARD + text if text.lstrip(_GUARD).startswith(TRIGGERS) else text


def unescape_formula(text: str) -> str:
    """The text as it was before ``escape_formula``."""
    return text[1:] if text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(TRIGGERS) else text


def is_formula(cell: str) -> bool:
    """Whether a cell of a text file shows the result of a calculation in a spreadsheet program, not what it holds."""
    bare = cell.strip()
    return _CALCULATED.match(bare) is not None and _TEXT.fullmatch(bare) is None
