"""A webhook and a mail server on this machine, each in a thread of its own."""

import json
import socketserver
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Server = ThreadingHTTPServer | socketserver.ThreadingTCPServer


@dataclass
class Webhook:
    """A webhook: its address, with a secret in it, and what it was sent."""

    url: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)


@contextmanager
def webhook(*answers: int, headers: Mapping[str, str] | None = None) -> Iterator[Webhook]:
    """A webhook that gives these answers, the last of them from then on; 0 is to close without one."""
    hook, left = Webhook(), list(answers or (200,))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            hook.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            hook.heads.append(f"{self.path}\n{self.headers}")
            status = left.pop(0) if len(left) > 1 else left[0]
            if not status:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {"Content-Length": "2", **(headers or {})}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its name in the base class
            """Say nothing."""

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        hook.url = f"http://127.0.0.1:{port}/services/T000/SECRET?sig=SECRET"
        yield hook


@dataclass
class MailServer:
    """A mail server: its port, what it was told line by line, and the letters."""

    port: int = 0
    lines: list[str] = field(default_factory=list)
    letters: list[str] = field(default_factory=list)


@contextmanager
def mail_server(refusals: Mapping[str, str] | None = None, offers: Sequence[str] = ()) -> Iterator[MailServer]:
    """A server that speaks as much SMTP as is needed; ``refusals`` are answers to verbs, ``offers`` are extensions."""
    mail, refused = MailServer(), refusals or {}

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say(refused.get("connect", "220 mail.example ready"))
            while line := self.rfile.readline().decode().rstrip():
                mail.lines.append(line)
                verb = line.split()[0].upper()
                if verb in refused:
                    self._say(refused[verb])
                elif verb == "EHLO":
                    self._say("250-mail.example", *(f"250-{offer}" for offer in offers), "250 HELP")
                elif verb == "DATA":
                    self._say("354 go on")
                    mail.letters.append("".join(iter(lambda: self.rfile.readline().decode(), ".\r\n")))
                    self._say(refused.get("end", "250 taken"))
                else:
                    self._say({"AUTH": "235 in", "QUIT": "221 bye"}.get(verb, "250 ok"))
                if verb == "QUIT":
                    return

        def _say(self, *lines: str) -> None:
            self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with _serving(server) as port:
        mail.port = port
        yield mail


@contextmanager
def _serving(server: Server) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
