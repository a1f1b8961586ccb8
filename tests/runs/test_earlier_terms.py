"""Runs that are there already: which one is meant, and what rules out working on it or beside it."""

from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from delivery.kit import ACCOUNT, KIND, record
from journal.test_runs import NEW

from importer.config.settings import Settings
from importer.errors import SettingsError, UsageError
from importer.journal.journal import Journal, open_journal
from importer.journal.rows import Change
from importer.journal.runs import Run
from importer.journal.states import Event, State
from importer.runs import earlier_runs
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions

READ = ReadOptions()
SHA = NEW.sha256


def terms(sha256: str, read: ReadOptions, profile: str | None = None) -> earlier_runs.ImportTerms:
    """An import of a file with these bytes, read in this way."""
    return earlier_runs.ImportTerms(sha256, NEW.kind, NEW.endpoint, NEW.url, read, Choices(profile=profile))


@pytest.fixture
def journal(memory: Path) -> Iterator[Journal]:
    """One without runs."""
    with open_journal(f"sqlite:///{memory / 'j'}") as journal:
        yield journal


def begun(journal: Journal, read: ReadOptions = READ, *, account: str | None = ACCOUNT, **changes: Any) -> Run:
    """A run of the file with one planned row, tied to an account if one is given."""
    options = {"read": asdict(read), **changes.pop("options", {})}
    run = journal.runs.add(replace(NEW, options=options, **changes))
    if account is None:
        return run
    run = journal.runs.update(run, account=account)
    return journal.rows.plan(run, [([record(2)], (), 1)], journal.runs.target(account, KIND.name), 1.0)


def created(journal: Journal, run: Run) -> Run:
    """The run after its row was created."""
    journal.rows.will_send(run, ACCOUNT, journal.rows.planned(run, 0, 1), (), 1.0)
    [intent] = journal.rows.all(run, State.IN_DOUBT)
    journal.rows.move([Change(intent, Event.ACCEPTED, 7)], 2.0)
    return run


def test_without_a_number_the_latest_run_is_meant(journal: Journal) -> None:
    """Or the latest that has not ended; with one that run, whether it has ended or not."""
    for choose in (earlier_runs.latest_run, earlier_runs.latest_unfinished):
        with pytest.raises(UsageError, match="There is no"):
            choose(journal, None)
    first, second = begun(journal), begun(journal, account="another")
    journal.runs.update(second, finished=9.0)
    assert earlier_runs.latest_run(journal, None).id == second.id
    assert earlier_runs.latest_unfinished(journal, None).id == first.id
    for choose in (earlier_runs.latest_run, earlier_runs.latest_unfinished):
        assert choose(journal, second.id).id == second.id


def is_for(account: str, run: Run) -> bool:
    """Whether a run is for this account."""
    return run.account == account


def test_without_a_number_the_latest_run_in_use_is_meant(journal: Journal) -> None:
    """Of those that are unfinished or in doubt, if these are asked for; if none is in use, the latest of all."""
    first, second, third = begun(journal), begun(journal, account="another"), begun(journal, account="third")
    journal.runs.update(second, finished=9.0)
    everything, unfinished, in_doubt = earlier_runs.Which

    def chosen(which: earlier_runs.Which) -> list[int]:
        accounts = (ACCOUNT, "another", "nobody's")
        runs = (earlier_runs.chosen_run(journal, None, partial(is_for, account), which) for account in accounts)
        return [run.id for run in runs if run]

    assert chosen(everything) == [first.id, second.id, third.id]
    assert chosen(unfinished) == [first.id, third.id, third.id]
    # Without a run in doubt, as if all were asked for; with one, that is the one.
    assert chosen(in_doubt) == [first.id, second.id, third.id]
    journal.rows.will_send(first, ACCOUNT, journal.rows.planned(first, 0, 1), (), 1.0)
    assert chosen(in_doubt) == [first.id] * 3
    by_number = earlier_runs.chosen_run(journal, second.id, lambda _: False, unfinished)
    assert by_number is not None
    assert by_number.id == second.id


