"""A run that is added to the journal, from where a process of its own sends it with ``resume``: a page's, or queued."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace

from importer.checking import AgreedNames
from importer.config.addresses import account_key
from importer.journal.journal import open_journal
from importer.journal.runs import NewRun, Run
from importer.model import AgreedUpdate
from importer.runs.account_queue import join_queue
from importer.runs.copies import durable_copy, remove_unused, restore_copy, sha256_of, stage_copy
from importer.runs.earlier_runs import ImportTerms, refuse_other_terms, run_to_continue
from importer.runs.request import ImportRequest
from importer.runs.source import open_source
from importer.runs.start import agreement, folder_of


def queue_run(request: ImportRequest) -> Run:
    """A run of a file that a worker takes; the unfinished one of the same file, if there is one.

    Raises:
        FileError: The file cannot be read, or columns are missing.
        UsageError: An earlier run read it in another way.
    """
    settings, now = request.settings, request.clock()
    source = open_source(request.file, settings, request.kind, request.read)
    # Whose a token is, only the service can say.
    account = account_key(settings.url, settings.username) if settings.username and not settings.token else ""
    request = replace(request, kind=source.kind, read=source.read)
    run = add_page_run(request, request.file.name, None, None)
    join_queue(run.id, settings, now, account=account, for_workers=True)
    return run


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
    settings, kind, read, choices = request.settings, request.kind, request.read, request.choices
    assert kind is not None, "a page knows the record type before it starts a run"
    with open_journal(settings.journal_place) as journal, ExitStack() as stack:
        # The copy first, then everything else from it: the upload may be replaced while this function looks at it.
        copy = stage_copy(request.file, settings.home / "files")
        stack.callback(remove_unused, journal, copy)
        sha256 = sha256_of(copy)
        # A second click, or a page that was loaded again, finds the run of the first one instead of adding another.
        terms = ImportTerms(sha256, kind.name, kind.path(settings.endpoint_path), settings.url, read, choices)
        if (unfinished := run_to_continue(journal, terms, account)) is not None:
            if unfinished.planned is None:
                options = {**unfinished.options, **agreement(updates, names)}
                unfinished = journal.runs.update(unfinished, options=options)
            return restore_copy(journal, unfinished, copy)
        if account is not None:
            # The pages offer another zone only for times that have none.
            refuse_other_terms(journal, terms, account, zoneless=True)
        asked_by = {} if by is None else {"by": by}
        new = NewRun(
            kind=kind.name,
            url=settings.url,
            endpoint=terms.endpoint,
            file=name,
            sha256=sha256,
            copy=str(durable_copy(journal, copy, sha256)),
            options={
                "read": asdict(read),
                **choices.options,
                **asked_by,
                **agreement(updates, names),
            },
            started=request.clock(),
            folder=folder_of(name, choices.out),
        )
        return journal.runs.add(new)
