"""Links and sessions, the way of a team to its provider and back, and the sign-in to Nexudus."""

import re
import urllib.parse

import pytest
from postgres import running_server

from importer.config import credentials
from importer.config.settings import Settings
from importer.sandbox.server import Running
from importer.web import Role, people_of
from web.auth.provider_stand_in import ProviderStandIn, sent_back
from web.kit import GOOD, Answer, Client, Site, behind_a_proxy, plain, serving, signed_in_by_proxy, table


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
    """After leaving, the cookie opens nothing, and the browser is told to keep nothing of the pages."""
    client = site.visitor()
    cookie = client.cookie
    left = client.post("/leave")
    assert (left.place, left.headers["Clear-Site-Data"]) == ("/left", '"cache", "storage"')
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
        # Masked, and left to password managers.
        assert (
            '<input id="password" name="password" type="password" autocomplete="current-password">'
            in client.get(asked).text
        )
        wrong = client.post("/sign-in", {"username": "ops@example.com", "password": "no"})
        assert "The user name or password is incorrect" in plain(wrong.text)
        right = {"username": "ops@example.com", "password": "practice", "next": f"{place}/plan"}
        assert client.post("/sign-in", right).place == f"{place}/plan"
        assert "Create 8 records" in plain(client.follow(f"{place}/plan").text)


# -- a team ------------------------------------------------------------------------------------------------------------


def at(site: Site) -> Client:
    """Somebody of the team in a new browser."""
    return Client(site.port, host=f"localhost:{site.port}")


def came_back(client: Client, page: str = "/") -> str:
    """Go to the provider and sign in there; the address with which it sends the browser back."""
    sent = client.get(f"/enter?next={urllib.parse.quote(page)}")
    assert sent.status == 303, sent.text
    back = urllib.parse.urlsplit(sent_back(sent.place))
    return f"{back.path}?{back.query}"


def entered(site: Site, page: str = "/") -> tuple[Client, Answer]:
    """A browser after the sign-in, and the answer to its way back."""
    client = at(site)
    return client, client.get(came_back(client, page))


@pytest.fixture
def maria(team_settings: Settings) -> None:
    """Maria may import."""
    people_of(team_settings).add("maria@example.com", Role.RUNNER)


@pytest.mark.usefixtures("maria")
def test_a_person_of_a_team_signs_in_at_the_provider(team_site: Site) -> None:
    """And comes to the page that was asked for, under a cookie that only this host can set."""
    stranger = at(team_site).get("/runs")
    assert stranger.status == 401
    assert 'href="/enter?next=/runs"' in stranger.text
    assert not stranger.headers.get_all("Set-Cookie")
    client, answer = entered(team_site, "/runs")
    assert (answer.status, answer.place) == (303, "/runs")
    cookies = answer.headers.get_all("Set-Cookie") or []
    [session] = [cookie for cookie in cookies if cookie.startswith("__Host-importer=")]
    assert {part.strip().lower() for part in session.split(";")[1:]} == {"httponly", "secure", "path=/", "samesite=lax"}
    assert "maria@example.com (runner)" in plain(client.get("/").text)


@pytest.mark.usefixtures("maria")
def test_coming_back_twice_is_refused(team_site: Site, provider: ProviderStandIn) -> None:
    """The provider is not even asked."""
    client = at(team_site)
    back = came_back(client)
    flow = client.cookie
    assert client.get(back).status == 303
    client.cookie, asked = flow, provider.asked.count("token")
    again = client.get(back)
    assert again.status == 403
    assert "has already been used" in again.text
    assert provider.asked.count("token") == asked


@pytest.mark.usefixtures("maria")
def test_a_sign_in_of_somebody_else_is_refused(team_site: Site, provider: ProviderStandIn) -> None:
    """Whoever is led to it would work in the account of the sender."""
    back = came_back(at(team_site))
    victim = at(team_site)
    for browser in (at(team_site), victim):
        if browser is victim:
            came_back(victim)
        refused = browser.get(back)
        assert refused.status == 403
        assert "not begun in this browser" in refused.text
        assert "__Host-importer=" not in browser.cookie
    assert "token" not in provider.asked


@pytest.mark.usefixtures("maria")
@pytest.mark.parametrize(
    "page", ["//evil.example/", "https://evil.example/", "/\\evil.example", "evil", "javascript:a()"]
)
def test_a_sign_in_leads_to_no_other_site(team_site: Site, page: str) -> None:
    """Whatever a link to it says."""
    assert entered(team_site, page)[1].place == "/"
    shown = at(team_site).get("//evil.example/")
    assert "evil" not in shown.text


