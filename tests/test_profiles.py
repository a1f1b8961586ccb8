"""A profile: settings and a sign-in of its own, taken from nowhere else."""

from pathlib import Path

import pytest

from importer.errors import SettingsError
from importer.settings import as_environment, load

FILE = """
username = "ops@example.com"
rate = "30/min"

[profile.north]
username = "north@example.com"
concurrency = 2

[profile."east side"]
url = "https://east.example.com"
username = "east@example.com"
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path]:
    """One settings file with two profiles, and nothing in the environment."""
    for name in ("NEXUDUS_URL", "NEXUDUS_TOKEN", "NEXUDUS_USERNAME", "NEXUDUS_PASSWORD", "IMPORTER_RATE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "importer.toml"
    path.write_text(FILE)
    return (path,)


def test_a_profile_goes_before_what_holds_for_all(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own settings win over the file's and the environment's; the rest stays; a flag wins over all."""
    monkeypatch.setenv("IMPORTER_CONCURRENCY", "9")
    loaded = load({"daily_quota": "7"}, files, profile="north")
    assert (loaded.settings.username, loaded.settings.concurrency) == ("north@example.com", 2)
    assert (str(loaded.settings.rate), loaded.settings.daily_quota) == ("30/min", 7)
    assert loaded.sources["concurrency"] == f"{files[0]}, profile north"
    assert load({"concurrency": "3"}, files, profile="north").settings.concurrency == 3


def test_its_secrets_have_variables_of_their_own(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """NEXUDUS_PASSWORD_ with the name behind it, in capitals, everything but letters and digits as _."""
    monkeypatch.setenv("NEXUDUS_PASSWORD_EAST_SIDE", "e")
    monkeypatch.setenv("NEXUDUS_PASSWORD_NORTH", "n")
    for profile, password in (("east side", "e"), ("north", "n")):
        found = load({}, files, profile=profile).settings.password
        assert found is not None
        assert found.get_secret_value() == password


@pytest.mark.parametrize("name", ["NEXUDUS_TOKEN", "NEXUDUS_PASSWORD", "NEXUDUS_TOTP"])
def test_nobody_elses_sign_in_is_taken(files: tuple[Path], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A secret without the profile's name would send its rows to another account."""
    monkeypatch.setenv(name, "123456")
    assert not load({}, files, profile="north").settings.can_sign_in
    assert load({}, files).settings.username == "ops@example.com"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[profile.north]\npassword = 'x'", "holds a password"),
        ("[profile.north]\nNEXUDUS_TOKEN = 'x'", "holds a token"),
        ("[profile.north]\nhome = '/elsewhere'", "sets home in profile north"),
        ("profile = 'north'", "no table"),
        ("[profile]\nnorth = 1", "no table"),
        ("[profile.south]\nusername = 'x'", 'Nothing is known of a profile "north"'),
        ("", 'Nothing is known of a profile "north"'),
    ],
)
def test_what_cannot_be_a_profile(files: tuple[Path], text: str, complaint: str) -> None:
    """A sentence says what is wrong before anything is read or sent."""
    files[0].write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        load({}, files, profile="north")


def test_a_process_of_the_pages_takes_no_profile(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who signed in on the page sends as that person, whatever the run was begun with."""
    assert as_environment(load({}, files).settings)["IMPORTER_PROFILE"] == "none"
