"""The runs of a journal, and the accounts that they send to."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Row

from importer.config.store import Document, UnreadableError, from_json
from importer.errors import JournalError, NoRunError, UsageError
from importer.journal import statements as sql
from importer.journal import tables as t
from importer.journal.database import Database
from importer.text import moment, shell_word

Shape = TypeVar("Shape")

OPTIONS: Document[dict[str, Any]] = Document("The list of a run's options", dict)
"""The options that a run began with. Members that this importer does not know are preserved for the one that does."""

ZONELESS = "zoneless"
"""The option that tells whether the file of a run has times without a zone, which are read in that of "read"."""

FORGOTTEN = "forgotten"
"""The option that says when the values of a run were removed, in epoch seconds; from then on only its rows' outcomes
are left."""

_KEPT_OPTIONS = frozenset(
    {
        "profile",
        "sandbox",
        "allow_duplicates",
        "even_if_existing",
        "without_list",
        "update",
        "clear_empty",
        "key",
        "rebuilt",
        "by",
        "remedy",
        "resume_at",
        "schedule",
        ZONELESS,
    }
)
"""What a forgotten run keeps of its options: on what terms it imported its file, and for whom."""

_KEPT_OF_READING = frozenset({"sheet", "zone", "left_out"})
"""The same of how its file was read: by these, a later import of the file is compared with it."""

SIGNED_IN = {"resume", "retry", "reconcile", "settle", "verify", "undo"}
"""The commands about a run that call the service. The others need no ``--sandbox`` or ``--profile``: the journal is all
they read."""


@dataclass(frozen=True, slots=True)
class Run:
    """One import of one file. Times in epoch seconds.

    ``options`` are those it began with, the limits of the latest command, and what commands have noted of it.

    ``account`` is whom it sends for, None while nobody could sign in.
    ``stopped`` is when a process last ended working on it, ``finished`` when nothing was left to send, or somebody
    ended it for good; rows in doubt or in review may be left to settle.
    """

    id: int
    target: int | None
    kind: str
    url: str
    endpoint: str
    account: str | None
    user: str
    space: str
    file: str
    sha256: str
    copy: Path
    options: Mapping[str, Any]
    folder: Path
    parent: int | None
    started: float
    planned: float | None
    stopped: float | None
    finished: float | None
    exit_code: int | None
    stop: bool
    rows: int

    @property
    def place(self) -> str:
        """The flag with which a command goes where this run went; often none is needed."""
        # The sandbox before the profile: it has accounts of its own, and a profile would name a real one.
        profile = self.options.get("profile")
        return "--sandbox" if self.options.get("sandbox") else f"--profile {shell_word(profile)}" if profile else ""

    @property
    def is_rebuilt(self) -> bool:
        """Whether its rows are what records held when a lost journal was rebuilt: nobody knows what was sent."""
        return self.options.get("rebuilt") is True

    @property
    def is_from_page(self) -> bool:
        """Whether it was started on a page, by somebody who may have no command line."""
        return "by" in self.options

    @property
    def forgotten(self) -> float | None:
        """When its values were removed, in epoch seconds; None if they are there."""
        at = self.options.get(FORGOTTEN)
        return float(at) if isinstance(at, int | float) else None

    @property
    def zone_of_times(self) -> str:
        """The time zone in which times of its file were read that do not say theirs; empty if there were none."""
        read = self.options.get("read")
        return str(read.get("zone") or "") if self.options.get(ZONELESS) and isinstance(read, Mapping) else ""

    @property
    def left_out(self) -> tuple[int, ...]:
        """The numbers of the rows of its file that a person has left out; a retry is not about them.

        They are part of how the file is read, not rows of the journal: nothing can happen to them.
        """
        read = self.options.get("read")
        return tuple(read.get("left_out", ())) if self.parent is None and isinstance(read, dict) else ()

    @property
    def resume_at(self) -> float | None:
        """The time before which there was no use in resuming the run when it stopped; None if it had not to wait."""
        at = self.options.get("resume_at")
        return float(at) if self.finished is None and isinstance(at, int | float) else None

    def options_as(self, shape: type[Shape], part: str = "") -> Shape:
        """The options, or one part of them, as a dataclass; what is missing has its default.

        If it names values as ``EARLIER``, these hold for what an earlier version did not know.

        Raises:
            JournalError: They are damaged. With defaults in their place, other records could be created.
        """
        stored = self.options.get(part, {}) if part else self.options
        try:
            return cast("Shape", from_json(shape, {**getattr(shape, "EARLIER", {}), **stored}))
        except (ValueError, TypeError) as error:
            raise _unreadable(self.id, "The list of a run's options is damaged.") from error

    def command(self, verb: str, row: int | str | None = None) -> str:
        """The command line of a verb for this run, or for a row of it, for example "importer resume 3".

        ``row`` may be a placeholder, for a command that is typed once for each row.
        """
        # With the profile, though these commands use that of the run by themselves: the shell may name another one.
        words = [f"importer {verb} {self.id}", "" if row is None else f"{row}", self.place if verb in SIGNED_IN else ""]
        return " ".join(filter(None, words))


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that is not in the journal yet, with what is certain before the service is asked."""

    kind: str
    url: str
    endpoint: str
    file: str
    sha256: str
    copy: str
    options: Mapping[str, Any]
    started: float
    folder: str = ""
    parent: int | None = None


