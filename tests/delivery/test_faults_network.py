"""Faults of the network, of replies and of the sign-in, each named after its line in the acceptance list."""

import asyncio
import itertools
import json
import resource
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import GIVE_UP, Desk, Service, mapping, wait_until

from delivery.kit import (
    KIND,
    NO_LIMITS,
    TOKEN,
    Post,
    blackhole,
    closed_port,
    created,
    creates,
    http,
    peer,
    problems,
    request,
    sandbox,
)
from importer.delivery.send_result import StopReason
from importer.journal.journal import open_journal
from importer.journal.windows import DAY, Window
from importer.nexudus.reply import LONGEST_WAIT
from importer.sandbox import SandboxOptions, running

# -- before the first byte --------------------------------------------------------------------------------------------


def test_f01_nobody_listens(tmp_path: Path) -> None:
    """A refused connection leaves every row planned, and ends as unreachable when patience is over."""
    post = Post(tmp_path, f"http://127.0.0.1:{closed_port()}", patience=0.5)
    assert post.send().how is StopReason.UNREACHABLE
    assert post.states == ["planned"] * 3


def test_f01_connecting_takes_for_ever(tmp_path: Path) -> None:
    """A connection that never comes about is no call: the row is planned."""
    with blackhole() as port:
        post = Post(tmp_path, f"http://127.0.0.1:{port}", patience=0.2, timeout=1)
        assert post.send().how is StopReason.UNREACHABLE
    assert post.states == ["planned"] * 3


def test_f01_the_handshake_stalls(tmp_path: Path) -> None:
    """A server that never answers the TLS greeting has seen nothing of the row."""
    heard: list[bytes] = []

    async def stall(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(100_000))
        await reader.read(100_000)

    with peer(stall) as server:
        post = Post(tmp_path, server.url.replace("http:", "https:"), patience=0.2, timeout=1)
        assert post.send().how is StopReason.UNREACHABLE
    assert post.states == ["planned"] * 3
    assert heard
    assert not any(b"Room" in each for each in heard)


# -- after the first byte ---------------------------------------------------------------------------------------------


def _until_given_up(fault: str) -> float:
    """Short only where there will be no answer: on a busy machine, a good one may take its time."""
    return 2.0 if fault.startswith("hang") else GIVE_UP


@pytest.mark.parametrize("fault", ["lost-before", "hang-before", "500-before"])
def test_f02_lost_and_not_committed(tmp_path: Path, fault: str) -> None:
    """In doubt, then proved absent after the window and not before, then sent once more: one record."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url, timeout=_until_given_up(fault))
        post.send()
        assert post.states == ["in doubt", "created", "created"]
        assert [intent.row for intent in post.settle(3600).too_recent] == [2]
        post.send()
        assert creates(service) == 3
        post.settle(0.0)
        post.send()
        assert (post.states, creates(service)) == (["created"] * 3, 4)
        assert not problems(post, service)


@pytest.mark.parametrize("fault", ["lost-after", "hang", "reset", "500-after"])
def test_f03_lost_and_committed(tmp_path: Path, fault: str) -> None:
    """Found at once with the right Id, and never sent a second time."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url, timeout=_until_given_up(fault))
        post.send()
        post.settle(3600)
        assert post.states == ["created"] * 3
        assert creates(service) == 3
        assert not problems(post, service)


@pytest.mark.parametrize("minute", [1, 7, 14])
def test_f04_late_but_within_the_visibility_window(tmp_path: Path, minute: int) -> None:
    """A late effect within the window of 15 minutes is waited for: found, never doubled, whenever somebody looks."""
    clock = [time.time()]
    with sandbox(faults=("lost-before",)) as service:
        post = Post(tmp_path, service.url, now=lambda: clock[0])
        post.send()
        assert post.states == ["in doubt", "created", "created"]
        late, rules = post.intents[0].body.encode(), service.state.service
        for passed in range(17):
            if passed == minute:
                # The call that nobody waits for any more takes effect.
                assert rules.create(KIND.name, late, service.state.options.username).status == 200
            post.settle(900.0)
            post.send()
            assert post.states[0] == ("in doubt" if passed < minute else "created")
            clock[0] += 60.0
        assert post.states == ["created"] * 3
        assert creates(service) == 3
        assert not problems(post, service)


