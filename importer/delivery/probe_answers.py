"""What the answers to the calls of a probe show: a function for each disputed point. Pure.

Rule 1: every point gets an answer; where the evidence does not decide, it is "not found out", with the reason. Rule 2:
yes means that the service did it in this probe, so that a doubt always ends as no or as not found out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from importer.config.probe_file import Answer, Observation, Point
from importer.delivery.by_id import is_deleted, what_came
from importer.delivery.listing import instant
from importer.nexudus import Page, Reply
from importer.nexudus.pages import PAGE_SIZE
from importer.text import printable
from schemas import FieldType, RecordType

STAMPS = ("CreatedOn", "UpdatedOn", "UpdatedBy")
_NO_SUCH_PATH = (404, 405, 410, 501)
_FEWEST_TO_ORDER = 2

Fields = Mapping[str, object]


@dataclass
class Evidence:
    """What came back in one probe, as far as it went.

    Attributes:
        kind: The record type.
        path: The endpoint at which the record is made; empty if no spelling works.
        number: The Id of the record, once it is certain.
        pages: By path, the first page of each spelling before the record was created.
        last_page: The last page of the list then, if there were several.
        directed_page: The first page with ``dir=1``, if there were enough records.
        left_out: The optional fields that the first create left out.
        create_refusal: Why the create without them was refused; empty if it was not.
        created, updated, shortened: The record as it was read after the create, after an update with all fields, and
            after one that left some out.
        mark: The SystemId that the create sent.
        by_system_id, by_name: Lists that were filtered for the record, and then for no record at all.
        unfiltered: The page on which the record has to be, if no filtered list shows it.
        sent: The fields of the update with all fields, the date without its offset.
        sent_date: The date of that update as it was sent, with an offset.
        offset_refusal: Why the update with an offset was refused; empty if it was not.
        update_refusal: Why an update with all fields was refused; empty if it was not.
        update_answer: The answer to the latest update that was accepted.
        shortened_to: The fields that the second update left out.
        disputed_refusal: Why the second update was refused without the disputed fields; empty if it was not.
        deletes: The answers to each delete.
        after_delete: The read by Id that said that the record is gone.
        throttles: Answers with which the service asked to wait.
        ended: Why the probe ended before its end, as a clause that begins with "because"; empty if it did not.
    """

    kind: RecordType
    path: str = ""
    number: int | None = None
    pages: dict[str, Page] = field(default_factory=dict)
    last_page: Page | None = None
    directed_page: Page | None = None
    left_out: Sequence[str] = ()
    create_refusal: str = ""
    mark: str = ""
    created: Fields | None = None
    by_system_id: list[Page] = field(default_factory=list)
    by_name: list[Page] = field(default_factory=list)
    unfiltered: Page | None = None
    sent: Fields = field(default_factory=dict)
    sent_date: str = ""
    offset_refusal: str = ""
    update_refusal: str = ""
    update_answer: Reply | None = None
    updated: Fields | None = None
    shortened_to: Sequence[str] = ()
    disputed_refusal: str = ""
    shortened: Fields | None = None
    deletes: list[Reply] = field(default_factory=list)
    after_delete: Reply | None = None
    throttles: list[Reply] = field(default_factory=list)
    ended: str = ""

    @property
    def why(self) -> str:
        """Why a point that the probe did not come to is not found out."""
        return self.ended or "because the service did not answer as expected"

    @property
    def first_page(self) -> Page | None:
        """The first page at the endpoint in use, before the record was created."""
        return self.pages.get(self.path)

    @property
    def lists(self) -> list[Page]:
        """The lists that have to show the record."""
        return [page for page in (*self.by_system_id[:1], *self.by_name[:1], self.unfiltered) if page is not None]

    @property
    def item(self) -> Fields | None:
        """The record as a list shows it; None if none does."""
        number = self.number or 0
        return next((page.records[number] for page in self.lists if number in page.records), None)

    @property
    def disputed(self) -> tuple[str, ...]:
        """The fields that the model requires and one of the vendor's pages does not."""
        return tuple(dict.fromkeys(name for names in self.kind.optional_at.values() for name in names))

    @property
    def date_field(self) -> str:
        """A field that holds a date; empty if there is none."""
        return next((name for name in self.kind.fields if self.kind.type_of(name) is FieldType.DATE), "")


