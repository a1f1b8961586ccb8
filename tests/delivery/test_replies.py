"""The reply table, line by line, and what must hold for any reply whatever."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.delivery import replies as reply_table
from importer.delivery.replies import RULES, Pause, Rule, Verdict, classify, classify_read, remedy_of_list
from importer.journal.next_steps import REMEDIES, StepKind
from importer.journal.states import Event
from importer.nexudus import Access, Nexudus, Reply, Secret
from importer.nexudus.reply import LARGEST_ID, parse_json
from importer.sandbox import SandboxOptions, running
from importer.sandbox.faults import FAULTS

RELATIONS = {"Coworker": "CoworkerId", "Resource": "ResourceId"}

OOPS = "Ooops! There was a problem while running this action. Please try again."
HTML = "<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>"
CREATED = {
    "Status": 200,
    "Message": "CoworkerMsOfficeCalendar was successfully created.",
    "Value": {"Id": 87654321},
    "OpenInDialog": False,
    "OpenInWindow": False,
    "RedirectURL": None,
    "JavaScript": None,
    "UpdatedOn": "2025-01-15T10:30:00Z",
    "UpdatedBy": "admin@example.com",
    "Errors": None,
    "WasSuccessful": True,
}
INVALID = {
    "Message": "Name: is a required field",
    "Value": None,
    "Errors": [{"AttemptedValue": None, "Message": "is a required field", "PropertyName": "Name"}],
    "WasSuccessful": False,
}
REFUSED_200 = {"Status": 500, "Message": "No can do.", "Value": None, "Errors": None, "WasSuccessful": False}


def answered(status: int, body: object = "", *, reason: str = "", retry_after: tuple[str, ...] = ()) -> Reply:
    """A whole answer; a str is a raw body, anything else goes as JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    kind = "text/html" if text.startswith("<") else "application/json; charset=utf-8"
    parsed = parse_json(text.encode())
    return Reply(status, reason, retry_after, None, kind, text, parsed, whole=True)


def broken_off(status: int) -> Reply:
    """An answer of which only the beginning came."""
    return Reply(status, text='{"Status":200,"Mess', failure="the answer was cut off")


def judged(reply: Reply, *seen: int) -> Verdict:
    """The verdict, with the Ids that other rows hold."""
    return classify(reply, lambda number: number in seen, RELATIONS)


@dataclass(frozen=True)
class Line:
    """One line of the table: a reply, and what must follow."""

    reply: Reply
    event: Event | None
    rest: Mapping[str, object] = field(default_factory=dict)


def stops(remedy: StepKind) -> dict[str, object]:
    """What follows for the whole run from an answer that every row would get."""
    return {"pause": Pause.STOP_RUN, "remedy": remedy}


