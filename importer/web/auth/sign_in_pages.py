"""The routes of signing in: the one-time link, a team's way to its provider and back, and the sign-in to Nexudus."""

import asyncio
from typing import Any

from pydantic import SecretStr
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from importer.config import credentials
from importer.config.settings import Settings
from importer.errors import ImporterError, ServiceError, SettingsError, SignInError
from importer.runs.log import Level, LogLine
from importer.runs.session import sign_in
from importer.web.auth.people import Person
from importer.web.auth.sign_in_flow import FLOW_LASTS, Callback
from importer.web.context import FORBIDDEN, NOT_FOUND, app_of, form, page, person_of, redirect, session_of

UNAUTHORIZED, UNAVAILABLE = 401, 503
_FLOW_COOKIE = "__Host-importer-flow"
_STALE = (
    "This sign-in was not begun in this browser, took longer than ten minutes, or has already been used",
    "Sign in once more.",
)


async def open_link(request: Request) -> Response:
    """Turn a one-time link into a session."""
    cookie = app_of(request).sessions.use_link(request.query_params.get("token", ""))
    if cookie is None:
        log_refusal(request, "used or unknown link")
        return page(request, "sign_in_required.html", status=UNAUTHORIZED, used=True)
    app_of(request).log(LogLine("signed in"))
    after = app_of(request).after_sign_in
    answer = redirect(request, inside(request.cookies.get(after, "/")))
    secure = request.url.scheme == "https"
    answer.set_cookie(app_of(request).cookie, cookie, httponly=True, samesite="strict", secure=secure, path="/")
    answer.delete_cookie(after, path="/", httponly=True, samesite="strict")
    return answer


async def new_link(request: Request) -> Response:
    """A link for another browser of the same person."""
    secret = app_of(request).sessions.link(person_of(request))
    return page(request, "link.html", link=f"{request.url.scheme}://{request.headers['host']}/start?token={secret}")


async def go_to_provider(request: Request) -> Response:
    """Send the browser to the provider of the team.

    A link leads here, not a form: the policy of the pages lets no form be sent on to another site.
    """
    team = app_of(request).team
    if team is None or team.provider is None:
        raise HTTPException(NOT_FOUND)
    cookie, attempt = team.flows.begin(inside(request.query_params.get("next", "/")))
    try:
        answer = RedirectResponse(await team.provider.address(attempt), 303)
    except ServiceError as error:
        return sign_in_page(request, error.message, error.on_page, UNAVAILABLE, attempt.page)
    _set_lax(answer, _FLOW_COOKIE, cookie, int(FLOW_LASTS))
    return answer


async def come_back(request: Request) -> Response:
    """Start a session for whoever the provider says has signed in."""
    app, query = app_of(request), request.query_params
    team = app.team
    if team is None or team.provider is None:
        raise HTTPException(NOT_FOUND)
    attempt = team.flows.finish(request.cookies.get(_FLOW_COOKIE, ""), query.get("state", ""))
    if attempt is None:
        log_refusal(request, "stale sign-in")
        return sign_in_page(request, *_STALE, FORBIDDEN)
    callback = Callback(query.get("code", ""), query.get("error", ""), query.get("iss"))
    try:
        identity = await team.provider.identity(attempt, callback)
    except SignInError as error:
        log_refusal(request, "refused by the provider's answer")
        return _without_flow(sign_in_page(request, error.message, error.on_page, FORBIDDEN, attempt.page))
    except ServiceError as error:
        log_refusal(request, "provider away")
        return _without_flow(sign_in_page(request, error.message, error.on_page, UNAVAILABLE, attempt.page))
    grant = await asyncio.to_thread(team.grant, identity)
    if grant is None:
        log_refusal(request, "no role")
        return _without_flow(sign_in_page(request, *no_role(identity.name), FORBIDDEN))
    await asyncio.to_thread(team.remember, identity)
    app.sessions.end(request.cookies.get(app.cookie, ""))
    app.log(LogLine("signed in", details={"role": grant.role.name.lower()}))
    person = Person(identity.name, grant.role, identity.key)
    cookie = app.sessions.start(person, identity, grant.number, request.headers.get("user-agent", ""))
    answer = RedirectResponse(inside(attempt.page), 303)
    # Lax, because a strict one is not sent to the page to which another site leads. The guard refuses foreign forms.
    _set_lax(answer, app.cookie, cookie)
    return _without_flow(answer)


