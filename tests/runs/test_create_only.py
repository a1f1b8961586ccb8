"""A user who may do nothing but create, on a service that lists nothing and does not say who is signed in."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from conftest import UNLIMITED, Desk, Service

from runs.kit import once, rows

TOKEN = "t0ken-of-a-user-who-may-create"
BLIND = [(role, who) for role in ("create-401", "create-403", "create-501") for who in ("401", "404", "501")]


@pytest.fixture(params=BLIND, ids=["-".join(pair) for pair in BLIND])
def blind(request: pytest.FixtureRequest, desk: Desk, serve: Callable[..., Service]) -> Service:
    """Such a service, and a desk with nothing but a token."""
    role, who = request.param
    service = serve(replace(UNLIMITED, role=role, who=who, token=TOKEN))
    desk.variables["NEXUDUS_TOKEN"] = TOKEN
    for name in ("NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        del desk.variables[name]
    return service


def test_nothing_is_sent_without_being_told_to(desk: Desk, blind: Service) -> None:
    """The way to go on all the same is named."""
    done = desk.type("run", rows(desk), "--yes")
    assert done.code in {4, 5}
    assert "--without-list" in done.err + done.out
    assert not blind.creates


def test_rows_are_created_and_what_is_not_possible_is_said_first(desk: Desk, blind: Service) -> None:
    """No comparison, no reconcile, no verify, no undo; each of them ends with a sentence and changes nothing."""
    file = rows(desk)
    planned = desk.type("plan", file, "--without-list")
    for text in ("known from the journal only", "reconcile, verify and undo are not possible"):
        assert text in planned.err, planned
    done = desk.type("run", file, "--yes", "--without-list", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 5), done.err
    assert "reconcile, verify and undo are not possible" in done.err
    again = desk.type("run", file, "--yes", "--without-list", "--json")
    assert (again.code, again.json["counts"]["existing"]) == (0, 5)
    for words in (("verify", "1"), ("undo", "1", "--yes")):
        ended = desk.type(*words)
        assert ended.code in {4, 5}, (words, ended)
    assert once(blind, 5)


def test_a_row_without_an_answer_stays_in_doubt(desk: Desk, blind: Service) -> None:
    """It is neither sent again nor forgotten, however often the command is typed."""
    file = rows(desk)
    blind.fail("ok", "lost-before", "lost-after")
    done = desk.type("run", file, "--yes", "--without-list", "--json")
    assert (done.code, done.json["counts"]["created"], done.json["counts"]["unknown"]) == (8, 3, 2)
    for words in (("reconcile",), ("resume", "1"), ("run", file, "--yes", "--without-list")):
        assert desk.type(*words).code in {4, 5, 8}, words
    assert len(blind.records) == 4


@pytest.mark.parametrize("options", [{}, {"who": "401"}, {"role": "create-401", "who": "401"}])
def test_a_wrong_token_sends_nothing(desk: Desk, serve: Callable[..., Service], options: dict[str, Any]) -> None:
    """--without-list does not make it a good one: the first create is refused, and the run ends as unsigned."""
    service = serve(replace(UNLIMITED, token=TOKEN, **options))
    desk.variables["NEXUDUS_TOKEN"] = "another"
    for name in ("NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        del desk.variables[name]
    done = desk.type("run", rows(desk), "--yes", "--without-list")
    assert done.code == 4, done
    assert not service.records
