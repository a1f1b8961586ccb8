"""The commands around an import: what they refuse, and what they say to do next."""

import http.client
import shlex
import socket
from collections.abc import Iterator

import pytest
from conftest import Desk, Service, practised

from importer.errors import EXIT_MEANINGS
from importer.samples import SAMPLES


@pytest.fixture
def taken_port() -> Iterator[str]:
    """A port at which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield str(server.getsockname()[1])


def test_a_template_replaces_no_file(desk: Desk) -> None:
    """It could be one that was filled in."""
    done = desk.type("template", "-o", "mine.xlsx", "--offline")
    assert (done.code, "Fill it in, then: importer check mine.xlsx" in done.out) == (0, True)
    (desk.folder / "mine.xlsx").write_bytes(b"filled in")
    again = desk.type("template", "-o", "mine.xlsx", "--offline")
    assert (again.code, "already exists" in again.err) == (2, True)
    assert (desk.folder / "mine.xlsx").read_bytes() == b"filled in"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"NEXUDUS_PASSWORD": "wrong"}, "The user name or password is incorrect."),
        ({"NEXUDUS_URL": "http://127.0.0.1:9"}, "There is no usable answer from 127.0.0.1:9"),
    ],
)
def test_a_template_needs_no_names(desk: Desk, service: Service, changes: dict[str, str], sentence: str) -> None:
    """Without them it is written all the same, and why they are missing is said."""
    desk.variables |= changes
    done = desk.type("template", "-o", "mine.xlsx")
    assert (done.code, (desk.folder / "mine.xlsx").exists()) == (0, True)
    assert sentence in done.err
    assert "no drop-down lists with names" in done.err


def test_a_template_has_the_names_of_the_service(desk: Desk, service: Service) -> None:
    """And says of how many there are lists."""
    done = desk.type("template", "-o", "mine.xlsx")
    assert done.out.startswith("mine.xlsx is ready, with a list of ")
    assert "for ResourceId" in done.out


def test_an_unknown_record_type_is_refused_with_the_known_ones(desk: Desk) -> None:
    """Before a file is written."""
    done = desk.type("template", "--type", "Desk", "--offline")
    assert (done.code, "CoworkerMsOfficeCalendar" in done.err) == (2, True)
    assert not (desk.folder / "mappings.xlsx").exists()


@pytest.mark.parametrize("command", ["sandbox", "serve"])
def test_a_port_that_is_taken_is_named_with_the_option(desk: Desk, taken_port: str, command: str) -> None:
    """Somebody has to choose another one."""
    done = desk.type(command, "--port", taken_port)
    assert done.code == 2
    assert taken_port in done.err
    assert "--port" in done.err


def test_other_machines_need_the_sign_in_of_a_team(desk: Desk) -> None:
    """The page is not served to them before; the page of the guide that shows how is named."""
    done = desk.type("serve", "--host", "0.0.0.0", "--port", "0")
    assert (done.code, "importer help team" in done.err) == (2, True)


def test_the_practice_service_of_a_command_takes_no_profile(desk: Desk) -> None:
    """A profile is a real account."""
    done = desk.type("template", "--sandbox", "--profile", "north")
    assert (done.code, "do not go together" in done.err) == (2, True)


def test_where_there_are_no_people_the_command_for_one_is_named(desk: Desk) -> None:
    """And whoever is not among them cannot be removed."""
    assert "importer people add E-MAIL" in desk.type("people", "list").out
    assert desk.type("people", "remove", "ines").code == 2


def test_people_get_and_lose_their_roles(desk: Desk) -> None:
    """By e-mail; another role takes the place of the one before, and nobody is asked for a password."""
    assert "maria@example.com may now use the page (runner)" in desk.type("people", "add", "maria@example.com").out
    desk.type("people", "add", "Maria@Example.com", "--role", "admin")
    assert desk.type("people", "list").out == "maria@example.com  admin\n"
    assert desk.type("people", "remove", "maria@example.com").code == 0
    assert "Nobody" in desk.type("people", "list").out


def test_people_without_a_sign_in_are_not_served(desk: Desk) -> None:
    """The page would otherwise be one person's, and whoever set up a team would not notice."""
    desk.type("people", "add", "maria@example.com")
    done = desk.type("serve", "--port", "0")
    assert done.code == 2
    assert "nothing says how they sign in" in done.err
    assert "importer help team" in done.err


def test_every_exit_code_is_listed(desk: Desk) -> None:
    """Scripts are written by this list."""
    listed = {int(line[:4]) for line in desk.type("exit-codes").out.splitlines()}
    assert listed == {int(code) for code in EXIT_MEANINGS}