NO_PATH: dict[str, object] = {"pause": Pause.STOP_IF_REPEATED, "remedy": StepKind.CHECK_NAMED}
WAIT = "You must wait before accessing this url again."
REQUIRED = "is a required field"
THROTTLE = {"pause": Pause.THROTTLE, "wait": None}
TABLE: dict[str, Line] = {
    "created": Line(answered(200, CREATED), Event.ACCEPTED, {"remote_id": 87654321, "pause": Pause.NONE}),
    "created with 201": Line(answered(201, CREATED), Event.ACCEPTED, {"remote_id": 87654321}),
    "largest Id": Line(answered(200, {**CREATED, "Value": {"Id": LARGEST_ID}}), Event.ACCEPTED),
    "Errors empty": Line(answered(200, {**CREATED, "Errors": []}), Event.ACCEPTED),
    "2xx WasSuccessful false": Line(answered(200, REFUSED_200), Event.REFUSED, {"message": "No can do."}),
    "2xx with Errors": Line(answered(200, {**INVALID, "WasSuccessful": True}), Event.REFUSED, {"field": "Name"}),
    "array with error": Line(answered(200, [{"error": "Not saved."}]), Event.REFUSED, {"message": "Not saved."}),
    "2xx false but with Id": Line(answered(200, {**CREATED, "WasSuccessful": False}), Event.LOST),
    "2xx errors but with Id": Line(answered(200, {**CREATED, "Errors": INVALID["Errors"]}), Event.LOST),
    "2xx plain text": Line(answered(200, "OK"), Event.LOST, {"pause": Pause.NONE}),
    "2xx broken off": Line(broken_off(200), Event.LOST),
    "2xx web page": Line(answered(200, HTML), Event.LOST, {"pause": Pause.NONE}),
    "2xx empty": Line(answered(200), Event.LOST),
    "204": Line(answered(204), Event.LOST),
    "2xx without Value": Line(answered(200, {**CREATED, "Value": None}), Event.LOST),
    "2xx without WasSuccessful": Line(answered(200, {"Value": {"Id": 5}}), Event.LOST),
    "2xx WasSuccessful is text": Line(answered(200, {**CREATED, "WasSuccessful": "true"}), Event.LOST),
    "2xx array": Line(answered(200, [CREATED]), Event.LOST),
    "Id null": Line(answered(200, {**CREATED, "Value": {"Id": None}}), Event.LOST),
    "Id text": Line(answered(200, {**CREATED, "Value": {"Id": "87654321"}}), Event.LOST),
    "Id true": Line(answered(200, {**CREATED, "Value": {"Id": True}}), Event.LOST),
    "Id zero": Line(answered(200, {**CREATED, "Value": {"Id": 0}}), Event.LOST),
    "Id negative": Line(answered(200, {**CREATED, "Value": {"Id": -5}}), Event.LOST),
    "Id fraction": Line(answered(200, {**CREATED, "Value": {"Id": 5.0}}), Event.LOST),
    "Id too large": Line(answered(200, {**CREATED, "Value": {"Id": 2**63}}), Event.LOST),
    "Id used before": Line(
        answered(200, {**CREATED, "Value": {"Id": 7}}), Event.LOST, {"pause": Pause.STOP_RUN, "remedy": None}
    ),
    "302": Line(answered(302), Event.LOST, stops(StepKind.CHECK_ADDRESS)),
    "307": Line(answered(307, CREATED), Event.LOST, stops(StepKind.CHECK_ADDRESS)),
    "400": Line(answered(400, INVALID), Event.REFUSED, {"message": f"Name: {REQUIRED}", "field": "Name"}),
    "400 old, inner Status 500": Line(
        answered(400, {"Status": 500, **INVALID}), Event.REFUSED, {"message": f"Name: {REQUIRED}", "field": "Name"}
    ),
    "400 several errors": Line(
        answered(
            400,
            {
                "Message": "Email: may not be null or empty",
                "Errors": [
                    {"PropertyName": "Email", "Message": "may not be null or empty"},
                    {"PropertyName": "Country", "Message": REQUIRED},
                ],
                "WasSuccessful": False,
            },
        ),
        Event.REFUSED,
        {"message": f"Email: may not be null or empty; Country: {REQUIRED}", "field": "Email"},
    ),
    "400 relation in Errors": Line(
        answered(400, {**INVALID, "Errors": [{"PropertyName": "Coworker", "Message": REQUIRED}]}),
        Event.REFUSED,
        {"message": f"Coworker: {REQUIRED}", "field": "CoworkerId"},
    ),
    "400 relation in Message only": Line(
        answered(400, {"Message": f"Resource: {REQUIRED}", "Errors": None, "WasSuccessful": False}),
        Event.REFUSED,
        {"message": f"Resource: {REQUIRED}", "field": "ResourceId"},
    ),
    "400 message only": Line(
        answered(400, {"Message": "The request is invalid."}), Event.REFUSED, {"field": None, "pause": Pause.NONE}
    ),
    "404 JSON string": Line(answered(404, '"Not found"'), Event.REFUSED, {"message": "Not found"} | NO_PATH),
    "405": Line(answered(405, {"Message": "No POST."}), Event.REFUSED, NO_PATH),
    "410": Line(answered(410, {"Message": "Gone."}), Event.REFUSED, NO_PATH),
    "413": Line(answered(413, {"Message": "Too large."}), Event.REFUSED, {"pause": Pause.NONE}),
    "415": Line(answered(415, {"Message": "Wrong type."}), Event.REFUSED),
    "422": Line(answered(422, INVALID), Event.REFUSED, {"field": "Name"}),
    **{
        f"{status} web page": Line(answered(status, HTML), Event.LOST, stops(StepKind.CHECK_NETWORK))
        for status in (400, 403, 404, 405, 410, 413, 415, 422)
    },
    **{f"{status} empty": Line(answered(status), Event.LOST) for status in (400, 404, 405, 413, 415, 422)},
    "400 broken off": Line(broken_off(400), Event.LOST),
    "400 with a new record": Line(answered(400, CREATED), Event.LOST),
    "400 oops": Line(answered(400, {"Message": OOPS}), Event.LOST),
    "400 oops in an envelope": Line(answered(400, {**INVALID, "Message": OOPS}), Event.LOST),
    "500 oops": Line(answered(500, {"Message": OOPS, "WasSuccessful": False}), Event.LOST),
    "200 oops": Line(answered(200, {**REFUSED_200, "Message": OOPS}), Event.LOST),
    "401 row": Line(answered(401, {"Message": "Access Denied."}), None, {"probe": True, "pause": Pause.NONE}),
    "401 token": Line(answered(401), None, {"probe": True}),
    "401 for want of a token": Line(
        Reply(401, sent=False, failure="The sign-in has ended."),
        None,
        {"probe": True, "message": "Not sent: The sign-in has ended."},
    ),
    "403": Line(answered(403, {"Message": "Denied."}), Event.NOT_APPLIED, stops(StepKind.GET_PERMISSION)),
    "403 empty": Line(answered(403), Event.NOT_APPLIED, stops(StepKind.GET_PERMISSION)),
    "409 envelope": Line(answered(409, INVALID), Event.REFUSED, {"field": "Name", "pause": Pause.NONE}),
    "409 documented": Line(
        answered(409, reason=WAIT, retry_after=("1",)), Event.NOT_APPLIED, {"pause": Pause.THROTTLE, "wait": 1.0}
    ),
    "409 envelope with Retry-After": Line(answered(409, INVALID, retry_after=("9",)), Event.NOT_APPLIED, {"wait": 9.0}),
    "409 empty": Line(answered(409), Event.NOT_APPLIED, THROTTLE),
    "409 reason only": Line(answered(409, "busy", reason=WAIT), Event.NOT_APPLIED, THROTTLE),
    "409 wait inside JSON": Line(answered(409, {"Message": WAIT}), Event.NOT_APPLIED, THROTTLE),
    "409 other": Line(answered(409, {"Message": "Conflict."}), Event.LOST, {"pause": Pause.NONE}),
    "409 broken off before its body": Line(Reply(409, failure="the answer was cut off"), Event.LOST),
    "409 about a waiting list": Line(answered(409, {"Message": "Wait list is full."}), Event.LOST),
    "429 Retry-After": Line(answered(429, retry_after=("15",)), Event.NOT_APPLIED, {"wait": 15.0}),
    "429 text": Line(answered(429, f"{WAIT} Wait 1.5 seconds"), Event.NOT_APPLIED, {"wait": 1.75}),
    "429 bare": Line(answered(429), Event.NOT_APPLIED, THROTTLE),
    **{
        str(status): Line(answered(status, {"Message": "An error has occurred."}), Event.LOST, {"pause": Pause.NONE})
        for status in (408, 425, 499, 500, 502, 503, 504, *range(520, 528))
    },
    "500 that says no": Line(answered(500, INVALID), Event.LOST),
    "502 web page": Line(answered(502, HTML), Event.LOST, {"pause": Pause.NONE}),
    "503 Retry-After": Line(
        answered(503, retry_after=("30",)), Event.LOST, {"pause": Pause.THROTTLE, "wait": 30.0, "unreachable": False}
    ),
    "418": Line(answered(418, {"Message": "Teapot."}), Event.LOST),
    "100": Line(answered(100), Event.LOST),
    "not sent": Line(
        Reply(sent=False, failure="the connection was refused"),
        Event.NOT_APPLIED,
        {"unreachable": True, "wait": None, "message": "Not sent: the connection was refused."},
    ),
    "no answer": Line(Reply(failure="no answer within 60 seconds"), Event.LOST, {"unreachable": False}),
}


