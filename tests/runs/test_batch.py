"""Several files at once: each goes to its own account, once, whatever happens to the others."""

import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import GIVE_UP, LABELS, UNLIMITED, Desk, Service, mapping, practised, wait_until

from importer.sandbox.people import space

PASSWORD = UNLIMITED.password


@pytest.fixture
def places(serve: Callable[..., Service], desk: Desk) -> tuple[Service, Service]:
    """Two services, north and south, each with a profile; nobody is signed in without one."""
    north, south = serve(), serve()
    lines = []
    for name, place in (("north", north), ("south", south)):
        lines.append(f'[profile.{name}]\nusername = "{UNLIMITED.username}"\n')
        desk.variables[f"NEXUDUS_URL_{name.upper()}"] = place.url
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


def dawdle(desk: Desk, places: tuple[Service, Service]) -> None:
    """Have both services take half a minute for a file, so that there is time to stop it."""
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    for place in places:
        place.fail("ok", *["slow:3"] * 9)


NORTH, SOUTH = sorted(f"Room {n}" for n in range(2, 12)), sorted(f"Room {n}" for n in range(102, 112))


def test_each_file_goes_to_its_own_account(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """Every row exists once where it belongs; a report each; typed again it costs no create."""
    done = desk.type(*words)
    assert done.code == 0, done.err
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)
    assert "north.csv (north): 10 records to create" in done.err
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
    assert "north.csv (north): Skipped." in done.err
    assert (names(places[0]), names(places[1])) == ([], SOUTH)
    (desk.folder / "south.csv").write_text("nothing,of,ours\n")
    assert [one["exit_code"] for one in desk.type(*words, "--json").json["imports"]] == [4, 3]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_each_file_has_its_own_code_in_the_order_of_the_files(
    desk: Desk, service: Service, order: tuple[int, ...]
) -> None:
    """A file that is missing is told with its code, and so is that the others went in, on the screen and as data."""
    good, bad = desk.write("good.csv", [mapping(2)]), desk.write("bad.csv", [mapping(3), mapping(4, Name="")])
    codes = {good: 0, Path("missing.csv"): 3, bad: 1}
    files = [list(codes)[number] for number in order]
    done = desk.type("run", *files, "--yes")
    assert done.code == 3
    told = re.findall(r"^(.+) \(exit code (\d)\):$", done.out, re.MULTILINE)
    assert told == [(str(file), str(codes[file])) for file in files]
    last = "1 of 3 files ended with exit code 0.\nThe command ends with 3, as did missing.csv."
    assert done.out.rstrip().endswith(last)
    assert service.creates == 2
    document = desk.type("run", *files, "--yes", "--json").json
    assert [(each["file"], each["exit_code"]) for each in document["imports"]] == [
        (str(file), codes[file]) for file in files
    ]


def test_the_report_of_one_keeps_no_other_from_sending(desk: Desk, places: tuple[Service, Service]) -> None:
    """A short run is reported while a long one is sent; both end as they would alone."""
    wrong = mapping(99, ResourceId="x")
    short = desk.write("short.csv", [mapping(2), *[wrong] * 20])
    long = desk.write("long.csv", [*[mapping(n) for n in range(102, 202)], wrong])
    done = desk.type("run", short, long, "--profile", "north", "--profile", "south", "--yes", "--json")
    assert [one["exit_code"] for one in done.json["imports"]] == [1, 1], done.err
    assert [len(place.records) for place in places] == [1, 100]


def test_files_of_one_profile_go_one_after_another(desk: Desk, places: tuple[Service, Service]) -> None:
    """They share an account and its allowance; a row that stands in two is created once, and the later one named."""
    files = [desk.write(f"{n}.csv", [mapping(n), mapping(n + 1)]) for n in (2, 3, 4)]
    done = desk.type("run", *files, "--profile", "south", "--yes", "--json")
    assert done.code == 1, done.err
    assert names(places[1]) == [f"Room {n}" for n in (2, 3, 4, 5)]
    assert places[1].creates == 4
    assert [one["run"]["counts"]["invalid"] for one in done.json["imports"]] == [0, 1, 1]