class Installation(NamedTuple):
    """One of the installations that share a database: its name, and the folder of its private copies."""

    id: str
    files: Path


class Runs:
    """Every run of the journal, newest first wherever there are several."""

    def __init__(self, db: Database, installation: Installation | None = None) -> None:
        """Use the database of a journal; ``installation`` is this one, where others use that as well."""
        self._db, self._installation = db, installation

    def add(self, new: NewRun) -> Run:
        """A new run, not yet tied to an account; ``{run}`` in its folder becomes its number."""
        values = self._placed(asdict(new) | {"options": OPTIONS.encode(dict(new.options))})
        with self._db.write() as db:
            key = db.execute(sa.insert(t.run).values(values)).inserted_primary_key
            assert key is not None
            # In the same transaction: a run without its folder would be reported to a wrong place after a crash.
            folder = new.folder.replace("{run}", str(key[0]))
            db.execute(sa.update(t.run).where(t.run.c.id == key[0]).values(folder=folder))
        return self.get(key[0])

    def get(self, number: int) -> Run:
        """The run with this number.

        Raises:
            NoRunError: There is none.
        """
        with self._db.read() as db:
            row = db.exec_driver_sql(sql.RUN, (number,)).first()
        if row is None:
            raise NoRunError(f"There is no run {number}.", "To list the runs: importer history")
        return self._to_run(row)

    def latest(self, limit: int | None = None) -> list[Run]:
        """The runs, newest first."""
        return self._select(sa.select(t.run).order_by(t.run.c.id.desc()).limit(limit))

    def unfinished(self, *, sha256: str | None = None, kind: str | None = None) -> list[Run]:
        """Runs that are not finished, newest first; of one file and record type if those are given."""
        query = sa.select(t.run).where(t.run.c.finished.is_(None)).order_by(t.run.c.id.desc())
        if sha256 is not None:
            query = query.where(t.run.c.sha256 == sha256, t.run.c.kind == kind)
        return self._select(query)

    def of_content(self, sha256: str) -> list[Run]:
        """The runs of a file with this content, newest first."""
        return self._select(sa.select(t.run).where(t.run.c.sha256 == sha256).order_by(t.run.c.id.desc()))

    def page(self, text: str, limit: int, offset: int) -> tuple[list[Run], int]:
        """Some runs, newest first, and how many there are; only those whose file, user or space has the text."""
        query = sa.select(t.run)
        if text:
            names = (t.run.c.file, t.run.c.user, t.run.c.space)
            query = query.where(sa.or_(*(name.icontains(text, autoescape=True) for name in names)))
        with self._db.read() as db:
            total = db.execute(sa.select(sa.func.count()).select_from(query.subquery())).scalar_one()
        return self._select(query.order_by(t.run.c.id.desc()).limit(limit).offset(offset)), total

    def is_of_another(self, run: Run) -> bool:
        """Whether the folder of a run is on the machine of another installation, or belongs to somebody else there."""
        if self._installation is None:
            return False
        with self._db.read() as db:
            mine = sa.select(t.run.c.installation).where(t.run.c.id == run.id)
            return db.execute(mine).scalar() != self._installation.id

    def uses_copy(self, copy: Path) -> bool:
        """Whether this is the private copy of some run."""
        name = self._placed({"copy": str(copy)})["copy"]
        with self._db.read() as db:
            return db.execute(sa.select(t.run.c.id).where(t.run.c.copy == name).limit(1)).first() is not None

    def stop_requested(self, run: Run) -> bool:
        """Whether somebody asked the run to stop."""
        with self._db.read() as db:
            return bool(db.exec_driver_sql(sql.STOP, (run.id,)).scalar())

    def update(self, run: Run, **values: object) -> Run:
        """The run after some of its columns were set."""
        if isinstance(options := values.get("options"), dict):
            values["options"] = OPTIONS.encode(options)
        with self._db.write() as db:
            db.execute(sa.update(t.run).where(t.run.c.id == run.id).values(self._placed(values)))
        return self.get(run.id)

    def target(self, host: str, kind: str) -> int:
        """The number under which the journal keeps a service's records of one type; made on first use."""
        # Looked up and made in one write transaction: two processes that both make it would split the claims, and equal
        # rows would no longer block each other.
        with self._db.write() as db:
            query = sa.select(t.target.c.id).where(t.target.c.host == host, t.target.c.kind == kind)
            number = db.execute(query).scalar()
            if number is None:
                key = db.execute(sa.insert(t.target).values(host=host, kind=kind)).inserted_primary_key
                assert key is not None
                number = key[0]
            return int(number)

    def _select(self, query: sa.Select[Any]) -> list[Run]:
        with self._db.read() as db:
            rows = db.execute(query).all()
        return [self._to_run(row) for row in rows]

    def _placed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The columns of a run as they are kept: where others use the database, places are those of an installation."""
        if self._installation is None:
            return values
        copy = {"copy": Path(values["copy"]).name} if "copy" in values else {}
        return values | copy | ({"installation": self._installation.id} if "folder" in values else {})

    def _to_run(self, row: Row[Any]) -> Run:
        try:
            options = OPTIONS.decode(row.options)
        except UnreadableError as error:
            raise _unreadable(row.id, str(error)) from error
        copy, folder = Path(row.copy), Path(row.folder)
        if self._installation is not None:
            copy = self._installation.files / copy
            if row.installation != self._installation.id:
                # The other one's folder is not on this machine, or belongs to somebody else.
                folder = (Path("reports") / folder.name).absolute()
        columns = {name: value for name, value in row._asdict().items() if name != "installation"}
        return Run(**columns | {"options": options, "copy": copy, "folder": folder, "stop": bool(row.stop)})


def refuse_forgotten(run: Run, what: str) -> None:
    """Raise UsageError if the values of a run are gone; ``what`` is what cannot be done without them."""
    if run.forgotten is not None:
        raise UsageError(
            f"Run {run.id} was forgotten on {moment(run.forgotten, 0.0)}: its file and the values of its rows are no "
            f"longer here, so {what}.",
            f"What became of its rows, in numbers: {run.command('status')}",
            on_page="The page of the run shows what became of its rows, in numbers.",
        )


def forgotten_options(options: Mapping[str, Any], now: float) -> dict[str, Any]:
    """The options of a run whose values are removed now."""
    read = options.get("read")
    terms = {name: value for name, value in options.items() if name in _KEPT_OPTIONS}
    reading = (
        {name: value for name, value in read.items() if name in _KEPT_OF_READING} if isinstance(read, dict) else {}
    )
    return {**terms, "read": reading, FORGOTTEN: now}


def _unreadable(number: int, why: str) -> JournalError:
    advice = (
        "Update the importer, or set IMPORTER_HOME to start a new journal. Keep this one: it records what was sent."
    )
    return JournalError(f"Run {number} in the journal cannot be read. {why}", advice)