def observations(evidence: Evidence) -> dict[str, Observation]:
    """What a probe shows about each point."""
    return {point.value: judge(evidence) for point, judge in _JUDGES.items()}


def _yes(detail: str = "") -> Observation:
    return Observation(Answer.YES, detail)


def _no(detail: str = "") -> Observation:
    return Observation(Answer.NO, detail)


def _unknown(why: str) -> Observation:
    return Observation(Answer.UNKNOWN, why)


def _decided(holds: bool, otherwise: str = "") -> Observation:
    return _yes() if holds else _no(otherwise)


def _shown(value: object) -> str:
    return "it was empty" if value in (None, "") else f'it was "{printable(str(value))}"'


def _path(index: int) -> Callable[[Evidence], Observation]:
    def judge(evidence: Evidence) -> Observation:
        paths = evidence.kind.paths
        if index >= len(paths):
            return _unknown("because the path of this record type has one spelling")
        page = evidence.pages.get(paths[index])
        if page is None:
            return _unknown(evidence.why)
        if not page.failure:
            return _yes(paths[index])
        if page.reply.status_in(*_NO_SUCH_PATH):
            return _no(f"{paths[index]}: HTTP {page.reply.status}")
        return _unknown(f"because {what_came(page.reply)}")

    return judge


def _optional_fields(evidence: Evidence) -> Observation:
    if not any(column.nullable for column in evidence.kind.columns.values()):
        return _unknown("because this record type has no optional fields")
    if evidence.create_refusal:
        return _no(evidence.create_refusal)
    if evidence.number is None:
        return _unknown(evidence.why)
    return _yes(", ".join(evidence.left_out))


def _disputed_fields(evidence: Evidence) -> Observation:
    if not evidence.disputed:
        return _unknown("because the reference is of one opinion on the fields of this record type")
    if evidence.disputed_refusal:
        return _no(evidence.disputed_refusal)
    if evidence.shortened is None:
        return _unknown(evidence.why)
    return _yes(", ".join(evidence.disputed))


def _system_id_created(evidence: Evidence) -> Observation:
    if evidence.created is None:
        return _unknown(evidence.why)
    value = evidence.created.get("SystemId")
    # The very text: by one that was shortened or changed, no record would be recognised.
    return _decided(bool(value) and value == evidence.mark, _shown(value))


def _system_id_filter(evidence: Evidence) -> Observation:
    if _system_id_created(evidence).answer is not Answer.YES:
        return _unknown("because the record has no SystemId" if evidence.created is not None else evidence.why)
    return _filter(evidence, evidence.by_system_id)


def _name_filter(evidence: Evidence) -> Observation:
    return _filter(evidence, evidence.by_name)


def _filter(evidence: Evidence, pages: Sequence[Page]) -> Observation:
    """Whether a list that was filtered for the record shows it and nothing else."""
    if not pages:
        return _unknown(evidence.why)
    if failure := next((page.reply for page in pages if page.failure), None):
        return _no(what_came(failure)) if failure.status_in(400) else _unknown(f"because {what_came(failure)}")
    matching, *others = pages
    number = evidence.number or 0
    if matching.records.keys() - {number} or any(number in page.records for page in others):
        return _no("the list showed other records as well")
    if number in matching.records:
        return _yes()
    # A filter that is not known may also give an empty list; but so does a list that lags behind.
    return _no("the list left the record out") if evidence.item else _unknown("because the record was not listed yet")


def _listed_at_once(evidence: Evidence) -> Observation:
    if evidence.item is not None:
        return _yes()
    pages = evidence.lists
    if not pages or any(page.failure for page in pages):
        return _unknown(evidence.why)
    return _no()


def _whole_items(evidence: Evidence) -> Observation:
    first = evidence.first_page
    others = first.records.values() if first is not None else ()
    item = evidence.item or next(iter(others), None)
    if item is None:
        return _unknown(evidence.ended or "because no list showed a record")
    record = evidence.created or {}
    # Of another record it is not known what a read by Id shows, but certainly the fields of its type.
    expected = [*evidence.kind.fields, *(name for name in ("SystemId", *STAMPS) if name in record)]
    missing = [name for name in expected if name not in item]
    return _decided(not missing, f"missing: {', '.join(missing)}")


