"""Uploads on their way to a run: a private folder each, with the file as it came and what was chosen for it.

Names are made here; what the user calls the file is data only. The file itself is never changed: cells corrected on
the page are stored next to it (``correction_log.py``) and applied whenever it is read.

Where machines share a database, the folder of an upload is a copy of what is there.

1. Whoever looks at an upload first asks for its revision, and brings the folder up to date if it is another one: the
   document, what was corrected since, and the file if it is not here yet.
2. A change goes into the database first, and only then into the folder. Where a machine is cut off in between, its
   folder is merely out of date.
3. What a check found is not shared: it is of one version of an upload, and the other machine finds it again.

An upload from before there was a database is put there when it is first looked at.
"""

import contextlib
import hashlib
import re
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path, PureWindowsPath

from importer.config.saved_columns import DateChoice
from importer.config.store import (
    Document,
    RecentDocuments,
    UnreadableError,
    locked_document,
    new_private,
    private_folder,
    unchanged,
)
from importer.errors import FileError, ImporterError, JournalBusyError, JournalError
from importer.journal.journal_pool import JournalPool
from importer.journal.uploads import UploadHead, Uploads
from importer.model import Clock
from importer.spreadsheet import DELIMITED, WORKBOOKS, ReadOptions
from importer.text import printable
from importer.web import correction_log
from importer.web.correction_log import CorrectionLogs, Corrections, LogMark
from importer.web.upload_space import UploadSpace

ACCEPTED = tuple(sorted(DELIMITED | WORKBOOKS))
LARGEST = 50 * 1024 * 1024
KEPT_DAYS = 7
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class NameChoice:
    """A person's choice of the record that a name means, as the journal remembers it: an Id under a key.

    It holds for a list (``path``) of an account. ``name`` is plain; ``before`` are the choices that it replaced.
    """

    account: str
    path: str
    name: str
    key: str
    id: int
    before: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Draft:
    """One upload. ``version`` grows with every change, so that a result can tell which state it is about.

    ``choices`` are those of records for names that were made for this upload. ``zone`` is the time zone of the browser
    that it came from, "" if that did not say; ``zone_at_first`` that of times that do not say theirs while nobody has
    chosen another, "" before the first check. ``recalled`` is what was remembered for its dates when its columns were
    known, None before that. ``sheets`` are those among which its sheet was chosen. ``log`` says where the corrections
    in ``read`` are stored, None before there are any. ``revision`` is that of the shared database which this folder
    has, 0 where there is none; ``brought`` the version in which another machine has changed it last, for rows that were
    written for an earlier one lack what was corrected there.
    """

    id: str
    folder: Path
    name: str
    suffix: str
    sha256: str
    size: int
    uploaded: float
    by: str = ""
    read: ReadOptions = field(default_factory=ReadOptions)
    agreed: bool = False
    choices: tuple[NameChoice, ...] = ()
    zone: str = ""
    zone_at_first: str = ""
    recalled: DateChoice | None = None
    version: int = 1
    run: int | None = None
    sheets: tuple[str, ...] = ()
    log: LogMark | None = None
    revision: int = 0
    brought: int = 0

    @property
    def path(self) -> Path:
        """The file as it came, under a name of ours."""
        return self.folder / f"upload-{self.id}{self.suffix}"

    @property
    def has_own_dates(self) -> bool:
        """Whether somebody has chosen how its dates are read, other than what was remembered."""
        return DateChoice(self.read.dates, self.read.zone) != (self.recalled or DateChoice())

    def named(self, error: ImporterError) -> ImporterError:
        """An error about the file, under the name that the user gave it."""
        stored, shown = self.path.name, printable(self.name)
        stems = (self.path.stem, Path(shown).stem)
        texts = (text.replace(f"{self.folder}/", "") for text in (error.message, error.advice, error.on_page))
        message, advice, on_page = (text.replace(stored, shown).replace(*stems) for text in texts)
        return error.reworded(message, advice, on_page)


