"""What -v shows of each call: where it went, how it ended and how long it took, and no more."""

import re

import pytest
from conftest import Desk, Service, mapping

from importer import cli

LINE = re.compile(r"^(GET|POST|PUT|DELETE) (/\S+): (.+) \(\d+\.\d\d s\)$", re.MULTILINE)


def test_each_call_is_a_line(desk: Desk, service: Service) -> None:
    """In their order, on stderr; what stands on stdout is as it was."""
    file = desk.write("rows.csv", [mapping(2)])
    done = desk.type("run", file, "--yes", "--json", "-v")
    assert done.json["counts"]["created"] == 1
    lines = LINE.findall(done.err)
    assert len(lines) == len(service._ask("calls")["calls"])
    assert ("POST", "/api/token", "200") in lines
    assert lines[-1][0] == "POST"
    assert not LINE.findall(desk.type("run", file, "--yes").err)


def test_a_call_without_an_answer_says_why(desk: Desk, service: Service) -> None:
    """As does one that is refused."""
    service.fail("throttle-429:0.1", "lost-after")
    desk.shorten_the_window()
    err = desk.type("run", desk.write("rows.csv", [mapping(2)]), "--yes", "-v").err
    ends = [end for method, path, end in LINE.findall(err) if method == "POST" and "token" not in path]
    assert ends == ["429", "the connection was closed without a valid answer"]


@pytest.mark.parametrize("flag", ["-v", "-vv", "-vvv"])
def test_no_secret_and_no_value_is_shown(desk: Desk, service: Service, flag: str) -> None:
    """Neither the password nor a token, and no cell of the file; filters from -vv on."""
    done = desk.type("run", desk.write("rows.csv", [mapping(2, Name="Quiet corner")]), "--yes", flag)
    [token] = service.state.signin._ends
    assert not any(secret in done.err for secret in ("practice", token, "Quiet corner"))
    paths = [path for _, path, _ in LINE.findall(done.err)]
    assert any("?" in path for path in paths) is (flag != "-v")


def test_the_next_command_shows_nothing_of_it(desk: Desk, service: Service) -> None:
    """Two commands of one process are two commands."""
    assert LINE.findall(desk.type("whoami", "-v").err)
    assert not LINE.findall(desk.type("whoami").err)


def test_every_command_that_calls_the_service_has_it() -> None:
    """All that can practise, and those of the sign-in; no other has an option without a meaning."""
    with_it = {name for name, command in cli.importer.commands.items() if any("-v" in p.opts for p in command.params)}
    assert with_it >= {
        "check",
        "plan",
        "run",
        "resume",
        "retry",
        "undo",
        "verify",
        "reconcile",
        "export",
        "diff",
        "login",
    }
    assert not with_it & {"status", "config", "help", "serve", "sandbox", "completion"}
