"""The findings of ``importer doctor``: everything that must be right before an import, each with its remedy."""

import platform
import shutil
import sqlite3
import time
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from importer.config import probe_file, settings
from importer.config.addresses import service_name
from importer.config.home import exposed, secure_home
from importer.config.probe_file import ProbeResult
from importer.config.settings import Settings
from importer.errors import ImporterError, JournalError, SettingsError
from importer.journal.journal import open_journal
from importer.journal.shelves import shelf_of
from importer.journal.sqlite_file import safe_for_wal
from importer.model import Clock
from importer.runs.session import who
from importer.spreadsheet.reader_confinement import Confinement, reader_confinement
from importer.text import count
from schemas import RECORD_TYPES

_TAKEN_OVER = ("columns.json", "people.json")
_LEAST_FREE = 200 * 1024 * 1024


class Finding(NamedTuple):
    """The result of one check: whether it passed, the details, and what to do if it did not."""

    what: str
    good: bool
    detail: str
    fix: str = ""

    @property
    def document(self) -> dict[str, str | bool]:
        """The finding for programs."""
        return {"what": self.what, "good": self.good, "seen": self.detail, "fix": self.fix}


class Diagnosis(NamedTuple):
    """All findings, and what the probes of the service have shown, one for each record type that was probed."""

    findings: list[Finding]
    probes: list[ProbeResult]


async def diagnose(profile: str | None, clock: Clock) -> Diagnosis:
    """Every finding, with the results of the latest probes."""
    findings = await examine(profile, clock)
    try:
        loaded = settings.load(profile=profile).settings
    except ImporterError:
        return Diagnosis(findings, [])
    host = service_name(loaded.url)
    shelf = shelf_of(loaded.journal_place)
    try:
        results = [probe_file.read(shelf, host, name) for name in RECORD_TYPES]
    except JournalError:
        # It is among the findings.
        return Diagnosis(findings, [])
    findings += [_leftover(result) for result in results if result.leftover]
    return Diagnosis(findings, [result for result in results if result.probed])


def _leftover(result: ProbeResult) -> Finding:
    return Finding(
        "Probe",
        False,
        f'the test record "{result.leftover}" of a probe may still exist',
        "Look for it in Nexudus and delete it, or repeat the probe, which looks for it first: importer doctor --probe",
    )


async def examine(profile: str | None, clock: Clock) -> list[Finding]:
    """Every finding, in the order in which they are best put right."""
    findings = [Finding("Python", True, platform.python_version())]
    try:
        loaded = settings.load(profile=profile).settings
    except ImporterError as error:
        return [*findings, Finding("Settings", False, error.message, error.advice)]
    findings += [_home(loaded), *_journal(loaded), _sqlite(), _disk(loaded), workbooks(reader_confinement())]
    return [*findings, await _service(loaded, clock)]


def _home(loaded: Settings) -> Finding:
    try:
        secure_home(loaded.home)
    except SettingsError as error:
        return Finding("Home", False, error.message, error.advice)
    if open_to_others := exposed(loaded.home):
        more = f" and {len(open_to_others) - 1:,} more" if len(open_to_others) > 1 else ""
        detail = f"other users of this machine can reach {open_to_others[0]}{more}"
        return Finding("Home", False, detail, "Change the permissions, or set IMPORTER_HOME to a folder of your own.")
    return Finding("Home", True, f"{loaded.home}, for you alone")


def _journal(loaded: Settings) -> list[Finding]:
    try:
        with open_journal(loaded.journal_place) as journal:
            number = len(journal.runs.latest())
            shared = journal.documents.all() if journal.documents is not None else None
    except ImporterError as error:
        return [Finding("Journal", False, error.message, error.advice)]
    findings = [Finding("Journal", True, f"{journal.name} with {count(number, 'run')}")]
    return findings if shared is None else [*findings, Finding("Shared", True, _shared(shared, loaded.home))]


def _shared(documents: Collection[str], home: Path) -> str:
    """What the machines of a database agree on, and what that means for the files from before there was one."""
    names = sorted(name for name in documents if (home / name).is_file())
    waiting = [name for name in _TAKEN_OVER if name not in documents and (home / name).is_file()]
    parts = [f"{', '.join(sorted(documents)) or 'no document'} in the database"]
    parts += [f"the files of that name in {home} are not used any more"] if names else []
    parts += [f"{', '.join(waiting)} in {home} will be taken over when first needed"] if waiting else []
    return "; ".join(parts)


def _sqlite() -> Finding:
    version = sqlite3.sqlite_version
    if safe_for_wal(sqlite3.sqlite_version_info[:3]):
        return Finding("SQLite", True, version)
    return Finding("SQLite", True, f"{version}, without the write-ahead log, which has a known fault in this version")


def _disk(loaded: Settings) -> Finding:
    folder = next(parent for parent in (loaded.home, *loaded.home.absolute().parents) if parent.exists())
    free = shutil.disk_usage(folder).free
    fix = "" if free > _LEAST_FREE else "Free some space, or set IMPORTER_HOME to a folder on another disk."
    return Finding("Disk", free > _LEAST_FREE, f"{free // 1024**2:,} MB free for {loaded.home}", fix)


def workbooks(forbidden: Confinement) -> Finding:
    """What the process that reads workbooks cannot reach; what it could is no reason not to read them."""
    reach = [] if forbidden.files else ["other files"]
    reach += [] if forbidden.calls else ["the network and other programs"]
    if not reach:
        return Finding("Workbooks", True, "the reader cannot reach other files, the network or other programs")
    return Finding("Workbooks", True, f"this system cannot keep the reader from {' and from '.join(reach)}")


async def _service(loaded: Settings, clock: Clock) -> Finding:
    begun, warnings = time.monotonic(), list[str]()
    try:
        account = await who(loaded, clock, warnings.append)
    except ImporterError as error:
        return Finding("Service", False, error.message, error.advice)
    took = time.monotonic() - begun
    detail = f"{loaded.url}: signed in to {account.space} as {account.user} in {took:.1f} s"
    return Finding("Service", True, ". ".join([detail, *warnings]))
