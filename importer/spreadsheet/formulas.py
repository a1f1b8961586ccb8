"""Text that a spreadsheet program would run as a formula: made harmless for a CSV, and undone when read again.

Source: OWASP ASVS 5.0, 1.2.10, and OWASP "CSV Injection" (read 2026-11-23).
"""

# Tab and line ends because programs skip them before they look; the wide forms because East Asian versions of
# spreadsheet programs take them for the plain ones.
TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")  # noqa: RUF001
_GUARD = "'"


def escape_formula(text: str) -> str:
    """The text with an apostrophe before it if a program could take it for a formula.

    A text of apostrophes before a trigger gets one more, so that ``unescape_formula`` can tell ours from the user's.
    """
    return _GUARD + text if text.lstrip(_GUARD).startswith(TRIGGERS) else text


def unescape_formula(text: str) -> str:
    """The text as it was before ``escape_formula``."""
    return text[1:] if text.startswith(_GUARD) and text.lstrip(_GUARD).startswith(TRIGGERS) else text
