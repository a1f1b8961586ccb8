"""What runs the page and workers as services names only what there is; what a container runs is tried without one."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest
from readme import ROOT
from web.kit import free_port, serving

from importer import cli
from importer.config.settings import SECRETS, Settings, environment_name

DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text("utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text("utf-8")
CADDYFILE = (DEPLOY / "Caddyfile").read_text("utf-8")
UNITS = sorted(DEPLOY.glob("*.service"))
LOCKS = sorted(DEPLOY.glob("*.lock"))
EXAMPLE = dict(re.findall(r"^(\w+)=(.*)$", (DEPLOY / "example.env").read_text("utf-8"), re.MULTILINE))


def commands() -> dict[str, list[str]]:
    """Every command line of the importer in these files, without its first word, by where it stands."""
    of_image = [json.loads(words) for words in re.findall(r"^(?:ENTRYPOINT|CMD) (\[.+\])$", DOCKERFILE, re.MULTILINE)]
    lines = {"Dockerfile": [word for words in of_image for word in words][1:]}
    for number, words in enumerate(re.findall(r"^    command: (\[.+\])$", COMPOSE, re.MULTILINE)):
        lines[f"compose.yaml {number}"] = json.loads(words)
    for unit in UNITS:
        [line] = re.findall(r"^ExecStart=(.+)$", unit.read_text("utf-8"), re.MULTILINE)
        lines[unit.name] = shlex.split(line)[1:]
    return lines


@pytest.mark.parametrize(("place", "words"), commands().items(), ids=lambda part: part if isinstance(part, str) else "")
def test_every_command_of_a_service_exists(place: str, words: list[str]) -> None:
    """With its options, as the command line reads them."""
    name, *options = words
    command = cli.importer.commands[name]
    assert isinstance(command.make_context(name, options, resilient_parsing=False), click.Context), place


def test_there_are_a_page_and_two_workers() -> None:
    """The page only queues, and each worker sends."""
    lines = commands()
    assert [words[0] for words in lines.values()] == ["serve", "serve", "worker", "worker", "serve"]
    assert "replicas: 2" in COMPOSE
    assert 'IMPORTER_WORKERS: "yes"' in COMPOSE
    assert "IMPORTER_WORKERS=yes" in (DEPLOY / "importer.service").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(DEPLOY.iterdir()), ids=lambda path: path.name)
def test_every_variable_of_a_service_is_a_setting(path: Path) -> None:
    """A name that is none would keep the service from starting."""
    names = {environment_name(name) for name in Settings.model_fields}
    assert set(re.findall(r"\b(?:NEXUDUS|IMPORTER)_[A-Z0-9_]+\b", path.read_text("utf-8"))) <= names


def test_what_has_to_be_filled_in_is_in_the_example() -> None:
    """Nothing else is; and none of it has a value that somebody could forget to change."""
    named = set(re.findall(r"\$\{(\w+)", COMPOSE)) | set(re.findall(r"\{\$(\w+)\}", CADDYFILE))
    assert named == set(EXAMPLE)
    assert set(EXAMPLE.values()) == {""}
    secrets = {environment_name(name) for name in SECRETS} | {"PGPASSWORD", "POSTGRES_PASSWORD"}
    for name, value in re.findall(r"^ +(\w+): (.+)$", COMPOSE, re.MULTILINE):
        assert name not in secrets or re.fullmatch(r"\$\{\w+(:\?set it in \.env|:-)\}", value), name
    for unit in UNITS:
        assert not {name for name in secrets if name in unit.read_text("utf-8")}
    assert ".env" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_the_services_know_each_other() -> None:
    """The port of the page, and the address of the proxy, which the page believes alone."""
    [port] = [param.default for param in cli.importer.commands["serve"].params if param.name == "port"]
    assert f"EXPOSE {port}\n" in DOCKERFILE
    assert f"'127.0.0.1', {port}" in DOCKERFILE
    assert f"reverse_proxy page:{port}\n" in CADDYFILE
    [address] = re.findall(r"ipv4_address: (\S+)", COMPOSE)
    assert re.findall(r"IMPORTER_TRUSTED_PROXIES: (\S+)", COMPOSE) == [address]


def test_a_container_can_change_nothing_but_its_volume() -> None:
    """Not as root, on a file system that can only be read, without rights that a page or a worker does not need."""
    [user] = re.findall(r"^USER (\d+):", DOCKERFILE, re.MULTILINE)
    assert int(user) > 0
    [home] = re.findall(r"^VOLUME (\S+)$", DOCKERFILE, re.MULTILINE)
    assert f"IMPORTER_HOME={home}" in DOCKERFILE
    shared = COMPOSE.partition("x-importer:")[2].partition("\nx-")[0]
    for line in ("read_only: true", "- ALL", "- no-new-privileges:true", f"- home:{home}", "- /tmp", "init: true"):
        assert line in shared


def copied() -> list[str]:
    """What the image is made of, as paths in the project."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_the_image_is_made_of_what_there_is() -> None:
    """And of nothing else: what is not named may be a spreadsheet or a sign-in."""
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert {line.removeprefix("!") for line in ignored if line.startswith("!")} == set(copied())
    assert "*" in ignored
    for name in (*copied(), "deploy/Dockerfile", "deploy/Caddyfile", "deploy/compose.yaml"):
        assert (ROOT / name).exists(), name
    assert re.findall(r"- \./(\S+):\S+:ro", COMPOSE) == ["Caddyfile"]


