"""Text files as blocks of text: which encoding a file is in, and its text in pieces that end where lines end.

Must not know rows, cells or separators.
"""

import codecs
import locale
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np

from importer.errors import EncodingError, FileError
from importer.issues import Notice
from importer.spreadsheet.code_pages import are_utf8, make_words, readings
from importer.text import printable

BLOCK_BYTES = 4 << 20
"""Read at once: 40,000 rows of a mapping. Twice that is a quarter slower, for the processor's cache (measured)."""

_SCANNED_BYTES = 1 << 18
"""Read at once where nothing is kept of it: stays in the processor's cache, which is four times as fast (measured)."""

LARGEST_LINE = 16 << 20
"""Characters without a line end; a file that has more is not a table."""

_SAMPLE_BYTES = 1 << 12
_FEW = 3
_TAIL_BYTES = 1 << 13
_ASCII = bytes(range(0x80))
_UTF8_FIRST, _UTF8_LAST = 0xC2, 0xF4
"""The bytes that a letter of UTF-8 can begin with."""

MOST_CANDIDATES = 6
_JUDGED_CELLS = 200
_FOREIGN_CELL = re.compile(rb'[^\x80-\xff,;\t"\r\n]{0,60}[\x80-\xff][^,;\t"\r\n]*')
_FOREIGN_WORD = re.compile(r"[\w.'-]*[^\x00-\x7f][\w.'-]*")
_BY_ESCAPES = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2004", "iso2022_kr")
"""Encodings of mail and old hosts: every byte of them is one of ASCII, and so of UTF-8."""

_SHOWN_WORDS = 3
_BOMS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""UTF-32 before UTF-16, whose mark is the first half of it."""


def find_encoding(path: Path, *, guess: bool = False) -> tuple[str, tuple[Notice, ...]]:
    """The encoding of a text file, and a notice if it was guessed.

    A mark at the start decides, then a pattern of NULs, then whether all of it is UTF-8. Anything else can be read in
    many code pages, of which a person has to choose one. With ``guess`` it is Windows-1252, as for files that an
    earlier version has read.

    Raises:
        EncodingError: None of these, or several at once; it has what to choose from.
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
    if _is(path, "utf-8") and (guess or not _in_escapes(path)):
        return "utf-8", ()
    if guess:
        return "cp1252", (_as_windows(path),)
    raise encoding_error(path)


def may_be_in_several(path: Path) -> bool:
    """Whether a text file does not show by itself in which encoding it is."""
    with path.open("rb") as file:
        start = file.read(_SAMPLE_BYTES)
    return (
        not start.startswith(tuple(_BOMS))
        and not _nul_pattern(start)
        and (not _is(path, "utf-8") or bool(_in_escapes(path)))
    )


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
            while block := file.read(_SCANNED_BYTES):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _in_escapes(path: Path) -> dict[str, str]:
    """What a file of ASCII may be where escapes in it turn letters into those of Japan or Korea, each with a sample."""
    with path.open("rb") as file:
        if not any(b"\x1b" in block for block in iter(lambda: file.read(_SCANNED_BYTES), b"")):
            return {}
    samples: dict[str, str] = {}
    for encoding in _BY_ESCAPES:
        with path.open(encoding=encoding, newline="") as text:
            try:
                words = [word for line in text for word in _FOREIGN_WORD.findall(line)][:_SHOWN_WORDS]
            except UnicodeDecodeError:
                continue
        sample = ", ".join(dict.fromkeys(words))
        if sample and sample not in samples.values():
            samples[encoding] = sample
    return samples


def _as_windows(path: Path) -> Notice:
    """What an earlier version said when it took a file for Windows-1252."""
    with path.open("rb") as file:
        foreign = next(block for block in iter(lambda: file.read(BLOCK_BYTES), b"") if not block.isascii())
    word = _FOREIGN_WORD.search(foreign.decode("cp1252", "replace"))
    return Notice("encoding-guessed", {"example": word[0] if word else ""})