def test_f05_later_than_the_visibility_window(desk: Desk, service: Service) -> None:
    """Where the assumption is broken two records come of a row, and the next reading and verify name both."""
    service.fail("ok", "late:5")
    file = desk.write("rows.csv", [mapping(2), mapping(3)])
    assert desk.type("run", file, "--yes").code == 8
    service.let_the_window_pass(desk)
    done = desk.type("run", file, "--yes")
    wait_until(lambda: len(service.records) == 3)
    both = [str(record["Id"]) for record in service.records if record["Name"] == "Room 3"]
    verified = desk.type("verify", "--json")
    assert verified.code != 0
    table = Path(verified.json["file"]).read_text("utf-8-sig")
    assert all(number in table for number in both), table
    again = desk.type("run", file, "--yes")
    assert again.code == 8
    assert all(number in again.err + again.out for number in both), (done.err, again.err)


def test_f06_cut_at_every_byte(memory: Path) -> None:
    """An answer that breaks off after any number of bytes leaves one record and, after a look, the right state."""
    whole = _length_of_an_answer()
    faults = [name for count in range(whole + 1) for name in (f"cut:{count}", "ok")]
    with sandbox(faults=tuple(faults)) as service:
        post = Post(memory, service.url, rows=len(faults))
        assert post.send().how is StopReason.DONE
        doubtful = [intent.row for intent in post.intents if intent.state == "in doubt"]
        # The reset that follows a whole answer may throw it away before it is read, or meet the next row on the same
        # connection; then that row is in doubt too, and sent again if it was proved absent.
        assert whole <= len(doubtful) <= whole + 1
        post.settle(0)
        post.send()
        assert set(post.states) == {"created"}
        assert creates(service) == len(faults)
        assert not problems(post, service)


def _length_of_an_answer() -> int:
    """Bytes of the answer to a create, head and body, as the sandbox sends them before it cuts."""
    with sandbox(faults=("cut:100000",)) as service:
        port = int(service.url.rpartition(":")[2])
        content = json.dumps({"ResourceId": 1, "CoworkerId": 1, "Name": "A", "SubscriptionExpireDate": "2031-01-01"})
        head = f"POST /api/spaces/coworkermsoffecalendars HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall((head + content).encode())
            return len(b"".join(iter(lambda: connection.recv(65536), b"")))


@pytest.mark.parametrize("taken", [0, 1, 40, 200, None])
def test_f07_cut_while_the_request_is_read(tmp_path: Path, taken: int | None) -> None:
    """A connection that breaks while the row is on its way leaves it in doubt: the server may have had all of it."""

    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (request(reader) if taken is None else reader.readexactly(taken))

    with peer(break_off) as server:
        post = Post(tmp_path, server.url, rows=1)
        post.send()
    assert post.states == ["in doubt"]


def test_f08_a_connection_closed_while_idle(tmp_path: Path) -> None:
    """A server that closes after each answer costs no row: the next call takes a new connection, once each."""
    names: list[str] = []

    async def answer_and_close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        names.append(json.loads((await request(reader)).partition(b"\r\n\r\n")[2])["Name"])
        writer.write(created(100 + len(names)))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    with peer(answer_and_close) as server:
        post = Post(tmp_path, server.url, rows=5, windows=(Window(20, 1.0, writes=True),))
        post.send()
    assert set(post.states) <= {"created", "in doubt"}
    assert names == [f"Room {number}" for number in range(2, 7)]


def test_f08_a_reset_in_the_moment_of_sending(tmp_path: Path) -> None:
    """A kept connection that breaks when the next row is written leaves that row in doubt; it is not repeated."""
    names: list[str] = []

    async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        names.append(json.loads((await request(reader)).partition(b"\r\n\r\n")[2])["Name"])
        writer.write(created(100 + len(names)))
        await writer.drain()
        names.append(json.loads((await request(reader)).partition(b"\r\n\r\n")[2])["Name"])

    with peer(answer_once) as server:
        post = Post(tmp_path, server.url, rows=4)
        post.send()
    assert post.states == ["created", "in doubt", "created", "in doubt"]
    assert len(names) == len(set(names)) == 4