def test_whoever_has_no_role_is_told_so(team_site: Site) -> None:
    """By name, and without a session."""
    client, answer = entered(team_site)
    assert answer.status == 403
    assert "You are signed in as maria@example.com, but you may not use the importer" in plain(answer.text)
    assert client.cookie == ""


def test_a_refusal_is_a_page_with_a_way_on(team_site: Site, provider: ProviderStandIn) -> None:
    """What is wrong, in one sentence, and a link to begin anew; a provider that is away is another status."""
    client = at(team_site)
    back = came_back(client, "/runs")
    provider.faults = {"no id_token"}
    refused = client.get(back)
    assert refused.status == 403
    assert "its answer has no ID token" in refused.text
    assert 'href="/enter?next=/runs"' in refused.text
    back = came_back(client)
    provider.faults = {"token is down"}
    away = client.get(back)
    assert away.status == 503
    assert "cannot be reached" in away.text


def test_without_the_provider_the_pages_still_answer(team_site: Site, provider: ProviderStandIn) -> None:
    """Only the way to it does not; nothing waits for it at the start."""
    provider.faults = {"openid-configuration is down"}
    assert at(team_site).get("/").status == 401
    assert at(team_site).get("/enter").status == 503
    assert at(team_site).get("/left").status == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.ADMIN])
def test_a_new_role_ends_every_session(team_site: Site, team_settings: Settings, maria: None, role: Role) -> None:
    """At once; and none of them wakes when the old role comes back."""
    browsers = [entered(team_site)[0] for _ in range(2)]
    people = people_of(team_settings)
    people.add("maria@example.com", role)
    people.add("maria@example.com", Role.RUNNER)
    assert [browser.get("/").status for browser in browsers] == [401, 401]
    assert entered(team_site)[0].get("/").status == 200


@pytest.mark.usefixtures("maria")
def test_whoever_is_removed_is_out_at_once_and_for_good(team_site: Site, team_settings: Settings) -> None:
    """Also if nobody asked for a page before they were added again."""
    browser, quiet = entered(team_site)[0], entered(team_site)[0]
    people = people_of(team_settings)
    people.remove("maria@example.com")
    assert browser.get("/").status == 401
    people.add("maria@example.com", Role.ADMIN)
    assert [one.get("/").status for one in (browser, quiet)] == [401, 401]


def test_a_role_of_the_provider_counts_where_the_list_has_none(
    team_site: Site, team_settings: Settings, provider: ProviderStandIn
) -> None:
    """The list goes before it, for less as well as for more, from the moment on in which it names somebody."""
    provider.claims = {"roles": ["admin"]}
    client = entered(team_site)[0]
    assert "(admin)" in plain(client.get("/").text)
    people_of(team_settings).add("maria@example.com", Role.VIEWER)
    assert client.get("/").status == 401
    assert "(viewer)" in plain(entered(team_site)[0].get("/").text)


@pytest.mark.usefixtures("maria")
def test_an_e_mail_that_passes_to_somebody_else_takes_no_upload_along(
    team_site: Site, provider: ProviderStandIn
) -> None:
    """People are who the provider says they are; the same person finds their upload in any browser."""
    place = entered(team_site)[0].draft("rooms.csv", table(*GOOD))
    assert entered(team_site)[0].get(place).status == 303
    provider.claims = {"sub": "somebody else"}
    assert entered(team_site)[0].get(place).status == 404


@pytest.mark.usefixtures("maria")
def test_a_new_sign_in_ends_the_session_before(team_site: Site) -> None:
    """What somebody could have planted or seen opens nothing."""
    client, _ = entered(team_site)
    before = client.cookie
    assert client.get(came_back(client)).status == 303
    assert client.cookie != before
    assert Client(team_site.port, before, f"localhost:{team_site.port}").get("/").status == 401


@pytest.mark.usefixtures("maria")
def test_leaving_a_team_ends_the_session_and_says_what_does_not_end(team_site: Site, provider: ProviderStandIn) -> None:
    """With a link to sign out at the provider; never a form, which the policy would stop."""
    client, _ = entered(team_site)
    cookie = client.cookie
    left = client.post("/leave")
    assert (left.place, client.cookie) == ("/left", "")
    page = client.get("/left").text
    assert f'href="{provider.issuer}/logout?client_id=importer"' in page
    assert "<form" not in page
    assert Client(team_site.port, cookie, f"localhost:{team_site.port}").get("/").status == 401


