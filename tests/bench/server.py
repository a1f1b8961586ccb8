"""A service that answers at once and only counts creates: `python tests/bench/server.py` prints its address.

Each token is another account.

Faster than the sandbox by far, so that it is the client that is measured.
"""

import asyncio
import re
import sys

_LENGTH = re.compile(rb"(?i)content-length: (\d+)")
_CREATED = (
    b'{"Status":200,"Message":"Record was successfully created","Value":{"Id":%d},"OpenInDialog":false,'
    b'"OpenInWindow":false,"RedirectURL":null,"JavaScript":null,"UpdatedOn":"2026-11-23T10:00:00Z",'
    b'"UpdatedBy":"ops@example.com","Errors":null,"WasSuccessful":true}'
)
_TOKEN = b'{"access_token":"t","token_type":"bearer","expires_in":604799,"refresh_token":"r"}'
_WHO = b'{"Id":1,"Email":"%s@example.com","DefaultBusinessId":1,"DefaultBusinessName":"Bench"}'
_TOKEN_SENT = re.compile(rb"(?i)authorization: bearer (\w+)")
_NOTHING = b'{"Records":[],"CurrentPage":1,"TotalItems":0,"TotalPages":0,"HasNextPage":false}'


class Connection(asyncio.Protocol):
    """One client's requests, answered in their order."""

    created = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with nothing read."""
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._read = transport, b""

    def data_received(self, data: bytes) -> None:
        """Answer every request that is whole."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end]
            length = int(found[1]) if (found := _LENGTH.search(head)) else 0
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            body = _answer(head)
            start = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            self._transport.write(start % len(body) + body)


def _answer(head: bytes) -> bytes:
    if head.startswith(b"POST /api/spaces"):
        Connection.created += 1
        return _CREATED % Connection.created
    if head.startswith(b"GET /count"):
        return b"%d" % Connection.created
    if head.startswith(b"POST /api/token"):
        return _TOKEN
    if head.startswith(b"GET /en/user/me"):
        return _WHO % (sent[1] if (sent := _TOKEN_SENT.search(head)) else b"ops")
    return _NOTHING


async def main() -> None:
    """Serve until ended."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
