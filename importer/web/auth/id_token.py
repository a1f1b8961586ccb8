"""An ID token of OpenID Connect: whether it is for us, and what it says of the person. Pure; imported for a team only.

Rule 1: the algorithms are those of our list, whatever the provider or the token says. Rule 2: what is not proved is
refused; each refusal has a line in the test's table. OpenID Connect Core 1.0, section 3.1.3.7.
"""

import hmac
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, RSAKey

from importer.nexudus.reply import parse_json

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")
"""Signatures with a public key. Never "none"; never HS256, with which whoever knows the public key could sign."""

_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
_KEY_TYPES = ("RSA", "EC")
_SHORTEST_RSA = 2048
_MARGIN = 60.0
"""Seconds by which the provider's clock may differ from ours."""

_OLDEST = 600.0
"""Seconds since a token was issued; it is fetched at the moment of the sign-in."""

_LONGEST_SUBJECT = 255

Key = RSAKey | ECKey


class TokenError(Exception):
    """A token that proves nothing; the text says why, as a sentence without its end."""


class UnknownKeyError(TokenError):
    """None of the keys that are known has signed it; the provider may have new ones."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token must say to be the answer to our question."""

    issuer: str
    client_id: str
    nonce: str


def usable_keys(document: object) -> list[Key]:
    """The keys of a provider's list that can check a signature; others are ignored, as RFC 7517 section 5 says."""
    listed = document.get("keys") if isinstance(document, dict) else None
    keys = [_key(entry) for entry in listed] if isinstance(listed, list) else []
    return [key for key in keys if key is not None]


def _key(entry: object) -> Key | None:
    if not isinstance(entry, dict) or entry.get("kty") not in _KEY_TYPES or entry.get("use", "sig") != "sig":
        return None
    try:
        key = JWKRegistry.import_key(entry)
        if isinstance(key, RSAKey):
            return key if key.public_key.key_size >= _SHORTEST_RSA else None
        return key if isinstance(key, ECKey) else None
    except (JoseError, ValueError, TypeError, KeyError, AttributeError):
        return None


def claims_of(token: str, keys: Sequence[Key], expected: Expected, now: float) -> Mapping[str, Any]:
    """What a token says, if it is signed by one of the keys and the answer to our question.

    Raises:
        UnknownKeyError: None of the keys has signed it.
        TokenError: It proves nothing.
    """
    claims = parse_json(_signed_text(token, keys))
    if not isinstance(claims, dict):
        raise TokenError("the ID token holds no claims")
    _check_parties(claims, expected)
    _check_times(claims, now)
    return claims


def _signed_text(token: str, keys: Sequence[Key]) -> bytes:
    try:
        signed = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY)
        header = signed.headers()
        algorithm, kid = header.get("alg"), header.get("kid")
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError):
        raise TokenError("the ID token cannot be read") from None
    if algorithm not in ALGORITHMS:
        raise TokenError("the ID token is not signed in a way that can be trusted")
    if "crit" in header:
        raise TokenError("the ID token asks for something that the importer does not know")
    # Without a kid every key is tried: a provider with one key need not name it.
    for key in [key for key in keys if kid is None or key.kid == kid]:
        try:
            if jws.validate_compact(signed, key, registry=_REGISTRY):
                return signed.payload
        except (JoseError, ValueError, TypeError):
            continue
    raise UnknownKeyError("the ID token is not signed by a key of the provider")


def _check_parties(claims: Mapping[str, Any], expected: Expected) -> None:
    if claims.get("iss") != expected.issuer:
        raise TokenError("the ID token is from another issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if expected.client_id not in audiences:
        raise TokenError("the ID token is for another client")
    # Several audiences are believed only if the token says that it was made for us; azp must never name another.
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != expected.client_id:
        raise TokenError("the ID token was made for another client")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), expected.nonce.encode()):
        raise TokenError("the ID token belongs to another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
        raise TokenError("the ID token does not say who it is about")


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, issued = _instant(claims.get("exp")), _instant(claims.get("iat"))
    if expires is None or issued is None:
        raise TokenError("the ID token does not say when it was issued and when it expires")
    if expires <= now - _MARGIN:
        raise TokenError("the ID token has expired")
    if not now - _OLDEST <= issued <= now + _MARGIN:
        raise TokenError("the ID token was issued at another time; the clock of this machine may be wrong")
    if "nbf" in claims and not ((begin := _instant(claims["nbf"])) is not None and begin <= now + _MARGIN):
        raise TokenError("the ID token is not valid yet")


def _instant(value: object) -> float | None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if number and isinstance(value, int | float) and math.isfinite(value) else None