def _large_pages(evidence: Evidence) -> Observation:
    page = evidence.first_page
    if page is None or page.listed is None:
        return _unknown(evidence.why)
    length = len(page.listed)
    if length >= PAGE_SIZE:
        return _yes()
    if page.has_next:
        return _no(f"{length:,} at most")
    # With fewer records than that, only the service's word on the size of the page is left.
    size = page.reply.json.get("CurrentPageSize") if isinstance(page.reply.json, dict) else None
    if type(size) is not int or size == length:
        return _unknown(f"because there are only {length:,} records")
    return _decided(size >= PAGE_SIZE, f"{size:,} at most")


def _total_items(evidence: Evidence) -> Observation:
    page = evidence.first_page if evidence.first_page is not None and evidence.first_page.records else None
    whole = page if page is not None and page.has_next is False else None
    if page is not None and page.listed and evidence.last_page is not None:
        last = evidence.last_page
        if last.listed is None or last.has_next is not False:
            return _no("the list did not end where TotalItems says")
        return _total(last.total, page.pages_left * len(page.listed) + len(last.listed))
    # Without other records, the list that was filtered for the new one is all that can be counted.
    whole = whole or next((one for one in evidence.by_name[:1] if one.records and one.has_next is False), None)
    return _unknown(evidence.why) if whole is None else _total(whole.total, len(whole.listed or ()))


def _total(total: int | None, number: int) -> Observation:
    return _no("the list has none") if total is None else _decided(total == number, f"it was {total:,} of {number:,}")


def _ascending(evidence: Evidence) -> Observation:
    return _order(evidence, evidence.first_page)


def _dir_1(evidence: Evidence) -> Observation:
    return _order(evidence, evidence.directed_page)


def _order(evidence: Evidence, page: Page | None) -> Observation:
    first = evidence.first_page
    if first is not None and not first.failure and len(first.records) < _FEWEST_TO_ORDER:
        return _unknown("because there are fewer than two records")
    if page is None or page.failure:
        return _unknown(evidence.why)
    ids = list(page.records)
    if len(ids) < _FEWEST_TO_ORDER:
        return _unknown("because the page showed fewer than two records")
    return _decided(ids == sorted(ids), "descending" if ids == sorted(ids, reverse=True) else "in no order")


def _stamps(evidence: Evidence) -> Observation:
    if evidence.created is None:
        return _unknown(evidence.why)
    missing = [name for name in STAMPS if not evidence.created.get(name)]
    return _decided(not missing, f"missing: {', '.join(missing)}")


def _updates(evidence: Evidence) -> Observation:
    if evidence.update_refusal:
        return _no(evidence.update_refusal)
    return _yes() if evidence.updated is not None else _unknown(evidence.why)


def _updated_on(evidence: Evidence) -> Observation:
    versions = [record for record in (evidence.created, evidence.updated, evidence.shortened) if record is not None]
    if evidence.updated is None or len(versions) < _FEWEST_TO_ORDER:
        return _unknown(evidence.why)
    moments = [instant(record.get("UpdatedOn")) for record in versions]
    if None in moments:
        return _unknown("because the record has no UpdatedOn")
    # Any of the updates counts: the date has whole seconds, and the first one may come within that of the create.
    return _decided(len(set(moments)) > 1, "it stayed the same")


def _answer_stamps(evidence: Evidence) -> Observation:
    record = evidence.shortened or evidence.updated
    if evidence.update_answer is None or record is None:
        return _unknown(evidence.why)
    answer = evidence.update_answer.json if isinstance(evidence.update_answer.json, dict) else {}
    stated, stored = instant(answer.get("UpdatedOn")), instant(record.get("UpdatedOn"))
    if stated is None:
        return _no("the answer has none")
    return _decided(stored in (None, stated), "it was another one")


def _omitted(evidence: Evidence) -> Observation:
    if evidence.shortened is None or evidence.updated is None:
        return _unknown(evidence.why)
    names = [name for name in evidence.shortened_to if evidence.updated.get(name) not in (None, "")]
    if not names:
        return _unknown("because every field is required")
    cleared = [name for name in names if evidence.shortened.get(name) in (None, "")]
    if cleared == names:
        return _yes(", ".join(names))
    return _no(f"only {', '.join(cleared)}" if cleared else "")