@pytest.mark.parametrize(
    ("url", "account", "settings", "in_use"),
    [
        ("https://spaces.nexudus.com", "spaces.nexudus.com/ada@x.example", {"username": "Ada@x.example "}, True),
        ("https://spaces.nexudus.com", "spaces.nexudus.com/mo@x.example", {"username": "ada@x.example"}, False),
        ("https://spaces.nexudus.com", "spaces.nexudus.com/ada@x.example.org", {"username": "ada@x.example"}, False),
        # Nobody could sign in yet, or nobody knows whose a token is before the service is asked.
        ("https://spaces.nexudus.com", None, {"username": "ada@x.example"}, True),
        ("https://spaces.nexudus.com", "spaces.nexudus.com/token-1", {"username": "ada@x.example"}, True),
        ("https://spaces.nexudus.com", "spaces.nexudus.com/mo@x.example", {"token": "t", "username": "ada"}, True),
        ("https://spaces.nexudus.com", "spaces.nexudus.com/mo@x.example", {}, True),
        # The same address in another spelling, another address, and a practice service with a number of its own.
        ("https://SPACES.nexudus.com:443/", None, {}, True),
        ("https://other.example", None, {}, False),
        ("http://127.0.0.1:4711", "127.0.0.1/ada/17", {"url": "http://127.0.0.1:9", "username": "ada"}, True),
        ("http://127.0.0.1:4711", "127.0.0.1/mo/17", {"url": "http://127.0.0.1:9", "username": "ada"}, False),
    ],
)
def test_whose_a_run_is_is_known_without_a_call_as_far_as_possible(
    journal: Journal, url: str, account: str | None, settings: dict[str, str], in_use: bool
) -> None:
    """By the address and the user name; what is not known counts as in use, for the service will tell."""
    run = begun(journal, account=account, url=url)
    assert earlier_runs.is_in_use(run, Settings.model_validate(settings)) is in_use


@pytest.mark.parametrize(
    ("changes", "read", "account", "continued"),
    [
        ({}, READ, ACCOUNT, True),
        ({}, READ, "another", False),
        ({}, replace(READ, dates="dmy"), ACCOUNT, False),
        ({"sha256": "b" * 64}, READ, ACCOUNT, False),
        ({"kind": "CoworkerGoogleCalendar"}, READ, ACCOUNT, False),
        ({"parent": 1}, READ, ACCOUNT, False),
    ],
)
def test_a_run_is_continued_by_the_same_file_read_in_the_same_way(
    journal: Journal, changes: dict[str, Any], read: ReadOptions, account: str, continued: bool
) -> None:
    """For the same account; a retry is another matter."""
    run = begun(journal, **changes)
    chosen = earlier_runs.run_to_continue(journal, terms(SHA, read, None), account)
    assert (chosen.id if chosen else None) == (run.id if continued else None)


@pytest.mark.parametrize(
    ("begun_with", "profile", "continued"),
    [(None, None, True), (None, "", True), ("", None, True), ("north", "north", True), ("north", None, False)],
)
def test_a_run_without_an_account_belongs_to_its_profile(
    journal: Journal, begun_with: str | None, profile: str | None, continued: bool
) -> None:
    """It never reached the service, so nobody knows more of whose it is."""
    begun(journal, account=None, options={"profile": begun_with})
    assert (earlier_runs.run_to_continue(journal, terms(SHA, READ, profile), ACCOUNT) is not None) is continued


def test_a_finished_run_is_not_continued(journal: Journal) -> None:
    """Of two unfinished ones the later is."""
    one, two, three = (begun(journal, account=None, options={"profile": None}) for _ in range(3))
    journal.runs.update(three, finished=9.0)
    chosen = earlier_runs.run_to_continue(journal, terms(SHA, READ, None), ACCOUNT)
    assert chosen is not None
    assert (chosen.id, one.id) == (two.id, two.id - 1)