def encoding_error(path: Path, remembered: str = "") -> EncodingError:
    """Why a file that is not UTF-8 cannot be read without asking, with what it may be.

    ``remembered`` is the encoding of earlier files with its header: the first of those to choose from.
    """
    if _is(path, "utf-8") and (escaped := _in_escapes(path)):
        return _question(path, escaped, next(iter(escaped)))
    foreign = _foreign_cells(path)
    utf8 = [cell for cell in foreign.cells if _reads(cell, "utf-8")]
    other = [cell for cell in foreign.cells if not _reads(cell, "utf-8")]
    is_utf8 = bool(utf8) and are_utf8(utf8)
    if foreign.all_cut and ((is_utf8 and foreign.all_long) or ((is_utf8 or not utf8) and not make_words(other))):
        return EncodingError(
            f"{path.name} is UTF-8, but in line {foreign.line} a text ends in the middle of a character.",
            "Correct that cell in the program that the file comes from, then save the file as CSV UTF-8 again.",
        )
    if is_utf8:
        shown = next(letter for letter in utf8[0].decode() if not letter.isascii())
        return EncodingError(
            f'{path.name} mixes two encodings: "{shown}" is UTF-8, other characters are not.',
            "Open it in a text editor, correct the characters that look wrong, and save it as UTF-8.",
        )
    rest = iter(readings(foreign.cells, local=_local_page(), remembered=remembered))
    offered = list(islice((reading for reading in rest if _is(path, reading.encoding)), MOST_CANDIDATES))
    if not offered:
        return EncodingError(f"{path.name} is in no encoding that the importer knows.", "Save it as CSV UTF-8.")
    before = ""
    if offered[0].encoding == remembered:
        before = f" You chose {remembered} for an earlier file with this header, but this one may be in another."
    clear = next((reading.encoding for reading in offered if reading.clear), "")
    damaged = f"If none is right, the file is UTF-8, and line {foreign.line} is damaged." if foreign.all_cut else ""
    return _question(path, {reading.encoding: reading.sample for reading in offered}, clear, before, damaged)


def _question(path: Path, samples: Mapping[str, str], clear: str, before: str = "", after: str = "") -> EncodingError:
    width = max(map(len, samples))
    lines = [f"  --encoding {encoding:{width}}   {printable(sample)}" for encoding, sample in samples.items()]
    first = "Save it as CSV UTF-8, or add the one of these that shows the text as it should be:"
    return EncodingError(
        f"{path.name} is not UTF-8, and its text can be read in more than one way.{before}",
        "\n".join(filter(None, [first, *lines, after])),
        dict(samples),
        clear,
    )


def _local_page() -> str:
    """The code page of this machine; none if that is UTF-8."""
    page = codecs.lookup(locale.getencoding()).name
    return "" if page in {"utf-8", "ascii"} else page


def sample_in(path: Path, encoding: str) -> str:
    """A few words of the file that show the encoding it is read in."""
    shown = readings(_foreign_cells(path).cells, [encoding])
    return shown[0].sample if shown else ""


@dataclass(slots=True)
class _Foreign:
    """The cells of a file with bytes beyond ASCII: enough to judge by. ``line`` is the first without UTF-8.

    ``all_cut`` tells whether all that is not UTF-8 are beginnings of its letters, as if texts had been cut;
    ``all_long`` whether each of them has two bytes or more, which is no chance.
    """

    cells: list[bytes] = field(default_factory=list)
    line: int = 0
    all_cut: bool = True
    all_long: bool = True


def _foreign_cells(path: Path) -> _Foreign:
    foreign, bytes_shown, lines = _Foreign(), set[int](), 1
    for block in _whole_lines(path):
        new = set(block.translate(None, _ASCII))
        # Beyond those to judge by, only cells that show another letter are of use.
        if new and (len(foreign.cells) < _JUDGED_CELLS or new - bytes_shown):
            for cell in _FOREIGN_CELL.findall(block):
                useful = len(foreign.cells) < _JUDGED_CELLS or not bytes_shown.issuperset(cell.translate(None, _ASCII))
                if useful and cell not in foreign.cells:
                    foreign.cells.append(cell)
                    bytes_shown.update(cell.translate(None, _ASCII))
        if new:
            _note_damage(foreign, block, lines)
        lines += block.count(b"\n") or block.count(b"\r")
    return foreign


