"""What a reply to a create or an update means for its row: one table, the first line that fits decides.

Rule 1: accepted needs the service's word and a proper new Id; not applied needs proof; everything else that is no
clear refusal is lost, because sending again on a guess is what makes duplicates. Rule 2: HTTP status and WasSuccessful
count, never the Status inside the body, which says 500 in plain refusals. Rule 3: nothing here knows the network, the
journal or the clock.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from importer.journal.next_steps import StepKind
from importer.journal.states import Event
from importer.nexudus import Reply
from importer.nexudus.reply import proper_id
from importer.text import printable

MESSAGE_CHARACTERS = 500
QUOTED_CHARACTERS = 200


class Pause(StrEnum):
    """What a reply asks of the whole run, beyond its row."""

    NONE = "none"
    THROTTLE = "throttle"
    """Every call waits: ``Verdict.wait`` seconds, or the sender's own back-off when that is None."""
    STOP_IF_REPEATED = "stop if repeated"
    """Stop when the next row gets the same: once may be the row, twice is the endpoint."""
    STOP_RUN = "stop run"
    """Nothing more is sent until a person has looked."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a reply means for its row and for the run.

    Attributes:
        event: What happened to the row; None when only a probe of the sign-in can tell.
        message: For people and the report; the service's own sentence where it gave one.
        remote_id: The Id of the record, when accepted.
        field: The field that a refusal is about, where the service says so.
        wait: Seconds that nobody may send, where the service says so.
        pause: What the whole run has to do.
        reason: Why the run stops, for people, as a clause.
        remedy: What a person has to do before the run can continue, if it stops and somebody can do anything.
        probe: Ask whether the sign-in still holds: if so the row is refused, else it was not applied.
        unreachable: No byte was written; the network is at fault, not the row.
        failure: Why the service could not be reached, as a clause.
    """

    event: Event | None
    message: str = ""
    remote_id: int | None = None
    field: str | None = None
    wait: float | None = None
    pause: Pause = Pause.NONE
    reason: str = ""
    remedy: StepKind | None = None
    probe: bool = False
    unreachable: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """A reply, with what the table asks of it."""

    reply: Reply
    is_known_id: bool
    relations: Mapping[str, str]
    new_id: int | None
    errors: tuple[Mapping[str, object], ...]
    verb: str = "create"

    def status_in(self, *statuses: int | None) -> bool:
        """Whether the HTTP status is one of these; None stands for no answer."""
        return self.reply.status_in(*statuses)

    @property
    def successful(self) -> object:
        """What the body says under WasSuccessful, None when it says nothing."""
        return _member(self.reply.json, "WasSuccessful")

    @property
    def is_refusal(self) -> bool:
        """Whether the body is a clear refusal: it says so or lists errors, and names no record."""
        # A body that complains and names a record contradicts itself. If the record is there, "rejected" would invite
        # somebody to correct the row and create it twice; so such a body is no refusal, and the row is in doubt.
        return not self.has_id and (self.successful is False or bool(self.errors))

    @property
    def has_complaint(self) -> bool:
        """Whether the body is JSON with a complaint in it; enough beside a status that is a refusal itself."""
        # Documented bodies without WasSuccessful: the JSON string "Not found" of a 404, and {"Message": …} alone.
        return self.is_refusal or (not self.has_id and self.successful is None and bool(_sentence(self)))

    @property
    def has_id(self) -> bool:
        """Whether the body names a record, even with an Id that is not a proper one."""
        return _member(_member(self.reply.json, "Value"), "Id") is not None

    @property
    def text(self) -> str:
        """Reason phrase and body: Nexudus documents its throttle with the phrase alone and an empty body."""
        return f"{self.reply.reason} {self.reply.text}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: when it fits, and what follows."""

    name: str
    fits: Callable[[Facts], bool]
    gives: Callable[[Facts], Verdict]


# "Ooops! There was a problem while running this action" comes for 400 and 500, before an effect and after it. A public
# client (read 2026-11-23) met it in bursts: one and the same body failed five times and then passed eight times.
_UNSURE = re.compile(r"\s*oo+ps\b", re.IGNORECASE)
# "You must wait before accessing this url again." is the documented reason phrase of a throttle
# (developers.nexudus.com/reference/api-limitations, read 2026-11-23); "Wait 1.5 seconds" is a body that a client met.
_WAIT = re.compile(r"\bmust wait before\b|\bwait \d+(\.\d+)? seconds?\b", re.IGNORECASE)
_SUCCESS = range(200, 300)
_AWAY = (408, 425, 502, 503, 504)
"""What a gateway answers while the service behind it is away (RFC 9110, 15.6.3 to 15.6.5), or is too busy to listen."""


