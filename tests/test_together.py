"""Several files at once: each goes to its own account, once, whatever happens to the others."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import UNLIMITED, Desk, Service, mapping, wait_until

PASSWORD = UNLIMITED.password


@pytest.fixture
def places(serve: Callable[..., Service], desk: Desk) -> tuple[Service, Service]:
    """Two services, north and south, each with a profile; nobody is signed in without one."""
    north, south = serve(), serve()
    lines = []
    for name, place in (("north", north), ("south", south)):
        lines.append(f'[profile.{name}]\nurl = "{place.url}"\nusername = "{UNLIMITED.username}"\n')
        desk.variables[f"NEXUDUS_PASSWORD_{name.upper()}"] = PASSWORD
    for name in ("NEXUDUS_URL", "NEXUDUS_USERNAME", "NEXUDUS_PASSWORD"):
        del desk.variables[name]
    (desk.folder / "importer.toml").write_text("\n".join(lines))
    return north, south


@pytest.fixture
def words(desk: Desk) -> list[str | Path]:
    """The command that imports ten rows for north and ten others for south."""
    north = desk.write("north.csv", [mapping(n) for n in range(2, 12)])
    south = desk.write("south.csv", [mapping(n) for n in range(102, 112)])
    return ["run", north, south, "--profile", "north", "--profile", "south", "--yes"]


def names(place: Service) -> list[str]:
    """The names of what a service holds."""
    return sorted(record["Name"] for record in place.records)


NORTH, SOUTH = sorted(f"Room {n}" for n in range(2, 12)), sorted(f"Room {n}" for n in range(102, 112))


def test_each_file_goes_to_its_own_account(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """Every row exists once where it belongs; a report each; typed again it costs no create."""
    done = desk.type(*words)
    assert done.code == 0, done.err
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)
    assert "north.csv: 10 records to create" in done.err
    assert done.out.count("10 created.") == 2
    again = desk.type(*words, "--json")
    assert [(one["profile"], one["run"]["counts"]["existing"]) for one in again.json["imports"]] == [
        ("north", 10),
        ("south", 10),
    ]
    assert [place.creates for place in places] == [10, 10]


def test_what_ends_one_leaves_the_others_alone(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """A refused sign-in, a file that cannot be read and a good one: each is told, the highest exit code is given."""
    desk.variables["NEXUDUS_PASSWORD_NORTH"] = "wrong"
    done = desk.type(*words, "--json")
    assert done.code == 4
    assert [one["exit_code"] for one in done.json["imports"]] == [4, 0]
    assert (names(places[0]), names(places[1])) == ([], SOUTH)
    (desk.folder / "south.csv").write_text("nothing,of,ours\n")
    assert [one["exit_code"] for one in desk.type(*words, "--json").json["imports"]] == [4, 3]


def test_the_report_of_one_keeps_no_other_from_sending(desk: Desk, places: tuple[Service, Service]) -> None:
    """A short run is reported while a long one is sent; both end as they would alone."""
    wrong = mapping(99, ResourceId="x")
    short = desk.write("short.csv", [mapping(2), *[wrong] * 20])
    long = desk.write("long.csv", [*[mapping(n) for n in range(102, 202)], wrong])
    done = desk.type("run", short, long, "--profile", "north", "--profile", "south", "--yes", "--json")
    assert [one["exit_code"] for one in done.json["imports"]] == [1, 1], done.err
    assert [len(place.records) for place in places] == [1, 100]


def test_files_of_one_profile_go_one_after_another(desk: Desk, places: tuple[Service, Service]) -> None:
    """They share an account and its allowance; a row that stands in both is created once."""
    files = [desk.write(f"{n}.csv", [mapping(n), mapping(n + 1)]) for n in (2, 3, 4)]
    done = desk.type("run", *files, "--profile", "south", "--yes", "--json")
    assert done.code == 0, done.err
    assert names(places[1]) == [f"Room {n}" for n in (2, 3, 4, 5)]
    assert places[1].creates == 4
    assert [one["run"]["counts"]["existing"] for one in done.json["imports"]] == [0, 1, 1]


def test_two_profiles_of_one_account_never_send_at_once(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """The second is told that the account is held, and sends nothing."""
    text = (desk.folder / "importer.toml").read_text()
    (desk.folder / "importer.toml").write_text(text.replace(places[1].url, places[0].url))
    done = desk.type(*words, "--json")
    assert (done.code, [one["exit_code"] for one in done.json["imports"]]) == (7, [0, 7])
    assert names(places[0]) == NORTH


def test_a_run_goes_on_with_the_profile_it_was_begun_with(desk: Desk, places: tuple[Service, Service]) -> None:
    """Whoever types resume does not have to know the profile; another one is refused."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--profile", "south", "--max-rows", "1").code == 6
    refused = desk.type("resume", "--profile", "north", "--max-rows", "9")
    assert (refused.code, places[0].creates) == (2, 0)
    assert desk.type("resume", "--max-rows", "9").code == 0
    assert names(places[1]) == [f"Room {n}" for n in range(2, 6)]
    assert desk.type("verify").code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_and_typed_again(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path], number: signal.Signals
) -> None:
    """However the process ends, the same words typed again bring every row to its place exactly once."""
    desk.variables["IMPORTER_RATE"] = "10/s"
    desk.variables["IMPORTER_CALLS_PER_100MS"] = "none"
    desk.variables["IMPORTER_SETTLE"] = "0.5"
    process = desk.start(*words)
    wait_until(lambda: min(place.creates for place in places) >= 2)
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == (-9 if number is signal.SIGKILL else 130), err
    assert len(places[0].records) + len(places[1].records) < 20
    time.sleep(0.6)
    assert desk.type(*words).code == 0
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ([], "only with --yes"),
        (["--yes", "--profile", "north", "--profile", "south", "--profile", "west"], "2 files and 3 profiles"),
        (["--yes", "--sandbox", "--profile", "north"], "no profiles"),
        (["--yes", "--profile", "west"], 'Nothing is known of a profile "west"'),
    ],
)
def test_words_that_do_not_fit_together(
    desk: Desk, places: tuple[Service, Service], more: list[str], complaint: str
) -> None:
    """Nothing is read or sent, and a sentence says what to type."""
    files = [desk.write(f"{n}.csv", [mapping(n)]) for n in (2, 3)]
    done = desk.type("run", *files, *more)
    assert (done.code, [place.creates for place in places]) == (2, [0, 0])
    assert complaint in done.err


def test_several_files_into_the_practice_service(desk: Desk) -> None:
    """It has one account, so they go one after another."""
    files = [desk.write(f"{n}.csv", [mapping(n)]) for n in (2, 3)]
    done = desk.type("run", *files, "--yes", "--sandbox")
    assert done.code == 0, done.err
    assert done.out.count("1 created.") == 2