def test_whoever_is_not_signed_in_reads_how_to_be(desk: Desk) -> None:
    """Also for a profile, which has a sign-in of its own."""
    assert "NEXUDUS_TOKEN, or NEXUDUS_USERNAME and NEXUDUS_PASSWORD" in desk.type("whoami").err
    desk.variables["NEXUDUS_USERNAME_NORTH"] = "ops@example.com"
    done = desk.type("whoami", "--profile", "north")
    assert (done.code, "importer login --profile north" in done.err) == (4, True)


def test_the_address_that_serve_prints_opens_the_page(desk: Desk) -> None:
    """Its secret is for whoever reads it, and not hidden as those in the texts of others are."""
    process = desk.start("serve", "--port", "0")
    try:
        assert process.stdout is not None
        address = process.stdout.readline().removeprefix("Open ").strip()
        host, path = address.removeprefix("http://").split("/", 1)
        connection = http.client.HTTPConnection(host)
        connection.request("GET", f"/{path}")
        answer = connection.getresponse()
        assert answer.status == 303
        assert answer.headers["set-cookie"]
        connection.close()
    finally:
        process.terminate()
        process.communicate()


def test_samples_are_written_for_the_week_that_begins_today(desk: Desk) -> None:
    """All of them, and the command that is printed imports the first without a warning."""
    done = desk.type("sample")
    assert done.code == 0
    assert {path.name for path in (desk.folder / "samples").iterdir()} == set(SAMPLES)
    typed = done.out.splitlines()[-1]
    assert typed.startswith("Next: importer run ")
    run = desk.type(*shlex.split(typed.removeprefix("Next: importer ")), "--yes", "--json")
    assert (run.code, run.json["counts"]["created"], run.json["notices"]) == (0, 200, [])


@pytest.mark.parametrize("name", ["staff-german", "staff-german.xlsx"])
def test_a_sample_is_written_by_its_name(desk: Desk, name: str) -> None:
    """With or without its ending, and a file that is there stays."""
    assert desk.type("sample", name, "--out", "here").code == 0
    [path] = (desk.folder / "here").iterdir()
    assert path.name == "staff-german.xlsx"
    path.write_bytes(b"mine")
    refused = desk.type("sample", name, "--out", "here")
    assert (refused.code, path.read_bytes()) == (2, b"mine")
    assert "--replace" in refused.err
    assert desk.type("sample", name, "--out", "here", "--replace").code == 0
    assert path.read_bytes() != b"mine"


def test_samples_are_listed_and_a_mistyped_one_is_named(desk: Desk) -> None:
    """Nothing is written before."""
    listed = desk.type("sample", "--list").out
    assert all(name in listed and sample.meaning in listed for name, sample in SAMPLES.items())
    assert [one["file"] for one in desk.type("sample", "--list", "--json").json["samples"]] == list(SAMPLES)
    assert "Did you mean calendars?" in desk.type("sample", "calender").err
    assert list(desk.folder.iterdir()) == []


def test_the_practice_service_says_what_it_allows(desk: Desk) -> None:
    """And the settings that it prints are those with which an import keeps to it; a wrong fault starts nothing."""
    refused = desk.type("sandbox", "--fault", "500-aftr")
    assert (refused.code, "Did you mean 500-after?" in refused.err) == (2, True)
    with desk.start("sandbox", "--port", "0", "--speed", "60", "--fault", "500-after") as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(8)]
        process.terminate()
        assert process.wait() == 0
    text = "\n".join(lines)
    assert "At most 60 creates, updates and deletes in a minute, which takes 1 second." in lines
    assert "IMPORTER_RATE=60/s" in text
    assert "IMPORTER_SETTLE=15" in text


def test_a_speed_needs_a_practice_service(desk: Desk) -> None:
    """The limits of a real account cannot be made any faster."""
    done = desk.type("run", desk.write("rows.csv", [practised(2)]), "--yes", "--speed", "60")
    assert (done.code, "--speed needs --sandbox" in done.err) == (2, True)


def test_a_practice_run_with_a_speed_keeps_to_the_limits(desk: Desk) -> None:
    """Sixty times faster, 60 rows a minute are 60 a second; the plan says so, and none is throttled."""
    file = desk.write("rows.csv", [practised(n) for n in range(2, 22)])
    done = desk.type("run", file, "--yes", "--sandbox", "--speed", "60")
    assert (done.code, "20 created" in done.out) == (0, True)
    assert "paus" not in done.err
