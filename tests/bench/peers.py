"""What people write instead: `peers.py session|gather|dlt|wire FILE URL`. No checks, journal or report."""

import asyncio
import csv
import json
import sys
import tempfile
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


def load(file: Path, url: str) -> None:
    """A destination of dlt that posts row by row."""
    import dlt
    import requests

    with requests.Session() as client, tempfile.TemporaryDirectory() as folder:

        @dlt.destination(batch_size=1, name="posts")
        def posts(some: list[dict[str, str]], _table: object) -> None:
            for row in some:
                body = {name: row[name] for name in rows.fieldnames or ()}
                client.post(url + PATH, data=json.dumps(body, default=str), headers=HEADERS, timeout=75).json()

        with file.open(encoding="utf-8", newline="") as opened:
            rows = csv.DictReader(opened)
            dlt.pipeline("bench", destination=posts, pipelines_dir=folder).run(rows, table_name="rows")


def wire(file: Path, url: str) -> None:
    """Our own connections and nothing else: what the import as a whole is compared with."""
    from importer.nexudus import Access, Secret
    from importer.nexudus.client import HttpClient

    async def main() -> None:
        lanes = HttpClient(Access(url=url, token=Secret("t")))
        waiting = bodies(file)

        async def work() -> None:
            for body in waiting:
                reply = await lanes.send("POST", PATH, HEADERS, body.encode())
                assert reply.status == 200, reply

        await asyncio.gather(*(work() for _ in range(4 * AT_ONCE)))
        await lanes.aclose()

    asyncio.run(main())


if __name__ == "__main__":
    peers = {"session": session, "gather": gather, "dlt": load, "wire": wire}
    peers[sys.argv[1]](Path(sys.argv[2]), sys.argv[3])