def test_the_package_can_be_built_from_what_the_image_gets(tmp_path: Path) -> None:
    """With the manual, the pages and the licences in it."""
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "wheels"]
    subprocess.run(words, cwd=tmp_path, check=True, capture_output=True)
    [wheel] = (tmp_path / "wheels").iterdir()
    assert wheel.stat().st_size > 100_000


def built(folder: Path, kind: str) -> bytes:
    """The package as a release makes it, from a copy of the project at another place and time."""
    for name in ("importer", "schemas", "deploy"):
        shutil.copytree(
            ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy
        )
    for name in ("pyproject.toml", "README.md", "LICENSE", "Makefile"):
        shutil.copy(ROOT / name, folder / name)
    words = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", "dist"]
    environment = os.environ | {"SOURCE_DATE_EPOCH": "1790000000"}
    subprocess.run(words, cwd=folder, env=environment, check=True, capture_output=True)
    [package] = (folder / "dist").iterdir()
    return package.read_bytes()


@pytest.mark.parametrize("kind", ["wheel", "sdist"])
def test_a_release_is_the_same_whenever_it_is_made(kind: str, tmp_path: Path) -> None:
    """Whoever doubts it can build it again, and compare."""
    assert built(tmp_path / "one", kind) == built(tmp_path / "two", kind)


def test_a_release_has_a_list_of_what_a_service_installs() -> None:
    """Made by a tool that is pinned and no part of the product, with the hashes of all files beside it."""
    [recipe] = re.findall(r"^release: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for word in (
        "SOURCE_DATE_EPOCH=",
        "cyclonedx-py requirements",
        "--output-reproducible",
        "deploy/requirements.lock",
    ):
        assert word in recipe
    assert recipe.splitlines()[-1].endswith("sha256sum * > SHA256SUMS")
    product = {pin.partition("==")[0] for pin in packages(ROOT / "requirements.lock")}
    assert "cyclonedx-bom" in {pin.partition("==")[0] for pin in packages(DEPLOY / "release.lock")} - product


def test_the_health_check_of_the_image_asks_the_page(tmp_path: Path) -> None:
    """Its very program: it ends well if the page works, and badly if nobody is there."""
    [words] = re.findall(r"^HEALTHCHECK .*\n +CMD (\[.+\])$", DOCKERFILE, re.MULTILINE)
    python, option, program = json.loads(words)
    assert (python, option) == ("python", "-c")

    def ends_with(port: int) -> int:
        asked = program.replace("8642", str(port))
        return subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True).returncode

    settings = Settings.model_validate({"home": tmp_path / "home"})
    with serving(settings) as site:
        assert ends_with(site.port) == 0
        (tmp_path / "home" / "journal.sqlite3").write_bytes(b"not a journal" * 999)
        assert ends_with(site.port) == 1
    assert ends_with(free_port()) == 1


def packages(path: Path) -> dict[str, set[str]]:
    """The packages that a lock pins, with the hashes that are taken for them."""
    lines = path.read_text("utf-8").replace("\\\n", " ").splitlines()
    return {line.partition(" --hash")[0].strip(): set(re.findall(r"--hash=(\S+)", line)) for line in lines if line}


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.name)
def test_every_package_of_a_lock_has_hashes(path: Path) -> None:
    """And comes from wherever whoever installs it says."""
    for pin, hashes in packages(path).items():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9.]+( ;.+)?", pin), pin
        assert hashes, pin


def test_a_service_has_the_packages_that_were_tested() -> None:
    """The very files: all that the importer and its extra for teams need, and nothing that only tests need."""
    tested, installed = packages(ROOT / "requirements.lock"), packages(DEPLOY / "requirements.lock")
    assert {pin: tested.get(pin) for pin in installed} == installed
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    needed = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["team"]]
    names = {pin.partition("==")[0] for pin in installed}
    assert {re.split(r"[\[>=]", one)[0] for one in needed} <= names
    assert not names & {re.split(r"[\[>=]", one)[0] for one in project["dependency-groups"]["dev"]} - {"anyio"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_understands_the_units(unit: Path, tmp_path: Path) -> None:
    """Every line of them; with a program that is there in place of the installed one."""
    there = tmp_path / unit.name
    there.write_text(unit.read_text("utf-8").replace("/opt/importer/bin/importer", sys.executable))
    done = subprocess.run(["systemd-analyze", "verify", there], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
