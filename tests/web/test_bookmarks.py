"""A bookmark works after a restart: the start link leads to the page that was asked for, and to no other place."""

import urllib.parse

import pytest

from importer.config.settings import Settings
from web.kit import Answer, Client, Site, behind_a_proxy, serving, signed_in_by_proxy


def after(answer: Answer, site: Site) -> str | None:
    """The page that an answer remembers for the sign-in; None if it remembers none."""
    cookies = answer.headers.get_all("Set-Cookie") or []
    name = f"importer-{site.port}-after="
    return next((cookie for cookie in cookies if cookie.startswith(name)), None)


def link(site: Site) -> str:
    """The start link without its host."""
    parts = urllib.parse.urlsplit(site.url)
    return f"{parts.path}?{parts.query}"


def test_the_start_link_leads_to_the_page_that_was_asked_for(site: Site) -> None:
    """What is remembered is an address without its query, for ten minutes, and is forgotten when it was used."""
    browser = site.stranger()
    asked = browser.get("/runs?q=secret")
    cookie = after(asked, site) or ""
    assert asked.status == 401
    assert cookie.partition(";")[0].partition("=")[2].strip('"') == "/runs"
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Max-Age=600"))
    signed_in = browser.get(link(site))
    assert (signed_in.status, signed_in.place) == (303, "/runs")
    assert "Max-Age=0" in (after(signed_in, site) or "")
    assert "token" not in signed_in.place


@pytest.mark.parametrize("place", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", ""])
def test_no_other_site_is_reached_by_it(site: Site, place: str) -> None:
    """Whoever could set the cookie would otherwise choose where a sign-in leads."""
    browser = Client(site.port, cookie=f"importer-{site.port}-after={place}")
    assert browser.get(link(site)).place == "/"


def test_only_pages_are_remembered(site: Site) -> None:
    """Neither what a form asks for nor a part of a page: nobody can look at them."""
    assert after(site.stranger().post("/runs/1/stop"), site) is None
    assert after(site.stranger().get("/runs/1/progress", HX_Request="true"), site) is None
    assert after(site.visitor().get("/runs"), site) is None


def test_a_team_has_no_start_link(settings: Settings) -> None:
    """So nothing is remembered for one."""
    with serving(behind_a_proxy(settings)) as site:
        assert after(signed_in_by_proxy(site.port, "").get("/runs"), site) is None