@pytest.mark.parametrize(
    ("url", "refused"),
    [
        ("https://spaces.nexudus.com", False),
        ("https://spaces.nexudus.com:444", True),
        ("https://spaces.nexudus.com.evil.example", True),
        ("https://other.example", True),
    ],
)
def test_a_run_goes_to_no_other_service(journal: Journal, url: str, refused: bool) -> None:
    """Whoever has changed the setting since is told; the port says nothing of which service it is."""
    run, settings = begun(journal), Settings.model_validate({"url": url})
    if refused:
        with pytest.raises(SettingsError, match=f"Run {run.id} sends to"):
            earlier_runs.refuse_other_service(run, settings)
    else:
        earlier_runs.refuse_other_service(run, settings)


def test_a_run_goes_to_no_other_account(journal: Journal) -> None:
    """Its own, or any while it has none."""
    run = begun(journal)
    earlier_runs.refuse_other_account(run, ACCOUNT)
    with pytest.raises(SettingsError, match=f"Run {run.id} sends for {ACCOUNT}"):
        earlier_runs.refuse_other_account(run, "another")
    earlier_runs.refuse_other_account(begun(journal, account=None), "another")
    practice = begun(journal, account=f"{ACCOUNT}/17")
    for unnamed, other in ((f"{ACCOUNT.partition('/')[0]}/token-456", run), (ACCOUNT, practice)):
        with pytest.raises(SettingsError, match="does not say who is signed in now"):
            earlier_runs.refuse_other_account(other, unnamed)
    # A token without a name is replaced every week; what it began goes on with the next one.
    earlier_runs.refuse_other_account(begun(journal, account="host/token-123"), "host/token-456")


LONDON = replace(READ, zone="Europe/London")
DMY = replace(READ, dates="dmy")


@pytest.mark.parametrize(
    ("before", "now", "zoneless", "finished", "refused"),
    [
        (READ, READ, True, False, False),
        # Unfinished: any other reading is another import.
        (READ, DMY, False, False, True),
        (READ, replace(READ, map={"x": "Name"}), False, False, True),
        (READ, replace(READ, separator=";"), False, False, True),
        # Finished: only times without a zone would be others.
        (READ, DMY, False, True, False),
        (READ, LONDON, True, True, True),
        (READ, LONDON, False, True, False),
        # Another sheet of the workbook is another file.
        (READ, replace(LONDON, sheet="May"), True, True, False),
    ],
)
def test_a_file_is_not_read_in_two_ways(
    journal: Journal, before: ReadOptions, now: ReadOptions, zoneless: bool, finished: bool, refused: bool
) -> None:
    """Where a run has created records of it, for its rows would exist twice; else in any way."""
    run = created(journal, begun(journal, before))
    journal.runs.update(run, finished=9.0 if finished else None)
    if refused:
        with pytest.raises(UsageError, match=f"Run {run.id} "):
            earlier_runs.refuse_other_terms(journal, terms(SHA, now), ACCOUNT, zoneless=zoneless)
    else:
        earlier_runs.refuse_other_terms(journal, terms(SHA, now), ACCOUNT, zoneless=zoneless)
    earlier_runs.refuse_other_terms(journal, terms(SHA, now), "another", zoneless=zoneless)
    earlier_runs.refuse_other_terms(journal, terms("b" * 64, now), ACCOUNT, zoneless=zoneless)


def test_a_run_that_created_nothing_may_be_read_in_any_way(journal: Journal) -> None:
    """There is nothing to be doubled."""
    begun(journal, READ)
    earlier_runs.refuse_other_terms(journal, terms(SHA, LONDON), ACCOUNT, zoneless=True)


def test_a_forgotten_profile_is_noticed(journal: Journal) -> None:
    """Without it, the rows may go to another account; with another one it is said, and done."""
    run = begun(journal, options={"profile": "north"})

    def forgotten(profile: str | None, *, one_for_all: bool = False, sha256: str = SHA) -> str:
        return earlier_runs.forgotten_profile(journal, sha256, "rows.csv", profile, one_for_all=one_for_all)

    assert forgotten("north") == forgotten(None, sha256="b" * 64) == ""
    for profile, one_for_all in ((None, False), ("south", True)):
        with pytest.raises(UsageError, match=f"Run {run.id} .*--profile north"):
            forgotten(profile, one_for_all=one_for_all)
    for profile in ("south", ""):
        assert f"run {run.id}" in forgotten(profile)
