"""The routes of signing in: the one-time link, names and passwords in team mode, and the sign-in to Nexudus."""

import asyncio
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from importer.config import credentials
from importer.config.settings import Settings
from importer.errors import ImporterError, SettingsError
from importer.runs.session import sign_in
from importer.text import count, duration
from importer.web.context import FORBIDDEN, app_of, form, page, person_of, redirect, session_of

UNAUTHORIZED = 401
_MINUTE = 60


async def open_link(request: Request) -> Response:
    """Turn a one-time link into a session."""
    cookie = app_of(request).sessions.use_link(request.query_params.get("token", ""))
    if cookie is None:
        return page(request, "sign_in_required.html", status=UNAUTHORIZED, used=True)
    after = app_of(request).after_sign_in
    answer = _with_cookie(request, redirect(request, inside(request.cookies.get(after, "/"))), cookie)
    answer.delete_cookie(after, path="/", httponly=True, samesite="strict")
    return answer


def _with_cookie(request: Request, answer: Response, cookie: str) -> Response:
    secure = request.url.scheme == "https"
    answer.set_cookie(app_of(request).cookie, cookie, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


async def new_link(request: Request) -> Response:
    """A link for another browser of the same person."""
    secret = app_of(request).sessions.link(person_of(request))
    return page(request, "link.html", link=f"{request.url.scheme}://{request.headers['host']}/start?token={secret}")


async def show_password_form(request: Request) -> Response:
    """Ask for name and password."""
    return page(request, "password.html", error="", name="")


async def check_password(request: Request) -> Response:
    """Start a session for the person whose password is right."""
    app, fields = app_of(request), await form(request)
    if app.team is None:
        return page(request, "sign_in_required.html", status=FORBIDDEN, used=False)
    name = fields.get("name", "").strip()
    person, wait = await asyncio.to_thread(app.team.sign_in, name, fields.get("password", ""))
    if person is None:
        error = f"The name or the password is wrong. Try again in {_seconds(wait)}."
        return page(request, "password.html", status=UNAUTHORIZED, error=error, name=name)
    app.sessions.end(request.cookies.get(app.cookie, ""))
    return _with_cookie(request, redirect(request, "/"), app.sessions.start(person))


def _seconds(wait: float) -> str:
    return duration(wait) if wait > _MINUTE else count(max(round(wait), 1), "second")


async def leave(request: Request) -> Response:
    """End the session, and with it the sign-in to Nexudus inside it."""
    app = app_of(request)
    app.sessions.end(request.cookies.get(app.cookie, ""))
    answer = redirect(request, "/enter" if app.team else "/left")
    answer.delete_cookie(app.cookie, path="/", httponly=True, samesite="strict")
    return answer


async def show_signed_out(request: Request) -> Response:
    """The page after signing out."""
    return page(request, "sign_in_required.html", used=False)


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
        if "keep" in fields and not fields.get("token"):
            credentials.save(settings.url, fields["username"], fields["password"])
    except ImporterError as error:
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
