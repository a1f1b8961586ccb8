"""What comes before the first call: whatever the service or the journal holds already is not made a second time."""

import shutil
from collections.abc import Callable

import pytest
from conftest import Desk, Service, mapping

from runs.kit import once, rows


def test_a_journal_put_back_from_yesterday_doubles_nothing(desk: Desk, service: Service) -> None:
    """Rows that were created after the copy of the journal was made are recognised on the service."""
    file = rows(desk, 6)
    desk.type("run", file, "--yes", "--max-rows", "2")
    shutil.copytree(desk.home, desk.folder / "yesterday")
    desk.type("resume", "--max-rows", "2")
    shutil.rmtree(desk.home)
    shutil.copytree(desk.folder / "yesterday", desk.home)
    done = desk.type("resume", "--max-rows", "9", "--json")
    assert (done.code, done.json["counts"]["existing"]) == (0, 2)
    assert once(service, 6)


def test_another_machine_recognises_what_the_first_created(desk: Desk, service: Service) -> None:
    """Without the journal, rows equal to a record of the service are existing, with its Id; unless asked for."""
    file = rows(desk)
    desk.type("run", file, "--yes")
    shutil.rmtree(desk.home)
    done = desk.type("run", file, "--yes", "--json")
    assert done.json["counts"]["existing"] == 5
    assert "5 existing" in done.err
    assert desk.type("run", file, "--yes", "--even-if-existing", "--json").json["counts"]["created"] == 5
    assert len(service.records) == 10


@pytest.mark.parametrize("flags", [(), ("--even-if-existing",)])
@pytest.mark.parametrize("fault", ["404", "500-before", "status:501", "502-html", "200-html"])
def test_without_a_list_nothing_is_sent(
    desk: Desk, serve: Callable[..., Service], flags: tuple[str, ...], fault: str
) -> None:
    """A service that does not say what it holds could hold every row already: exit 5, and what to type."""
    service = serve()
    service._ask("faults?on=read", ["ok", *[fault] * 60])
    done = desk.type("run", rows(desk), "--yes", *flags)
    assert done.code == 5
    assert "does not list its records" in done.err
    assert "--without-list" in done.err
    assert service.records == []


@pytest.mark.parametrize(
    ("fault", "advice", "step"),
    [
        ("redirect", "Check NEXUDUS_URL", "check NEXUDUS_URL"),
        ("403", "Have your user given a role", "given a role"),
        ("404", "Check the path of these records", "check the path of these records"),
        ("200-html", "Find out what answers", "find out what answers"),
        ("500-before", "Try again later", "continue it"),
    ],
)
def test_what_to_do_without_a_list_follows_from_what_came(
    desk: Desk, service: Service, fault: str, advice: str, step: str
) -> None:
    """For each command that reads it; and what a run waits for is its first step."""
    service.fail("ok", "lost-before")
    desk.type("run", rows(desk), "--yes", "--max-rows", "2")
    done = []
    for words in (["plan", rows(desk)], ["export", "--out", "out.csv"], ["verify"], ["reconcile"], ["resume"]):
        # Who is signed in is answered; then the list is asked for.
        service._ask("faults?on=read", ["ok", *[fault] * 60])
        done.append(desk.type(*words))
        while service.state.pending_faults("read"):
            service.state.next_fault("read")
    assert [advice in each.err for each in done] == [True] * 5, done
    assert [each.code for each in done] == [5] * 5
    assert step in done[-1].out[done[-1].out.index("Next: ") :].splitlines()[0]


def test_another_on_purpose_is_made_once(desk: Desk, service: Service) -> None:
    """The same command typed again finds what it made; a resume does too."""
    desk.type("run", rows(desk), "--yes")
    assert desk.type("run", rows(desk), "--yes", "--even-if-existing").code == 0
    assert len(service.records) == 10
    plan = desk.type("plan", rows(desk), "--even-if-existing", "--json").json["plan"]
    assert (plan["create"], plan["existing"]) == (0, 5)
    done = desk.type("run", rows(desk), "--yes", "--even-if-existing", "--json")
    assert (done.code, done.json["counts"]["existing"]) == (0, 5)
    assert len(service.records) == 10


def test_a_plan_of_others_on_purpose_says_what_the_run_does(desk: Desk, service: Service) -> None:
    """A new row is created, one made before exists, one with other values is held, one in doubt waits."""
    run = ("--yes", "--even-if-existing")
    desk.type("run", desk.write("first.csv", [mapping(2), mapping(3)]), *run, "--out", "first")
    service.fail("lost-before")
    assert desk.type("run", desk.write("doubt.csv", [mapping(4)]), *run, "--out", "doubt").code == 8
    file = desk.write("rows.csv", [mapping(2), mapping(3, Name="Corrected"), mapping(4), mapping(5)])
    planned = desk.type("plan", file, "--even-if-existing", "--json").json["plan"]
    numbers = {name: planned[name] for name in ("create", "existing", "changed", "blocked")}
    assert numbers == {"create": 1, "existing": 1, "changed": 1, "blocked": 1}
    [[row, sentence]] = planned["conflicts"]
    assert (row, "with other values" in sentence) == (3, True)
    desk.type("run", file, *run, "--out", "rows")
    statuses = [row["import_status"] for row in desk.report("rows")]
    assert statuses == ["existing", "not sent", "not sent", "created"]
