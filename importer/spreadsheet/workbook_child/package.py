"""The parts of an archive: where a workbook keeps what, and a plain copy of one that is stored in an unusual way.

Source: ECMA-376 part 2 (Open Packaging Conventions), and which of its freedoms Excel and LibreOffice accept.
"""

import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import IO
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from .limits import DAMAGED, TWO_OF_ONE_NAME, Refusal
from .references import has_needless_references, without_needless_references

_MAIN_TYPE = re.compile(r"sheet\.(?:binary\.)?(?:macroEnabled\.)?main(?:\+xml)?$|(?:template|addin)\..*main\+xml$")
_USUAL_MAINS = ("xl/workbook.xml", "xl/workbook.bin")
_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
_WIDE_XML = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
_ENCODING = re.compile(rb"""^\s*<\?xml[^<>]*?\sencoding\s*=\s*["']([\w.-]+)["']""")
_DECLARATION = re.compile(rb"^\s*<\?xml.*?\?>", re.DOTALL)
_START_BYTES = 4_096
_DIMENSION = re.compile(rb"<(?:\w+:)?dimension\b[^<>]*?(?:/>|>\s*</(?:\w+:)?dimension\s*>)")
_SOUND_DIMENSION = re.compile(rb"""\sref\s*=\s*["'][A-Z]{1,3}[1-9]\d{0,6}(?::[A-Z]{1,3}[1-9]\d{0,6})?["']""")
_MOST_LETTERS = 6

Rewrite = Callable[[bytes], bytes]
"""Gives the bytes of a part another form."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A link of the workbook to one of its parts: its Id, the last word of its type, and the part as stored."""

    id: str
    kind: str
    part: str | None