def test_one_profile_for_all_files_is_not_meant_for_a_file_of_another(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """Who forgets the second --profile is told; who names another one for a single file is told, too, and may."""
    assert desk.type(*words).code == 0
    done = desk.type("run", *words[1:3], "--profile", "north", "--yes")
    assert "Name one profile for each file." in done.out
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)
    again = desk.type("run", words[2], "--profile", "north", "--yes")
    assert "used --profile south" in again.err
    assert names(places[0]) == sorted(NORTH + SOUTH)


def test_two_profiles_of_one_account_never_send_at_once(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """The second is told that the account is held, and sends nothing."""
    desk.variables["NEXUDUS_URL_SOUTH"] = places[0].url
    done = desk.type(*words, "--json")
    assert (done.code, [one["exit_code"] for one in done.json["imports"]]) == (7, [0, 7])
    assert names(places[0]) == NORTH
    # The one that was refused left nothing to go on with.
    assert [run["state"] for run in desk.type("history", "--json").json["runs"]] == ["finished"]


def test_a_run_goes_on_with_the_profile_it_was_begun_with(desk: Desk, places: tuple[Service, Service]) -> None:
    """Whoever types resume does not have to know the profile; another one is refused."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--profile", "south", "--max-rows", "1").code == 6
    refused = desk.type("resume", "--profile", "north", "--max-rows", "9")
    assert (refused.code, places[0].creates) == (2, 0)
    assert desk.type("resume", "--max-rows", "9").code == 0
    assert names(places[1]) == [f"Room {n}" for n in range(2, 6)]
    assert desk.type("verify").code == 0


@pytest.fixture
def another(serve: Callable[..., Service], places: tuple[Service, Service], desk: Desk) -> Service:
    """A third service, which is signed in to where nobody names a profile."""
    return serve()


def test_what_is_to_be_typed_next_names_the_profile(
    desk: Desk, places: tuple[Service, Service], another: Service
) -> None:
    """Whoever types what the screen or the report says stays in the same account."""
    file = desk.write("rows.csv", [mapping(2), mapping(3, ResourceId="x")])
    for command in ("check", "plan"):
        assert f"{file} --profile south" in desk.type(command, file, "--profile", "south").out
    done = desk.type("run", file, "--yes", "--profile", "south", "--out", "r")
    assert "failed.xlsx --profile south" in done.out
    assert "failed.xlsx --profile south" in (desk.folder / "r" / "report.html").read_text()
    assert "--profile south" in desk.type("status").out


@pytest.mark.parametrize("words", [["--profile", "", "--yes"], ["--profile", "north", "--profile", "", "--yes"]])
def test_a_profile_without_a_name_is_none_by_mistake(
    desk: Desk, places: tuple[Service, Service], another: Service, words: list[str]
) -> None:
    """A variable that is not set must not send the rows to whoever is signed in without a profile."""
    files = [desk.write(f"{n}.csv", [mapping(n)]) for n in range(2, 2 + words.count("--profile"))]
    done = desk.type("run", *files, *words)
    assert (done.code, "profile name is empty" in done.err) == (2, True)
    assert [place.creates for place in (*places, another)] == [0, 0, 0]


@pytest.mark.parametrize("reached", [True, False], ids=["sent in part", "never reached"])
def test_a_file_of_a_profile_is_not_sent_without_it(
    desk: Desk, places: tuple[Service, Service], another: Service, reached: bool
) -> None:
    """Forgotten, or another one: nothing goes to another account unless somebody says so."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    if not reached:
        desk.variables["NEXUDUS_URL_SOUTH"] = "http://127.0.0.1:9"
    desk.variables["IMPORTER_PATIENCE"] = "0"
    assert desk.type("run", file, "--yes", "--profile", "south", "--max-rows", "1").code == (6 if reached else 5)
    desk.variables["NEXUDUS_URL_SOUTH"] = places[1].url
    forgotten = desk.type("run", file, "--yes")
    assert (forgotten.code, "used --profile south" in forgotten.err) == (2, True)
    assert desk.type("resume", "1", "--profile", "north").code == 2
    assert [place.creates for place in (places[0], another)] == [0, 0]
    assert desk.type("run", file, "--yes", "--profile", "none").code == 0
    assert desk.type("run", file, "--yes", "--profile", "south").code == 0
    assert names(another) == names(places[1]) == [f"Room {n}" for n in range(2, 6)]


def test_a_file_of_a_profile_can_be_practised_with(desk: Desk, places: tuple[Service, Service]) -> None:
    """The practice service is nobody's account, so nothing is forgotten."""
    file = desk.write("rows.csv", [practised(2)])
    assert desk.type("run", file, "--yes", "--profile", "south").code == 0
    for words in ([file], [file, desk.write("more.csv", [practised(3)])]):
        done = desk.type("run", *words, "--yes", "--sandbox")
        assert done.code == 0, done.err
    assert [place.creates for place in places] == [0, 1]


def test_limits_are_those_of_this_command(desk: Desk, service: Service) -> None:
    """A file that is typed again goes on with the limits that are typed now, not with those of the first time."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 12)])
    for limit, together in (("2", 2), ("3", 5)):
        assert desk.type("run", file, "--yes", "--max-rows", limit).code == 6
        assert service.creates == together
    assert desk.type("run", file, "--yes").code == 0
    assert service.creates == 10


def test_the_sign_in_that_is_missing_is_that_of_the_profile(desk: Desk, places: tuple[Service, Service]) -> None:
    """The variable that helps is named, not the one for everybody."""
    file = desk.write("rows.csv", [mapping(2)])
    del desk.variables["NEXUDUS_PASSWORD_SOUTH"]
    for words in (["run", file, "--yes"], ["run", file, file, "--yes"], ["whoami"]):
        done = desk.type(*words, "--profile", "south")
        assert (done.code, "NEXUDUS_PASSWORD_SOUTH" in done.out + done.err) == (4, True), done.err


def test_stop_stops_all_that_is_being_sent(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path]
) -> None:
    """Whoever does not name a run means everything that is under way."""
    dawdle(desk, places)
    process = desk.start(*words)
    wait_until(lambda: min(place.creates for place in places) >= 1)
    assert desk.type("stop").out.count("stops after the rows in progress") == 2
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == 130, err
    for place in places:
        place.heal()
    assert desk.type(*words).code == 0
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_stopped_or_killed_and_typed_again(
    desk: Desk, places: tuple[Service, Service], words: list[str | Path], number: signal.Signals
) -> None:
    """However the process ends, the same words typed again bring every row to its place exactly once."""
    dawdle(desk, places)
    desk.shorten_the_window()
    process = desk.start(*words)
    wait_until(lambda: min(place.creates for place in places) >= 2)
    process.send_signal(number)
    _, err = process.communicate(timeout=GIVE_UP)
    assert process.returncode == (-9 if number is signal.SIGKILL else 130), err
    assert len(places[0].records) + len(places[1].records) < 20
    for place in places:
        place.heal()
    assert desk.type(*words).code == 0
    assert (names(places[0]), names(places[1])) == (NORTH, SOUTH)


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        ([], "add --yes"),
        (["--yes", "--profile", "north", "--profile", "south", "--profile", "west"], "2 files and 3 profiles"),
        (["--yes", "--sandbox", "--profile", "north"], "no profiles"),
        (["--yes", "--profile", "west"], 'There is no profile "west"'),
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
    files = [desk.write(f"{n}.csv", [practised(n)]) for n in (2, 3)]
    done = desk.type("run", *files, "--yes", "--sandbox")
    assert done.code == 0, done.err
    assert done.out.count("1 created.") == 2


def test_a_two_factor_code_serves_one_file(desk: Desk, serve: Callable[..., Service]) -> None:
    """The second would be a failed sign-in; it is named, and the first one goes in."""
    place = serve(replace(UNLIMITED, totp="123456"))
    desk.variables["NEXUDUS_TOTP"] = "123456"
    wrong = desk.write("wrong.csv", [[1]], ["Nothing"])
    files = [desk.write(f"{n}.csv", [mapping(n)]) for n in (2, 3)]
    done = desk.type("run", wrong, *files, "--yes")
    assert names(place) == ["Room 2"]
    assert done.code == 4
    assert "3.csv" in done.err
    assert "used for an earlier file" in done.err
    calls = place._ask("calls")["calls"]
    assert sum(call["path"] == "/api/token" for call in calls) == 1


def issues_of(desk: Desk, imported: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The rows of one import: number, status, and what the report says of those that are invalid."""
    [folder] = (desk.folder / "reports").glob(f"{imported['run']['run']}-*")
    rows = desk.report(folder)
    return [
        (row["import_row"], row["import_status"], row["import_message"] if row["import_status"] == "invalid" else "")
        for row in rows
    ]


def says(number: int, other: int, file: str) -> str:
    """How the sentence about a row begins that is for the record of a row of another file."""
    return f"Row {number} is for the same record as row {other} of {file}, but has other values."


def test_two_rows_with_one_key_in_two_files_name_each_other(desk: Desk, service: Service) -> None:
    """Neither is sent, for only the user knows which of them is meant; all other rows go as usual. Again the same."""
    north = desk.write("north.csv", [mapping(2), mapping(3)])
    south = desk.write("south.csv", [mapping(4), mapping(5), mapping(3, Name="Studio")])
    for creates in (3, 3):
        done = desk.type("run", north, south, "--yes", "--json")
        assert done.code == 1, done.err
        first, second = done.json["imports"]
        [(number, status, message)] = issues_of(desk, first)[1:]
        assert (number, status) == ("3", "invalid")
        assert message.startswith(says(3, 4, "south.csv"))
        [(number, status, message)] = issues_of(desk, second)[2:]
        assert (number, status) == ("4", "invalid")
        assert message.startswith(says(4, 3, "north.csv"))
        assert names(service) == ["Room 2", "Room 4", "Room 5"]
        assert service.creates == creates


def test_files_of_one_name_are_called_by_their_folders_as_well(desk: Desk, service: Service) -> None:
    """Otherwise the sentence would name the file that it is about."""
    files = []
    for folder, name in (("north", "Room 2"), ("south", "Studio")):
        (desk.folder / folder).mkdir()
        files.append(desk.write(f"{folder}/rows.csv", [mapping(2, Name=name)]))
    done = desk.type("run", *files, "--yes", "--json")
    [(_, _, message)] = issues_of(desk, done.json["imports"][0])
    assert message.startswith(says(2, 2, "south/rows.csv"))
    assert service.creates == 0


def test_with_duplicates_allowed_each_row_of_each_file_is_a_record(desk: Desk, service: Service) -> None:
    """There is no key then, as within one file."""
    files = [desk.write(f"{name}.csv", [mapping(2, Name=name)]) for name in ("North", "South")]
    done = desk.type("run", *files, "--yes", "--allow-duplicates")
    assert done.code in (0, 1), done.err
    assert "skipped as invalid" not in done.err


def test_an_id_that_two_files_name_is_an_error_of_both(desk: Desk, service: Service) -> None:
    """Both would update one record, and the last one would win."""
    assert desk.type("run", desk.write("first.csv", [mapping(2), mapping(3)]), "--yes").code == 0
    ids = [record["Id"] for record in service.records]
    labels = [*LABELS, "Id"]
    north = desk.write("north.csv", [[*mapping(2, Name="A"), ids[0]], [*mapping(3, Name="B"), ids[1]]], labels)
    south = desk.write("south.csv", [[*mapping(2, Name="C"), ids[0]]], labels)
    done = desk.type("run", north, south, "--yes", "--update", "--json")
    assert done.code == 1, done.err
    [(_, _, message), (_, status, _)] = issues_of(desk, done.json["imports"][0])
    assert message.startswith(f"Row 2 has the same Id as row 2 of south.csv: {ids[0]}.")
    assert status == "updated"
    [(_, _, message)] = issues_of(desk, done.json["imports"][1])
    assert message.startswith(f"Row 2 has the same Id as row 2 of north.csv: {ids[0]}.")
    stored: Any = service.state.report()
    assert [entry["record"]["Name"] for entry in stored] == ["Room 2", "B"]


def test_a_row_by_id_that_is_as_its_record_needs_no_key_of_its_own(desk: Desk, service: Service) -> None:
    """It is unchanged before any other check; the row of the other file is not sent."""
    assert desk.type("run", desk.write("first.csv", [mapping(2)]), "--yes").code == 0
    [record] = service.records
    north = desk.write("north.csv", [[*mapping(2), record["Id"]]], [*LABELS, "Id"])
    south = desk.write("south.csv", [mapping(2, Name="Studio")])
    done = desk.type("run", north, south, "--yes", "--update", "--json")
    statuses = [[status for _, status, _ in issues_of(desk, one)] for one in done.json["imports"]]
    assert statuses == [["existing"], ["invalid"]]
    assert names(service) == ["Room 2"]


def test_an_empty_part_of_a_key_in_one_file_is_held_against_a_filled_one_in_another(
    desk: Desk, service: Service
) -> None:
    """The second file is compared with what the first one created, and the row goes to a person."""
    north = desk.write("north.csv", [mapping(2, CalendarId="")])
    south = desk.write("south.csv", [mapping(2)])
    done = desk.type("run", north, south, "--yes", "--json")
    assert [one["run"]["counts"]["created"] for one in done.json["imports"]] == [1, 0]
    assert [one["run"]["counts"]["not sent"] for one in done.json["imports"]] == [0, 1]
    assert service.creates == 1


def test_names_are_looked_up_before_files_are_compared(desk: Desk, service: Service) -> None:
    """One file names a coworker by e-mail, the other by Id: it is one coworker."""
    ada = next(person["Id"] for person in space(1).coworkers.values() if person["Email"] == "ada.abbott@example.com")
    north = desk.write("north.csv", [mapping(2, CoworkerId="ada.abbott@example.com")])
    south = desk.write("south.csv", [mapping(2, CoworkerId=ada, Name="Studio")])
    done = desk.type("run", north, south, "--yes", "--json")
    assert [one["run"]["counts"]["invalid"] for one in done.json["imports"]] == [1, 1], done.err
    assert service.creates == 0


def test_what_is_one_record_depends_on_the_host(desk: Desk, places: tuple[Service, Service]) -> None:
    """Two hosts have a record each; two profiles of one host have one between them."""
    north = desk.write("north.csv", [mapping(2), mapping(3)])
    south = desk.write("south.csv", [mapping(2, Name="Studio"), mapping(4)])
    words: list[str | Path] = ["run", north, south, "--profile", "north", "--profile", "south", "--yes", "--json"]
    assert desk.type(*words).code == 0
    assert [names(place) for place in places] == [["Room 2", "Room 3"], ["Room 4", "Studio"]]
    desk.write("north.csv", [mapping(12), mapping(13)])
    desk.write("south.csv", [mapping(12, Name="Studio"), mapping(14)])
    desk.variables["NEXUDUS_URL_SOUTH"] = places[0].url
    first, second = desk.type(*words).json["imports"]
    assert [first["run"]["counts"]["invalid"], second["exit_code"]] == [1, 7]
    assert names(places[0]) == ["Room 13", "Room 2", "Room 3"]


def two_files(desk: Desk) -> list[Path]:
    """Two files that have one key, and a row each besides."""
    return [desk.write(f"{name}.csv", [mapping(2, Name=name), mapping(n)]) for n, name in ((3, "A"), (4, "B"))]


def test_a_run_that_waits_for_the_service_keeps_what_the_other_file_said(desk: Desk, service: Service) -> None:
    """It is resumed on its own, days later; the row that two files have is not sent then either."""
    files = [
        desk.write(f"{name}.csv", [mapping(2, Name=name), mapping(number)]) for number, name in ((3, "A"), (4, "B"))
    ]
    url = desk.variables["NEXUDUS_URL"]
    desk.variables["NEXUDUS_URL"] = "http://127.0.0.1:9"
    assert desk.type("run", *files, "--yes").code == 5
    desk.variables["NEXUDUS_URL"] = url
    for number in ("1", "2"):
        assert desk.type("resume", number).code == 1
    assert names(service) == ["Room 3", "Room 4"]
    # Alone, the same file is another import: nothing stands in the way of its rows.
    assert desk.type("run", files[0], "--yes").code == 0
    assert names(service) == ["A", "Room 3", "Room 4"]


def test_a_saved_run_that_is_typed_again_alone_is_compared_with_no_other_file(desk: Desk, service: Service) -> None:
    """What is typed now counts, as long as no row has been planned."""
    files = [
        desk.write(f"{name}.csv", [mapping(2, Name=name), mapping(number)]) for number, name in ((3, "A"), (4, "B"))
    ]
    url = desk.variables["NEXUDUS_URL"]
    desk.variables["NEXUDUS_URL"] = "http://127.0.0.1:9"
    assert desk.type("run", files[0], "--yes").code == 5
    assert desk.type("run", *files, "--yes").code == 5
    assert desk.type("run", files[1], "--yes").code == 5
    desk.variables["NEXUDUS_URL"] = url
    assert [desk.type("resume", number).code for number in ("1", "2")] == [1, 0]
    assert names(service) == ["B", "Room 3", "Room 4"]
