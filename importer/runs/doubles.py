"""Rows of several files that are for one record: looked for in all of them before the first row of any is sent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from importer.checking import Checker, Directory, FileRows, is_name, repeated_elsewhere
from importer.config.addresses import host_of
from importer.errors import ImporterError
from importer.journal.journal import Journal
from importer.runs.lookup import look_up
from importer.runs.request import ImportRequest
from importer.runs.session import Session, signed_in
from importer.runs.source import Source, checker_of, open_source
from importer.text import printable

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was gone through; ``scope`` are its host and record type, within which a key is one record."""

    place: int
    scope: tuple[str, str]
    sha256: str
    rows: FileRows


async def compare_files(requests: Sequence[ImportRequest], journal: Journal) -> list[ImportRequest]:
    """The requests, each with its rows that a row of another file repeats.

    A file that cannot be read is left out; its own import says why. Names that nobody can look up now are not compared.
    """
    # One file at a time, and only its hashes stay. Two files for different hosts never have a record in common; two
    # accounts of one host may, because the Ids of resources and coworkers are unique there.
    hosts = Counter(host_of(request.settings.url) for request in requests)
    names = _names([request.file for request in requests])
    files: list[_File] = []
    async with AsyncExitStack() as stack:
        sessions = _Sessions(stack, journal)
        for place, request in enumerate(requests):
            if hosts[host_of(request.settings.url)] > 1:
                try:
                    files.append(await _gone_through(place, request, names[place], sessions))
                except ImporterError:
                    continue
    compared = list(requests)
    for scope in dict.fromkeys(file.scope for file in files):
        of_scope = [file for file in files if file.scope == scope]
        for file, elsewhere in zip(of_scope, repeated_elsewhere([file.rows for file in of_scope]), strict=True):
            compared[file.place] = replace(requests[file.place], elsewhere=elsewhere, sha256=file.sha256)
    return compared


def _names(paths: Sequence[Path]) -> list[str]:
    """What each file is called in sentences: by its name, with its folder where several have that name."""
    several = Counter(path.name for path in paths)
    names = [str(Path(*path.parts[-2:])) if several[path.name] > 1 else path.name for path in paths]
    return [printable(name, _LONGEST_NAME) for name in names]


async def _gone_through(place: int, request: ImportRequest, name: str, sessions: "_Sessions") -> _File:
    source = open_source(request.file, request.settings, request.kind, request.read)
    checker, rows = _collected(source, request, name)
    cells = {field: column for field, column in checker.names.items() if field in source.kind.key}
    if any(is_name(cell.strip()) for column in cells.values() for cell in column):
        directories = await sessions.directories(request, source, cells)
        if directories:
            _, rows = _collected(replace(source, directories=directories), request, name)
    return _File(place, (host_of(request.settings.url), source.kind.name), source.sha256, rows)


def _collected(source: Source, request: ImportRequest, name: str) -> tuple[Checker, FileRows]:
    """The checker that went through the file, and its rows."""
    checker, rows = checker_of(source, request.clock(), allow_duplicates=True), FileRows(name)
    for chunk in source.sheet.read():
        checked = checker.check(chunk)
        # With --allow-duplicates there is no key; an Id still names one record.
        if not request.choices.allow_duplicates:
            rows.add(checked, source.kind.key)
    rows.named.update({record: of_file[0] for record, of_file in checker.record_ids.rows.items()})
    return checker, rows


class _Sessions:
    """Signs in once for each profile, and only if a file of it holds names."""

    def __init__(self, stack: AsyncExitStack, journal: Journal) -> None:
        self._stack, self._journal = stack, journal
        self._sessions: dict[tuple[str, str], Session | None] = {}

    async def directories(
        self, request: ImportRequest, source: Source, cells: Mapping[str, set[str]]
    ) -> dict[str, Directory]:
        """What the names in these cells may mean; none if nobody can be asked."""
        key = (request.choices.profile or "", request.settings.url)
        if key not in self._sessions:
            self._sessions[key] = await self._signed_in(request, source)
        session = self._sessions[key]
        return {} if session is None else await look_up(session, source, cells, request.choices.picks, confirm=False)

    async def _signed_in(self, request: ImportRequest, source: Source) -> Session | None:
        settings = request.settings
        # A two-factor code works once, and the import itself needs it.
        if not settings.can_sign_in or settings.totp is not None:
            return None
        try:
            return await self._stack.enter_async_context(
                signed_in(
                    settings,
                    source.endpoint,
                    self._journal,
                    request.observer,
                    request.clock,
                    without_list=request.choices.without_list,
                )
            )
        except ImporterError:
            # The import of the file fails in the same way, and says so.
            return None