def classify(
    reply: Reply,
    is_known_id: Callable[[int], bool],
    relations: Mapping[str, str] | None = None,
    verb: str = "create",
) -> Verdict:
    """What the reply to a create means, or to another call that writes.

    Args:
        reply: What came back.
        is_known_id: Whether an Id belongs already to another row of the journal; for an update, whether it is another
            record's.
        relations: Field by the name that the service uses for it in refusals, for example Coworker → CoworkerId.
        verb: What the call was to do, for the sentences.
    """
    facts = _facts(reply, is_known_id, relations or {}, verb)
    return next(rule for rule in RULES if rule.fits(facts)).gives(facts)


def classify_read(reply: Reply) -> Verdict | None:
    """The wait that the reply to a read calls for, as a row that was not applied calls for it; None if it tells more.

    A throttle, or no answer of the service: of the record that says nothing, and asked later it would be told.
    """
    if _is_throttle(_facts(reply, lambda _: False, {})) or (reply.status_in(503) and reply.retry_after):
        return Verdict(Event.NOT_APPLIED, pause=Pause.THROTTLE, wait=reply.wait)
    # Not 500, which may be about this record alone: waited for, it would keep all others from their turn.
    if reply.status_in(None, *_AWAY):
        failure = reply.failure or ("no answer" if reply.status is None else f"HTTP {reply.status}")
        return Verdict(Event.NOT_APPLIED, unreachable=True, failure=failure)
    return None


def remedy_of_list(reply: Reply) -> StepKind | None:
    """What a person has to do for a list that was answered like this; None if it may come later, or nobody knows."""
    if reply.status_in(*range(300, 400)):
        return StepKind.CHECK_ADDRESS
    # While the service is away, its gateway answers with a page as well.
    if reply.html and not reply.passing:
        return StepKind.CHECK_NETWORK
    # 401 too: whoever asks for a list has made sure of the sign-in.
    if reply.status_in(401, 403):
        return StepKind.GET_PERMISSION
    return StepKind.CHECK_PATH if reply.status_in(404, 405, 410) else None


def _accepted(facts: Facts) -> Verdict:
    return Verdict(Event.ACCEPTED, remote_id=facts.new_id)


def _refused(facts: Facts) -> Verdict:
    sentence, named = _sentence(facts), _named_field(facts)
    return Verdict(Event.REFUSED, sentence or f"Nexudus refused the row (HTTP {facts.reply.status}).", field=named)


def _no_endpoint(facts: Facts) -> Verdict:
    # Once may be the row: 404 is also what a record that the row names, and somebody deleted, could be answered with.
    reason = f"the service does not know the path, or a record that the rows name (HTTP {facts.reply.status})"
    return replace(_refused(facts), pause=Pause.STOP_IF_REPEATED, reason=reason, remedy=StepKind.CHECK_NAMED)


def _lost(facts: Facts) -> Verdict:
    return Verdict(Event.LOST, f"The service may or may not have {facts.verb}d the record: {_happened(facts)}.")


def _lost_and_wait(facts: Facts) -> Verdict:
    return replace(_lost(facts), pause=Pause.THROTTLE, wait=facts.reply.wait)


def _lost_and_stop(reason: str, remedy: StepKind) -> Callable[[Facts], Verdict]:
    return lambda facts: replace(
        _lost(facts), pause=Pause.STOP_RUN, reason=f"{reason} (HTTP {facts.reply.status})", remedy=remedy
    )


def _id_again(facts: Facts) -> Verdict:
    twice = "twice" if facts.verb == "create" else "for another record"
    reason = f"the service returned the Id {facts.new_id} {twice}"
    # Without a remedy: what became of the row is found out before the run continues, and a person can do no more.
    return Verdict(Event.LOST, f"Check this row in Nexudus: {reason}.", pause=Pause.STOP_RUN, reason=reason)


