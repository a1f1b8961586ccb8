"""The option --notify: people are told of the end of a run, and nothing of that changes how it ends."""

import json
import os
from collections.abc import Iterator

import pytest
from conftest import Desk, Service, mapping
from runs.hooks import Webhook, mail_server, webhook

from cli.test_log_file import lines_of


@pytest.fixture
def hook() -> Iterator[Webhook]:
    """A webhook that takes every message."""
    with webhook() as hook:
        yield hook


def test_a_run_a_resume_and_a_retry_tell_of_their_end(desk: Desk, service: Service, hook: Webhook) -> None:
    """One message each, with what came of the rows; nothing of what is in them."""
    desk.write("rows.csv", [mapping(2), mapping(3), mapping(4, Name="Secret room")])
    service.fail("400")
    assert desk.type("run", "rows.csv", "--yes", "--max-rows", "2", "--notify", hook.url).code == 6
    assert desk.type("resume", "--notify", hook.url).code == 1
    assert desk.type("retry", "--yes", "--notify", hook.url, "--json").code == 0
    told = [(one["run"], one["state"], one["exit_code"], one["file"]) for one in hook.messages]
    assert told == [(1, "stopped", 6, "rows.csv"), (1, "finished", 1, "rows.csv"), (2, "finished", 0, "rows.csv")]
    assert hook.messages[0]["text"].endswith("To continue: importer resume 1")
    assert hook.messages[1]["counts"]["created"] == 2
    assert "Secret room" not in json.dumps(hook.messages)


def test_the_setting_tells_of_everything_but_practice(desk: Desk, service: Service, hook: Webhook) -> None:
    """What failed before there was a run is told as well; a practice run only if the command says so."""
    desk.variables["IMPORTER_NOTIFY"] = hook.url
    desk.write("rows.csv", [mapping(2)])
    assert desk.type("run", "gone.csv", "--yes").code == 3
    assert desk.type("check", "rows.csv").code == 0
    assert desk.type("run", "rows.csv", "--yes", "--sandbox").code in (0, 1)
    assert [(one["run"], one["state"], one["exit_code"]) for one in hook.messages] == [(None, "failed", 3)]
    assert desk.type("run", "rows.csv", "--yes", "--sandbox", "--notify", hook.url).code in (0, 1)
    assert hook.messages[1]["text"].startswith("Practice: Run 2 (rows.csv) is finished.")


def test_several_files_are_told_one_by_one(desk: Desk, service: Service, hook: Webhook) -> None:
    """Each with its own end."""
    for number, name in enumerate(("a.csv", "b.csv")):
        desk.write(name, [mapping(2 + number)])
    assert desk.type("run", "a.csv", "gone.csv", "b.csv", "--yes", "--notify", hook.url).code == 3
    told = [(one["file"], one["state"], one["exit_code"]) for one in hook.messages]
    assert told == [("a.csv", "finished", 0), ("gone.csv", "failed", 3), ("b.csv", "finished", 0)]


def test_a_message_that_cannot_be_sent_changes_nothing(desk: Desk, service: Service) -> None:
    """It is said on stderr and in the log, once for all files, and never with the address."""
    for number, name in enumerate(("a.csv", "b.csv")):
        desk.write(name, [mapping(2 + number)])
    with webhook(404) as hook:
        words = ("run", "a.csv", "b.csv", "--yes", "--notify", hook.url, "--log-file", "log.jsonl", "--json", "-v")
        done = desk.type(*words)
    assert (done.code, done.json["ok"], len(hook.messages)) == (0, True, 1)
    assert "The message about the end of run 1 was not sent: it refused the message (HTTP 404)." in done.err
    (line,) = [line for line in lines_of(desk.folder / "log.jsonl") if line["event"] == "notification failed"]
    assert (line["run"], line["why"]) == (1, "it refused the message (HTTP 404)")
    assert "SECRET" not in done.out + done.err + (desk.folder / "log.jsonl").read_text()


def test_nobody_is_told_of_what_was_declined_or_queued(desk: Desk, service: Service, hook: Webhook) -> None:
    """Workers tell of the runs that they send."""
    desk.write("rows.csv", [mapping(2)])
    refused = desk.type("run", "rows.csv", "--queue", "--notify", hook.url)
    assert (refused.code, "Give --notify to importer worker instead" in refused.err) == (2, True)
    assert hook.messages == []


@pytest.mark.skipif(os.name == "nt", reason="a worker is stopped by SIGTERM")
def test_a_worker_tells_of_the_runs_that_it_is_done_with(desk: Desk, service: Service, hook: Webhook) -> None:
    """Once each, though the process that sends them has the same setting."""
    desk.variables["IMPORTER_NOTIFY"] = hook.url
    desk.write("rows.csv", [mapping(2)])
    assert desk.type("run", "rows.csv", "--queue").code == 0
    assert desk.type("worker", "--until-idle").code == 0
    assert [(one["run"], one["text"]) for one in hook.messages] == [(1, "Run 1 (rows.csv) is finished. 1 row created.")]


def test_an_e_mail_goes_to_the_people(desk: Desk, service: Service) -> None:
    """The password comes from the environment, and its lack is said before anything is sent."""
    desk.write("rows.csv", [mapping(2)])
    with mail_server(offers=["AUTH PLAIN"]) as mail:
        words = ("run", "rows.csv", "--yes", "--notify", f"smtp://ops@127.0.0.1:{mail.port}?to=ines@example.com")
        refused = desk.type(*words)
        assert (refused.code, service.records) == (2, [])
        assert "Set IMPORTER_SMTP_PASSWORD" in refused.err
        desk.variables["IMPORTER_SMTP_PASSWORD"] = "Pass-word"
        assert desk.type(*words).code == 0
    assert "Subject: Run 1 (rows.csv) is finished" in mail.letters[0]


def test_the_address_is_never_shown(desk: Desk) -> None:
    """Neither by config nor in an error, wherever it is set; and a folder does not say where messages go."""
    desk.variables["IMPORTER_NOTIFY"] = "https://hooks.example/T/SECRET"
    shown = desk.type("config")
    assert "https://hooks.example/…" in shown.out
    desk.variables["IMPORTER_NOTIFY"] = "http://hooks.example/T/SECRET"
    refused = desk.type("config")
    assert (refused.code, "The setting notify cannot be used" in refused.err) == (2, True)
    del desk.variables["IMPORTER_NOTIFY"]
    (desk.folder / "importer.toml").write_text('notify = "https://hooks.example/T/SECRET"\n')
    folder = desk.type("config")
    assert (folder.code, "sets notify" in folder.err) == (2, True)
    trusted = desk.type("config", "trust", "--yes", "--json")
    assert trusted.json["destinations"] == [{"key": "notify", "value": "https://hooks.example/…"}]
    for done in (shown, refused, folder, trusted):
        assert "T/SECRET" not in done.out + done.err
