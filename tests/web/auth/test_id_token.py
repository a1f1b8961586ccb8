"""The ID token: a table of everything that proves nothing."""

import base64
import contextlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from importer.web.auth.id_token import ALGORITHMS, Expected, TokenError, UnknownKeyError, claims_of, usable_keys

NOW = 1_800_000_000.0
KEY = RSAKey.generate_key(2048, {"kid": "one"})
OTHER = RSAKey.generate_key(2048, {"kid": "one"})
CURVE = ECKey.generate_key("P-256", {"kid": "two"})
EXPECTED = Expected("https://login.example", "importer", "n0nce")
PROPER = {
    "iss": "https://login.example",
    "aud": "importer",
    "sub": "248289",
    "nonce": "n0nce",
    "iat": NOW - 1,
    "exp": NOW + 300,
}


def keys(*listed: RSAKey | ECKey) -> list[Any]:
    """The keys as a provider lists them."""
    return list(usable_keys({"keys": [key.as_dict(private=False) for key in listed]}))


def signed(claims: object, key: RSAKey | ECKey = KEY, algorithm: str = "RS256", **header: Any) -> str:
    """A token of these claims."""
    registry = jws.JWSRegistry(algorithms=[*ALGORITHMS], strict_check_header=False)
    return jws.serialize_compact(
        {"alg": algorithm, "kid": key.kid} | header, json.dumps(claims), key, registry=registry
    )


def proved(token: str) -> Any:
    """What the token says, if it proves it."""
    return claims_of(token, keys(KEY, CURVE), EXPECTED, NOW)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"aud": ["importer"]},
        {"aud": ["importer", "account"], "azp": "importer"},
        {"azp": "importer"},
        {"exp": NOW - 59},
        {"iat": NOW + 59, "nbf": NOW + 59},
        {"iat": NOW - 599},
        {"unknown": [1, {"a": None}]},
    ],
    ids=str,
)
def test_a_proper_token_is_believed(change: dict[str, Any]) -> None:
    """With what the standard allows, and a minute between the clocks."""
    assert proved(signed(PROPER | change))["sub"] == "248289"


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "foreign issuer": ({"iss": "https://evil.example"}, "another issuer"),
    "issuer with a slash more": ({"iss": "https://login.example/"}, "another issuer"),
    "no issuer": ({"iss": None}, "another issuer"),
    "issuer in a list": ({"iss": ["https://login.example"]}, "another issuer"),
    "foreign audience": ({"aud": "other"}, "another client"),
    "audience that only begins so": ({"aud": "importer2"}, "another client"),
    "foreign audiences": ({"aud": ["a", "b"]}, "another client"),
    "no audience": ({"aud": None}, "another client"),
    "empty audiences": ({"aud": []}, "another client"),
    "two audiences and no azp": ({"aud": ["importer", "other"]}, "made for another client"),
    "foreign azp": ({"azp": "other"}, "made for another client"),
    "foreign azp of two audiences": ({"aud": ["importer", "other"], "azp": "other"}, "made for another client"),
    "empty azp": ({"azp": None}, "made for another client"),
    "wrong nonce": ({"nonce": "other"}, "another sign-in"),
    "no nonce": ({"nonce": None}, "another sign-in"),
    "nonce that is a number": ({"nonce": 0}, "another sign-in"),
    "no subject": ({"sub": None}, "who it is about"),
    "empty subject": ({"sub": ""}, "who it is about"),
    "subject that is a number": ({"sub": 1}, "who it is about"),
    "endless subject": ({"sub": "x" * 256}, "who it is about"),
    "expired": ({"exp": NOW - 60}, "has expired"),
    "no end": ({"exp": None}, "when it was issued"),
    "end in words": ({"exp": "never"}, "when it was issued"),
    "end that is true": ({"exp": True}, "when it was issued"),
    "no beginning": ({"iat": None}, "when it was issued"),
    "issued long ago": ({"iat": NOW - 601}, "another time"),
    "issued in the future": ({"iat": NOW + 61}, "another time"),
    "not valid yet": ({"nbf": NOW + 61}, "not valid yet"),
    "valid from a word": ({"nbf": "now"}, "not valid yet"),
}


@pytest.mark.parametrize(("change", "why"), WRONG.values(), ids=WRONG)
def test_a_token_with_a_wrong_claim_is_refused(change: dict[str, Any], why: str) -> None:
    """Although the provider has signed it; the reason is said."""
    with pytest.raises(TokenError, match=why):
        proved(signed(PROPER | change))


@pytest.mark.parametrize("name", PROPER)
def test_a_token_without_a_claim_is_refused(name: str) -> None:
    """Each of them is needed."""
    with pytest.raises(TokenError):
        proved(signed({claim: value for claim, value in PROPER.items() if claim != name}))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_algorithm_of_the_list_works(algorithm: str) -> None:
    """A provider may use any of them."""
    sizes = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    key = ECKey.generate_key(sizes[algorithm], {"kid": "x"}) if algorithm in sizes else KEY
    assert claims_of(signed(PROPER, key, algorithm), keys(key), EXPECTED, NOW)["sub"] == "248289"


