"""What people write instead: `python bench/peers.py session|gather FILE URL`. No checks, no journal, no report."""

import asyncio
import csv
import json
import sys
from collections.abc import Iterator
from pathlib import Path

PATH = "/api/spaces/coworkermsoffecalendars"
HEADERS = {"Authorization": "Bearer t", "Content-Type": "application/json"}
AT_ONCE = 16


def bodies(file: Path) -> Iterator[str]:
    """The rows as JSON."""
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened):
            yield json.dumps(row | {name: int(row[name]) for name in ("ResourceId", "CoworkerId")})


def session(file: Path, url: str) -> None:
    """A loop over requests.Session."""
    import requests  # the peers' libraries are not ours

    with requests.Session() as client:
        for body in bodies(file):
            client.post(url + PATH, data=body, headers=HEADERS, timeout=75).json()["Value"]["Id"]


def gather(file: Path, url: str) -> None:
    """The twenty lines with httpx and a semaphore."""
    import httpx

    async def main() -> None:
        turns = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(timeout=75) as client:

            async def post(body: str) -> int:
                async with turns:
                    answer = await client.post(url + PATH, content=body, headers=HEADERS)
                    return int(answer.json()["Value"]["Id"])

            await asyncio.gather(*(post(body) for body in bodies(file)))

    asyncio.run(main())


if __name__ == "__main__":
    {"session": session, "gather": gather}[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
