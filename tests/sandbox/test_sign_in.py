"""Signing in: tokens, refresh, Basic, and each documented refusal."""

from __future__ import annotations

import base64
import json
from urllib.parse import urlencode

import pytest

from importer.sandbox import SandboxOptions
from importer.sandbox.server import Running
from importer.sandbox.sign_in import REFRESH_SECONDS, SignIn
from sandbox.sandbox_client import PATH, Answer, call, unlimited

PASSWORD = {"grant_type": "password", "username": "ops@example.com", "password": "practice"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def sign_in(sandbox: Running, **form: str) -> Answer:
    """Asks for a token with a form."""
    return call(sandbox, "POST", "/api/token", urlencode(form), FORM)


def status_with(sandbox: Running, authorization: str) -> int:
    """The status of a list that is asked for with an Authorization header."""
    return call(sandbox, "GET", PATH, headers={"Authorization": authorization}).status


def test_password_gives_a_token_that_opens_the_door() -> None:
    """A sign-in answers an OAuth pair, and the access token is accepted."""
    with unlimited(token=None) as sandbox:
        answer = sign_in(sandbox, **PASSWORD)
        assert status_with(sandbox, f"Bearer {answer.json['access_token']}") == 200
    assert answer.status == 200
    assert (answer.json["token_type"], answer.json["expires_in"]) == ("bearer", 604799)


def test_a_sign_in_is_no_write() -> None:
    """Whoever practises with one write a day may sign in as often as others."""
    with unlimited(token=None, writes_per_day=1, writes_per_minute=1) as sandbox:
        assert [sign_in(sandbox, **PASSWORD).status for _ in range(3)] == [200, 200, 200]


@pytest.mark.parametrize(
    ("options", "form", "error"),
    [
        ({}, {"password": "wrong"}, "invalid_grant"),
        ({}, {"username": "who@example.com"}, "invalid_grant"),
        ({}, {"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"totp": "123456"}, {}, "two_factor_auth_check"),
        ({"totp": "123456"}, {"totp": "000000"}, "two_factor_auth_check"),
        ({"must_reset_password": True}, {}, "must_reset_password"),
        ({}, {"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_sign_in_is_refused(options: dict[str, object], form: dict[str, str], error: str) -> None:
    """Each way to fail is a 400 with its OAuth error."""
    with unlimited(**options) as sandbox:
        answer = sign_in(sandbox, **{**PASSWORD, **form})
    assert (answer.status, answer.json["error"]) == (400, error)


def test_json_sign_in_is_refused() -> None:
    """A token asked for with a JSON body is an unsupported grant."""
    with unlimited() as sandbox:
        assert call(sandbox, "POST", "/api/token", PASSWORD).json == {"error": "unsupported_grant_type"}


def test_right_code_passes_two_factor_sign_in() -> None:
    """With the code in the form the sign-in succeeds."""
    with unlimited(totp="123456") as sandbox:
        assert sign_in(sandbox, **PASSWORD, totp="123456").status == 200


def test_refresh_token_works_once_and_for_its_client_only() -> None:
    """A refresh gives a new pair and ends the old refresh token; other clients' live on."""
    with unlimited() as sandbox:
        mine = sign_in(sandbox, **PASSWORD, client_id="importer").json["refresh_token"]
        other = sign_in(sandbox, **PASSWORD).json["refresh_token"]
        refresh = {"grant_type": "refresh_token", "refresh_token": mine}
        assert sign_in(sandbox, **refresh).status == 400
        assert sign_in(sandbox, **refresh, client_id="importer").status == 200
        assert sign_in(sandbox, **refresh, client_id="importer").status == 400
        assert sign_in(sandbox, grant_type="refresh_token", refresh_token=other).status == 200


def test_new_sign_in_ends_the_older_refresh_token() -> None:
    """Asking for a token again kills the refresh token of the same client; access tokens live on."""
    with unlimited() as sandbox:
        first, second = (sign_in(sandbox, **PASSWORD).json for _ in range(2))
        assert sign_in(sandbox, grant_type="refresh_token", refresh_token=first["refresh_token"]).status == 400
        assert {status_with(sandbox, f"Bearer {each['access_token']}") for each in (first, second)} == {200}


def test_client_id_may_be_a_header() -> None:
    """The older pages of the vendor send the client_id as a header."""
    with unlimited() as sandbox:
        headers = {**FORM, "client_id": "importer"}
        token = call(sandbox, "POST", "/api/token", urlencode(PASSWORD), headers).json["refresh_token"]
        form = {"grant_type": "refresh_token", "refresh_token": token, "client_id": "importer"}
        assert sign_in(sandbox, **form).status == 200


def test_tokens_expire() -> None:
    """An access token ends after `expires_in`, a refresh token after 15 days."""
    options, signin = SandboxOptions(expires_in=60), SignIn()
    headers = {"content-type": FORM["Content-Type"]}
    pair = signin.token(options, headers, urlencode(PASSWORD).encode(), 1000.0)
    access, refresh = (pair.body.decode().split('"')[index] for index in (3, 13))
    assert signin.accepts(options, f"Bearer {access}", 1059.0)
    assert not signin.accepts(options, f"Bearer {access}", 1060.0)
    form = urlencode({"grant_type": "refresh_token", "refresh_token": refresh}).encode()
    assert signin.token(options, headers, form, 1000.0 + REFRESH_SECONDS).status == 400
    assert signin.token(options, headers, form, 999.0 + REFRESH_SECONDS).status == 200


def test_tokens_can_be_ended_from_outside() -> None:
    """A test can end every token given out; the refresh token still works."""
    with unlimited(token=None) as sandbox:
        pair = sign_in(sandbox, **PASSWORD).json
        sandbox.state.signin.revoke_all()
        assert status_with(sandbox, f"Bearer {pair['access_token']}") == 401
        fresh = sign_in(sandbox, grant_type="refresh_token", refresh_token=pair["refresh_token"]).json
        assert status_with(sandbox, f"Bearer {fresh['access_token']}") == 200


def test_basic_sign_in_is_accepted() -> None:
    """E-mail and password are accepted with each call."""
    with unlimited(token=None) as sandbox:
        for password, status in (("practice", 200), ("wrong", 401)):
            pair = base64.b64encode(f"ops@example.com:{password}".encode()).decode()
            assert status_with(sandbox, f"Basic {pair}") == status


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer nonsense", "Basic %%%", "Basic /w==", "Digest x"])
def test_anything_else_is_401_without_a_body(authorization: str) -> None:
    """A call that is not signed in gets an empty 401."""
    with unlimited() as sandbox:
        answer = call(sandbox, "GET", PATH, headers={"Authorization": authorization})
    assert (answer.status, answer.body) == (401, b"")


def test_account_is_told() -> None:
    """Who am I: the account's Id, e-mail and location; a fresh sandbox is another account."""
    with unlimited() as one, unlimited() as other:
        mine, theirs = (call(each, "GET", "/en/user/me").json for each in (one, other))
        assert mine["Id"] == one.state.user_id
    assert (mine["Email"], mine["DefaultBusinessName"]) == ("ops@example.com", "Harbour House")
    assert mine["Id"] != theirs["Id"]
    assert mine["DefaultBusinessId"] == theirs["DefaultBusinessId"]


@pytest.mark.parametrize(("scale", "life"), [(1.0, 600), (60.0, 10), (6000.0, 1)])
def test_a_token_lives_as_long_as_the_answer_says(scale: float, life: int) -> None:
    """Where time passes faster, both are shorter; a token of no time at all would help nobody."""
    options, signin = SandboxOptions(expires_in=600, time_scale=scale), SignIn()
    form = f"grant_type=password&username={options.username}&password={options.password}".encode()
    answer = json.loads(signin.token(options, {"content-type": "application/x-www-form-urlencoded"}, form, 100.0).body)
    assert answer["expires_in"] == life
    bearer = f"Bearer {answer['access_token']}"
    assert signin.accepts(options, bearer, 100.0 + life - 0.1)
    assert not signin.accepts(options, bearer, 100.0 + life)
