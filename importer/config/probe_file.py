"""What a probe of a service has shown, as a document: one for each host and record type.

Rule: an answer is yes, no, or not found out, and whoever relies on one asks for the yes. A point that it does not
answer, because an earlier importer wrote it or because there is none, is not found out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from importer.config.shelf import Shelf, put_shelved, read_shelved
from importer.config.store import Document
from importer.errors import StoreError


class Answer(StrEnum):
    """The answer to one point."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "not found out"


class Point(StrEnum):
    """A point on which the vendor's pages contradict each other or say nothing, in the order in which it is shown."""

    FIRST_PATH = "first-path"
    SECOND_PATH = "second-path"
    OPTIONAL_FIELDS = "optional-fields"
    DISPUTED_FIELDS = "disputed-fields"
    SYSTEM_ID_CREATED = "system-id-created"
    SYSTEM_ID_FILTER = "system-id-filter"
    SYSTEM_ID_UPDATED = "system-id-updated"
    SYSTEM_ID_STAYS = "system-id-stays"
    NAME_FILTER = "name-filter"
    LISTED_AT_ONCE = "listed-at-once"
    WHOLE_ITEMS = "whole-items"
    LARGE_PAGES = "large-pages"
    TOTAL_ITEMS = "total-items"
    ASCENDING = "ascending"
    DIR_1 = "dir-1"
    STAMPS = "stamps"
    UPDATES = "updates"
    UPDATED_ON = "updated-on"
    ANSWER_STAMPS = "answer-stamps"
    OMITTED = "omitted"
    DATES_WITH_Z = "dates-with-z"
    OFFSETS = "offsets"
    DATE_HEADER = "date-header"
    THROTTLE_409 = "throttle-409"
    RETRY_AFTER = "retry-after"
    DELETES = "deletes"
    GONE_404 = "gone-404"


STATEMENTS: Mapping[Point, str] = {
    Point.FIRST_PATH: "The first spelling of the path works",
    Point.SECOND_PATH: "The second spelling of the path works",
    Point.OPTIONAL_FIELDS: "A record can be created without its optional fields",
    Point.DISPUTED_FIELDS: "The fields that only one page of the reference requires can be left out",
    Point.SYSTEM_ID_CREATED: "A create stores SystemId",
    Point.SYSTEM_ID_FILTER: "Lists can be filtered by SystemId",
    Point.SYSTEM_ID_UPDATED: "An update with another SystemId stores it",
    Point.SYSTEM_ID_STAYS: "An update without SystemId leaves it as it is",
    Point.NAME_FILTER: "Lists can be filtered by name",
    Point.LISTED_AT_ONCE: "A new record is listed at once",
    Point.WHOLE_ITEMS: "Lists show all fields of a record",
    Point.LARGE_PAGES: "A page of a list can have 1,000 records",
    Point.TOTAL_ITEMS: "TotalItems is the number of records",
    Point.ASCENDING: "Lists ordered by Id are ascending by default",
    Point.DIR_1: "dir=1 means ascending",
    Point.STAMPS: "Records have CreatedOn, UpdatedOn and UpdatedBy",
    Point.UPDATES: "A record can be updated",
    Point.UPDATED_ON: "An update moves UpdatedOn",
    Point.ANSWER_STAMPS: "The answer to an update has the record's UpdatedOn",
    Point.OMITTED: "An update clears the fields that it leaves out",
    Point.DATES_WITH_Z: "Dates of records end with Z",
    Point.OFFSETS: "A date with an offset is converted to UTC",
    Point.DATE_HEADER: "Answers have a Date header",
    Point.THROTTLE_409: "A throttle has the status 409",
    Point.RETRY_AFTER: "A throttle has a Retry-After header",
    Point.DELETES: "A record can be deleted",
    Point.GONE_404: "A deleted record is answered with 404",
}
"""What each point says if its answer is yes."""


@dataclass(frozen=True, slots=True)
class Observation:
    """The answer to one point; ``detail`` is what it rests on, or a clause that begins with "because"."""

    answer: Answer = Answer.UNKNOWN
    detail: str = ""


@dataclass(frozen=True)
class ProbeResult:
    """What one probe has shown.

    Attributes:
        host: The service, as ``addresses.service_name`` has it.
        kind: The name of the record type.
        path: The endpoint at which the record was created; empty if none was.
        account: Who was signed in.
        probed: When it ended, in epoch seconds; 0 if no probe has come to its end.
        observations: By point. Use ``answer`` and ``observation``, which know what a missing one means.
        leftover: The name of a record that may still exist because a probe was cut off, to be deleted by hand or by the
            next probe; empty if there is none.
        leftover_since: When it may have been created, in epoch seconds.
    """

    host: str
    kind: str
    path: str = ""
    account: str = ""
    probed: float = 0.0
    observations: Mapping[str, Observation] = field(default_factory=dict)
    leftover: str = ""
    leftover_since: float = 0.0

    def observation(self, point: Point) -> Observation:
        """What was observed about a point."""
        return self.observations.get(point, Observation(detail="because it has not been probed"))

    def answer(self, point: Point) -> Answer:
        """The answer to a point."""
        return self.observation(point).answer

    @property
    def changes_are_dated(self) -> bool:
        """Whether UpdatedOn may be believed: no probe has shown that changes leave it as it was."""
        return self.answer(Point.UPDATED_ON) is not Answer.NO


PROBE = Document("The result of a probe", ProbeResult)


def read(shelf: Shelf, host: str, kind: str) -> ProbeResult:
    """What the latest probe has shown; nothing was found out if there was none, or if its document cannot be used.

    Raises:
        JournalError: The database cannot be used.
    """
    try:
        result = read_shelved(PROBE, shelf, _name(host, kind))
    except StoreError:
        result = None
    # The name of the document has no room for every character of a host, so that two could share one.
    return result if result is not None and (result.host, result.kind) == (host, kind) else ProbeResult(host, kind)


def write(shelf: Shelf, result: ProbeResult) -> None:
    """Save what a probe has shown, in the place of an earlier one of the host and record type."""
    put_shelved(PROBE, shelf, _name(result.host, result.kind), result)


def _name(host: str, kind: str) -> str:
    return f"probes/{re.sub(r'[^A-Za-z0-9.]', '-', host)}-{kind}.json"
