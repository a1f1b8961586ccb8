"""The importer's own folder is its owner's alone, also one that an earlier version or a backup has left open."""

import os
import stat
from pathlib import Path

import pytest
from conftest import Desk, Service, mapping, practised

from importer.config.home import HOME_NAMES, exposed, secure_home
from importer.errors import SettingsError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")


def mode(path: Path) -> int:
    """Who may do what with a file or a folder."""
    return stat.S_IMODE(path.lstat().st_mode)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home as a copy leaves it: everything can be read by everybody."""
    home = tmp_path / "home"
    for folder in (home / "uploads" / "a" / "b", home / "files"):
        folder.mkdir(parents=True)
    for name in ("journal.sqlite3", "journal.sqlite3-wal", "client-id", "uploads/a/b/upload.csv", "files/1.csv"):
        (home / name).write_text("personal")
    for path in (home, *home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return home


def test_a_home_that_was_open_is_closed(home: Path) -> None:
    """Its folders, its files and itself, however deep."""
    assert len(exposed(home)) == len([home, *home.rglob("*")])
    secure_home(home)
    assert not exposed(home)
    assert {mode(path) for path in (home, *home.rglob("*")) if path.is_dir()} == {0o700}
    assert {mode(path) for path in home.rglob("*") if path.is_file()} == {0o600}


def test_what_is_not_ours_is_left_alone(home: Path) -> None:
    """Somebody may have chosen a folder with other things in it: those keep their modes, and so does the folder."""
    other = home / "bin"
    other.mkdir()
    (other / "tool").write_text("x")
    (other / "tool").chmod(0o755)
    secure_home(home)
    assert (mode(home), mode(other / "tool"), mode(home / "files" / "1.csv")) == (0o755, 0o755, 0o600)


@pytest.mark.parametrize("name", ["uploads", "files", "journal.sqlite3", "client-id", "uploads/a/b/upload.csv"])
@pytest.mark.parametrize("there", [True, False])
def test_a_link_that_leads_out_is_refused(home: Path, name: str, there: bool) -> None:
    """A folder, a file, and one that is not there yet; nothing behind it is changed."""
    outside = home.parent / "outside"
    if there:
        (home / name).rename(outside)
        outside.chmod(0o755)
    elif (home / name).is_dir():
        (home / name).rename(home.parent / "away")
    else:
        (home / name).unlink()
    (home / name).symlink_to(outside)
    with pytest.raises(SettingsError, match="is a link that leads out of the importer's folder") as refused:
        secure_home(home)
    assert str(outside) in refused.value.message
    assert "IMPORTER_HOME" in refused.value.advice
    assert not there or mode(outside) == 0o755


def test_links_inside_and_a_home_that_is_a_link_are_the_users_own_affair(home: Path) -> None:
    """They lead to nothing that others may change."""
    (home / "files" / "2.csv").symlink_to(home / "files" / "1.csv")
    link = home.parent / "link"
    link.symlink_to(home)
    secure_home(link)
    assert mode(home / "uploads") == 0o700


def test_a_link_that_leads_to_itself_is_refused(home: Path) -> None:
    """It leads nowhere; the answer comes all the same."""
    (home / "workers").symlink_to(home.parent / "loop")
    (home.parent / "loop").symlink_to(home.parent / "loop")
    with pytest.raises(SettingsError):
        secure_home(home)


def test_every_command_refuses_a_home_with_such_a_link(desk: Desk, tmp_path: Path) -> None:
    """In one sentence with what to do; the doctor has it as a finding."""
    desk.home.mkdir()
    (desk.home / "uploads").symlink_to(tmp_path)
    commands: list[list[str | Path]] = [["history"], ["check", desk.write("rows.csv", [mapping(2)])], ["serve"]]
    for words in commands:
        done = desk.type(*words)
        assert (done.code, "leads out of the importer's folder" in done.err) == (2, True)
    assert "NO  Home" in desk.type("doctor").out


def test_whatever_the_importer_makes_in_its_home_is_private(desk: Desk, service: Service) -> None:
    """Every name in it is one of ours, and none can be read by others, whatever the umask lets through."""
    file = desk.write("rows.csv", [practised(2), practised(3)])
    before = os.umask(0)
    try:
        for words in (["run", "--yes"], ["run", "--sandbox", "--yes"], ["columns", "--save"]):
            assert desk.type(*words, file).code == 0
        assert desk.type("doctor", "--probe", "--yes").code in {0, 8}
    finally:
        os.umask(before)
    assert [path.name for path in desk.home.iterdir() if not any(path.match(pattern) for pattern in HOME_NAMES)] == []
    assert exposed(desk.home) == []
