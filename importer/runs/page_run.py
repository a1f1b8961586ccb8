"""A run that is added to the journal, from where a process of its own sends it with ``resume``: a page's, or queued."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from importer.checking import AgreedNames
from importer.config.addresses import account_key
from importer.config.settings import Settings
from importer.journal.journal import Journal, open_journal
from importer.journal.runs import NewRun, Run
from importer.journal.schedules import Occurrence, OccurrenceState
from importer.model import AgreedUpdate
from importer.runs.account_queue import join_queue_of
from importer.runs.copies import durable_copy, remove_unused, restore_copy, sha256_of, stage_copy
from importer.runs.earlier_runs import ImportTerms, refuse_other_terms, run_to_continue
from importer.runs.request import ImportRequest
from importer.runs.source import open_requested
from importer.runs.start import agreement, folder_of


def queue_run(request: ImportRequest) -> Run:
    """A run of a file that a worker takes; the unfinished one of the same file, if there is one.

    Raises:
        FileError: The file cannot be read, or columns are missing.
        UsageError: An earlier run read it in another way.
    """
    now, source = request.clock(), open_requested(request)
    request = replace(request, kind=source.kind, read=source.read)
    with open_journal(request.settings.journal_place) as journal, _staged(journal, request) as copy:
        run = _added(journal, request, copy, request.shown_name, None, {})
        join_queue_of(journal, run.id, now, account=known_account(request.settings), for_workers=True)
    return run


def queue_scheduled_run(journal: Journal, request: ImportRequest, begun: Occurrence, now: float) -> Run | None:
    """The same for an occurrence of a schedule, which ends in the transaction that adds the run.

    None, and nothing was done, if it is another worker's by now, or the file is not the one of the request any more.
    """
    source = open_requested(request)
    request = replace(request, kind=source.kind, read=source.read)
    # The transaction ends before the copy is looked at again: only then it is certain whether a run refers to it.
    with _staged(journal, request) as copy, journal.together():
        if (
            not journal.schedules.is_mine(begun)
            or sha256_of(copy) != source.sha256
            or _is_other(request, source.sha256)
        ):
            return None
        run = _added(journal, request, copy, begun.file, None, {"schedule": begun.schedule})
        join_queue_of(journal, run.id, now, account=known_account(request.settings), for_workers=True)
        journal.schedules.end(begun, OccurrenceState.QUEUED, now, run=run.id)
    return run


def _is_other(request: ImportRequest, sha256: str) -> bool:
    return request.sha256 not in (None, sha256)


@contextmanager
def _staged(journal: Journal, request: ImportRequest) -> Iterator[Path]:
    """A copy of the file of a request, which stays if a run refers to it in the end."""
    copy = stage_copy(request.file, request.settings.home / "files")
    try:
        yield copy
    finally:
        remove_unused(journal, copy)


def known_account(settings: Settings) -> str:
    """Whom the settings sign in as, as far as that is known without a call; empty if it is not."""
    # Whose a token is, only the service can say.
    return account_key(settings.url, settings.username) if settings.username and not settings.token else ""


def add_page_run(
    request: ImportRequest,
    name: str,
    account: str | None,
    by: str | None,
    updates: Mapping[int, AgreedUpdate] | None = None,
    names: AgreedNames | None = None,
) -> Run:
    """A new run that waits for ``resume``, or the unfinished one of the same file for this account.

    ``name`` is what the user calls the file, ``by`` who asked for it on a page; None if nobody did. ``account`` is None
    if nobody has signed in; ``resume`` refuses other terms then. The request names the record type. ``updates`` are the
    records that the user has agreed to update, by row; no other record is. ``names`` are the Ids that names had in the
    plan.

    Raises:
        FileError: The file cannot be read.
        UsageError: An earlier run read it in another way.
    """
    asked_by = {} if by is None else {"by": by}
    with open_journal(request.settings.journal_place) as journal, _staged(journal, request) as copy:
        return _added(journal, request, copy, name, account, {**asked_by, **agreement(updates, names)})


def _added(
    journal: Journal, request: ImportRequest, copy: Path, name: str, account: str | None, noted: Mapping[str, Any]
) -> Run:
    """The run of a copy of its file, with what is ``noted`` of it until its rows are planned."""
    # Everything from the copy: the upload may be replaced while this function looks at it.
    settings, kind, read, choices = request.settings, request.kind, request.read, request.choices
    assert kind is not None, "a front end knows the record type before it adds a run"
    sha256 = sha256_of(copy)
    # A second click, or a page that was loaded again, finds the run of the first one instead of adding another.
    terms = ImportTerms(sha256, kind.name, kind.path(settings.endpoint_path), settings.url, read, choices)
    if (unfinished := run_to_continue(journal, terms, account)) is not None:
        if unfinished.planned is None:
            unfinished = journal.runs.update(unfinished, options={**unfinished.options, **noted})
        return restore_copy(journal, unfinished, copy)
    if account is not None:
        # The pages offer another zone only for times that have none.
        refuse_other_terms(journal, terms, account, zoneless=True)
    new = NewRun(
        kind=kind.name,
        url=settings.url,
        endpoint=terms.endpoint,
        file=name,
        sha256=sha256,
        copy=str(durable_copy(journal, copy, sha256)),
        options={"read": asdict(read), **choices.options, **noted},
        started=request.clock(),
        folder=folder_of(name, choices.out),
    )
    return journal.runs.add(new)
