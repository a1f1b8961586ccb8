"""One call to another host than the service, such as the provider where a team signs in to the page.

Rule: the same wire as for the service. Nothing is repeated, no redirect is followed, no certificate is taken on trust.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from importer.config.addresses import is_safe
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
