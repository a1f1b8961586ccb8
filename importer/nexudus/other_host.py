"""One call to another host than the service, such as the provider where a team signs in to the page.

Rule: the same wire as for the service. Nothing is repeated, no redirect is followed, no certificate is taken on trust.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from importer.config.addresses import is_loopback
from importer.nexudus.client import HttpClient
from importer.nexudus.reply import Reply


@dataclass(frozen=True, slots=True)
class _Destination:
    url: str
    timeout: float
    proxy: str | None
    ca_file: str | None


@dataclass(frozen=True, slots=True)
class OtherHost:
    """How other hosts are reached: within so many seconds, through this proxy, trusting these authorities."""

    timeout: float
    proxy: str | None = None
    ca_file: str | None = None

    async def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Reply:
        """The reply to one request; network trouble is one too.

        Raises:
            ValueError: The address is unsafe or none; see ``is_safe``.
        """
        if not is_safe(url):
            raise ValueError("not a plain https address")
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        base = f"{parts.scheme}://{parts.netloc}"
        client = HttpClient(_Destination(base, self.timeout, self.proxy, self.ca_file))
        try:
            return await client.send(method, target, headers, body)
        finally:
            await client.aclose()


def is_safe(url: str) -> bool:
    """Whether secrets may be sent to an address: https, or plain http on this machine, and nothing odd in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    # urlsplit silently drops tabs and line ends, so the text itself is looked at as well.
    plain = url.isascii() and url.isprintable() and not set(url) & set(' \\"<>')
    bare = parts.username is None and parts.password is None and not parts.fragment and port != 0
    return plain and bare and bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host)))
