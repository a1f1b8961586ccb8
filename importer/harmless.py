"""Text of others, made harmless before anybody is shown it: nothing that steers a terminal, no password. Pure.

Cells, file names, headers, settings and what a service says all come from outside. One sentence may hold any of them.
"""

import re
import unicodedata

PLACEHOLDER = "\N{REPLACEMENT CHARACTER}"
HIDDEN = "***"

_LAYOUT = frozenset("\n\t")
_IN_ADDRESS = re.compile(r"(?<=://)([^\s:@/?#\"'<>]*):[^\s\"'<>]*@")
_IN_QUERY = re.compile(
    r"(?i)([?&;](?:[a-z][a-z-]*-|ssl_?)?(?:password|passwd|pwd|token|secret|signature|credential|sig)=)[^&;\s\"'<>]+"
)
"""With what makes an address of a bucket one that anybody may read: X-Amz-Signature, for example, or sig."""


def steers(character: str) -> bool:
    """Whether a character may move a cursor, turn a text round or end a line, and shows nothing itself.

    Control and format characters (categories C*) and the separators of lines and paragraphs: among them the escape
    character of terminals, its one-byte forms (U+0080 to U+009F), and the marks that reverse the order of letters.
    """
    category = unicodedata.category(character)
    return category[0] == "C" or category in {"Zl", "Zp"}


def harmless(text: str) -> str:
    """A text of several lines as it may be shown: a placeholder for what steers, and no password in any address."""
    text = without_passwords(text)
    if text.isprintable():
        return text
    return "".join(c if c in _LAYOUT or not steers(c) else PLACEHOLDER for c in text)


def harmless_line(text: str) -> str:
    """The same for one line: nothing from outside may begin another one."""
    return harmless(text).translate({ord(c): PLACEHOLDER for c in _LAYOUT})


def without_passwords(text: str) -> str:
    """The text without the password in any address in it: http://ines:***@proxy.example.com:8080."""
    if "://" not in text:
        return text
    # To the last @ before the address ends: people write passwords with an @ in them as they are.
    return _IN_QUERY.sub(rf"\1{HIDDEN}", _IN_ADDRESS.sub(rf"\1:{HIDDEN}@", text))