def _forbidden(facts: Facts) -> Verdict:
    # Not applied rather than refused: nothing is wrong with the row. It stays planned, and is sent by the next command
    # once somebody has given the user the role.
    reason = f"the service says that this user may not {facts.verb} these records (HTTP 403)"
    message, remedy = _sentence(facts) or reason, StepKind.GET_PERMISSION
    return Verdict(Event.NOT_APPLIED, message, pause=Pause.STOP_RUN, reason=reason, remedy=remedy)


def _throttled(facts: Facts) -> Verdict:
    return Verdict(Event.NOT_APPLIED, "The service asked us to wait.", pause=Pause.THROTTLE, wait=facts.reply.wait)


def _not_sent(facts: Facts) -> Verdict:
    failure = facts.reply.failure or "no connection"
    return Verdict(Event.NOT_APPLIED, f"Not sent: {failure}.", unreachable=True, failure=failure)


def _ask_the_probe(facts: Facts) -> Verdict:
    # A sign-in that failed before the call is reported as 401 as well; then there is no sentence of the service.
    if not facts.reply.sent:
        return Verdict(None, f"Not sent: {facts.reply.failure}", probe=True)
    sentence = _sentence(facts) or "No access"
    return Verdict(None, f"{sentence} (a record it names may be missing, or this user may not use it)", probe=True)


def _is_throttle(facts: Facts) -> bool:
    if facts.status_in(429):
        return True
    # Nexudus throttles with 409 "for legacy reasons" (same page), a status that elsewhere means a conflict about the
    # record. So a 409 has to show one of the marks of the documented answer: the header, the phrase, or no body. A
    # body that broke off is not an empty one: it may have held the refusal.
    empty = facts.reply.whole and not facts.reply.text.strip()
    return facts.status_in(409) and (bool(facts.reply.retry_after) or empty or bool(_WAIT.search(facts.text)))


def _is_unsure(facts: Facts) -> bool:
    sentence = _member(facts.reply.json, "Message")
    return isinstance(sentence, str) and bool(_UNSURE.match(sentence)) and not facts.has_id


def _is_success(facts: Facts) -> bool:
    # All four, because each has been seen without the others: 200 comes with WasSuccessful false, a proxy answers 200
    # with a page of its own, and only the Id lets the row be found, verified and undone later.
    return facts.status_in(*_SUCCESS) and facts.successful is True and not facts.errors and facts.new_id is not None


RULES: tuple[Rule, ...] = (
    # The only failure of the network that proves anything. The next line would put the row in doubt for nothing.
    Rule("nothing was written", lambda f: f.status_in(None) and not f.reply.sent, _not_sent),
    # A timeout is this one: the service may finish what it began after we stopped listening.
    Rule("no answer", lambda f: f.status_in(None), _lost),
    # A deleted coworker also answers 401 (met by a public client), and so does a role that is missing (documented:
    # developers.nexudus.com/rest-api/authentication, read 2026-11-23). So it says nothing about the sign-in by itself.
    Rule("401", lambda f: f.status_in(401), _ask_the_probe),
    # Before the envelopes: "must wait" may come inside one, and is no fault of the row.
    Rule("throttle", _is_throttle, _throttled),
    # Before every refusal: this body says WasSuccessful false as well, but the record may have been created.
    Rule("oops", lambda f: f.status_in(*_SUCCESS, 400, 500) and _is_unsure(f), _lost),
    # Before "created". Two rows with one Id would be refused by the journal's index, and with them the answers of all
    # the other rows in that transaction.
    Rule("Id of another row", lambda f: _is_success(f) and f.is_known_id, _id_again),
    Rule("created", _is_success, _accepted),
    # HTTP 200 with WasSuccessful false is how refused deletes and commands are answered (documented, and met live).
    Rule("2xx that says no", lambda f: f.status_in(*_SUCCESS) and f.is_refusal, _refused),
    # A body cut short, no JSON at all, an Id of 0: the service meant yes, but which record it made is unknown.
    Rule("2xx without a proper Id", lambda f: f.status_in(*_SUCCESS), _lost),
    # Never followed. 303 is even the usual answer to a form that took effect, so it is no refusal.
    Rule(
        "redirect",
        lambda f: f.status_in(*range(300, 400)),
        _lost_and_stop("the service redirected the call", StepKind.CHECK_ADDRESS),
    ),
    # A page comes from something in between, which may have passed the call on before it answered.
    Rule(
        "web page instead of the service",
        lambda f: f.status_in(*range(400, 500)) and f.reply.html,
        _lost_and_stop("a web page came instead of the service's answer", StepKind.CHECK_NETWORK),
    ),
    # The web page above comes first: a firewall says 403 too, and has no opinion about the user's role.
    Rule("403", lambda f: f.status_in(403) and not f.has_id and f.successful is not True, _forbidden),
    Rule("no such endpoint", lambda f: f.status_in(404, 405, 410) and f.has_complaint, _no_endpoint),
    # Validation comes as 400 with a complaint (developers.nexudus.com/rest-api/spaces/post-coworkermsoffecalendars,
    # read 2026-11-23). Without one it need not be the service that answered.
    Rule("refused", lambda f: f.status_in(400, 413, 415, 422) and f.has_complaint, _refused),
    # Here the body itself must refuse: unlike the statuses above, 409 is no refusal on its own.
    Rule("409 about the record", lambda f: f.status_in(409) and f.is_refusal, _refused),
    # The wait is respected, but nothing proves that it was said before an effect.
    Rule("503 with Retry-After", lambda f: f.status_in(503) and bool(f.reply.retry_after), _lost_and_wait),
    # 408, 425, 499, any other 409, 5xx, empty refusals. In doubt by default, so a reply that nobody thought of costs a
    # look at the list and never a second record. A 500 can come after the record was written.
    Rule("anything else", lambda _: True, _lost),
)
"""The reply table. Order matters: the first line that fits decides."""


