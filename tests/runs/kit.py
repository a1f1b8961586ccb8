"""What the tests of runs share: a file of good rows, what is stored, and a colleague at work."""

import base64
import json
import urllib.request
from typing import Any

from conftest import GIVE_UP, Desk, Service, mapping

PATH = "/api/spaces/coworkermsoffecalendars"


def rows(desk: Desk, number: int = 5) -> str:
    """A file with so many good rows."""
    return str(desk.write("rows.csv", [mapping(n) for n in range(2, 2 + number)]))


def names(service: Service) -> list[str]:
    """The names of the stored records, sorted."""
    return sorted(record["Name"] for record in service.records)


def once(service: Service, number: int) -> bool:
    """Whether each of the first rows exists exactly once."""
    return names(service) == sorted(f"Room {n}" for n in range(2, 2 + number))


def change(service: Service, desk: Desk, method: str, path: str, body: dict[str, Any] | None = None) -> None:
    """A colleague at work: one call to the service with another password-sign-in."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(service.url + path, data, {"Content-Type": "application/json"}, method=method)
    secret = f"{desk.variables['NEXUDUS_USERNAME']}:{desk.variables['NEXUDUS_PASSWORD']}".encode()
    request.add_header("Authorization", "Basic " + base64.b64encode(secret).decode())
    urllib.request.urlopen(request, timeout=GIVE_UP).read()
