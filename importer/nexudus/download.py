"""One file from an https address, written to a stream as it comes.

Rule 1: nothing but GET, over https, or plain http on this machine; a redirect never leads from https to http. Rule 2:
no cookies, no sign-in, nothing from the environment. Rule 3: it ends, by its size, its time and its redirects.
"""

import asyncio
import re
from dataclasses import dataclass
from typing import IO
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import httpx

from importer.config.addresses import is_safe
from importer.errors import FileError
from importer.harmless import without_passwords
from importer.nexudus.client import AGENT, transport, trusted, words_of

MOST_REDIRECTS = 5
_READ, _CONNECT = 60.0, 10.0
_MOVED = {301, 302, 303, 307, 308}
_REFUSED = {401, 403, 407}
_GONE = {404, 410}
_OK = 200
_ADVICE = "Download it in your browser, then import the file."


@dataclass(frozen=True, slots=True)
class DownloadLimits:
    """How a download is made: at most so many bytes and seconds, through this proxy, trusting these authorities."""

    size: int
    seconds: float
    proxy: str | None = None
    ca_file: str | None = None


@dataclass(frozen=True, slots=True)
class Download:
    """What came: from which address in the end, and of which kind it is said to be."""

    url: str
    content_type: str


def name_in(url: str) -> str:
    """What a file at an address is called by the end of its path; empty if that says nothing."""
    name = re.sub(r"[^\w. -]", "-", unquote(urlsplit(url).path).rpartition("/")[2]).strip(" .-")
    return name[-100:]


async def download(url: str, out: IO[bytes], limits: DownloadLimits) -> Download:
    """Write the file at an address to a stream.

    Raises:
        FileError: It cannot be had, or not within the limits.
    """
    shown = without_passwords(urldefrag(url).url)
    try:
        async with asyncio.timeout(limits.seconds):
            return await _after_redirects(urldefrag(url).url, out, limits, shown)
    except TimeoutError as error:
        message = f"{shown} did not arrive within {limits.seconds / 60:,.0f} minutes."
        raise FileError(message, _ADVICE) from error


async def _after_redirects(url: str, out: IO[bytes], limits: DownloadLimits, shown: str) -> Download:
    for _ in range(MOST_REDIRECTS + 1):
        if not is_safe(url):
            raise FileError(
                f"{shown} cannot be read: it is, or leads to, an address without https or with a password in it.",
                "Use the https address of the file itself. A sign-in cannot be given.",
            )
        answer = await _answer_of(url, out, limits, shown)
        if isinstance(answer, Download):
            return answer
        target = urldefrag(urljoin(url, answer)).url
        if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
            raise FileError(f"{shown} leads to an address without https.", _ADVICE)
        url = target
    raise FileError(f"{shown} leads from one address to the next, more than {MOST_REDIRECTS} times.", _ADVICE)


async def _answer_of(url: str, out: IO[bytes], limits: DownloadLimits, shown: str) -> Download | str:
    """What came from an address, or the address to which it leads."""
    timeouts = {"connect": _CONNECT, "read": _READ, "write": _CONNECT, "pool": _CONNECT}
    address = httpx.URL(url)
    # Not packed on the way: what is packed at its source is seen by its bytes, and unpacked within the limits for that.
    headers = [("Host", address.netloc.decode("ascii")), ("Accept", "*/*"), ("Accept-Encoding", "identity")]
    request = httpx.Request("GET", address, headers=[*headers, ("User-Agent", AGENT)], extensions={"timeout": timeouts})
    connection = transport(trusted(limits.ca_file), limits.proxy)
    try:
        answer = await connection.handle_async_request(request)
        try:
            if answer.status_code in _MOVED and (target := answer.headers.get("location")):
                return str(target)
            _refuse_status(answer.status_code, shown)
            await _write(answer, out, limits, shown)
            return Download(url, answer.headers.get("content-type", "").lower())
        finally:
            await answer.aclose()
    except (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, OSError) as error:
        raise FileError(
            f"{shown} cannot be read: {words_of(error, timeouts)}.", "Try again, or check the address."
        ) from error
    finally:
        await connection.aclose()


def _refuse_status(status: int, shown: str) -> None:
    if status in _REFUSED:
        raise FileError(f"{shown} cannot be read without a sign-in (HTTP {status}).", _ADVICE)
    if status in _GONE:
        raise FileError(f"There is no file at {shown} (HTTP {status}).", "Check the address.")
    if status != _OK:
        raise FileError(f"{shown} did not give a file (HTTP {status}).", "Try again later, or check the address.")


async def _write(answer: httpx.Response, out: IO[bytes], limits: DownloadLimits, shown: str) -> None:
    size = 0
    async for piece in answer.aiter_raw():
        size += len(piece)
        if size > limits.size:
            raise FileError(
                f"{shown} has more than {limits.size >> 20:,} MB.", "Make sure that it is the right address."
            )
        out.write(piece)
