"""Blanks beside the quotes of a text file, which many programs write and csv.reader takes for a part of the text.

They belong to how the file is written: the separators and line ends in such a text are its own only if it is quoted.
"""

import re


class QuotedCells:
    """The quoted cells in blocks of text with this separator. A block begins at the beginning of a line."""

    def __init__(self, separator: str) -> None:
        blanks, ends = " \t".replace(separator, ""), f"\r\n{re.escape(separator)}"
        self._marks = [f'{blank}"' for blank in blanks]
        self._before = re.compile(f'(?:^|[{ends}])[{blanks}]+"')
        self._behind = re.compile(f'"[{blanks}]+(?:[{ends}]|$)')
        # What stands in quotes is gone over as a whole, because a separator, blanks and a quote may follow one another
        # in there. It may go on behind the end of the block.
        self._cells = re.compile(
            rf'(?P<begin>^|[{ends}])(?P<before>[{blanks}]*)(?P<text>"[^"]*+(?:""[^"]*+)*+)'
            rf'(?:(?P<end>")[{blanks}]*(?=[{ends}]|\Z)|\Z)'
        )

    def without_blanks(self, block: str, *, is_quoted: bool) -> str:
        """The block without blanks beside quotes; ``is_quoted`` says that it begins within quotes."""
        if not self._behind.search(block) and not self._may_have_blank_before(block):
            return block
        opened = '"' if is_quoted else ""
        return self._cells.sub(r"\g<begin>\g<text>\g<end>", opened + block)[len(opened) :]

    def first_after_blanks(self, block: str, *, is_quoted: bool) -> str:
        """The first text that has blanks before its quote; empty if there is none."""
        if not self._may_have_blank_before(block):
            return ""
        opened = '"' if is_quoted else ""
        texts = (cell["text"][1:] for cell in self._cells.finditer(opened + block) if cell["before"])
        return next(filter(None, texts), "").replace('""', '"')

    def _may_have_blank_before(self, block: str) -> bool:
        return any(mark in block for mark in self._marks) and self._before.search(block) is not None
