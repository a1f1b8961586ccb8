"""The table of addresses: whoever asks for one gets exactly what its line promises, and each line is enforced."""

import csv
import itertools
import time
from collections.abc import Iterator

import pytest
from conftest import LABELS, mapping

from importer.config.settings import Settings
from importer.runs.observer import NullObserver
from importer.runs.page_run import add_page_run
from importer.runs.request import Choices, ImportRequest
from importer.runs.result import rebuild_report
from importer.runs.status import end_run
from importer.web.app import TABLE, Audience, Owner, PageRoute
from importer.web.auth import Person, Role
from importer.web.auth.people import person_key
from importer.web.server import people_of
from schemas import RECORD_TYPES
from web.kit import OWN_PAGE, Answer, Client, Site, behind_a_proxy, plain, serving, signed_in_by_proxy

PEOPLE = {"vera": Role.VIEWER, "jonas": Role.RUNNER, "maria": Role.RUNNER, "mo": Role.VIEWER, "ada": Role.ADMIN}
"""Maria has an upload and a run, Mo a run from the time when he could import; the others have nothing."""

FOR_MACHINES = ("/healthz", "/metrics")
"""What programs ask that look after the page: without a sign-in, and under any name."""

RUNS = {1: "maria", 2: "mo"}
REFUSALS = {401, 403, 404}
FILE = "\n".join([",".join(LABELS), ",".join(map(str, mapping(2)))]).encode()


def address(route: PageRoute) -> str:
    """A line of the table in the names of tests."""
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An installation from which nothing can be sent: nobody is signed in to the service."""
    folder = tmp_path_factory.mktemp("app")
    values = {"url": "http://127.0.0.1:9", "home": folder / "home", "rate": None, "daily_quota": None}
    return Settings.model_validate(values)


@pytest.fixture(scope="module")
def site(settings: Settings) -> Iterator[Site]:
    """The pages for them all, with a run of Maria's and one of Mo's that ended without a row sent."""
    for name, role in PEOPLE.items():
        people_of(settings).add(name, role)
    for name in RUNS.values():
        ended_run(settings, name)
    with serving(behind_a_proxy(settings)) as site:
        yield site


def owner_of(name: str) -> str:
    """What is stored with the runs of somebody whom the proxy names so."""
    return Person(name, PEOPLE[name], person_key("the proxy", name)).owner


def ended_run(settings: Settings, by: str) -> None:
    """A run of this person's that was stopped for good before it was sent, with its report."""
    file = settings.home / f"{by}.csv"
    with file.open("w", newline="") as out:
        csv.writer(out).writerows([LABELS, mapping(2)])
    kind = next(iter(RECORD_TYPES.values()))
    choices = Choices(out=settings.home / f"report-{by}")
    run = add_page_run(
        ImportRequest(file, settings, NullObserver(), time.time, kind, choices=choices), file.name, "", owner_of(by)
    )
    end_run(run.id, settings, time.time())
    rebuild_report(run.id, settings, None, time.time())


@pytest.fixture(scope="module")
def clients(site: Site) -> dict[str, Client]:
    """Everybody after signing in, and somebody without a session."""
    return {name: signed_in_by_proxy(site.port, name) for name in ("", *PEOPLE)}


@pytest.fixture
def places(clients: dict[str, Client]) -> dict[str, str]:
    """What the parts of an address stand for; the upload is Maria's and checked."""
    return _places(clients)


@pytest.fixture(scope="module")
def lasting(clients: dict[str, Client]) -> dict[str, str]:
    """The same, for tests that change nothing."""
    return _places(clients)


def _places(clients: dict[str, Client]) -> dict[str, str]:
    draft = clients["maria"].draft("rooms.csv", FILE)
    return {
        "{draft}": draft.rpartition("/")[2],
        "{row:number}": "2",
        "{name}": "report.csv",
        "{topic}": "promises",
        "{field}": "CoworkerId",
    }


def ask(client: Client, method: str, path: str) -> Answer:
    """The address, asked for with nothing filled in."""
    return client.get(path) if method == "GET" else client.post(path)


def filled(path: str, places: dict[str, str], run: int = 1) -> str:
    """An address of the table with something that exists in each place."""
    for part, value in {**places, "{run:number}": str(run)}.items():
        path = path.replace(part, value)
    assert "{" not in path
    return path


def promised(route: PageRoute, name: str, owner: str) -> int:
    """The refusal that the line of the table promises to somebody; 0 if it lets them through."""
    if not name:
        return 401
    if route.audience is Audience.ONE_PERSON:
        return 404
    if route.role is not None and PEOPLE[name] < route.role:
        return 403
    personal = route.owner in (Owner.OWN_UPLOAD, Owner.OPEN_UPLOAD, Owner.OWN_RUN)
    return 404 if personal and name != owner and PEOPLE[name] is not Role.ADMIN else 0


