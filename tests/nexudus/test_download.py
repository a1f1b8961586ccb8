"""A file from an address: whole and within limits, or a sentence."""

import asyncio
import io
import ssl
import subprocess
from pathlib import Path

import pytest

from importer.errors import FileError
from importer.nexudus.download import MOST_REDIRECTS, Download, DownloadLimits, download, name_in
from nexudus.fileserver import Page, serving

TEXT = b"ResourceId,Name\n1,Room 1\n"


def got(url: str, size: int = 1 << 20, ca_file: str | None = None) -> tuple[Download, bytes]:
    """What comes from an address."""
    out = io.BytesIO()
    return asyncio.run(download(url, out, DownloadLimits(size, 30.0, None, ca_file))), out.getvalue()


def refusal(url: str, size: int = 1 << 20, ca_file: str | None = None) -> str:
    """What is said of an address from which nothing comes."""
    with pytest.raises(FileError) as caught:
        got(url, size, ca_file)
    assert caught.value.advice
    return caught.value.message


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    other = path.with_name("certificate.pem")
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(path), "-out", str(other)]
    subprocess.run(words, check=True, capture_output=True)
    path.write_text(path.read_text() + other.read_text())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    """What a server with that certificate needs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_file_comes_whole_over_https(certificate: Path, tls: ssl.SSLContext) -> None:
    """With its kind, without a cookie or a sign-in; what stands behind # is not sent."""
    with serving({"/a.csv?x=1": (200, {"Content-Type": "text/CSV"}, TEXT)}, tls) as (url, heads):
        came, body = got(f"{url}/a.csv?x=1#here", ca_file=str(certificate))
    assert (came.url, came.content_type, body) == (f"{url}/a.csv?x=1", "text/csv", TEXT)
    assert heads[0].startswith("/a.csv?x=1\n")
    assert not {"cookie", "authorization"} & {line.partition(":")[0].lower() for line in heads[0].splitlines()}


def test_a_certificate_that_is_not_trusted_ends_it(tls: ssl.SSLContext) -> None:
    """There is no option to go on without."""
    with serving({"/a.csv": (200, {}, TEXT)}, tls) as (url, heads):
        assert "certificate is not trusted" in refusal(f"{url}/a.csv")
    assert not heads


@pytest.mark.parametrize(
    "url",
    [
        "http://files.example/a.csv",
        "https://ines:secret@files.example/a.csv",
        "http://127.0.0.1.files.example/a.csv",
        "https:///a.csv",
        "ftp://files.example/a.csv",
        "file:///etc/passwd",
        "https://files.example/a b.csv",
    ],
)
def test_only_https_is_read_and_no_password_sent(url: str) -> None:
    """Before anything is asked, and without showing the password."""
    message = refusal(url)
    assert "without https or with a password" in message
    assert "secret" not in message


def test_a_redirect_is_followed_a_few_times() -> None:
    """Each by its own address, relative or whole; a circle ends."""
    pages: dict[str, Page] = {
        f"/{n}": (302, {"Location": f"/{n + 1}" if n % 2 else f"{n + 1}"}, b"") for n in range(MOST_REDIRECTS)
    }
    pages[f"/{MOST_REDIRECTS}"] = (200, {}, TEXT)
    pages["/round"] = (307, {"Location": "/round"}, b"")
    with serving(pages) as (url, heads):
        assert got(f"{url}/0")[1] == TEXT
        assert len(heads) == MOST_REDIRECTS + 1
        assert "more than 5 times" in refusal(f"{url}/round")
        assert len(heads) == 2 * (MOST_REDIRECTS + 1)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("http://localhost:1/a.csv", "leads to an address without https"),
        ("http://files.example/a.csv", "leads to an address without https"),
        ("file:///etc/passwd", "leads to an address without https"),
        ("https://ines:x@files.example/", "with a password in it"),
    ],
)
def test_no_redirect_leads_away_from_https(certificate: Path, tls: ssl.SSLContext, target: str, sentence: str) -> None:
    """Not even to this machine."""
    with serving({"/a.csv": (301, {"Location": target}, b"")}, tls) as (url, _):
        assert sentence in refusal(f"{url}/a.csv", ca_file=str(certificate))


MISUSES: dict[str, tuple[Page, str]] = {
    "a sign-in": ((401, {}, b""), "cannot be read without a sign-in (HTTP 401)"),
    "no right": ((403, {}, b""), "cannot be read without a sign-in (HTTP 403)"),
    "gone": ((404, {}, b""), "There is no file at"),
    "an error": ((500, {}, b"secret words"), "did not give a file (HTTP 500)"),
    "a redirect to nowhere": ((302, {}, b""), "did not give a file (HTTP 302)"),
    "a part": ((206, {}, TEXT), "did not give a file (HTTP 206)"),
    "too large": ((200, {}, bytes(2 << 20)), "has more than 1 MB"),
    "cut off": ((200, {"Content-Length": "99"}, TEXT), "cannot be read"),
    "lengths of both kinds": ((200, {"Content-Length": "x"}, TEXT), "cannot be read"),
}


@pytest.mark.parametrize("name", MISUSES)
def test_what_is_no_file_is_refused(name: str) -> None:
    """With what it was, and never with what the page says."""
    page, sentence = MISUSES[name]
    with serving({"/a.csv": page}) as (url, _):
        message = refusal(f"{url}/a.csv")
    assert sentence in message
    assert "secret words" not in message


def test_what_takes_too_long_ends() -> None:
    """A server that gives a byte now and then would keep it for ever."""
    with serving({"/a.csv": (200, {"Content-Length": "99"}, TEXT)}) as (url, _):
        limits = DownloadLimits(1 << 20, 0.0)
        with pytest.raises(FileError, match="did not arrive within"):
            asyncio.run(download(f"{url}/a.csv", io.BytesIO(), limits))


def test_nobody_there_is_a_sentence() -> None:
    """As in every other call."""
    assert refusal("http://localhost:9/a.csv").endswith("cannot be read: the connection was refused.")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example/May/rooms.csv?x=1#y", "rooms.csv"),
        ("https://files.example/May%2F..%2Frooms.csv", "rooms.csv"),
        ("https://files.example/..%5C..%5Cx.csv", "x.csv"),
        ("https://files.example/r%C3%A4ume%201.csv", "räume 1.csv"),
        ("https://files.example/a%00%0Ab.csv", "a--b.csv"),
        ("https://files.example/.csv", "csv"),
        ("https://files.example/", ""),
        ("https://files.example", ""),
        (f"https://files.example/{'x' * 300}.csv", f"{'x' * 96}.csv"),
    ],
)
def test_the_name_of_a_file_is_the_end_of_its_path(url: str, name: str) -> None:
    """Nothing in it can lead to another folder."""
    assert name_in(url) == name
