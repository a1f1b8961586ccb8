"""A run as a page begins it: added to the journal, from where a process of its own sends it with ``resume``."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict

from importer.journal.journal import open_journal
from importer.journal.runs import NewRun, Run
from importer.model import AgreedUpdate
from importer.runs.copies import durable_copy, remove_unused, restore_copy, sha256_of, stage_copy
from importer.runs.earlier_runs import ImportTerms, refuse_other_terms, run_to_continue
from importer.runs.request import ImportRequest
from importer.runs.start import agreement, folder_of


def add_page_run(
    request: ImportRequest, name: str, account: str, by: str, updates: Mapping[int, AgreedUpdate] | None = None
) -> Run:
    """A new run that waits for ``resume``, or the unfinished one of the same file for this account.

    ``name`` is what the user calls the file, ``by`` who asked for it. The request names the record type. ``updates``
    are the records that the user has agreed to update, by row; no other record is.

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
            if updates is not None and unfinished.planned is None:
                unfinished = journal.runs.update(unfinished, options={**unfinished.options, **agreement(updates)})
            return restore_copy(journal, unfinished, copy)
        # The pages offer another zone only for times that have none.
        refuse_other_terms(journal, terms, account, zoneless=True)
        new = NewRun(
            kind=kind.name,
            url=settings.url,
            endpoint=terms.endpoint,
            file=name,
            sha256=sha256,
            copy=str(durable_copy(journal, copy, sha256)),
            options={"read": asdict(read), **choices.options, "by": by, **agreement(updates)},
            started=request.clock(),
            folder=folder_of(name, choices.out),
        )
        return journal.runs.add(new)