@pytest.mark.usefixtures("maria")
def test_a_team_has_no_links_that_sign_in(team_site: Site) -> None:
    """Somebody could send one, and others would work in the sender's session."""
    client, _ = entered(team_site)
    assert "another browser" not in client.get("/").text
    assert client.post("/link").status == 404
    assert client.get("/start?token=x").status == 404
    assert at(team_site).get("/start?token=x").status == 404


def test_one_person_has_no_provider(site: Site) -> None:
    """The addresses of the way to it are none."""
    assert [site.stranger().get(path).status for path in ("/enter", "/enter/callback")] == [404, 404]


def test_the_keyring_of_the_machine_is_not_the_teams(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box is hidden, and a form that is sent with it all the same saves nothing."""
    saved: list[str] = []
    monkeypatch.setattr(credentials, "save", lambda *words: saved.append(str(words)))
    people_of(settings).add("maria", Role.RUNNER)
    with serving(behind_a_proxy(settings)) as site:
        client = signed_in_by_proxy(site.port, "maria")
        assert "keyring" not in client.get("/sign-in").text
        given = {"username": "ops@example.com", "password": "practice", "keep": "on"}
        assert client.post("/sign-in", given).place == "/"
    assert saved == []


# -- a proxy that has people signed in ---------------------------------------------------------------------------------


def test_a_proxy_says_who_somebody_is(settings: Settings) -> None:
    """With each request: the next one may be somebody else's, and one without the name is nobody's."""
    people_of(settings).add("Maria@example.com", Role.RUNNER)
    people_of(settings).add("ada", Role.ADMIN)
    with serving(behind_a_proxy(settings)) as site:
        assert "maria@example.com (runner)" in plain(signed_in_by_proxy(site.port, "maria@example.com").get("/").text)
        assert "ada (admin)" in plain(signed_in_by_proxy(site.port, "ada").get("/").text)
        assert signed_in_by_proxy(site.port, "").get("/").status == 401
        unknown = signed_in_by_proxy(site.port, "mallory").get("/")
        assert unknown.status == 401
        assert "You are signed in as mallory, but you may not use the importer" in plain(unknown.text)
        assert "/enter" not in unknown.text
        people_of(settings).remove("ada")
        assert signed_in_by_proxy(site.port, "ada").get("/").status == 401


def test_the_name_of_a_proxy_is_one_name(settings: Settings) -> None:
    """Two headers, an empty one, or one that no name can be, name nobody."""
    people_of(settings).add("ada", Role.ADMIN)
    with serving(behind_a_proxy(settings)) as site:
        for name in ("", " ", "x" * 300, "a\x01da"):
            assert Client(site.port, host="localhost", always={"X-Remote-User": name}).get("/").status == 401, name
        both = {"X-Remote-User": "ada", "x-remote-user": "mallory"}
        assert Client(site.port, host="localhost", always=both).get("/").status == 401


def test_the_sign_in_to_nexudus_is_each_persons_own(settings: Settings, service: Running) -> None:
    """Kept without a cookie, and never another one's."""
    for name in ("maria", "jonas"):
        people_of(settings).add(name, Role.RUNNER)
    with serving(behind_a_proxy(settings.model_copy(update={"username": None, "password": None}))) as site:
        maria, jonas = (signed_in_by_proxy(site.port, name) for name in ("maria", "jonas"))
        assert maria.post("/sign-in", {"username": "ops@example.com", "password": "practice"}).place == "/"
        assert "Nexudus: ops@example.com" in plain(maria.get("/").text)
        assert "Sign in to Nexudus" in plain(jonas.get("/").text)
        assert maria.cookie == ""
        maria.post("/leave")
        assert "Sign in to Nexudus" in plain(maria.get("/").text)


def test_nobody_may_do_anything_while_the_list_cannot_be_read(settings: Settings) -> None:
    """Neither somebody with a role nor somebody without one, and neither is told where the database is."""
    with running_server() as server:
        shared = settings.model_copy(update={"journal": server.url()})
        people_of(shared).add("ada", Role.ADMIN)
        with serving(behind_a_proxy(shared)) as site:
            ada, mallory = (signed_in_by_proxy(site.port, name) for name in ("ada", "mallory"))
            assert (ada.get("/").status, mallory.get("/").status) == (200, 401)
            server.stop("immediate")
            for answer in (ada.get("/"), mallory.get("/"), ada.post("/leave")):
                assert answer.status == 503
                assert "cannot be looked up at the moment" in plain(answer.text)
                assert str(server.folder) not in answer.text
            server.start()
            assert ada.get("/").status == 200