@pytest.mark.parametrize("route", [route for route in TABLE if route.role is not None], ids=address)
def test_everybody_gets_what_the_table_promises(
    route: PageRoute, clients: dict[str, Client], places: dict[str, str]
) -> None:
    """Strangers, viewers, runners and administrators, at their own and at somebody else's upload and run."""
    for name, number in itertools.product(["", *PEOPLE], RUNS if "{run" in route.path else [1]):
        client, draft = clients[name], places["{draft}"]
        if route.path == "/leave":
            client = signed_in_by_proxy(client.port, name)
        if route.path.endswith("/discard"):
            draft = clients["maria"].draft("rooms.csv", FILE).rpartition("/")[2]
        status = ask(client, route.method, filled(route.path, {**places, "{draft}": draft}, number)).status
        refusal = promised(route, name, RUNS[number])
        assert status == refusal if refusal else status not in REFUSALS, (name, number, status)
        assert status < 500


@pytest.mark.parametrize("path", sorted({route.path for route in TABLE}))
def test_a_method_that_the_table_does_not_name_is_refused(
    path: str, clients: dict[str, Client], lasting: dict[str, str]
) -> None:
    """Also to an administrator; without a session there is nothing but the sign-in."""
    methods = {route.method for route in TABLE if route.path == path}
    for method in {"GET", "POST", "PUT", "DELETE"} - methods:
        status = clients["ada"].ask(method, filled(path, lasting), None, **dict(OWN_PAGE)).status
        assert status == 405, method


@pytest.mark.parametrize("path", ["/uploads/{}", "/uploads/{}/check", "/runs/{}/rows", "/runs/{}/files/report.csv"])
def test_what_is_somebody_elses_looks_as_if_it_did_not_exist(
    path: str, clients: dict[str, Client], places: dict[str, str]
) -> None:
    """Nobody can find out by trying which uploads and runs there are."""
    theirs, none = ("1", "99") if "/runs" in path else (places["{draft}"], "A" * 22)
    answers = [clients["jonas"].get(path.format(place)) for place in (theirs, none)]
    assert answers[0].status == answers[1].status == 404
    assert answers[0].body == answers[1].body


def test_a_run_shows_everybody_its_counts_and_only_its_owner_the_rest(clients: dict[str, Client]) -> None:
    """Who started it and how far it came; no row, no file, no button."""
    for name, opens in {"vera": False, "jonas": False, "maria": True, "mo": False, "ada": True}.items():
        text = clients[name].get("/runs/1").text
        assert "Started by maria" in plain(text)
        assert ("/runs/1/files/report.csv" in text) == opens
        assert ("/runs/1/rows" in text) == opens
        assert ('action="/runs/1/' in text) == opens


def test_somebody_who_may_not_import_opens_what_they_imported_before(clients: dict[str, Client]) -> None:
    """A role that was taken away takes the buttons, and not the own results."""
    text = clients["mo"].get("/runs/2").text
    assert "/runs/2/files/report.csv" in text
    assert 'action="/runs/2/' not in text


def test_each_address_with_an_upload_or_a_run_says_whose_it_must_be() -> None:
    """An upload is its owner's alone; of a run, only its page and progress are for everybody with the role."""
    for route in TABLE:
        expected = {Owner.OWN_UPLOAD, Owner.OPEN_UPLOAD} if "{draft" in route.path else {Owner.NONE}
        if "{run" in route.path:
            expected = {Owner.OWN_RUN, Owner.ANY_RUN}
        assert route.owner in expected, route.path
    public = {(route.method, route.path) for route in TABLE if route.owner is Owner.ANY_RUN}
    assert public == {("GET", "/runs/{run:number}"), ("GET", "/runs/{run:number}/progress")}


def test_who_may_press_import_stands_in_the_table() -> None:
    """Whoever may import, and whose file it must be, is one line; without a session only signing in is open."""
    [start] = [route for route in TABLE if route.path == "/uploads/{draft}/start"]
    assert (start.method, start.role, start.owner) == ("POST", Role.RUNNER, Owner.OWN_UPLOAD)
    signing_in = {"/start", "/enter", "/enter/callback", "/left"}
    assert {route.path for route in TABLE if route.role is None} - signing_in == set(FOR_MACHINES)
    assert {route.path for route in TABLE if route.audience is Audience.MACHINES} == set(FOR_MACHINES)
    own = ("/leave", "/link", "/sessions")
    changing = [route for route in TABLE if route.method == "POST" and route.path not in own]
    assert all(route.role is not None and route.role >= Role.RUNNER for route in changing)
