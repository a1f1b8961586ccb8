"""Folders whose settings file may say where secrets go: remembered by what the file holds, and by nothing else."""

import os
import stat
from pathlib import Path

import pytest

from importer.config import trust
from importer.config.settings import FOLDER_FILE, folder_file, load
from importer.errors import SettingsError, StoreError

ELSEWHERE = "https://elsewhere.example.com"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a stranger's settings file, and a home beside it."""
    for name in [name for name in os.environ if name.upper().startswith(("NEXUDUS_", "IMPORTER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("IMPORTER_HOME", str(tmp_path / "home"))
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    FOLDER_FILE.write_text(f"url = '{ELSEWHERE}'\n")
    return here


def trust_current_folder() -> None:
    """What `importer config trust` does once it is allowed to."""
    file = folder_file(Path())
    assert file is not None
    for home in file.homes:
        trust.trust(home, file.path.parent, file.content)


def url() -> str:
    """Where the secrets go."""
    return load({}, (FOLDER_FILE,)).settings.url


def test_what_is_trusted_holds_and_says_so(folder: Path) -> None:
    """Its value is used, with the file as its source."""
    with pytest.raises(SettingsError, match="sets url") as refused:
        url()
    assert "importer config trust" in refused.value.advice
    assert "changed" not in refused.value.message
    trust_current_folder()
    assert url() == ELSEWHERE
    assert load({}, (FOLDER_FILE,)).sources["url"] == "importer.toml"


@pytest.mark.parametrize(
    "text", [f"url = '{ELSEWHERE}'", f"url = '{ELSEWHERE}'\n\n", f"url = '{ELSEWHERE}'\nproxy = 'http://p:1'\n"]
)
def test_a_file_that_changed_is_a_strangers_again(folder: Path, text: str) -> None:
    """By a single character, also where the lines about secrets are as they were; put back, it is trusted again."""
    before = FOLDER_FILE.read_text()
    trust_current_folder()
    FOLDER_FILE.write_text(text)
    with pytest.raises(SettingsError, match="has changed since you trusted it"):
        url()
    FOLDER_FILE.write_text(before)
    assert url() == ELSEWHERE


def test_the_same_file_in_another_folder_is_not_trusted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the real path: a copy is not, a link to the folder is."""
    trust_current_folder()
    copy, link = folder.parent / "copy", folder.parent / "link"
    copy.mkdir()
    (copy / FOLDER_FILE).write_bytes(FOLDER_FILE.read_bytes())
    link.symlink_to(folder)
    monkeypatch.chdir(link)
    assert url() == ELSEWHERE
    monkeypatch.chdir(copy)
    with pytest.raises(SettingsError, match="sets url"):
        url()


def test_trust_can_be_taken_back(folder: Path) -> None:
    """Once it is, the file is refused as before; taking it back twice says so."""
    home = folder.parent / "home"
    trust_current_folder()
    assert trust.distrust(home, folder)
    assert not trust.distrust(home, folder)
    with pytest.raises(SettingsError, match="sets url"):
        url()


def test_a_folder_does_not_bring_its_own_list(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that names a home with a list in it is trusted by the user's list only."""
    brought = folder / "brought"
    FOLDER_FILE.write_text(f"url = '{ELSEWHERE}'\nhome = '{brought}'\n")
    trust.trust(brought, folder, FOLDER_FILE.read_bytes())
    with pytest.raises(SettingsError, match="sets url"):
        url()
    trust_current_folder()
    assert load({}, (FOLDER_FILE,), ignore=()).settings.url == ELSEWHERE


def test_a_process_of_the_pages_trusts_what_its_page_did(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told the home that the trusted file names, and no other."""
    named = folder.parent / "named"
    FOLDER_FILE.write_text(f"url = '{ELSEWHERE}'\nhome = '{named}'\n")
    trust_current_folder()
    monkeypatch.setenv("IMPORTER_HOME", str(named))
    assert url() == ELSEWHERE


@pytest.mark.parametrize("damage", [b"", b"{", b'{"format": 9, "folders": {}}', b'{"format": 1, "folders": []}'])
def test_a_list_that_cannot_be_read_trusts_nobody(folder: Path, damage: bytes) -> None:
    """Nor is it overwritten: it may be a newer version's."""
    home = folder.parent / "home"
    trust_current_folder()
    (home / "trusted-folders.json").write_bytes(damage)
    with pytest.raises(SettingsError, match="sets url"):
        url()
    with pytest.raises(StoreError):
        trust_current_folder()
    assert (home / "trusted-folders.json").read_bytes() == damage


def test_the_list_is_its_owners_alone(folder: Path) -> None:
    """It says which folders somebody works in."""
    trust_current_folder()
    path = folder.parent / "home" / "trusted-folders.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
