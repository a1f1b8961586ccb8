"""An OpenID Connect provider of our own on a loopback socket, which can do wrong in every way that matters.

Of the importer it knows the settings that lead there, and nothing else.
"""

import base64
import hashlib
import hmac
import http.client
import json
import secrets
import threading
import time
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jws
from joserfc.jwk import RSAKey
from pydantic import SecretStr

from importer.config.settings import Settings

CLIENT, SECRET = "importer", "s3cret/with+signs"


@dataclass
class ProviderStandIn:
    """The provider: what it says of the person, and what it does wrong.

    ``faults`` are names of the methods and branches below that ask for them; ``claims`` are put over those of a proper
    token, a claim that is None is left out.
    """

    base: str
    keys: list[RSAKey] = field(default_factory=list)
    faults: set[str] = field(default_factory=set)
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def issuer(self) -> str:
        """What it calls itself."""
        return f"{self.base}/realms/test"

    def rotate(self, kid: str = "") -> None:
        """Sign with a new key from now on; under the old name if that is given."""
        self.keys = [RSAKey.generate_key(2048, {"kid": kid or secrets.token_hex(4), "use": "sig"})]

    def discovery(self) -> dict[str, Any]:
        """What it says of itself."""
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "end_session_endpoint": f"{self.issuer}/logout",
            "id_token_signing_alg_values_supported": ["none", "HS256", "RS256"],
        }
        return {name: value for name, value in (document | self.metadata).items() if value is not None}

    def code_for(self, query: dict[str, str]) -> dict[str, str]:
        """What the browser is sent back with."""
        if "refused" in self.faults:
            return {"error": "access_denied", "state": query["state"]}
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        issuer = {"iss": self.issuer} if self.metadata.get("authorization_response_iss_parameter_supported") else {}
        if "foreign issuer in the callback" in self.faults:
            issuer = {"iss": "https://evil.example"}
        return {"code": code, "state": query["state"], **issuer}

    def token_answer(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """The answer to a code, which works once, for whoever began the sign-in."""
        began = self.codes.pop(form.get("code", ""), None)
        proof = _part(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if began is None or proof != began["code_challenge"] or form["redirect_uri"] != began["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        if not self._is_client(form, authorization):
            return 401, {"error": "invalid_client"}
        answer = {"access_token": "a", "token_type": "Bearer", "id_token": self.token(began["nonce"])}
        if "no id_token" in self.faults:
            del answer["id_token"]
        return 200, answer

    def _is_client(self, form: dict[str, str], authorization: str) -> bool:
        if "client_secret_post" in self.metadata.get("token_endpoint_auth_methods_supported", []):
            return (form.get("client_id"), form.get("client_secret")) == (CLIENT, SECRET)
        pair = f"{urllib.parse.quote(CLIENT, safe='')}:{urllib.parse.quote(SECRET, safe='')}"
        return authorization == f"Basic {base64.b64encode(pair.encode()).decode()}"

    def token(self, nonce: str) -> str:
        """A token, or what it takes for one."""
        now = time.time()
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "248289", "nonce": nonce, "iat": now, "exp": now + 300}
        claims |= {"email": "maria@example.com", "email_verified": True, "name": "Maria Lopez"}
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        payload = json.dumps(claims)
        [key] = self.keys
        if "alg none" in self.faults:
            return _by_hand({"alg": "none", "kid": key.kid}, payload, b"")
        if "signed with the public key" in self.faults:
            return _by_hand({"alg": "HS256", "kid": key.kid}, payload, key.as_pem(private=False))
        if "signed with the client secret" in self.faults:
            return _by_hand({"alg": "HS256"}, payload, SECRET.encode())
        if "signed by somebody else" in self.faults:
            key = RSAKey.generate_key(2048, {"kid": key.kid or ""})
        token = jws.serialize_compact({"alg": "RS256", "kid": key.kid, "typ": "JWT"} | self.header, payload, key)
        return token[:-4] + ("AAAA" if token[-4:] != "AAAA" else "BBBB") if "wrong signature" in self.faults else token


def _by_hand(header: dict[str, Any], payload: str, secret: bytes) -> str:
    """A token as no careful library signs one."""
    text = f"{_part(json.dumps(header).encode())}.{_part(payload.encode())}"
    return f"{text}.{_part(hmac.digest(secret, text.encode(), 'sha256')) if secret else ''}"


def _part(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


class _Handler(BaseHTTPRequestHandler):
    provider: ProviderStandIn

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name that the library has
        """Say nothing."""

    def do_GET(self) -> None:
        """Discovery, keys, the page on which somebody signs in, and the one on which they sign out."""
        place = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(place.query))
        match place.path.removeprefix("/realms/test"):
            case "/.well-known/openid-configuration":
                self._json(200, self.provider.discovery())
            case "/keys":
                listed = [] if "the key is withdrawn" in self.provider.faults else self.provider.keys
                self._json(200, {"keys": [key.as_dict(private=False) for key in listed]})
            case "/authorize" if "asks" in self.provider.faults and "yes" not in query:
                fields = "".join(f'<input type="hidden" name="{name}" value="{v}">' for name, v in query.items())
                self._page(f'<form>{fields}<button name="yes" value="1">Let me in</button></form>')
            case "/authorize":
                back = urllib.parse.urlencode(self.provider.code_for(query))
                self._answer(302, b"", Location=f"{query['redirect_uri']}?{back}")
            case _:
                self._page("<p>Signed out everywhere</p>")

    def do_POST(self) -> None:
        """The token for a code."""
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        fields = {name: values[0] for name, values in form.items()}
        self._json(*self.provider.token_answer(fields, self.headers.get("Authorization", "")))

    def _json(self, status: int, document: object) -> None:
        what = self.path.rpartition("/")[2]
        self.provider.asked.append(what)
        if f"{what} is slow" in self.provider.faults:
            self.provider.over.wait(60)
        if f"{what} is down" in self.provider.faults:
            self.close_connection = True
            return
        if f"{what} fails" in self.provider.faults:
            status = 500
        if f"{what} leads away" in self.provider.faults:
            self._answer(302, b"", Location="https://evil.example/")
            return
        body = b"<h1>Hello</h1>" if f"{what} is a page" in self.provider.faults else json.dumps(document).encode()
        self._answer(status, body, Content_Type="application/json")

    def _page(self, body: str) -> None:
        text = f'<!doctype html><html lang="en"><title>Provider</title><body>{body}'
        self._answer(200, text.encode(), Content_Type="text/html")

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def provider_running() -> Iterator[ProviderStandIn]:
    """The provider at 127.0.0.1, until the end of the block."""

    class Handler(_Handler):
        pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider = ProviderStandIn(f"http://127.0.0.1:{server.server_address[1]}")
        provider.rotate()
        Handler.provider = provider
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            provider.over.set()
            server.shutdown()
            thread.join()


def sent_back(address: str) -> str:
    """Where a browser is sent that comes to the provider with this address."""
    parts = urllib.parse.urlsplit(address)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        return str(connection.getresponse().headers["Location"])
    finally:
        connection.close()


def with_provider(settings: Settings, provider: ProviderStandIn, port: int) -> Settings:
    """The settings of a page at localhost whose team signs in at the provider."""
    team = {"public_url": f"http://localhost:{port}", "oidc_issuer": provider.issuer, "oidc_client_id": CLIENT}
    return settings.model_copy(update=team | {"oidc_client_secret": SecretStr(SECRET), "oidc_role_claim": "roles"})
