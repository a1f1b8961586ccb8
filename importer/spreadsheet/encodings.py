"""Text files as blocks of text: which encoding a file is in, and its text in pieces that end where lines end.

Must not know rows, cells or separators.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import EncodingError, FileError
from importer.issues import Notice

BLOCK_BYTES = 4 << 20
"""Read at once: 40,000 rows of a mapping. Twice that is a quarter slower, for the processor's cache (measured)."""

LARGEST_LINE = 16 << 20
"""Characters without a line end; a file that has more is not a table."""

_SAMPLE_BYTES = 1 << 12
_FEW = 3
_UTF8_LETTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}")
_FOREIGN_WORD = re.compile(r"[\w.'-]*[^\x00-\x7f][\w.'-]*")
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""UTF-32 before UTF-16, whose mark is the first half of it."""


def find_encoding(path: Path) -> tuple[str, tuple[Notice, ...]]:
    """The encoding of a text file, and a notice if it was guessed.

    A mark at the start decides, then a pattern of NULs, then whether all of it is UTF-8. Windows-1252 takes almost
    any bytes, so it is only the last resort and is always said, with a word to judge it by.

    Raises:
        FileError: None of these, or several at once.
    """
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    for mark, name in _BOMS.items():
        if start.startswith(mark):
            return name, ()
    if pattern := _nul_pattern(start):
        return pattern, ()
    # The whole file, not its beginning: the first letter that is not ASCII may be in the last row. Other text is almost
    # never valid UTF-8 by accident, so this needs no notice.
    if _is(path, "utf-8"):
        return "utf-8", ()
    return "cp1252", (_guessed_windows(path),)


def _nul_pattern(start: bytes) -> str | None:
    """UTF-16 without a mark: every other byte of plain text is NUL."""
    # A third of one half, and three times the other: letters of other scripts have no NUL, separators and digits do.
    even, odd = start[::2].count(0), start[1::2].count(0)
    if even == odd or max(even, odd) * _FEW < len(start) // 2 or min(even, odd) * _FEW > max(even, odd):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _is(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _guessed_windows(path: Path) -> Notice:
    advice = "Save it as CSV UTF-8, or name its encoding, for example --encoding cp1252."
    with path.open("rb") as file:
        foreign = next(block for block in iter(lambda: file.read(BLOCK_BYTES), b"") if not block.isascii())
    # Two encodings in one file come of text that was pasted together. In Windows-1252 the UTF-8 part would turn into
    # letters that look like a name: "Ã©" for "é".
    if letter := _UTF8_LETTER.search(foreign):
        shown = letter[0].decode()
        raise EncodingError(f'{path.name} mixes two encodings: "{shown}" is UTF-8, other characters are not.', advice)
    if not _is(path, "cp1252"):
        raise EncodingError(f"{path.name} is neither UTF-8 nor Windows-1252.", advice)
    word = _FOREIGN_WORD.search(foreign.decode("cp1252"))
    shown = word[0] if word else ""
    return Notice("encoding-guessed", {"example": shown})


def blocks(path: Path, encoding: str) -> Iterator[str]:
    """The text of a file in pieces that end with a line; line ends as they are, without a byte order mark.

    Raises:
        FileError: Not in this encoding, no such encoding, a NUL, or a line without an end.
    """
    rest, first = "", True
    for text in _decoded(path, encoding):
        if "\0" in text:
            raise FileError(
                f"{path.name} contains a NUL character, so it is not a text file.",
                "Save it as .csv (UTF-8) or .xlsx from your spreadsheet program.",
            )
        rest += text.removeprefix("\ufeff") if first else text
        first = False
        # A CR at the end may be half a line end, so it is not cut there.
        cut = (rest.rfind("\n") + 1) or (rest.rfind("\r", 0, len(rest) - 1) + 1)
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > LARGEST_LINE:
            raise FileError(
                f"{path.name} has a line of more than {LARGEST_LINE:,} characters.",
                "Check that the file is a table, or save it as .xlsx from your spreadsheet program.",
            )
    if rest:
        yield rest


def _decoded(path: Path, encoding: str) -> Iterator[str]:
    with _explained(path, encoding):
        # Some encodings of Python turn bytes into bytes; only this refuses them.
        "".encode(encoding)
        decoder = codecs.getincrementaldecoder(encoding)()
        with path.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield decoder.decode(block)
        yield decoder.decode(b"", final=True)


@contextmanager
def _explained(path: Path, encoding: str) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        raise EncodingError(
            f"{path.name} is not in the encoding {encoding}.",
            "Save it as CSV UTF-8, or name its encoding with --encoding.",
        ) from error
    except LookupError as error:
        raise EncodingError(f'There is no encoding "{encoding}".', "Try --encoding utf-8 or cp1252.") from error