@pytest.mark.parametrize("line", TABLE.values(), ids=TABLE)
def test_each_line_of_the_table(line: Line) -> None:
    """Each documented reply leads to the event of the table, and to nothing more than it says."""
    verdict = judged(line.reply, 7)
    assert verdict.event is line.event
    for name, value in line.rest.items():
        assert getattr(verdict, name) == value, name


@pytest.fixture
def anyio_backend() -> str:
    """The loop that the importer runs on."""
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize("fault", [*sorted(FAULTS.keys() - {"cut", "status", "status-after", "late"}), "cut:40"])
async def test_the_verdict_agrees_with_the_service(fault: str) -> None:
    """Whatever goes wrong at the sandbox, a row that may go again or is rejected left nothing, a created one did."""
    body = '{"ResourceId":1,"CoworkerId":2,"Name":"Room","SubscriptionExpireDate":"2026-11-30T10:30:00Z"}'
    with running(SandboxOptions(token="t", faults=(fault,), calls_per_100ms=None)) as sandbox:
        async with Nexudus(Access(url=sandbox.url, token=Secret("t"), timeout=0.5), "x") as nexudus:
            verdict = judged(await nexudus.create("coworkermsoffecalendars", body))
        created = [record_id for record_id, _ in sandbox.state.service.records.all()]
    if verdict.event in (Event.NOT_APPLIED, Event.REFUSED) or verdict.probe:
        assert created == []
    if verdict.event is Event.ACCEPTED:
        assert created == [verdict.remote_id]