# Format 1 held the corrections themselves; they go into a log with the next change.
_DRAFT = Document("An upload", Draft, format=2, steps={0: unchanged, 1: unchanged})
_RECENT, _LOGS = RecentDocuments(_DRAFT, 8), CorrectionLogs(8)
"""An upload may have a hundred thousand corrections, and each request looks at it."""


class Drafts:
    """The uploads of one installation."""

    def __init__(
        self, folder: Path, clock: Clock, space: UploadSpace | None = None, shared: JournalPool | None = None
    ) -> None:
        """Keep them in this folder; ``space`` limits how much room they take.

        ``shared`` is the database in which other machines have them as well.
        """
        self._folder, self._clock, self._space, self._shared = folder, clock, space, shared

    def going_by(self, clock: Clock) -> "Drafts":
        """The same uploads, by another clock."""
        return Drafts(self._folder, clock, self._space, self._shared)

    async def take_in(self, name: str, chunks: AsyncIterator[bytes], by: str, zone: str = "") -> Draft:
        """A new draft from an upload, complete or not at all; ``zone`` is that of the browser, if it said one.

        Raises:
            FileError: It is of no kind that can be read, empty or too large.
            NoRoomError: There is no room for it.
        """
        name = _plain_name(name)
        suffix = Path(name).suffix.lower()
        if suffix not in ACCEPTED:
            advice = f"Choose a file that ends in {_listed(ACCEPTED)}."
            raise FileError(f"{printable(name)} is not a spreadsheet.", advice)
        draft = Draft(secrets.token_urlsafe(16), Path(), name, suffix, "", 0, self._clock(), by, zone=zone)
        draft = replace(draft, folder=private_folder(self._folder) / draft.id)
        private_folder(draft.folder)
        try:
            return self._keep(await _written(draft, chunks, self.room_for(draft)))
        except BaseException:
            shutil.rmtree(draft.folder, ignore_errors=True)
            raise

    def room_for(self, draft: Draft) -> Callable[[int], None]:
        """A look whether there is room for some more bytes of an upload, or of what was checked of it.

        It raises NoRoomError if there is none.
        """
        if self._space is None:
            return lambda _: None
        folders = [folder for folder in self._folder.iterdir() if folder != draft.folder]
        owners = {folder: stored.by for folder in folders if (stored := self._stored(folder.name))}
        mine = [folder for folder in folders if owners.get(folder) == draft.by]
        others = [folder for folder in folders if folder not in mine]
        return self._space.watch(self._folder, mine, others, self._elsewhere(draft))

    def room_on_disk(self) -> Callable[[int], None]:
        """The same for what takes the place of something as large: only the disk must not be full."""
        return self._space.watch_disk(self._folder) if self._space else lambda _: None

    def find(self, key: str) -> Draft | None:
        """The draft with this id; None if there is none.

        Raises:
            JournalError: The database that machines share cannot be used.
        """
        if not _ID.fullmatch(key):
            return None
        if self._shared is not None:
            with self._uploads(self._shared) as uploads:
                if not self._bring(uploads, key, uploads.head(key)):
                    return None
        return self._find_here(key)

    def _find_here(self, key: str) -> Draft | None:
        """The draft as the folder of this machine has it."""
        stored = self._stored(key)
        while stored is not None and stored.log is not None:
            with contextlib.suppress(FileNotFoundError):
                try:
                    corrections = _LOGS.read(stored.folder, stored.log)
                except UnreadableError:
                    return None
                return replace(stored, read=corrections.put_into(stored.read))
            # Its log has been begun anew at this moment; if not, it is gone, and the corrections with it.
            before, stored = stored, self._stored(key)
            if stored is before:
                return None
        return stored

    def _stored(self, key: str) -> Draft | None:
        """The document of a draft, without the corrections in its log."""
        folder = self._folder / key
        return _RECENT.read_if_usable(folder / "draft.json", id=key, folder=str(folder))

    def all(self) -> list[Draft]:
        """The drafts that no run came of, newest first."""
        if self._shared is not None:
            self._bring_all(self._shared)
        keys = self._keys_here()
        drafts = [draft for key in keys if (draft := self._find_here(key)) and draft.run is None]
        return sorted(drafts, key=lambda draft: -draft.uploaded)

    @contextmanager
    def locked(self, key: str) -> Iterator[Draft | None]:
        """The draft, while nobody else changes it, on this machine or another one."""
        if self.find(key) is None:
            yield None
            return
        with locked_document(self._folder / key / "lock"):
            if self._shared is None:
                yield self._find_here(key)
                return
            with self._uploads(self._shared) as uploads, uploads.locked(key):
                is_there = self._bring(uploads, key, uploads.head(key), is_locked=True)
                yield self._find_here(key) if is_there else None

    def choose_sheet(self, draft: Draft, sheet: str, sheets: Sequence[str]) -> None:
        """Read this one of several sheets of an upload of which none has been chosen yet."""
        with self.locked(draft.id) as now:
            if now is not None and now.read.sheet is None:
                self.set_read(replace(now, sheets=tuple(sheets)), replace(now.read, sheet=sheet))

    def of_sheet(self, draft: Draft, sheet: str) -> Draft:
        """The upload of another sheet of the same workbook: the one that there is, or a new one."""
        for other in self.all():
            if (other.sha256, other.by, other.read.sheet) == (draft.sha256, draft.by, sheet):
                return other
        new = replace(draft, id=secrets.token_urlsafe(16), read=ReadOptions(sheet=sheet), version=1, revision=0)
        new = replace(
            new, folder=self._folder / new.id, uploaded=self._clock(), agreed=False, choices=(), recalled=None
        )
        private_folder(new.folder)
        with new_private(new.path) as file:
            file.write(draft.path.read_bytes())
        return self._keep(new)

    def change(self, key: str, **changes: object) -> Draft | None:
        """The draft with other options; a new version of it."""
        with self.locked(key) as draft:
            return self.set_read(draft, replace(draft.read, **changes)) if draft else None  # type: ignore[arg-type]

    def correct(
        self, key: str, *, cells: Mapping[str, str] | None = None, repairs: Mapping[str, str] | None = None
    ) -> Draft | None:
        """The draft with these corrections besides those that anybody has made until now; a new version of it."""
        with self.locked(key) as draft:
            if draft is None:
                return None
            read = draft.read
            cells, repairs = {**read.cells, **(cells or {})}, {**read.repairs, **(repairs or {})}
            return self.set_read(draft, replace(read, cells=cells, repairs=repairs))

    def read_anew(self, key: str, **changes: object) -> Draft | None:
        """The draft read in another way, which may show another header, with what is remembered for that one."""
        with self.locked(key) as draft:
            if draft is None:
                return None
            recalled, read = draft.recalled or DateChoice(), draft.read
            dates = None if read.dates == recalled.dates else read.dates
            zone = None if read.zone == recalled.zone else read.zone
            read = replace(read, **{"dates": dates, "zone": zone, **changes})  # type: ignore[arg-type]
            return self.set_read(replace(draft, recalled=None), read)

    def set_read(self, draft: Draft, read: ReadOptions) -> Draft:
        """The draft read in another way; to be called while it is locked."""
        return self.keep(draft, read=read, version=draft.version + 1)

    def keep(self, draft: Draft, **changes: object) -> Draft:
        """The draft with these values, written down; to be called while it is locked."""
        return self._keep(replace(draft, **changes))  # type: ignore[arg-type]

    def by_run(self) -> dict[int, list[Path]]:
        """The folders of the uploads of which runs came, by the number of the run."""
        by_run: dict[int, list[Path]] = {}
        for folder in sorted(self._folder.iterdir()) if self._folder.exists() else ():
            draft = self._stored(folder.name) if _ID.fullmatch(folder.name) else None
            if draft is not None and draft.run is not None:
                by_run.setdefault(draft.run, []).append(folder)
        return by_run

    def forget(self, draft: Draft) -> None:
        """Delete an upload; where machines share it, each of them deletes its copy when it looks at it next."""
        if self._shared is not None:
            with self._uploads(self._shared) as uploads:
                uploads.delete([draft.id])
        shutil.rmtree(draft.folder, ignore_errors=True)

    def forget_old(self, now: float) -> None:
        """Delete what was uploaded more than ``KEPT_DAYS`` ago: it may hold personal data."""
        first = now - KEPT_DAYS * 86400
        if self._shared is not None:
            with self._uploads(self._shared) as uploads:
                heads = uploads.heads().values()
                uploads.delete([head.id for head in heads if head.uploaded < first and not head.is_deleted])
                uploads.forget_deleted(first - KEPT_DAYS * 86400)
        for folder in list(self._folder.iterdir()) if self._folder.exists() else ():
            draft = self._find_here(folder.name) if _ID.fullmatch(folder.name) else None
            # An upload that broke off has no date but that of its folder.
            uploaded = draft.uploaded if draft else folder.lstat().st_mtime
            if uploaded < first:
                shutil.rmtree(folder, ignore_errors=True)

    def _keep(self, draft: Draft) -> Draft:
        local = self._find_here(draft.id)
        # A change that a database did not see makes the folder one that it has to be brought up to date from scratch.
        revision = self._share(self._shared, draft, local) if self._shared is not None else 0
        return _write_here(replace(draft, revision=revision), local)

    # -- shared among machines ----------------------------------------------------------------------------------------

    @staticmethod
    @contextmanager
    def _uploads(shared: JournalPool) -> Iterator[Uploads]:
        with shared.journal() as journal:
            assert journal.uploads is not None
            yield journal.uploads

    def _keys_here(self) -> list[str]:
        folders = self._folder.iterdir() if self._folder.exists() else ()
        return [folder.name for folder in folders if _ID.fullmatch(folder.name)]

    def _bring_all(self, shared: JournalPool) -> None:
        """Bring the documents of all uploads up to date; their files are fetched when somebody opens them."""
        with self._uploads(shared) as uploads:
            heads = uploads.heads()
            waiting = {key for key, head in heads.items() if head.run is None and not head.is_deleted}
            for key in {*waiting, *self._keys_here()}:
                self._bring(uploads, key, heads.get(key), with_file=False)

    def _bring(
        self, uploads: Uploads, key: str, head: UploadHead | None, *, with_file: bool = True, is_locked: bool = False
    ) -> bool:
        """Bring the folder of an upload up to date; whether there is such an upload."""
        local = self._stored(key)
        if head is None and (local is None or local.uploaded < self._clock() - KEPT_DAYS * 86400):
            # What is too old was deleted long ago, and nobody remembers that any more.
            return False
        if head is None and local is not None and local.run is not None:
            # The run is in the journal from before: in this one, its number is another run's.
            return True
        if head is not None and head.is_deleted:
            shutil.rmtree(self._folder / key, ignore_errors=True)
            return False
        if head and local and local.revision == head.revision and (local.path.exists() or not with_file):
            return True
        with nullcontext() if is_locked else locked_document(self._folder / key / "lock"):
            return self._build(uploads, key, with_file) if head is not None else self._take_over(uploads, key)

    def _build(self, uploads: Uploads, key: str, with_file: bool) -> bool:
        """Write into the folder what the database has; to be called while it is locked."""
        local = self._find_here(key)
        content = uploads.read(key, local.revision if local else 0)
        if content is None:
            shutil.rmtree(self._folder / key, ignore_errors=True)
            return False
        before = Corrections.of(local.read) if local and not content.is_whole else Corrections()
        place = {"id": key, "folder": str(self._folder / key), "revision": content.revision}
        try:
            draft = _DRAFT.decode(content.document, **place)
            corrections = correction_log.with_changes(before, content.lines)
        except UnreadableError:
            # Of a later importer, on another machine.
            return False
        if with_file and not draft.path.exists() and not uploads.fetch_file(key, content.sha256, draft.path):
            raise JournalError(
                f"The file of {printable(draft.name)} is not in the database any more.", "Upload it once more."
            )
        if local is not None:
            draft = replace(draft, brought=draft.version if local.version != draft.version else local.brought)
        if local is not None and local.version != draft.version:
            (draft.folder / "checked.json").unlink(missing_ok=True)
        _write_here(replace(draft, read=corrections.put_into(draft.read)), local)
        return True

    def _take_over(self, uploads: Uploads, key: str) -> bool:
        """Put an upload into the database that is in the folder of this machine only; while it is locked."""
        local = self._find_here(key)
        if local is None:
            return False
        if not _add(uploads, local):
            return self._build(uploads, key, with_file=True)
        _write_here(replace(local, revision=1), local)
        return True

    def _share(self, shared: JournalPool, draft: Draft, local: Draft | None) -> int:
        """Put a new draft, or the next revision of one, into the database; its number.

        Raises:
            JournalBusyError: Another machine has changed it since it was read.
        """
        with self._uploads(shared) as uploads:
            if not draft.revision:
                done = _add(uploads, draft)
            else:
                is_whole = local is None or correction_log.is_long(local.log)
                earlier = Corrections.of(local.read) if local and not is_whole else Corrections()
                line = correction_log.change_line(earlier, Corrections.of(draft.read))
                text = _shared_text(draft)
                done = uploads.change(draft.id, draft.revision, text, draft.run, line, is_whole=is_whole)
        if not done:
            raise JournalBusyError(
                "Somebody changed this upload on another machine at the same moment.",
                "Nothing was saved. Look at it again, then repeat what you did.",
            )
        return draft.revision + 1

    def _elsewhere(self, draft: Draft) -> tuple[int, int]:
        """The bytes of files that are on other machines only: of the person of a draft, and of others."""
        if self._shared is None:
            return 0, 0
        with self._uploads(self._shared) as uploads:
            heads = [head for key, head in uploads.heads().items() if key != draft.id and not head.is_deleted]
        away = [head for head in heads if (local := self._stored(head.id)) is None or not local.path.exists()]
        mine = sum(head.size for head in away if head.owner == draft.by)
        return mine, sum(head.size for head in away) - mine


