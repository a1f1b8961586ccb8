"""Rows of several files that are for one record: looked for in all of them before the first row of any is sent."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from importer.checking import Checker, Directory, FileRows, is_name, repeated_elsewhere
from importer.config.addresses import host_of
from importer.errors import ImporterError
from importer.journal.journal import Journal, open_journal
from importer.model import RowElsewhere
from importer.runs.lookup import look_up
from importer.runs.preparation import stoppable
from importer.runs.processes import KilledError, ProcessPool, Watch
from importer.runs.request import ImportRequest, portable, unpacked
from importer.runs.session import Session, signed_in
from importer.runs.source import Source, checker_of, open_requested
from importer.text import printable

_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class _File:
    """A file that was gone through; ``scope`` are its host and record type, within which a key is one record.

    ``matches`` are its rows by the fields by which they find their records, if these are not the key of their type.
    """

    place: int
    scope: tuple[str, str]
    sha256: str
    rows: FileRows
    key: tuple[str, ...]
    matches: FileRows


async def compare_files(requests: Sequence[ImportRequest], journal: Journal | None) -> list[ImportRequest]:
    """The requests, each with its rows that a row of another file repeats.

    A file that cannot be read is left out; its own import says why. Names that nobody can look up now are not compared;
    nobody can without a journal, which counts the calls.
    """
    # One file at a time, and only its hashes stay. Two files for different hosts never have a record in common; two
    # accounts of one host may, because the Ids of resources and coworkers are unique there.
    hosts = Counter(host_of(request.settings.url) for request in requests)
    names = _names(requests)
    files: list[_File] = []
    async with AsyncExitStack() as stack:
        sessions = _Sessions(stack, journal)
        for place, request in enumerate(requests):
            if hosts[host_of(request.settings.url)] > 1:
                try:
                    files.append(await _gone_through(place, request, names[place], sessions))
                except ImporterError:
                    continue
    return _compared(requests, files)


def compared_in_processes(
    requests: Sequence[ImportRequest], pool: ProcessPool, watch: Watch
) -> tuple[list[ImportRequest], dict[int, KilledError]]:
    """The same on several processors, and the files whose process died, by their places. Looks up no names."""
    hosts = Counter(host_of(request.settings.url) for request in requests)
    names = _names(requests)
    tasks = [
        (place, *portable(request), names[place])
        for place, request in enumerate(requests)
        if hosts[host_of(request.settings.url)] > 1
    ]
    files, killed = list[_File](), dict[int, KilledError]()
    for (place, *_), result in zip(tasks, pool.map(_read_elsewhere, tasks, watch), strict=True):
        if isinstance(result, KilledError):
            killed[place] = result
        elif result is not None:
            files.append(result)
    return _compared(requests, files), killed


def _read_elsewhere(task: tuple[int, ImportRequest, str | None, str]) -> _File | None:
    place, request, kind, name = task
    request = unpacked(request, kind)
    try:
        source = open_requested(request)
        _, rows, matches = _collected(source, request, name)
    except ImporterError:
        return None
    return _file(place, request, source, rows, matches)


def _compared(requests: Sequence[ImportRequest], files: Sequence[_File]) -> list[ImportRequest]:
    compared = list(requests)
    elsewhere = _by(files, lambda file: (*file.scope, ()), lambda file: file.rows)
    # The key of the type first: it says more.
    by_match = _by(files, lambda file: (*file.scope, file.key), lambda file: file.matches)
    for file in files:
        rows = {**by_match[file.place], **elsewhere[file.place]}
        compared[file.place] = replace(requests[file.place], elsewhere=rows, sha256=file.sha256)
    return compared


async def compared_with_each_other(requests: Sequence[ImportRequest], *, online: bool) -> list[ImportRequest]:
    """The same for a command that sends nothing; names are looked up if it is ``online``."""
    if not (online and requests):
        return await compare_files(requests, None)
    with open_journal(requests[0].settings.journal_place) as journal:
        return await stoppable(compare_files(requests, journal), journal)


def _by(
    files: Sequence[_File], scope: Callable[[_File], tuple[object, ...]], rows: Callable[[_File], FileRows]
) -> dict[int, dict[int, RowElsewhere]]:
    """The rows of each file that another file of the same scope repeats, by the place of the file."""
    groups: dict[tuple[object, ...], list[_File]] = {}
    for file in files:
        groups.setdefault(scope(file), []).append(file)
    return {
        file.place: repeated
        for group in groups.values()
        for file, repeated in zip(group, repeated_elsewhere([rows(file) for file in group]), strict=True)
    }


def _names(requests: Sequence[ImportRequest]) -> list[str]:
    """What each file is called in sentences: by its name, with its folder where several have that name."""
    several = Counter(request.shown_name for request in requests)
    names = [
        str(Path(*request.file.parts[-2:])) if several[request.shown_name] > 1 else request.shown_name
        for request in requests
    ]
    return [printable(name, _LONGEST_NAME) for name in names]


async def _gone_through(place: int, request: ImportRequest, name: str, sessions: "_Sessions") -> _File:
    source = open_requested(request)
    key = request.choices.key
    checker, rows, matches = _collected(source, request, name)
    cells = {field: column for field, column in checker.names.items() if field in {*source.kind.key, *key}}
    if any(is_name(cell.strip()) for column in cells.values() for cell in column):
        directories = await sessions.directories(request, source, cells)
        if directories:
            _, rows, matches = _collected(replace(source, directories=directories), request, name)
    return _file(place, request, source, rows, matches)


def _file(place: int, request: ImportRequest, source: Source, rows: FileRows, matches: FileRows) -> _File:
    scope = (host_of(request.settings.url), source.kind.name)
    return _File(place, scope, source.sha256, rows, request.choices.key, matches)


def _collected(source: Source, request: ImportRequest, name: str) -> tuple[Checker, FileRows, FileRows]:
    """The checker that went through the file, and its rows by the key of their type and by the match key."""
    checker = checker_of(source, request.clock(), allow_duplicates=True)
    rows, matches, key = FileRows(name), FileRows(name), request.choices.key
    for chunk in source.sheet.read():
        checked = checker.check(chunk)
        # With --allow-duplicates there is no key; an Id still names one record.
        if not request.choices.allow_duplicates:
            rows.add(checked, source.kind.key)
        if key:
            matches.add(checked, key, filled=True)
    rows.named.update({record: of_file[0] for record, of_file in checker.record_ids.rows.items()})
    return checker, rows, matches


class _Sessions:
    """Signs in once for each profile, and only if a file of it holds names."""

    def __init__(self, stack: AsyncExitStack, journal: Journal | None) -> None:
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
        if self._journal is None or not settings.can_sign_in or settings.totp is not None:
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
