"""A team signs in with a real browser, at a provider that is another site: what only browsers enforce is tried here.

The page is at localhost and the provider at 127.0.0.1, because ports are no sites: a cookie or a policy that breaks the
way to a provider elsewhere would go unnoticed under one name.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from importer.config.settings import Settings
from importer.web import Address, Role, people_of
from web.auth.provider_stand_in import ProviderStandIn, provider_running, with_provider
from web.kit import Site, free_port, serving
from web.test_browser import _PATIENCE, Eyes, browser

__all__ = ["browser"]


@dataclass
class Team:
    """The page of a team, its provider, and a person at a browser."""

    site: Site
    provider: ProviderStandIn
    page: Page
    eyes: Eyes

    @property
    def base(self) -> str:
        """Where the team opens the page."""
        return self.site.url.rstrip("/")


@pytest.fixture
def team(browser: Browser, settings: Settings) -> Iterator[Team]:
    """Maria, who may import, before she has signed in; the provider asks her each time."""
    people_of(settings).add("maria@example.com", Role.RUNNER)
    with provider_running() as provider:
        provider.faults = {"asks"}
        port = free_port()
        with serving(with_provider(settings, provider, port), Address(port=port)) as site:
            context = browser.new_context(bypass_csp=False)
            context.set_default_timeout(_PATIENCE)
            page = context.new_page()
            eyes = Eyes(site, page)
            page.on("console", lambda said: eyes.seen.append(said.text) if said.type in ("error", "warning") else None)
            page.on("pageerror", lambda error: eyes.seen.append(str(error)))
            yield Team(site, provider, page, eyes)
            context.close()


def sign_in(team: Team) -> None:
    """From the page that asks for it, over the provider, and back."""
    team.page.get_by_role("link", name="Sign in").click()
    team.page.get_by_role("button", name="Let me in").click()


def test_a_person_signs_in_and_out_at_a_provider_on_another_site(team: Team) -> None:
    """To the page that was asked for; a form works in the session, and signing out leads to the provider's own."""
    page = team.page
    page.goto(f"{team.base}/runs")
    team.eyes.judge()
    sign_in(team)
    expect(page).to_have_url(f"{team.base}/runs")
    expect(page.locator("header")).to_contain_text("maria@example.com (runner)")
    cookies = {str(cookie.get("name")): cookie for cookie in page.context.cookies()}
    assert set(cookies) == {"__Host-importer"}
    session = cookies["__Host-importer"]
    assert (session.get("secure"), session.get("httpOnly"), session.get("sameSite")) == (True, True, "Lax")
    page.get_by_role("link", name="Sessions").click()
    expect(page.get_by_text("This browser", exact=True)).to_be_visible()
    team.eyes.judge()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="You are signed out of the importer")).to_be_visible()
    team.eyes.judge()
    assert page.context.cookies() == []
    page.get_by_role("link", name="sign out at 127.0.0.1 as well").click()
    expect(page.get_by_text("Signed out everywhere")).to_be_visible()
    page.goto(f"{team.base}/runs")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert [said for said in team.eyes.seen if "401" not in said] == []


def test_a_person_comes_from_a_link_on_another_site(team: Team) -> None:
    """Signed in or not: a cookie that is not sent there would ask for the sign-in again and again."""
    page = team.page
    page.goto(f"{team.base}/")
    sign_in(team)
    expect(page.locator("header")).to_contain_text("maria@example.com")
    page.goto(f"{team.provider.issuer}/elsewhere")
    page.evaluate(
        "address => { const a = document.createElement('a'); a.href = address; document.body.append(a); a.click(); }",
        f"{team.base}/runs",
    )
    page.wait_for_url(f"{team.base}/runs")
    expect(page.locator("header")).to_contain_text("maria@example.com")


def test_a_form_of_another_site_does_nothing(team: Team) -> None:
    """The browser may send the cookie along; the page refuses the form all the same."""
    page = team.page
    page.goto(f"{team.base}/")
    sign_in(team)
    expect(page.locator("header")).to_contain_text("maria@example.com")
    page.goto(f"{team.provider.issuer}/elsewhere")
    page.evaluate(
        "address => { const f = document.createElement('form'); f.method = 'post'; f.action = address; "
        "document.body.append(f); f.submit(); }",
        f"{team.base}/leave",
    )
    expect(page.get_by_text("Only the importer's own pages may ask for that.")).to_be_visible()
    page.goto(f"{team.base}/")
    expect(page.locator("header")).to_contain_text("maria@example.com")


def test_a_session_that_ends_leads_back_to_its_page(team: Team) -> None:
    """A new role ends it at once; the next click asks to sign in, and comes back with the new role."""
    page = team.page
    page.goto(f"{team.base}/")
    sign_in(team)
    expect(page.locator("header")).to_contain_text("(runner)")
    people_of(team.site.settings).add("maria@example.com", Role.VIEWER)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    sign_in(team)
    expect(page).to_have_url(f"{team.base}/runs")
    expect(page.locator("header")).to_contain_text("(viewer)")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("alg none", "not signed in a way that can be trusted"),
        ("foreign issuer in the callback", "the answer is from another issuer"),
        ("refused", "access_denied"),
        ("token is down", "cannot be reached"),
    ],
)
def test_a_sign_in_that_fails_can_be_tried_again(team: Team, fault: str, said: str) -> None:
    """The reason is one sentence, and nobody is signed in before the provider is right again."""
    page = team.page
    page.goto(f"{team.base}/runs")
    team.provider.faults.add(fault)
    sign_in(team)
    expect(page.get_by_role("heading", level=1)).to_contain_text(said)
    team.eyes.judge()
    assert page.context.cookies() == []
    team.provider.faults.remove(fault)
    sign_in(team)
    expect(page).to_have_url(f"{team.base}/runs")