def _add(uploads: Uploads, draft: Draft) -> bool:
    line = correction_log.change_line(Corrections(), Corrections.of(draft.read))
    head = UploadHead(draft.id, draft.by, draft.uploaded, draft.size, 1, draft.run, is_deleted=False)
    return uploads.add(head, _shared_text(draft), line, draft.path, draft.sha256)


def _shared_text(draft: Draft) -> str:
    """The document of a draft without its corrections, and without what holds for one machine only."""
    stored = replace(draft, read=Corrections().put_into(draft.read))
    return _DRAFT.encode(stored, without=("id", "folder", "log", "revision", "brought"))


def _write_here(draft: Draft, before: Draft | None) -> Draft:
    """Write a draft into its folder, in which it was as ``before``; with the mark of its corrections."""
    mark, earlier = (before.log, Corrections.of(before.read)) if before else (None, Corrections())
    draft = replace(draft, log=_LOGS.write(draft.folder, mark, earlier, Corrections.of(draft.read)))
    stored = replace(draft, read=Corrections().put_into(draft.read))
    _DRAFT.write(draft.folder / "draft.json", stored, without=("id", "folder"))
    if mark and draft.log and mark.name != draft.log.name:
        correction_log.forget_others(draft.folder, draft.log)
    return draft


async def _written(draft: Draft, chunks: AsyncIterator[bytes], has_room: Callable[[int], None]) -> Draft:
    size, digest = 0, hashlib.sha256()
    with new_private(draft.path) as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise FileError(
                    f"{printable(draft.name)} is larger than {LARGEST // 1024**2} MB.",
                    "Split it into smaller files, or ask your administrator to import it from the command line.",
                )
            has_room(size)
            digest.update(chunk)
            file.write(chunk)
    if not size:
        raise FileError(f"{printable(draft.name)} is empty.", "Choose a file with a header row and at least one row.")
    return replace(draft, size=size, sha256=digest.hexdigest())


def _plain_name(name: str) -> str:
    """What the user calls the file, without the folders that some browsers send along."""
    bare = PureWindowsPath(name.replace("\0", "")).name.strip() or "upload"
    stem, suffix = Path(bare).stem, Path(bare).suffix
    return f"{stem[:_LONGEST_NAME]}{suffix[:10]}"


def _listed(names: tuple[str, ...]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
