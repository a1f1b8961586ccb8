"""The page on which a person sees where they are signed in."""

import re

from importer.config.settings import Settings
from importer.web import Role, people_of
from web.auth.provider_stand_in import ProviderStandIn
from web.auth.test_sign_in_pages import entered
from web.kit import Site, plain


def names(html: str) -> list[str]:
    """What the page calls the sessions that can be ended there."""
    return [name for name in re.findall(r'name="session" value="(\w+)"', html) if name != "others"]


def test_a_person_ends_a_session_in_another_browser(team_site: Site, team_settings: Settings) -> None:
    """One of them, or all; never the one in use, and the names on the page open nothing."""
    people_of(team_settings).add("maria@example.com", Role.VIEWER)
    first, second, third = (entered(team_site)[0] for _ in range(3))
    page = first.get("/sessions").text
    assert plain(page).count("since") == 3
    assert "This browser" in page
    others = names(page)
    assert len(others) == 2
    for name in others:
        first.cookie, kept = f"__Host-importer={name}", first.cookie
        assert first.get("/").status == 401
        first.cookie = kept
    assert first.post("/sessions", {"session": others[0]}).place == "/sessions"
    assert sorted(browser.get("/").status for browser in (second, third)) == [200, 401]
    first.post("/sessions", {"session": "others"})
    assert [browser.get("/").status for browser in (first, second, third)] == [200, 401, 401]
    assert names(first.get("/sessions").text) == []


def test_nobody_sees_or_ends_the_sessions_of_somebody_else(
    team_site: Site, team_settings: Settings, provider: ProviderStandIn
) -> None:
    """Not even an administrator, and not by the right name."""
    people_of(team_settings).add("maria@example.com", Role.VIEWER)
    people_of(team_settings).add("ada@example.com", Role.ADMIN)
    maria, other = (entered(team_site)[0] for _ in range(2))
    [name] = names(maria.get("/sessions").text)
    provider.claims = {"sub": "ada", "email": "ada@example.com"}
    ada, _ = entered(team_site)
    assert names(ada.get("/sessions").text) == []
    for which in (name, "others", ""):
        ada.post("/sessions", {"session": which})
    assert [browser.get("/").status for browser in (maria, other)] == [200, 200]
