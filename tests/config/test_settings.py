"""A profile: settings and a sign-in of its own, taken from nowhere else."""

from pathlib import Path

import pytest

from importer.config.settings import FOLDER_FILE, as_environment, load
from importer.errors import SettingsError

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
        ("[profile.north]\npassword = 'x'", "contains a password"),
        ("[profile.north]\nNEXUDUS_TOKEN = 'x'", "contains a token"),
        ("[profile.north]\nhome = '/elsewhere'", "sets home in profile north"),
        ("profile = 'north'", "not a table"),
        ("[profile]\nnorth = 1", "not a table"),
        ("[profile.south]\nusername = 'x'", 'There is no profile "north"'),
        ("", 'There is no profile "north"'),
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


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with nothing in it, and the folder of the user's own settings beside it."""
    for name in ("here", "own"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


KEYS = ["url", "NEXUDUS_URL", "nexudus_url", "Url", "proxy", "IMPORTER_PROXY", "ca_file", "CA-FILE", "home", "journal"]


@pytest.mark.parametrize("section", ["", "[profile.north]\n", '[profile."east side"]\n'])
@pytest.mark.parametrize("key", KEYS)
def test_the_current_folder_does_not_say_where_secrets_go(folder: Path, key: str, section: str) -> None:
    """In whichever spelling and profile: refused with the key, the file and the place where it belongs."""
    own = folder / "own" / "importer.toml"
    FOLDER_FILE.write_text(f"{section}{key} = 'https://elsewhere.example.com'\n")
    for profile in (None, "north"):
        with pytest.raises(SettingsError) as refused:
            load({}, (own, FOLDER_FILE), profile=profile)
        assert f"{folder / 'here' / 'importer.toml'} sets {key}" in refused.value.message
        assert "importer.toml, or set " in (refused.value.advice or "")
        assert refused.value.exit_code == 2


def test_a_link_to_a_strangers_file_is_refused_and_one_to_the_users_own_is_not(folder: Path) -> None:
    """What counts is whose file it is, not how it is reached."""
    own, stranger = folder / "own" / "importer.toml", folder / "stranger.toml"
    for path in (own, stranger):
        path.write_text("url = 'https://elsewhere.example.com'\n")
    FOLDER_FILE.symlink_to(stranger)
    with pytest.raises(SettingsError, match="sets url"):
        load({}, (own, FOLDER_FILE))
    FOLDER_FILE.unlink()
    FOLDER_FILE.symlink_to(own)
    assert load({}, (own, FOLDER_FILE)).settings.url == "https://elsewhere.example.com"


def test_in_the_users_own_folder_the_file_is_the_users(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works in the folder of the settings is not kept from using them."""
    own = folder / "own" / "importer.toml"
    own.write_text("proxy = 'http://proxy.example.com:8080'\n")
    monkeypatch.chdir(folder / "own")
    assert load({}, (own, FOLDER_FILE)).settings.proxy == "http://proxy.example.com:8080"