class Package:
    """An archive whose parts are found as Excel finds them: by links, whatever their names."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        """Gather the parts.

        Raises:
            Refusal: One that is read has a name that another one has too, as Excel compares them; LibreOffice does not.
        """
        self._archive = archive
        # Names as Windows might have written them, with other slashes and capitals.
        self._names = {_plain(name): name for name in archive.namelist()}
        counts = Counter(map(_plain, archive.namelist()))
        self._ambiguous = {name for name, count in counts.items() if count > 1}
        self.main = self._main()
        self.relations = tuple(self._relations(self.main))

    @property
    def is_binary(self) -> bool:
        """Whether its workbook is one of .xlsb."""
        return self.main.lower().endswith(".bin")

    def stream(self, part: str) -> IO[bytes]:
        """A part of XML, by its name as stored, as UTF-8."""
        return self._archive.open(part) if self._is_utf8(part) else io.BytesIO(self.read(part))

    def read(self, part: str) -> bytes:
        """The bytes of a part; XML as UTF-8, without needless references."""
        data = self._archive.read(part)
        return data if part.lower().endswith(".bin") else without_needless_references(as_utf8(data))

    def part_of(self, kind: str) -> str | None:
        """The first part of a kind, such as "styles"."""
        return next((relation.part for relation in self.relations if relation.kind == kind and relation.part), None)

    def part(self, relation_id: str) -> str:
        """The part that a link of the workbook leads to."""
        for relation in self.relations:
            if relation.id == relation_id and relation.part:
                return relation.part
        raise Refusal(*DAMAGED)

    def links_name(self, part: str) -> str:
        """The name of the part that holds the links of a part, as it is stored or would be."""
        folder, name = dirname(_slashed(part)), _slashed(part).rpartition("/")[2]
        links = join(folder, "_rels", f"{name}.rels")
        return self._stored(links) or links

    def relations_of(self, part: str) -> tuple[Relation, ...]:
        """The links of a part; most have none."""
        links = self._stored(self.links_name(part))
        return tuple(self._links(links, dirname(_slashed(part)))) if links else ()

    def is_plain(self) -> bool:
        """Whether calamine finds every part, and can read what it finds."""
        if self.main not in _USUAL_MAINS or self._links_of_main() not in self._archive.namelist():
            return False
        # Sheets are gone through later, and calamine reads any reference in the texts that cells share.
        if any(
            has_needless_references(self._archive.read(part)) for part in (self.main, self.part_of("styles")) if part
        ):
            return False
        targets = dict(self._naive_targets())
        read = [relation for relation in self.relations if relation.part and relation.kind in _TARGETS]
        return all(
            relation.part == (self._fixed_name(relation.kind) or targets.get(relation.id)) for relation in read
        ) and all(map(self._is_sound, dict.fromkeys([self.main, *(relation.part for relation in read)])))

    def plain_copy(self, rewritten: Rewrite | None = None, strings: Rewrite | None = None) -> io.BytesIO:
        """The same workbook with every part where calamine looks for it, as UTF-8, without a wrong dimension.

        ``rewritten`` gives a sheet another form, ``strings`` the part with the texts that cells share.
        """
        suffix = "bin" if self.is_binary else "xml"
        forms = {"worksheet": rewritten, "sharedStrings": strings}
        copy, links, names = io.BytesIO(), [_RELATIONS], dict[tuple[str, str], str]()
        with zipfile.ZipFile(copy, "w") as target:
            for number, relation in enumerate(self.relations, start=1):
                if relation.part is None or relation.kind not in _TARGETS:
                    continue
                # Once, however many links lead to it.
                name = names.get((relation.kind, relation.part), "")
                if not name:
                    name = _TARGETS[relation.kind].format(number=number, suffix=suffix)
                    names[relation.kind, relation.part] = name
                    target.writestr(f"xl/{name}", self._plain_part(relation, forms.get(relation.kind)))
                links.append(f'<Relationship Id="{relation.id}" Type="{_RELATION}/{relation.kind}" Target="{name}"/>')
            target.writestr(f"xl/workbook.{suffix}", self.read(self.main))
            target.writestr(f"xl/_rels/workbook.{suffix}.rels", "".join([*links, "</Relationships>"]))
            main = f'<Relationship Id="rId1" Type="{_RELATION}/officeDocument" Target="xl/workbook.{suffix}"/>'
            target.writestr("_rels/.rels", f"{_RELATIONS}{main}</Relationships>")
            target.writestr("[Content_Types].xml", self._archive.read(self._stored("[content_types].xml") or self.main))
        copy.seek(0)
        return copy

    def _plain_part(self, relation: Relation, rewritten: Rewrite | None) -> bytes:
        data = self.read(relation.part or "")
        if relation.kind == "worksheet" and not self.is_binary:
            data = _DIMENSION.sub(b"", data[:_START_BYTES]) + data[_START_BYTES:]
        return rewritten(data) if rewritten else data

    def _main(self) -> str:
        links = self._stored("_rels/.rels")
        for relation in self._links(links, "") if links else ():
            if relation.kind == "officeDocument" and relation.part:
                return relation.part
        for part in (*self._main_by_type(), *_USUAL_MAINS):
            if name := self._stored(part):
                return name
        raise Refusal(*DAMAGED)

    def _main_by_type(self) -> Iterator[str]:
        if types := self._stored("[content_types].xml"):
            for element in _xml(self._archive.read(types)):
                if _MAIN_TYPE.search(element.get("ContentType", "")):
                    yield element.get("PartName", "")

    def _relations(self, part: str) -> Iterator[Relation]:
        folder = dirname(_slashed(part))
        links = self._stored(join(folder, "_rels", f"{_slashed(part).rpartition('/')[2]}.rels"))
        if links is None:
            raise Refusal(*DAMAGED)
        yield from self._links(links, folder)

    def _links(self, links: str, folder: str) -> Iterator[Relation]:
        for element in _xml(self._archive.read(links)):
            target = _slashed(element.get("Target", ""))
            outside = element.get("TargetMode", "").lower() == "external"
            part = None if outside else self._near("" if target.startswith("/") else folder, target)
            yield Relation(element.get("Id", ""), element.get("Type", "").rpartition("/")[2], part)

    def _near(self, folder: str, target: str) -> str | None:
        # A target that is written from the root, without saying so, is what some programs write.
        places = (join(folder, target), target)
        return next(filter(None, map(self._stored, places)), None)

    def _stored(self, name: str) -> str | None:
        """The name of a part as it is stored."""
        plain = _plain(name)
        if plain in self._ambiguous:
            raise Refusal(*TWO_OF_ONE_NAME)
        return self._names.get(plain)

    def _links_of_main(self) -> str:
        return f"xl/_rels/{self.main.rpartition('/')[2]}.rels"

    def _fixed_name(self, kind: str) -> str | None:
        """Where calamine reads a part of a kind without following a link."""
        fixed = _TARGETS[kind] if kind in {"sharedStrings", "styles"} else ""
        return f"xl/{fixed.format(suffix='bin' if self.is_binary else 'xml')}" if fixed else None

    def _naive_targets(self) -> Iterator[tuple[str, str]]:
        for element in _xml(self._archive.read(self._links_of_main())):
            target = element.get("Target", "")
            rooted = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
            yield element.get("Id", ""), rooted

    def _is_utf8(self, part: str) -> bool:
        with self._archive.open(part) as stream:
            return not _is_foreign(stream.read(_START_BYTES))

    def _is_sound(self, part: str | None) -> bool:
        if part is None or part.lower().endswith(".bin"):
            return True
        with self._archive.open(part) as stream:
            start = stream.read(_START_BYTES)
        dimension = _DIMENSION.search(start)
        sound = dimension is None or _SOUND_DIMENSION.search(dimension[0]) is not None
        return sound and not _is_foreign(start)


_TARGETS: Mapping[str, str] = {
    "worksheet": "worksheets/sheet{number}.{suffix}",
    "chartsheet": "chartsheets/sheet{number}.{suffix}",
    "dialogsheet": "dialogsheets/sheet{number}.{suffix}",
    "xlMacrosheet": "macrosheets/sheet{number}.{suffix}",
    "sharedStrings": "sharedStrings.{suffix}",
    "styles": "styles.{suffix}",
}
"""Where calamine expects the parts that it reads, by the kind of link."""


def _slashed(name: str) -> str:
    return name.replace("\\", "/")


def _plain(name: str) -> str:
    """A name in the form in which names are compared."""
    path = normpath(unquote(_slashed(name)).lower().lstrip("/"))
    while path.startswith("../"):
        path = path[3:]
    return path


def _xml(data: bytes) -> ET.Element:
    # expat bounds how far entities grow and fetches none; for the rest this process has its limits.
    return ET.fromstring(data)  # noqa: S314


def _is_foreign(start: bytes) -> bool:
    """Whether XML is in another encoding than UTF-8."""
    declared = _ENCODING.match(start)
    return start.startswith(_WIDE_XML) or (declared is not None and declared[1].lower() not in {b"utf-8", b"us-ascii"})


def as_utf8(data: bytes) -> bytes:
    """The same XML in UTF-8.

    Raises:
        Refusal: It is not in the encoding that it says it is in.
    """
    start = data[:_START_BYTES]
    if not _is_foreign(start):
        return data
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(start[:2])
    declared = _ENCODING.match(start)
    encoding = wide or (declared[1].decode("ascii") if declared else "utf-8")
    try:
        text = data.decode(encoding).encode()
    except (LookupError, UnicodeDecodeError) as error:
        raise Refusal(*DAMAGED) from error
    # What it says of its encoding is no longer true.
    return _DECLARATION.sub(b"", text, count=1)


def position_of(letters: bytes) -> int:
    """The position of a column by its letters: A is 0."""
    position = 0
    # More than these lead beyond every sheet anyway.
    for letter in letters[:_MOST_LETTERS].upper():
        position = position * 26 + letter - ord("A") + 1
    return position - 1


def letters_of(position: int) -> str:
    """The letters over a column: 0 is A."""
    letters, rest = "", position + 1
    while rest:
        rest, letter = divmod(rest - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters
