"""Documents that outlive a process: whoever wrote them, they are read whole, or said to be unreadable."""

import contextlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.config.saved_columns import remember, remember_dates, saved_columns
from importer.config.settings import Settings
from importer.config.shelf import FileShelf
from importer.config.store import Document, RecentDocuments, UnreadableError, from_json
from importer.errors import StoreError
from importer.journal.lock import holder
from importer.journal.senders import Holder
from importer.model import Account, Plan, Status
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions
from importer.web import upload_check, upload_names, upload_plan
from importer.web.auth import People, Role
from importer.web.drafts import Draft, Drafts
from importer.web.workers import Workers

WITHOUT_FORMATS = Path(__file__).with_name("home_without_formats")
"""A home folder as the importer wrote it before its documents had numbers; the names in it were cut to a few."""

UPLOAD = "28u6eRGpg6UEnz8m-li0eQ"
SIGN_IN = {"url": "http://127.0.0.1:38685", "username": "ops@example.com", "password": "secret"}
THEN = 1_795_000_000.0


@dataclass(frozen=True)
class Part:
    """A part of a document."""

    name: str
    size: float = 1.0


@dataclass(frozen=True)
class Whole:
    """A document with a member of each kind."""

    number: int
    part: Part
    status: Status = Status.CREATED
    parts: Sequence[Part] = ()
    pairs: Sequence[tuple[int, str]] = ()
    maybe: int | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path("a")
    sure: bool = False
    anything: Any = None


class Members(TypedDict):
    """A document that stays a dict."""

    version: int
    items: list[int]