def follows(line: Line) -> bool:
    """Whether a reply is judged as its line of the table says."""
    verdict = judged(line.reply, 7)
    return verdict.event is line.event and all(getattr(verdict, name) == value for name, value in line.rest.items())


NAMED_FOR_THE_READER = {"no answer", "2xx without a proper Id"}
"""Rules that say what the last one says of everything else."""


@pytest.mark.parametrize("rule", RULES[:-1], ids=lambda rule: rule.name)
def test_no_rule_can_be_taken_away(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without any one of them a line of the table is judged otherwise: none is idle, and none is tested by luck."""
    every_facts = (reply_table._facts(line.reply, (7).__eq__, RELATIONS) for line in TABLE.values())
    assert rule in [next(each for each in RULES if each.fits(facts)) for facts in every_facts]
    monkeypatch.setattr(reply_table, "RULES", tuple(each for each in RULES if each is not rule))
    assert all(map(follows, TABLE.values())) is (rule.name in NAMED_FOR_THE_READER)


def test_every_reply_has_a_rule() -> None:
    """The last one fits whatever comes, and each line of the table is judged as it says."""
    assert RULES[-1].fits(reply_table._facts(Reply(), lambda _: False, {}))
    assert [name for name, line in TABLE.items() if not follows(line)] == []


def test_a_run_that_stops_says_why_and_what_to_do() -> None:
    """A pause for a person carries a reason and a remedy for that person; of an Id that is not new, only the reason."""
    for name, line in TABLE.items():
        verdict = judged(line.reply, 7)
        pauses = verdict.pause in (Pause.STOP_RUN, Pause.STOP_IF_REPEATED)
        assert bool(verdict.reason) == pauses, name
        assert (verdict.remedy in REMEDIES) == (pauses and name != "Id used before"), name


def test_messages_are_one_clean_line() -> None:
    """What the service says cannot steer a terminal, forge a line, or fill the report."""
    hostile = {**INVALID, "Errors": None, "Message": "\x1b[2J\r\nName:\tno \ud800" + "x" * 100_000}
    message = judged(answered(400, hostile)).message
    assert len(message) <= 500
    assert message.isprintable()


def test_a_lost_reply_is_quoted_briefly() -> None:
    """A proxy's page is quoted with its status, not copied whole."""
    message = judged(answered(502, HTML + "x" * 5000)).message
    assert 'HTTP 502, "<!DOCTYPE html>' in message
    assert len(message) < 350


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
ENVELOPES = st.fixed_dictionaries(
    {},
    optional={
        "Status": JSON_VALUES,
        "Message": JSON_VALUES | st.sampled_from([OOPS, WAIT, "Name: no"]),
        "Value": JSON_VALUES | st.fixed_dictionaries({"Id": JSON_VALUES | st.integers(1, 9)}),
        "Errors": JSON_VALUES | st.lists(st.fixed_dictionaries({"PropertyName": JSON_VALUES, "Message": JSON_VALUES})),
        "WasSuccessful": JSON_VALUES | st.just(True),
        "error": JSON_VALUES,
    },
)
BODIES = st.one_of(JSON_VALUES, ENVELOPES, st.lists(ENVELOPES, max_size=2)).map(json.dumps) | st.text() | st.just(HTML)
STATUSES = st.sampled_from([200, 201, 400, 401, 403, 404, 409, 429, 500, 503]) | st.integers(100, 599)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    """Any reply that the network could bring."""
    whole = draw(st.booleans())
    body = draw(BODIES)
    status = draw(STATUSES | st.none())
    retry_after = tuple(draw(st.lists(st.text(max_size=12) | st.sampled_from(["1", "0"]), max_size=2)))
    return Reply(
        status,
        draw(st.sampled_from(["", "OK", WAIT])),
        retry_after,
        None,
        draw(st.sampled_from(["", "application/json", "text/html"])),
        body,
        parse_json(body.encode(errors="replace")) if whole else None,
        whole=whole,
        sent=draw(st.booleans()) if status is None else True,
        failure="" if whole else "the answer was cut off",
    )


@given(replies())
def test_accepted_needs_a_proper_new_id_and_the_word_of_the_service(reply: Reply) -> None:
    """Whatever comes back, a row is created only with success, no errors, and a positive whole number as new Id."""
    verdict = judged(reply, 7)
    if verdict.event is not Event.ACCEPTED:
        assert verdict.remote_id is None
        return
    assert isinstance(reply.json, dict)
    assert reply.whole
    assert reply.status is not None
    assert 200 <= reply.status < 300
    assert reply.json["WasSuccessful"] is True
    assert not reply.json.get("Errors")
    assert type(verdict.remote_id) is int
    assert verdict.remote_id == reply.json["Value"]["Id"] != 7
    assert 1 <= verdict.remote_id <= LARGEST_ID


@given(replies())
def test_not_applied_needs_proof(reply: Reply) -> None:
    """A row goes back to be sent again only after one of the few replies that precede any effect."""
    verdict = judged(reply)
    if verdict.event is not Event.NOT_APPLIED:
        return
    asked_to_wait = bool(reply.retry_after) or not reply.text.strip() or "wait" in (reply.reason + reply.text).lower()
    proofs = (
        reply.status is None and not reply.sent,
        reply.status == 403 and not reply.html,
        reply.status == 429,
        reply.status == 409 and asked_to_wait,
    )
    assert any(proofs)


@given(replies())
def test_refused_needs_a_refusing_answer(reply: Reply) -> None:
    """A row is called rejected only after a whole answer that says so and names no record."""
    if judged(reply).event is Event.REFUSED:
        assert reply.whole
        assert reply.status is not None
        assert reply.status < 300 or reply.status in (400, 404, 405, 409, 410, 413, 415, 422)


@given(replies())
def test_any_reply_is_judged(reply: Reply) -> None:
    """No reply whatever breaks the table, and every wait can be slept."""
    verdict = classify(reply, lambda _: True)
    assert verdict.message.isprintable()
    assert verdict.wait is None or 1.0 <= verdict.wait <= 25 * 3600


@pytest.mark.parametrize(
    ("reply", "remedy"),
    [
        (answered(302), StepKind.CHECK_ADDRESS),
        (answered(307, HTML), StepKind.CHECK_ADDRESS),
        (answered(200, HTML), StepKind.CHECK_NETWORK),
        (answered(403, HTML), StepKind.CHECK_NETWORK),
        (answered(401, {"Message": "Denied."}), StepKind.GET_PERMISSION),
        (answered(403, {"Message": "Denied."}), StepKind.GET_PERMISSION),
        (answered(404, '"Not found"'), StepKind.CHECK_PATH),
        (answered(405), StepKind.CHECK_PATH),
        (answered(410), StepKind.CHECK_PATH),
        (answered(200, {"Records": None}), None),
        (answered(400, INVALID), None),
        (answered(429), None),
        (answered(500, {"Message": "An error has occurred."}), None),
        (answered(502, HTML), None),
        (Reply(sent=False, failure="no connection"), None),
        (Reply(failure="no answer"), None),
    ],
)
def test_what_a_list_waits_for_follows_from_what_came(reply: Reply, remedy: StepKind | None) -> None:
    """Only what would come again tomorrow is for a person; anything else may pass by itself."""
    assert remedy_of_list(reply) is remedy


AWAY: dict[int | None, str] = {
    **{status: f"HTTP {status}" for status in (408, 425, 502, 503, 504)},
    None: "no answer",
}


@pytest.mark.parametrize("status", [None, *range(200, 600)])
def test_a_read_is_waited_for_while_the_service_is_away(status: int | None) -> None:
    """Only while nobody answers, or asks to wait; whatever else came is about this record, and why is said."""
    reply = Reply() if status is None else answered(status, "{}")
    verdict = classify_read(reply)
    if status in AWAY:
        assert verdict is not None
        assert (verdict.unreachable, verdict.failure) == (True, AWAY[status])
    else:
        assert (verdict is not None and verdict.pause is Pause.THROTTLE) is (status == 429)
        assert verdict is None or not verdict.unreachable