# -- answers that say nothing or something else -----------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["502-html", "502-html-after", "200-html", "200-html-after", "200-empty"])
def test_f09_a_web_page_instead_of_an_answer(tmp_path: Path, fault: str) -> None:
    """A page from something in between leaves the row in doubt, quotes it briefly, and doubles nothing."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url)
        post.send()
        doubtful = post.intents[0]
        assert doubtful.state == "in doubt"
        assert len(doubtful.message or "") < 400
        _settle_and_finish(post)
        assert not problems(post, service)


@pytest.mark.parametrize("fault", ["500-after", "500-before", "500-ooops", "500-ooops-after", "400-ooops-after"])
def test_f10_a_500_says_nothing(tmp_path: Path, fault: str) -> None:
    """A 500 is in doubt whether or not it took effect; the service's list tells."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url)
        post.send()
        assert post.states[0] == "in doubt"
        _settle_and_finish(post)
        assert not problems(post, service)


def _settle_and_finish(post: Post) -> None:
    post.settle(0.0)
    post.send()
    assert post.states == ["created"] * len(post.states)


def test_f11_a_refusal_names_field_and_sentence(tmp_path: Path) -> None:
    """A validation error rejects its row alone, with our name of the field and the service's words."""
    with sandbox(faults=("400-relation", "false-200", "errors-200")) as service:
        post = Post(tmp_path, service.url, rows=4)
        post.send()
        first = post.intents[0]
        assert post.states == ["rejected", "rejected", "rejected", "created"]
        assert (first.field, "required" in (first.message or "")) == ("CoworkerId", True)
        assert not problems(post, service)


