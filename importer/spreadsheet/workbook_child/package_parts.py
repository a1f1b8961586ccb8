"""The parts of an archive on their way to another: some replaced, some added with their links, all others copied."""

import re
import shutil
import zipfile
from typing import IO

from .limits import Refusal
from .package import Package
from .spans import Edits, elements, escaped, prefix_of, put_inside

_RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_NO_LINKS = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'
)
_NUMBER = re.compile(r"\d+$")


class Parts:
    """The parts of a package, and what is to become of them."""

    def __init__(self, archive: zipfile.ZipFile, package: Package) -> None:
        self._archive, self._package = archive, package
        self.names = archive.namelist()
        if len({name.lower() for name in self.names}) < len(self.names):
            raise Refusal("two of its parts have one name")
        self._changed: dict[str, bytes] = {}
        self._added: dict[str, bytes] = {}
        self._dropped: set[str] = set()
        self._types = next((name for name in self.names if name.lower() == "[content_types].xml"), None)

    def read(self, part: str) -> bytes:
        """A part as it will be."""
        changed = self._changed.get(part, self._added.get(part))
        return self._package.read(part) if changed is None else changed

    def replace(self, part: str, data: bytes) -> None:
        """Give a part another content."""
        if data != self.read(part):
            self._changed[part] = data

    def add(self, pattern: str, data: bytes, kind: str) -> str:
        """Add a part of this type under a name that is free; the pattern has a place for a number."""
        taken = {name.lower() for name in (*self.names, *self._added)}
        name = next(name for name in map(pattern.format, range(1, len(taken) + 2)) if name.lower() not in taken)
        self._added[name] = data
        extension = name.rpartition(".")[2]
        if extension == "xml":
            self._put(self._types_part, "Override", PartName=f"/{name}", ContentType=kind)
        elif not self._has_default(extension):
            self._put(self._types_part, "Default", Extension=extension, ContentType=kind)
        return name

    def drop(self, part: str, owner: str) -> None:
        """Leave out a part that only its owner links to."""
        self._dropped.add(part)
        links = self._package.links_name(owner)
        [relation] = [relation for relation in self._package.relations_of(owner) if relation.part == part]
        self._take_out(links, "Id", relation.id)
        self._take_out(self._types_part, "PartName", f"/{part}")

    def link(self, owner: str, kind: str, part: str, link: str | None = None) -> str:
        """Link a part with another one; gives the Id of the link."""
        name, link = self._package.links_name(owner), link or self.free_link(owner)
        if name not in self.names and name not in self._added:
            self._added[name] = _NO_LINKS
        self._put(name, "Relationship", Id=link, Type=f"{_RELATION}/{kind}", Target=f"/{part}")
        return link

    def free_link(self, owner: str) -> str:
        """An Id that no link of a part has yet."""
        name = self._package.links_name(owner)
        there = elements(self.read(name), 1) if name in self.names or name in self._added else []
        numbers = [_NUMBER.search(element.attributes.get("Id", "")) for element in there]
        return f"rId{max((int(match[0]) for match in numbers if match), default=0) + 1}"

    def write(self, out: IO[bytes]) -> None:
        """Write the archive."""
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
            for info in self._archive.infolist():
                if info.filename in self._dropped:
                    continue
                copy = zipfile.ZipInfo(info.filename, info.date_time)
                copy.compress_type, copy.external_attr = info.compress_type, info.external_attr
                if info.filename in self._changed:
                    target.writestr(copy, self._changed[info.filename])
                    continue
                with self._archive.open(info) as source, target.open(copy, "w") as sink:
                    shutil.copyfileobj(source, sink)
            moment = self._archive.infolist()[0].date_time
            for name, data in self._added.items():
                new = zipfile.ZipInfo(name, moment)
                new.compress_type = zipfile.ZIP_DEFLATED
                target.writestr(new, data)

    @property
    def _types_part(self) -> str:
        if self._types is None:
            raise Refusal("it does not say of which type its parts are")
        return self._types

    def _has_default(self, extension: str) -> bool:
        defaults = elements(self.read(self._types_part), 1)
        return any(element.attributes.get("Extension", "").lower() == extension for element in defaults)

    def _put(self, part: str, name: str, **attributes: str) -> None:
        data, edits = self.read(part), Edits()
        root = elements(data, 0)[0]
        words = b" ".join(b'%s="%s"' % (key.encode(), escaped(value)) for key, value in attributes.items())
        put_inside(edits, data, root, b"<%s%s %s/>" % (prefix_of(root.tag(data)), name.encode(), words))
        self._set(part, edits.applied(data))

    def _take_out(self, part: str, attribute: str, value: str) -> None:
        data, edits = self.read(part), Edits()
        for element in elements(data, 1):
            if element.attributes.get(attribute, "").lower() == value.lower():
                edits.replace(element.start, element.end, b"")
        self._set(part, edits.applied(data))

    def _set(self, part: str, data: bytes) -> None:
        (self._added if part in self._added else self._changed)[part] = data