def log_refusal(request: Request, reason: str) -> None:
    """Note that a sign-in was refused; not whose it was, for anybody can claim to be somebody."""
    app_of(request).log(LogLine("sign-in refused", Level.WARNING, details={"reason": reason}))


def no_role(name: str) -> tuple[str, str]:
    """What is said to somebody who is known, but may not do anything."""
    return (
        f"You are signed in as {name}, but you may not use the importer",
        "Ask an administrator to add you to the people who may.",
    )


def sign_in_page(request: Request, title: str, text: str, status: int, after: str = "/") -> Response:
    """The page of a team that leads to the sign-in; ``after`` is the page that somebody wanted to see."""
    team = app_of(request).team
    provider = team.provider_host if team else ""
    return page(
        request, "team_sign_in.html", status=status, title=title, text=text, after=inside(after), provider=provider
    )


def _set_lax(answer: Response, name: str, value: str, max_age: int | None = None) -> None:
    answer.set_cookie(name, value, max_age=max_age, httponly=True, samesite="lax", secure=True, path="/")


def _without_flow(answer: Response) -> Response:
    answer.delete_cookie(_FLOW_COOKIE, path="/", httponly=True, samesite="lax", secure=True)
    return answer


async def leave(request: Request) -> Response:
    """End the session, and with it the sign-in to Nexudus inside it."""
    app, session = app_of(request), session_of(request)
    app.sessions.end_of_person(session.person.key, lambda _, other: other is session)
    answer = redirect(request, "/left")
    # Not the cookies: those of other ports on this machine are of the same site.
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    if app.team is not None:
        answer.delete_cookie(app.cookie, path="/", httponly=True, samesite="lax", secure=True)
    else:
        answer.delete_cookie(app.cookie, path="/", httponly=True, samesite="strict")
    return answer


async def show_signed_out(request: Request) -> Response:
    """The page after signing out."""
    team = app_of(request).team
    if team is None:
        return page(request, "sign_in_required.html", used=False)
    elsewhere = await team.provider.sign_out_address() if team.provider else ""
    return page(request, "team_signed_out.html", provider=team.provider_host, elsewhere=elsewhere)


async def show_nexudus_form(request: Request) -> Response:
    """Ask for the sign-in to Nexudus."""
    after = inside(request.query_params.get("next", "/"))
    return page(request, "sign_in.html", error=None, name="", next=after)


async def sign_in_to_nexudus(request: Request) -> Response:
    """Try a sign-in to Nexudus and hold it in memory; save it in the keyring too if the box is ticked."""
    fields, session = await form(request), session_of(request)
    after = inside(fields.get("next", "/"))
    try:
        account, settings = await sign_in(_with_secrets(request, fields), app_of(request).clock)
        # The keyring is the machine's, and what is in it is everybody's sign-in.
        if "keep" in fields and not fields.get("token") and app_of(request).team is None:
            credentials.save(settings.url, fields["username"], fields["password"])
    except ImporterError as error:
        log_refusal(request, "refused by Nexudus")
        values: dict[str, Any] = {"error": error, "name": fields.get("username", ""), "next": after}
        return page(request, "sign_in.html", status=422, **values)
    session.sign_in, session.account = settings, f"{account.user} in {account.space}"
    return redirect(request, after)


def _with_secrets(request: Request, fields: dict[str, str]) -> Settings:
    """The settings with what was typed; the address of the service is never taken from a form."""
    secrets = {"password": fields.get("password", "")}
    secrets |= {name: fields.get(name, "").strip() for name in ("token", "totp")}
    username = fields.get("username", "").strip()
    if not secrets["token"] and not (username and secrets["password"]):
        raise SettingsError("Enter an e-mail and a password, or a token.")
    values: dict[str, object] = {name: SecretStr(text) if text else None for name, text in secrets.items()}
    if secrets["token"]:
        values |= {"username": None, "password": None, "totp": None}
    else:
        values["username"] = username
    return app_of(request).settings.model_copy(update=values)


async def sign_out_of_nexudus(request: Request) -> Response:
    """Forget the sign-in to Nexudus that this session holds."""
    session = session_of(request)
    session.sign_in, session.account = None, ""
    return redirect(request, "/sign-in")


def inside(address: str) -> str:
    """An address of these pages; anything else is the home page, so that nobody is sent to another site."""
    is_path = address.startswith("/") and not address.startswith(("//", "/\\")) and "\\" not in address
    return address if is_path else "/"