@pytest.mark.parametrize("fault", ["throttle-409:1", "throttle-429:0.8", "throttle-409-bare"])
def test_f12_a_throttle_storm(tmp_path: Path, fault: str) -> None:
    """While every reply is a throttle, one call at most goes out per wait, no time is burned, and a stop is obeyed."""
    with sandbox(faults=(fault,) * 100) as service:
        post = Post(tmp_path, service.url, concurrency=4)
        burned, began = time.process_time(), time.monotonic()
        assert post.send(seconds=1.6).how is StopReason.REQUESTED
        assert time.process_time() - burned < 1.5
        # Up to four leave at once before the first answer; then one batch a wait.
        assert creates(service) <= ((time.monotonic() - began) // 0.8 + 1) * 4
        assert post.states == ["planned"] * 3


@pytest.mark.parametrize(("fault", "state"), [("409-envelope", "rejected"), ("status-after:409", "in doubt")])
def test_f13_a_409_that_is_no_throttle(tmp_path: Path, fault: str, state: str) -> None:
    """A conflict about the record is a refusal; a 409 that says nothing is in doubt, never simply sent again."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url, rows=2)
        post.send()
        assert post.states == [state, "created"]
        assert creates(service) == 2


@pytest.mark.parametrize(
    "value", ["1e12", "-5", "0", "abc", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "nan"]
)
def test_f14_an_absurd_retry_after(tmp_path: Path, value: str) -> None:
    """Whatever Retry-After says, the next call waits at least a second and at most 25 hours."""
    with sandbox(faults=(f"throttle-409:{value}",)) as service:
        post = Post(tmp_path, service.url, rows=1)
        began = time.time()
        post.send(seconds=0.4)
        assert (post.states, creates(service)) == (["planned"], 1)
        with open_journal(post.database) as journal:
            now = time.time()
            until = now + journal.calls.reserve("127.0.0.1/ops@example.com", (), write=True, now=now)
    assert began + 1.0 <= until <= now + LONGEST_WAIT


# -- allowances -------------------------------------------------------------------------------------------------------


def test_f15_the_daily_allowance_survives_restarts(tmp_path: Path) -> None:
    """However often it is started, no 24 hours see more writes than allowed; a day later it goes on."""
    clock = [1_000_000.0]
    with sandbox() as service:
        post = Post(tmp_path, service.url, rows=9, windows=(Window(4, DAY, writes=True),), waits=False)
        post.now = lambda: clock[0]
        sent = []
        for hours in (0, 0, 12, 23, 24.5, 30, 48.4, 48.6):
            clock[0] = 1_000_000.0 + hours * 3600
            post.send()
            sent.append(creates(service))
        assert sent == [4, 4, 4, 4, 8, 8, 8, 9]
        assert not problems(post, service)


def test_f16_somebody_else_uses_the_allowance(tmp_path: Path) -> None:
    """A service that throttles because others call it too still gets each row once."""
    with sandbox(writes_per_minute=3, time_scale=60.0, throttle="429") as service:
        post = Post(tmp_path, service.url, rows=6, concurrency=2)
        assert post.send().how is StopReason.DONE
        assert service.state.throttled > 0
        assert post.states == ["created"] * 6
        assert not problems(post, service)


def test_f17_the_network_is_gone_for_a_while(tmp_path: Path) -> None:
    """Planned rows wait, and go on by themselves when the service is back."""
    port, ended, found = closed_port(), threading.Event(), list[str]()

    def come_back() -> None:
        time.sleep(1.2)
        with running(SandboxOptions(**NO_LIMITS, token=TOKEN), port=port) as service:
            ended.wait(GIVE_UP)
            found.extend(problems(post, service))

    post = Post(tmp_path, f"http://127.0.0.1:{port}", patience=GIVE_UP)
    later = threading.Thread(target=come_back)
    later.start()
    assert post.send().how is StopReason.DONE
    ended.set()
    later.join()
    assert post.states == ["created"] * 3
    assert found == []


# -- odd answers ------------------------------------------------------------------------------------------------------


def test_f18_a_dripping_answer(tmp_path: Path) -> None:
    """An answer that comes byte by byte is given up at the deadline for the whole call: in doubt."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        # It would never end: a call that waited for each byte anew would wait for ever.
        for byte in itertools.chain(b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n", itertools.repeat(32)):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    with peer(drip) as server:
        post = Post(tmp_path, server.url, rows=1, timeout=0.6)
        post.send()
    assert post.states == ["in doubt"]


@pytest.mark.parametrize("fault", ["gzip-bomb", "big-body"])
def test_f19_an_answer_that_is_too_big(tmp_path: Path, fault: str) -> None:
    """A hundred megabytes in a small gzip, or ten plain, cost neither memory nor a second record."""
    with sandbox(faults=(fault,)) as service:
        post = Post(tmp_path, service.url, rows=2, timeout=5)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        post.send()
        # The sandbox lives in this process too and holds its own ten megabytes.
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
        assert post.states[0] == "in doubt"
        post.settle(3600)
        assert post.states == ["created"] * 2


def test_f19_bottomless_json(tmp_path: Path) -> None:
    """JSON nested a hundred thousand deep is no answer."""

    async def nest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        writer.write(http(b"[" * 100_000 + b"]" * 100_000))
        await writer.drain()

    with peer(nest) as server:
        post = Post(tmp_path, server.url, rows=1)
        post.send()
    assert post.states == ["in doubt"]


def test_f20_a_redirect(tmp_path: Path) -> None:
    """A redirect is not followed, nothing reaches its target, and sending stops."""
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        heard.append(await reader.read(10))

    with peer(listen) as target, sandbox(faults=(f"redirect:{target.url}/",)) as service:
        post = Post(tmp_path, service.url)
        assert post.send().how is StopReason.REFUSED
        assert post.states == ["in doubt", "planned", "planned"]
    assert heard == []


def test_f21_another_certificate_in_the_middle(tmp_path: Path) -> None:
    """A certificate that is no longer trusted ends the call before the row is written: planned."""
    names: list[str] = []
    trusted, stranger = _certificate(tmp_path / "trusted"), _certificate(tmp_path / "stranger")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trusted)

    async def answer_and_change(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        names.append(json.loads((await request(reader)).partition(b"\r\n\r\n")[2])["Name"])
        context.load_cert_chain(stranger)
        writer.write(created(100 + len(names), "Connection: close"))
        await writer.drain()

    with peer(answer_and_change, tls=context) as server:
        post = Post(tmp_path, server.url, ca_file=str(trusted), patience=0.3, timeout=4)
        assert post.send().how is StopReason.UNREACHABLE
    assert names == ["Room 2"]
    assert post.states == ["created", "planned", "planned"]


def _certificate(folder: Path) -> Path:
    """A self-signed certificate of its own for localhost, its key in the same file."""
    folder.mkdir()
    path = folder / "both.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(path), "-out", str(folder / "certificate.pem")]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + (folder / "certificate.pem").read_text())
    return path


def test_f22_the_answer_to_another_request(tmp_path: Path) -> None:
    """An answer that names another row's record is not believed: in doubt, and sending stops."""
    with sandbox(faults=("ok", "id-repeated")) as service:
        post = Post(tmp_path, service.url)
        assert post.send().how is StopReason.REFUSED
        assert post.states == ["created", "in doubt", "planned"]
        _settle_and_finish(post)
        assert not problems(post, service)


# -- sign-in and permission -------------------------------------------------------------------------------------------


def test_f23_the_token_ends_during_the_run(desk: Desk, serve: Callable[..., Service]) -> None:
    """Tokens that live two seconds, and one that is taken back, cost no row and no second record."""
    service = serve(SandboxOptions(**NO_LIMITS, expires_in=2, latency=0.03))
    service.fail("ok", "401-token", "ok", "ok", "401-token")
    done = desk.type("run", desk.write("rows.csv", [mapping(n) for n in range(2, 72)]), "--yes", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 70), done.err
    assert len(service.records) == 70


def test_f24_signed_out_for_good(desk: Desk, service: Service) -> None:
    """When the sign-in is refused for good the run stops at once and clearly; after a new one it goes on."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 8)])
    desk.variables["IMPORTER_CONCURRENCY"] = "1"
    service.fail("ok", "401-token")
    service._ask("faults?on=token", ["ok", "status:401", "status:401"])
    done = desk.type("run", file, "--yes", "--json")
    assert done.code == 4, done.err
    assert (service.creates, len(service.records)) == (2, 1)
    done = desk.type("resume", "--json")
    assert (done.code, done.json["counts"]["created"]) == (0, 6), done.err
    assert len(service.records) == 6


def test_f24b_a_401_about_one_row(tmp_path: Path) -> None:
    """A 401 while the sign-in holds rejects its row, and the run goes on."""
    with sandbox(faults=("ok", "401-row")) as service:
        post = Post(tmp_path, service.url)
        assert post.send().how is StopReason.DONE
        assert post.states == ["created", "rejected", "created"]


def test_f25_no_token_outlives_its_process(desk: Desk, service: Service) -> None:
    """No token is kept in a file, so none can be stale after a crash: the next process signs in anew."""
    signed_in = service._ask("calls")["calls"]
    file = desk.write("rows.csv", [mapping(2), mapping(3)])
    assert desk.type("run", file, "--yes", "--max-rows", "1").code == 6
    kept = [path.name for path in desk.home.rglob("*") if path.is_file() and b"refresh_token" in path.read_bytes()]
    assert kept == []
    assert desk.type("resume", "--max-rows", "5").code == 0
    calls = service._ask("calls")["calls"]
    assert sum(call["path"] == "/api/token" for call in calls) - len(signed_in) == 2


def test_f26_the_role_is_taken_away(tmp_path: Path) -> None:
    """A 403 stops sending at once; its row and those after it are planned, not failed."""
    with sandbox(faults=("ok", "403")) as service:
        post = Post(tmp_path, service.url, rows=5)
        assert post.send().how is StopReason.SIGN_IN
        assert post.states == ["created", "planned", "planned", "planned", "planned"]
        assert creates(service) == 2


def test_f27_another_user_than_the_run_began_with(desk: Desk, serve: Callable[..., Service]) -> None:
    """A run is not continued for another user; the command says for whom it was."""
    first = serve()
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    other = serve(SandboxOptions(**NO_LIMITS, username="other@example.com"))
    done = desk.type("resume")
    assert done.code == 2
    assert "ops@example.com" in done.err
    assert (len(first.records), len(other.records)) == (2, 0)
