"""The page: what it says first, and that nothing in it can act."""

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from importer.journal.runs import Run
from importer.journal.states import Event
from importer.reporting import overview, write_report
from reporting.office import Office

Row = Callable[..., list[str]]
PAYLOADS = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "{{ 7*7 }}{% raw %}",
    "</style><style>*{display:none}",
    "javascript:alert(1)",
]


class Elements(HTMLParser):
    """The elements of a page, and the attributes that could reach out or act."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.acting: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember the element."""
        self.tags.append(tag)
        self.acting += [
            f"{n}={v}"
            for n, v in attrs
            if n in {"src", "style"} or n.startswith("on") or (n == "href" and ":" in (v or ""))
        ]


def page_of(office: Office, run: Run) -> str:
    """The page of a run."""
    write_report(office.journal, run, now=office.now)
    return (office.out / "report.html").read_text(encoding="utf-8")


def test_the_first_sentence_is_the_result(office: Office, every_fate: Run) -> None:
    """Title and heading say how the run ended."""
    html = page_of(office, every_fate)
    failed = "1 needs a change, 1 refused by Nexudus, 2 with no answer yet"
    sentence = f"2 of 8 rows created, 1 already in Nexudus, {failed}, 1 not sent"
    assert f"<h1>{sentence}</h1>" in html
    assert f"<title>{sentence}, mappings.csv</title>" in html


def test_rows_that_need_attention_are_listed_with_number_and_message(office: Office, every_fate: Run) -> None:
    """Rejected, invalid and unknown rows are in the table, the others are not."""
    rows = re.findall(r'<th scope="row">(\d+)</th><td class="status [a-z]+">([a-z]+)</td>', page_of(office, every_fate))
    assert rows == [("3", "rejected"), ("4", "unknown"), ("7", "invalid"), ("9", "unknown")]


def test_facts_and_next_commands_are_there(office: Office, every_fate: Run) -> None:
    """Who, when, how long, and what to type next."""
    html = page_of(office, every_fate)
    for text in (
        "ops@example.com",
        "2026-11-23 10:00 UTC",
        "30 minutes",
        "ab" * 32,
        f"importer reconcile {every_fate.id}",
    ):
        assert text in html
    assert f"importer run {office.out}/failed.xlsx" in html


@pytest.mark.parametrize("payload", PAYLOADS)
def test_texts_of_others_are_only_text(office: Office, row: Row, payload: str) -> None:
    """Cells, labels, file names and replies add no element, no script and no address to the page."""
    labels = ["ResourceId", "CoworkerId", "Name", "SubscriptionExpireDate", "SubscriptionId", "CalendarId", payload]
    run = office.plan(office.file([[*row(2, CoworkerId=payload), payload], [*row(3), ""]], labels))
    plain = Elements(page_of(office, replace(office.finish(run, 1), file="plain.csv")))
    office.send(run, 3, Event.REFUSED, message=payload)
    marked = Elements(page_of(office, replace(office.finish(run, 1), file=payload, user=payload, space=payload)))
    assert set(marked.tags) == set(plain.tags)
    assert marked.acting == []
    assert "script" not in marked.tags


def test_the_page_forbids_itself_everything_but_its_style(office: Office, every_fate: Run) -> None:
    """The policy names no host and no script, and the style by its hash."""
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]+)"', page_of(office, every_fate))
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; base-uri 'none'; form-action 'none'", policy
    )


def test_the_table_ends_at_its_limit_and_says_so(office: Office, row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a million wrong rows still opens, and names how many there are."""
    monkeypatch.setattr(overview, "MOST_KEPT", 2)
    html = page_of(office, office.plan(office.file([row(n, CoworkerId="") for n in range(2, 7)])))
    assert "The first 2 of 5 rows." in html
    assert html.count('class="status invalid"') == 2
