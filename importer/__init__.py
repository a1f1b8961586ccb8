"""Import spreadsheets into Nexudus from Python, and the map of the packages.

``from importer import check, plan, run, export, diff, verify``, and ``resume``, ``retry``, ``undo``, ``status``; what
takes time has a form to await as well, as ``run_async``. guide/python.md describes them; errors are those of
``importer.errors``.

Data flows from top to bottom; an import points only to an earlier line. This file alone points to a later one, because
it is the door: it names what callers use, and loads each name when it is first used.

    ../schemas/         one record type per file: a pandera model and where it lives in the API
    model.py            the nouns
    clock.py            the clock by which lengths of time are measured
    harmless.py         text of others, shown without what steers a terminal and without passwords
    text.py             numbers, times and plans in words, the same in both front ends
    issues.py           the catalogue of what can be wrong with a spreadsheet
    errors.py           what ends a command: exit codes and advice
    config/             settings, credentials, remembered columns, the store of documents
    spreadsheet/        file -> Sheet (open_sheet): text cells with the addresses that the user sees
    checking/           Sheet -> typed records + issues (checker.py, driven by runs/source.py); pure
    nexudus/            the remote service: signing in, calls, Reply; the only place that imports httpx
    journal/            states and events, runs, rows and calls, durably; the only place with the journal's database
    delivery/           reply -> event (replies.py), sending (sender.py), doubts (reconciler.py); pacing, comparing,
                        updating, undoing, verifying, probing
    reporting/          a run -> CSV, XLSX, HTML, JSON, failed rows
    runs/               the stages one after another: source, compare, plan, run, resume, reconcile, settle, undo,
                        verify, export, status, batch
    sandbox/            a local stand-in for the service; shares only the schemas with the rest, on purpose
    samples/            sample spreadsheets for the sandbox, with dates of the week in which they are written
    guide/              the manual, one page a topic, shown by the terminal and the page alike
    web/                the pages: routes, templates, static; no state but sessions and uploads
    api/                the Python functions that this file offers, for programs and notebooks
    cli/                the command line

Ten minutes: README's first screen, this map, journal/states.py, the table RULES in delivery/replies.py, and the
numbered docstrings of runs/run.py and runs/send.py. An hour: with them model.py, runs/source.py,
runs/before_sending.py, and runs/reconcile.py.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importer.api.file_functions import (
        check,
        check_async,
        diff,
        diff_async,
        export,
        export_async,
        plan,
        plan_async,
        run,
        run_async,
    )
    from importer.api.reports import (
        CheckReport,
        DiffReport,
        ExportReport,
        Issues,
        PlanReport,
        RunProgress,
        RunReport,
        StatusReport,
        UndoPlan,
        UndoReport,
        VerifyReport,
    )
    from importer.api.run_functions import (
        resume,
        resume_async,
        retry,
        retry_async,
        status,
        undo,
        undo_async,
        verify,
        verify_async,
    )
    from importer.errors import Exit, ImporterError
    from importer.issues import Issue, Notice, Severity
    from importer.model import Account, Outcome, Plan, Status

__all__ = [
    "Account",
    "CheckReport",
    "DiffReport",
    "Exit",
    "ExportReport",
    "ImporterError",
    "Issue",
    "Issues",
    "Notice",
    "Outcome",
    "Plan",
    "PlanReport",
    "RunProgress",
    "RunReport",
    "Severity",
    "Status",
    "StatusReport",
    "UndoPlan",
    "UndoReport",
    "VerifyReport",
    "check",
    "check_async",
    "diff",
    "diff_async",
    "export",
    "export_async",
    "plan",
    "plan_async",
    "resume",
    "resume_async",
    "retry",
    "retry_async",
    "run",
    "run_async",
    "status",
    "undo",
    "undo_async",
    "verify",
    "verify_async",
]

_NAMES = {
    "importer.api.file_functions": (
        "check",
        "check_async",
        "diff",
        "diff_async",
        "export",
        "export_async",
        "plan",
        "plan_async",
        "run",
        "run_async",
    ),
    "importer.api.reports": (
        "CheckReport",
        "DiffReport",
        "ExportReport",
        "Issues",
        "PlanReport",
        "RunProgress",
        "RunReport",
        "StatusReport",
        "UndoPlan",
        "UndoReport",
        "VerifyReport",
    ),
    "importer.api.run_functions": (
        "resume",
        "resume_async",
        "retry",
        "retry_async",
        "status",
        "undo",
        "undo_async",
        "verify",
        "verify_async",
    ),
    "importer.errors": ("Exit", "ImporterError"),
    "importer.issues": ("Issue", "Notice", "Severity"),
    "importer.model": ("Account", "Outcome", "Plan", "Status"),
}
"""Where each name comes from. As texts, so that ``import importer`` loads nothing."""

if not TYPE_CHECKING:
    # Hidden from type checkers, for which every name would exist otherwise.

    def __getattr__(name: str) -> object:
        """The object of this name, loaded now; from then on it is an attribute like any other."""
        home = next((module for module, names in _NAMES.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value = getattr(import_module(home), name)
        return value

    def __dir__() -> list[str]:
        """What completion offers, loaded or not."""
        return sorted({*globals(), *__all__})