def new_id(reply: Reply) -> int | None:
    """The Id that a reply gives to a record, if it is a proper one."""
    return proper_id(_member(_member(reply.json, "Value"), "Id"))


def _facts(
    reply: Reply, is_known_id: Callable[[int], bool], relations: Mapping[str, str], verb: str = "create"
) -> Facts:
    number = new_id(reply)
    return Facts(reply, number is not None and is_known_id(number), relations, number, _errors(reply.json), verb)


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _errors(body: object) -> tuple[Mapping[str, object], ...]:
    """What the body lists as errors; a text counts as the message of an error, anything odd as one without."""
    # The second shape is an array whose first item has an ``error``; a public client has code for it.
    first = body[0] if isinstance(body, list) and body else None
    listed = _member(body, "Errors") or _member(first, "error")
    if not listed:
        return ()
    entries = listed if isinstance(listed, list) else [listed]
    return tuple(entry if isinstance(entry, dict) else {"Message": entry} for entry in entries)


def _sentence(facts: Facts) -> str:
    """What the service complains of, for people; empty when it says nothing they could read."""
    # The list of errors before the Message, which repeats only one of them (support.nexudus.com, read 2026-11-23).
    sentence = "; ".join(filter(None, map(_one_error, facts.errors)))
    body = facts.reply.json
    for other in (_member(body, "Message"), _member(body, "error"), body):
        sentence = sentence or (other if isinstance(other, str) else "")
    return _clean(sentence, MESSAGE_CHARACTERS)


def _one_error(error: Mapping[str, object]) -> str:
    name, sentence = error.get("PropertyName"), error.get("Message")
    if not isinstance(sentence, str):
        return ""
    return f"{name}: {sentence}" if isinstance(name, str) and name else sentence


def _named_field(facts: Facts) -> str | None:
    """The field a refusal is about: of the first error, or of a sentence like "Name: is a required field"."""
    # The service may name the relation and not the field: "Country" for CountryId in its older pages, and "Booking: is
    # a required field" when BookingId was empty (met by a client). The user has a column for the field only.
    name = facts.errors[0].get("PropertyName") if facts.errors else None
    if not isinstance(name, str):
        head, colon, _ = _sentence(facts).partition(": ")
        name = head if colon and head.isidentifier() else None
    return facts.relations.get(name, _clean(name, MESSAGE_CHARACTERS)) if name else None


def _happened(facts: Facts) -> str:
    """What came back instead of a proper answer, quoted briefly."""
    reply = facts.reply
    if reply.status is None:
        return reply.failure or "no answer"
    quoted = _clean(_sentence(facts) or reply.text or reply.reason, QUOTED_CHARACTERS)
    parts = (f"HTTP {reply.status}", reply.failure, quoted and f'"{quoted}"')
    return ", ".join(filter(None, parts))


def _clean(text: str, limit: int) -> str:
    # Cut before the spaces are folded: a proxy's page may be 64 KB, and may come for every row.
    return printable(" ".join(text[: 4 * limit].split()), limit)