def _system_id_updated(evidence: Evidence) -> Observation:
    if evidence.updated is None:
        return _unknown(evidence.why)
    value = evidence.updated.get("SystemId")
    return _decided(value == evidence.sent.get("SystemId"), _shown(value))


def _system_id_stays(evidence: Evidence) -> Observation:
    if evidence.shortened is None or evidence.updated is None:
        return _unknown(evidence.why)
    before, after = evidence.updated.get("SystemId"), evidence.shortened.get("SystemId")
    return _decided(after == before, _shown(after)) if before else _unknown("because the record has no SystemId")


def _dates_with_z(evidence: Evidence) -> Observation:
    value = (evidence.created or {}).get(evidence.date_field)
    if not isinstance(value, str):
        return _unknown("because the record has no date" if evidence.created is not None else evidence.why)
    return _decided(value.endswith("Z"), value)


def _offsets(evidence: Evidence) -> Observation:
    if not evidence.date_field:
        return _unknown("because this record type has no date")
    if evidence.updated is None:
        return _unknown(evidence.why)
    if evidence.offset_refusal:
        return _no(evidence.offset_refusal)
    value = evidence.updated.get(evidence.date_field)
    return _decided(instant(value) == instant(evidence.sent_date), f"{evidence.sent_date} became {value}")


def _date_header(evidence: Evidence) -> Observation:
    pages = [page for page in evidence.pages.values() if not page.failure]
    return _decided(all(page.reply.date for page in pages)) if pages else _unknown(evidence.why)


def _throttle_409(evidence: Evidence) -> Observation:
    if not evidence.throttles:
        return _unknown("because the service did not ask this probe to wait")
    statuses = sorted({reply.status or 0 for reply in evidence.throttles})
    return _decided(statuses == [409], f"HTTP {', '.join(map(str, statuses))}")


def _retry_after(evidence: Evidence) -> Observation:
    if not evidence.throttles:
        return _unknown("because the service did not ask this probe to wait")
    return _decided(all(reply.retry_after for reply in evidence.throttles))


def _deletes(evidence: Evidence) -> Observation:
    if not evidence.deletes:
        return _unknown(evidence.why)
    if any(is_deleted(reply, evidence.number or 0) for reply in evidence.deletes):
        return _yes()
    came = what_came(evidence.deletes[-1])
    # Gone all the same: the delete took effect, and only its answer was odd.
    return _yes(came) if evidence.after_delete is not None else _no(came)


def _gone_404(evidence: Evidence) -> Observation:
    reply = evidence.after_delete
    if reply is None:
        return _unknown("because the record was not deleted" if evidence.deletes else evidence.why)
    return _decided(reply.status_in(404), f"HTTP {reply.status}")


_JUDGES: Mapping[Point, Callable[[Evidence], Observation]] = {
    Point.FIRST_PATH: _path(0),
    Point.SECOND_PATH: _path(1),
    Point.OPTIONAL_FIELDS: _optional_fields,
    Point.DISPUTED_FIELDS: _disputed_fields,
    Point.SYSTEM_ID_CREATED: _system_id_created,
    Point.SYSTEM_ID_FILTER: _system_id_filter,
    Point.SYSTEM_ID_UPDATED: _system_id_updated,
    Point.SYSTEM_ID_STAYS: _system_id_stays,
    Point.NAME_FILTER: _name_filter,
    Point.LISTED_AT_ONCE: _listed_at_once,
    Point.WHOLE_ITEMS: _whole_items,
    Point.LARGE_PAGES: _large_pages,
    Point.TOTAL_ITEMS: _total_items,
    Point.ASCENDING: _ascending,
    Point.DIR_1: _dir_1,
    Point.STAMPS: _stamps,
    Point.UPDATES: _updates,
    Point.UPDATED_ON: _updated_on,
    Point.ANSWER_STAMPS: _answer_stamps,
    Point.OMITTED: _omitted,
    Point.DATES_WITH_Z: _dates_with_z,
    Point.OFFSETS: _offsets,
    Point.DATE_HEADER: _date_header,
    Point.THROTTLE_409: _throttle_409,
    Point.RETRY_AFTER: _retry_after,
    Point.DELETES: _deletes,
    Point.GONE_404: _gone_404,
}