WHOLE = Document("The document", Whole)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An installation of the earlier importer."""
    shutil.copytree(WITHOUT_FORMATS, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def drafts(home: Path) -> Drafts:
    """Its uploads."""
    return Drafts(home / "uploads", lambda: THEN)


@pytest.fixture
def settings(home: Path) -> Settings:
    """Signed in as whoever used it."""
    return Settings.model_validate(SIGN_IN | {"home": home})


def draft_of(drafts: Drafts) -> Draft:
    """The upload in it."""
    draft = drafts.find(UPLOAD)
    assert draft is not None
    return draft


def change(path: Path, changed: Callable[[dict[str, Any]], object]) -> None:
    """Change a document in its file."""
    document = json.loads(path.read_text("utf-8"))
    changed(document)
    path.write_text(json.dumps(document), "utf-8")


# -- any document -----------------------------------------------------------------------------------------------------

wholes = st.builds(
    Whole,
    number=st.integers(),
    part=st.builds(Part, st.text(), st.floats(allow_nan=False)),
    status=st.sampled_from(Status),
    parts=st.lists(st.builds(Part, st.text()), max_size=3).map(tuple),
    pairs=st.lists(st.tuples(st.integers(), st.text()), max_size=3).map(tuple),
    maybe=st.none() | st.integers(),
    texts=st.dictionaries(st.text(), st.text(), max_size=3),
    sure=st.booleans(),
    anything=st.none() | st.booleans() | st.text(),
)


@given(wholes)
def test_what_is_written_is_read_as_it_was(whole: Whole) -> None:
    """Texts of any characters, numbers of any size, members of members."""
    stored = WHOLE.encode(whole, without=("folder",))
    assert json.loads(stored)["format"] == 1
    assert WHOLE.decode(stored, folder="a") == whole


@given(wholes, st.dictionaries(st.text().map("later {}".format), st.integers(), min_size=1, max_size=3))
def test_members_of_a_later_importer_are_passed_over(whole: Whole, more: dict[str, int]) -> None:
    """At the top of a document and inside it."""
    document = json.loads(WHOLE.encode(whole, without=("folder",)))
    document |= more
    document["part"] |= more
    assert WHOLE.decode(json.dumps(document), folder="a") == whole


def test_members_that_are_missing_have_their_default() -> None:
    """As they had none when the document was written."""
    assert WHOLE.decode('{"format": 1, "number": 3, "part": {"name": "a"}}') == Whole(3, Part("a"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "{",
        "null",
        "[]",
        "3",
        '"text"',
        "\x00\xff",
        "[" * 100_000,
        '{"number": 3}',
        '{"number": "3", "part": {"name": "a"}}',
        '{"number": true, "part": {"name": "a"}}',
        '{"number": 3.5, "part": {"name": "a"}}',
        '{"number": 3, "part": []}',
        '{"number": 3, "part": null}',
        '{"number": 3, "part": {"name": null}}',
        '{"number": 3, "part": {"name": "a", "size": "1"}}',
        '{"number": 3, "part": {"name": "a"}, "status": "nothing"}',
        '{"number": 3, "part": {"name": "a"}, "status": 1}',
        '{"number": 3, "part": {"name": "a"}, "parts": {}}',
        '{"number": 3, "part": {"name": "a"}, "pairs": [[1, "a", 2]]}',
        '{"number": 3, "part": {"name": "a"}, "maybe": "no"}',
        '{"number": 3, "part": {"name": "a"}, "texts": {"a": 1}}',
        '{"number": 3, "part": {"name": "a"}, "texts": []}',
        '{"number": 3, "part": {"name": "a"}, "folder": 1}',
        '{"format": 1, "number": 3}',
        '{"format": -1, "number": 3, "part": {"name": "a"}}',
    ],
)
def test_damage_is_called_damage(text: str) -> None:
    """Never a TypeError, a KeyError or half a document."""
    with pytest.raises(UnreadableError, match="The document is damaged"):
        WHOLE.decode(text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda c: st.lists(c) | st.dictionaries(st.sampled_from(["number", "part", "name", "format", "pairs"]), c),
    )
)
def test_any_json_is_read_or_called_unreadable(document: object) -> None:
    """There is no third way."""
    with contextlib.suppress(UnreadableError):
        assert isinstance(WHOLE.decode(json.dumps(document)), Whole)


def test_a_later_format_is_not_guessed_at() -> None:
    """Its members may mean something else, so that none of them is believed."""
    with pytest.raises(UnreadableError, match="newer version"):
        WHOLE.decode('{"format": 2, "number": 3, "part": {"name": "a"}}')


@pytest.mark.parametrize("number", [None, 1, 2, 3])
def test_each_earlier_format_takes_the_steps_that_are_left(number: int | None) -> None:
    """In their order, each once; the number itself is no member."""
    taken: list[int] = []

    def step(document: Any, of: int) -> Any:
        taken.append(of)
        return document

    steps = {of: partial(step, of=of) for of in range(3)}
    document = Document("The document", dict, format=3, steps=steps)
    text = json.dumps({"a": 1} if number is None else {"format": number, "a": 1})
    assert document.decode(text) == {"a": 1}
    assert taken == list(range(number or 0, 3))


def test_what_the_document_does_not_name_stays_in_a_dict() -> None:
    """A document that is written back loses nothing that a later importer put into it."""
    members = Document("The document", Members)
    stored = members.decode('{"format": 1, "version": 2, "items": [1], "later": {"a": 1}}')
    assert json.loads(members.encode(stored)) == {"format": 1, "version": 2, "items": [1], "later": {"a": 1}}
    for text in ('{"version": 2}', '{"version": "2", "items": []}', '{"version": 2, "items": ["a"]}'):
        with pytest.raises(UnreadableError):
            members.decode(text)


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    """With what to do; a missing one is none."""
    path = tmp_path / "a.json"
    assert WHOLE.read(path) is None
    assert WHOLE.read_if_usable(path) is None
    path.write_bytes(b"\xff\xfe{")
    with pytest.raises(StoreError, match=r"a\.json"):
        WHOLE.read(path)
    path.write_text('{"format": 9}')
    with pytest.raises(StoreError, match=r"newer version.*a\.json") as caught:
        WHOLE.read(path)
    assert caught.value.advice
    assert WHOLE.read_if_usable(path) is None
    with pytest.raises(StoreError):
        WHOLE.read(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        ReadOptions(),
        Choices(),
        Plan(1, 1, 0, 0, 0, None, 0.0, 0.0, 1, 0, ((2, "a"),)),
        Account("a", "b", "c", "d"),
        Holder(1, 2, "a"),
    ],
)
def test_what_the_importer_stores_comes_back(value: Any) -> None:
    """Every dataclass that is kept in a document is of members that can be read back."""
    assert from_json(type(value), json.loads(json.dumps(asdict(value)))) == value


# -- the documents of a home folder -----------------------------------------------------------------------------------


def test_an_earlier_home_folder_goes_on(home: Path, drafts: Drafts, settings: Settings) -> None:
    """People, saved columns, uploads and their plans, workers and locks: all of them are there."""
    draft = draft_of(drafts)
    assert (draft.name, draft.by, draft.version, draft.uploaded) == ("calendars.csv", "ines", 3, THEN)
    assert draft.read == ReadOptions(cells={"C2": "Room 1a"}, repairs={"C": "trim"}, dates="dmy", zone="Europe/Berlin")
    assert People(FileShelf(home)).roles == {"ines": Role.RUNNER}
    assert saved_columns(FileShelf(home)).columns(["Person", "Room"]) == {"Room": "ResourceId"}
    assert saved_columns(FileShelf(home)).dates(["Person", "Room"]) == ("dmy", "Europe/Berlin")
    worker = Workers(home / "workers", lambda: THEN).find("resume", 1)
    assert worker is not None
    assert (worker.since, worker.log.name) == (THEN, "resume-1-0123.log")
    references = {"CoworkerId": {"2000", "2001", "Mia Okafor"}}
    # What names mean is stored in another form now, so they are looked up once more.
    assert upload_names.not_looked_up(draft, references, settings, THEN) == references
    plan = upload_plan.read_plan(draft, settings, THEN)
    assert plan is not None
    assert plan.plan == Plan(3, 1, 0, 2, 0, None, 0.0, THEN)
    # A check is made anew at once, so what an earlier one said in its own form is left alone.
    assert upload_check.latest_check(draft) is None


def test_documents_have_a_number_once_they_are_written(home: Path, drafts: Drafts) -> None:
    """And the number is no member of what they hold: nobody is called format."""
    drafts.change(UPLOAD, zone="UTC")
    remember(["a"], {"a": "Name"}, FileShelf(home))
    people = People(FileShelf(home))
    people.add("format", Role.VIEWER)
    for path, number in (("people.json", 2), ("columns.json", 1), (f"uploads/{UPLOAD}/draft.json", 2)):
        assert json.loads((home / path).read_text("utf-8"))["format"] == number
    assert list(people.roles) == ["format", "ines"]
    assert saved_columns(FileShelf(home)).columns(["Person", "Room"]) == {"Room": "ResourceId"}
    assert draft_of(drafts).read.zone == "UTC"


SPOILED: dict[str, Callable[[Path], object]] = {
    "empty": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"\x80\x00{"),
    "another shape": lambda path: path.write_text("[1]"),
    "later": lambda path: change(path, lambda document: document.update(format=99)),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_what_can_be_made_anew_is_not_there_if_it_is_unreadable(
    home: Path, drafts: Drafts, settings: Settings, spoil: Callable[[Path], object]
) -> None:
    """A check, a plan, names, a worker and an upload; nothing of it ends in a page that cannot be shown."""
    folder, draft = home / "uploads" / UPLOAD, draft_of(drafts)
    for path in [*folder.glob("*.json"), *(home / "workers").glob("*.json"), *(home / "locks").iterdir()]:
        spoil(path)
    assert drafts.find(UPLOAD) is None
    assert drafts.all() == []
    assert upload_check.latest_check(draft) is None
    assert upload_check.progress(draft).rows == 0
    assert upload_plan.read_plan(draft, settings, THEN) is None
    assert upload_names.directories(draft, settings) == {}
    assert Workers(home / "workers", lambda: THEN).find("resume", 1) is None
    [lock] = (home / "locks").iterdir()
    assert holder(home / "locks", lock.stem) is None
    drafts.forget_old(THEN * 2)
    assert not folder.exists()


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_people_are_never_taken_for_nobody(home: Path, spoil: Callable[[Path], object]) -> None:
    """Else the next one who is added would be the only one, and whoever was removed forgotten."""
    spoil(home / "people.json")
    before = (home / "people.json").read_bytes()
    people = People(FileShelf(home))
    with pytest.raises(StoreError):
        people.add("noor", Role.ADMIN)
    with pytest.raises(StoreError):
        people.grant("ines")
    assert (home / "people.json").read_bytes() == before


def test_saved_columns_of_a_newer_importer_are_left_alone(home: Path) -> None:
    """They are not used, and not written over."""
    SPOILED["later"](home / "columns.json")
    before = (home / "columns.json").read_bytes()
    assert saved_columns(FileShelf(home)).columns(["Person", "Room"]) == {}
    remember(["a"], {"a": "Name"}, FileShelf(home))
    remember_dates(["a"], "dmy", "UTC", FileShelf(home))
    assert (home / "columns.json").read_bytes() == before


def test_a_saved_column_of_another_shape_is_no_column(home: Path) -> None:
    """The others still are."""
    change(home / "columns.json", lambda document: document.update({key: ["a"] for key in document}))
    assert saved_columns(FileShelf(home)).columns(["Person", "Room"]) == {}
    assert saved_columns(FileShelf(home)).dates(["Person", "Room"]) == (None, None)
    remember(["a"], {"a": "Name"}, FileShelf(home))
    assert saved_columns(FileShelf(home)).columns(["a"]) == {"a": "Name"}


def test_an_upload_with_an_unknown_and_a_missing_member_is_read(home: Path, drafts: Drafts) -> None:
    """As a later or an earlier importer may have written it."""
    path = home / "uploads" / UPLOAD / "draft.json"
    change(path, lambda document: document["read"].update(later=1))
    change(path, lambda document: document.pop("by"))
    change(path, lambda document: document["read"].pop("zone"))
    assert (draft_of(drafts).by, draft_of(drafts).read.zone) == ("", None)


def test_a_document_that_is_replaced_is_read_anew(tmp_path: Path) -> None:
    """The one that was read last stays the same value until then, and one that is gone is none."""
    kind, path = Document("A part", Part), tmp_path / "part.json"
    recent = RecentDocuments(kind, 1)
    assert recent.read_if_usable(path) is None
    kind.write(path, Part("a"))
    first = recent.read_if_usable(path)
    assert first == kind.read(path)
    assert recent.read_if_usable(path) is first
    kind.write(path, Part("b"))
    assert recent.read_if_usable(path) == kind.read(path) != first
    path.unlink()
    assert recent.read_if_usable(path) is None