def _without_signature() -> str:
    return signed(PROPER).rpartition(".")[0] + "."


def _part(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _by_hand(signature: Callable[[bytes], bytes], **header: Any) -> str:
    """A token as no library signs one."""
    text = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(PROPER).encode())}"
    return f"{text}.{_part(signature(text.encode()))}"


def _unsigned(**header: Any) -> str:
    return _by_hand(lambda _: b"", **header)


def _by_secret(secret: bytes) -> str:
    return _by_hand(lambda text: hmac.digest(secret, text, "sha256"), alg="HS256", kid="one")


FORGED = {
    "alg none": lambda: _unsigned(alg="none"),
    "alg none with a kid": lambda: _unsigned(alg="none", kid="one"),
    "alg none in other letters": lambda: _unsigned(alg="nOnE"),
    "alg in a list": lambda: _unsigned(alg=["none"]),
    "no alg": lambda: _unsigned(kid="one"),
    "no signature": _without_signature,
    "signed with the public key": lambda: _by_secret(KEY.as_pem(private=False)),
    "signed with a key of that name by somebody else": lambda: signed(PROPER, OTHER),
    "signed with a key that is not listed": lambda: signed(PROPER, RSAKey.generate_key(2048, {"kid": "three"})),
    "RS256 with the name of the other key": lambda: signed(PROPER, kid="two"),
    "claims of another token": lambda: ".".join(
        [signed(PROPER).split(".")[0], signed(PROPER | {"sub": "2"}).split(".")[1], signed(PROPER).split(".")[2]]
    ),
    "a critical header": lambda: signed(PROPER, crit=["b64"], b64=True),
    "not a token": lambda: "a.b.c",
    "one part": lambda: "abc",
    "five parts, as if encrypted": lambda: "a.b.c.d.e",
    "nothing": lambda: "",
    "not ASCII": lambda: signed(PROPER) + "ä",
    "endless": lambda: "a" * 500_000,
    "a list of claims": lambda: signed([PROPER]),
    "a claim that is no number": lambda: signed(PROPER | {"exp": float("inf")}),
    "bottomless claims": lambda: jws.serialize_compact({"alg": "RS256", "kid": "one"}, "[" * 50_000, KEY),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED)
def test_a_forged_token_is_refused(forge: Any) -> None:
    """With a refusal, never with another error."""
    with pytest.raises(TokenError):
        proved(forge())


def test_an_unknown_key_is_told_from_other_refusals() -> None:
    """Only there it may help to read the keys again."""
    for token in (signed(PROPER, OTHER), signed(PROPER, RSAKey.generate_key(2048, {"kid": "three"}))):
        with pytest.raises(UnknownKeyError):
            proved(token)
    with pytest.raises(TokenError) as refused:
        proved(_unsigned(alg="none"))
    assert not isinstance(refused.value, UnknownKeyError)


def test_a_token_need_not_name_the_key() -> None:
    """A provider with one key may leave that out."""
    token = jws.serialize_compact({"alg": "RS256"}, json.dumps(PROPER), KEY)
    assert proved(token)["sub"] == "248289"


UNUSABLE = {
    "for encryption": KEY.as_dict(private=False) | {"use": "enc"},
    "a shared secret": {"kty": "oct", "k": "c2VjcmV0", "kid": "one"},
    "of tomorrow": {"kty": "AKP", "kid": "one"},
    "without a number": {"kty": "RSA", "kid": "one"},
    "of a wrong number": {"kty": "RSA", "kid": "one", "n": "AQAB", "e": "AQAB"},
    "no key at all": "one",
    "on no curve": {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
}


@pytest.mark.parametrize("entry", UNUSABLE.values(), ids=UNUSABLE)
def test_a_key_that_cannot_check_is_ignored(entry: object) -> None:
    """And the others of the list are used."""
    assert [key.kid for key in usable_keys({"keys": [entry, KEY.as_dict(private=False)]})] == ["one"]


@pytest.mark.parametrize("document", [None, [], {}, {"keys": None}, {"keys": {}}])
def test_a_list_that_is_none_has_no_keys(document: object) -> None:
    """Whatever a provider answers."""
    assert usable_keys(document) == []


PROPER_TOKEN = signed(PROPER)


@given(st.data())
def test_no_changed_token_proves_anything(data: st.DataObject) -> None:
    """Whichever character is another one, it is refused, or says the very same."""
    place = data.draw(st.integers(0, len(PROPER_TOKEN) - 1))
    character = data.draw(st.sampled_from("ABab09-_.=ä\n"))
    changed = PROPER_TOKEN[:place] + character + PROPER_TOKEN[place + 1 :]
    with contextlib.suppress(TokenError):
        # The last character of a part has bits that count for nothing.
        assert proved(changed) == proved(PROPER_TOKEN)
