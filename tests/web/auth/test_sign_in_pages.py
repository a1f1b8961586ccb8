"""Links and sessions, and the sign-in to Nexudus."""

import re

from importer.config.settings import Settings
from importer.sandbox.server import Running
from web.kit import GOOD, Client, Site, plain, serving, table


def test_the_start_address_works_once(site: Site) -> None:
    """The one-time address gives an HttpOnly, SameSite=Strict cookie, and nothing the second time."""
    path = site.url.removeprefix(site.base)
    first = Client(site.port).get(path)
    assert (first.status, first.place) == (303, "/")
    cookie = first.headers["Set-Cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert Client(site.port).get(path).status == 401


def test_another_site_is_never_a_way_on(client: Client) -> None:
    """After signing in, the browser goes to a page of ours whatever the form says."""
    given = {"username": "ops@example.com", "password": "practice"}
    for place in ("https://evil.com/", "//evil.com", "/\\evil.com", "\\\\evil.com", "javascript:alert(1)"):
        assert client.post("/sign-in", given | {"next": place}).place == "/"
    assert client.post("/sign-in", given | {"next": "/runs"}).place == "/runs"


def test_leaving_ends_the_session(site: Site) -> None:
    """After leaving, the cookie opens nothing."""
    client = site.visitor()
    cookie = client.cookie
    assert client.post("/leave").place == "/left"
    client.cookie = cookie
    assert client.get("/").status == 401


def test_a_link_for_another_browser_works_once(site: Site, client: Client) -> None:
    """A second browser is let in by a link from the first, once."""
    link = re.search(r"/start\?token=[\w-]+", client.post("/link").text)
    assert link
    second = Client(site.port)
    assert second.get(link[0]).status == 303
    assert second.get("/").status == 200
    assert Client(site.port).get(link[0]).status == 401


def test_without_a_sign_in_the_plan_asks_for_one(settings: Settings, service: Running) -> None:
    """Nobody signed in: checking works, the plan leads to the sign-in and back; a wrong one says why."""
    with serving(settings.model_copy(update={"username": None, "password": None})) as site:
        client = site.visitor()
        place = client.draft("rooms.csv", table(*GOOD))
        assert "All 8 rows can be imported" in client.follow(place).text
        asked = client.get(f"{place}/plan").place
        assert asked == f"/sign-in?next={place}/plan"
        wrong = client.post("/sign-in", {"username": "ops@example.com", "password": "no"})
        assert "The user name or password is incorrect" in plain(wrong.text)
        right = {"username": "ops@example.com", "password": "practice", "next": f"{place}/plan"}
        assert client.post("/sign-in", right).place == f"{place}/plan"
        assert "Create 8 records" in plain(client.follow(f"{place}/plan").text)