def _note_damage(foreign: _Foreign, block: bytes, lines: int) -> None:
    """Note the first line that is not UTF-8, and whether every fault is the beginning of a letter."""
    start = 0
    while foreign.all_cut:
        try:
            block[start:].decode("utf-8")
        except UnicodeDecodeError as error:
            at = start + error.start
            foreign.line = foreign.line or lines + (block[:at].count(b"\n") or block[:at].count(b"\r"))
            foreign.all_cut = _UTF8_FIRST <= block[at] <= _UTF8_LAST
            foreign.all_long &= error.end - error.start > 1
            start += error.end
        else:
            return


def _reads(cell: bytes, encoding: str) -> bool:
    try:
        cell.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _whole_lines(path: Path) -> Iterator[bytes]:
    """The bytes of a file in blocks that end with a line, as far as lines are not longer than a block."""
    rest = b""
    with path.open("rb") as file:
        while block := file.read(BLOCK_BYTES):
            rest += block
            cut = max(rest.rfind(b"\n"), rest.rfind(b"\r")) + 1 or len(rest)
            yield rest[:cut]
            rest = rest[cut:]
    if rest:
        yield rest


def may_begin_lines(path: Path, encoding: str, letters: str) -> bool:
    """Whether a line of a file, but for the first, may begin with one of these letters of ASCII.

    A quick look, a tenth of what it takes to look for texts; where letters have several bytes, any line may.
    """
    codec = _without_mark(path, encoding)
    ends, bytes_of_letters = ("\r\n".encode(codec), letters.encode(codec))
    if len(ends) > len("\r\n") or len(bytes_of_letters) > len(letters):
        return True
    # Before the first line stands nothing that ends one.
    last = "x".encode(codec)
    with path.open("rb") as file:
        while block := file.read(_SCANNED_BYTES):
            data = np.frombuffer(last + block, dtype=np.uint8)
            begins = data[1:][(data[:-1] == ends[0]) | (data[:-1] == ends[1])]
            if np.isin(begins, list(bytes_of_letters)).any():
                return True
            last = block[-1:]
    return False


def recurring(path: Path, encoding: str, texts: Iterable[str], *, most: int = 1) -> set[str]:
    """Those of some texts that occur more than ``most`` times in a file.

    Found in its bytes: a second of decoding is saved. Letters of ASCII count as the same in either case.
    """
    codec = _without_mark(path, encoding)
    searched = {text: text.encode(codec).lower() for text in texts if text}
    counts = dict.fromkeys(searched, 0)
    overlap, rest = max(map(len, searched.values()), default=1) - 1, b""
    with path.open("rb") as file:
        while searched and (block := rest + file.read(_SCANNED_BYTES).lower()) != rest:
            for text, some in list(searched.items()):
                # What lies within the rest was counted with the block before.
                counts[text] += block.count(some, max(len(rest) - len(some) + 1, 0))
                if counts[text] > most:
                    del searched[text]
            rest = block[-overlap:] if overlap else b""
    return {text for text, count in counts.items() if count > most}


_WIDEST_LETTER = 4


def last_lines(path: Path, encoding: str, number: int) -> list[str]:
    """The last lines of a file that hold anything."""
    with path.open("rb") as file:
        # By fours, so that no letter of UTF-16 or UTF-32 is cut.
        file.seek(max(path.stat().st_size - _TAIL_BYTES, 0) & ~3)
        text = file.read().decode(_without_mark(path, encoding), "ignore")
    return [line for line in re.split(r"\r\n|\r|\n", text) if line.strip()][-number:]


def ends_with_line(path: Path) -> bool:
    """Whether the last line of a file, if it is longer than a few bytes, has a line end."""
    with path.open("rb") as file:
        file.seek(max(path.stat().st_size - _WIDEST_LETTER, 0))
        end = file.read()
    return b"\n" in end or b"\r" in end


def _without_mark(path: Path, encoding: str) -> str:
    """The encoding, of the kind that reads and writes no mark."""
    name = codecs.lookup(encoding).name
    if name not in {"utf-16", "utf-32"}:
        return name.removesuffix("-sig")
    with path.open("rb") as file:
        start = file.read(_FEW + 1)
    return f"{name}-be" if start.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)) else f"{name}-le"


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
    # The mark with which DOS ended a text; nothing comes after it.
    if rest := rest.rstrip("\x1a"):
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
        raise EncodingError(
            f'There is no encoding "{encoding}".', "Write it like utf-8, cp1252 or mac_roman."
        ) from error
