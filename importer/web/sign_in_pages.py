"""The routes of coming in: the one-time link, names and passwords in team mode, and the sign-in to Nexudus."""

import asyncio
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from importer.config import credentials
from importer.errors import ImporterError, SettingsError
from importer.runs.session import sign_in
from importer.text import count, duration
from importer.web.context import FORBIDDEN, door, form, page, person, to, visit

UNKNOWN = 401
_MINUTE = 60


async def begin(request: Request) -> Response:
    """Turn a one-time link into a session."""
    cookie = door(request).visits.use_link(request.query_params.get("token", ""))
    if cookie is None:
        return page(request, "stranger.html", status=UNKNOWN, used=True)
    return _with_cookie(request, to(request, "/"), cookie)


def _with_cookie(request: Request, answer: Response, cookie: str) -> Response:
    secure = request.url.scheme == "https"
    answer.set_cookie(door(request).cookie, cookie, httponly=True, samesite="strict", secure=secure, path="/")
    return answer


async def another(request: Request) -> Response:
    """A link for another browser of the same person."""
    secret = door(request).visits.link(person(request))
    return page(request, "link.html", link=f"{request.url.scheme}://{request.headers['host']}/start?token={secret}")


async def enter(request: Request) -> Response:
    """Ask for name and password."""
    return page(request, "enter.html", error="", name="")


async def entered(request: Request) -> Response:
    """Let somebody in whose password is right."""
    here, given = door(request), await form(request)
    if here.team is None:
        return page(request, "stranger.html", status=FORBIDDEN, used=False)
    name = given.get("name", "").strip()
    found, wait = await asyncio.to_thread(here.team.enter, name, given.get("password", ""))
    if found is None:
        error = f"The name or the password is wrong. Try again in {_seconds(wait)}."
        return page(request, "enter.html", status=UNKNOWN, error=error, name=name)
    here.visits.end(request.cookies.get(here.cookie, ""))
    return _with_cookie(request, to(request, "/"), here.visits.begin(found))


def _seconds(wait: float) -> str:
    return duration(wait) if wait > _MINUTE else count(max(round(wait), 1), "second")


async def leave(request: Request) -> Response:
    """End the session, and with it the sign-in to Nexudus that it held."""
    here = door(request)
    here.visits.end(request.cookies.get(here.cookie, ""))
    answer = to(request, "/enter" if here.team else "/left")
    answer.delete_cookie(here.cookie, path="/", httponly=True, samesite="strict")
    return answer


async def left(request: Request) -> Response:
    """After leaving."""
    return page(request, "stranger.html", used=False)


async def nexudus(request: Request) -> Response:
    """Ask for the sign-in to Nexudus."""
    return page(request, "sign_in.html", error=None, name="", next=_inside(request.query_params.get("next", "/")))


async def signed_in(request: Request) -> Response:
    """Try a sign-in to Nexudus and hold it in memory; in the keyring too, if that was asked for."""
    given, session = await form(request), visit(request)
    place = _inside(given.get("next", "/"))
    try:
        account, held = await sign_in(_with_secrets(request, given), door(request).clock)
        if "keep" in given and not given.get("token"):
            credentials.save(held.url, given["username"], given["password"])
    except ImporterError as error:
        values: dict[str, Any] = {"error": error, "name": given.get("username", ""), "next": place}
        return page(request, "sign_in.html", status=422, **values)
    session.sign_in, session.account = held, f"{account.user} in {account.space}"
    return to(request, place)


def _with_secrets(request: Request, given: dict[str, str]) -> Any:
    """The settings with what was typed; the address of the service is never taken from a form."""
    secrets = {"password": given.get("password", "")}
    secrets |= {name: given.get(name, "").strip() for name in ("token", "totp")}
    username = given.get("username", "").strip()
    if not secrets["token"] and not (username and secrets["password"]):
        raise SettingsError("Enter an e-mail and a password, or a token.")
    values: dict[str, Any] = {name: SecretStr(text) if text else None for name, text in secrets.items()}
    if secrets["token"]:
        values |= {"username": None, "password": None, "totp": None}
    else:
        values["username"] = username
    return door(request).settings.model_copy(update=values)


async def sign_out(request: Request) -> Response:
    """Forget the sign-in to Nexudus that this session holds."""
    session = visit(request)
    session.sign_in, session.account = None, ""
    return to(request, "/sign-in")


def _inside(place: str) -> str:
    """A page of ours; anything else is the first one, so that nobody is sent to another site."""
    return place if place.startswith("/") and not place.startswith(("//", "/\\")) and "\\" not in place else "/"
