"""A site over a practice service, with an installation of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.config.settings import Rate, Settings
from importer.sandbox import SandboxOptions, running
from importer.sandbox.server import Running
from web.kit import Client, Site, serving

UNLIMITED = SandboxOptions(
    writes_per_minute=None, writes_per_day=None, calls_per_100ms=None, calls_per_minute=None, calls_per_hour=None
)


@pytest.fixture
def service() -> Iterator[Running]:
    """A practice service without limits."""
    with running(UNLIMITED) as service:
        yield service


@pytest.fixture
def settings(service: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Signed in to it, in a folder of its own, without limits."""
    monkeypatch.chdir(tmp_path)
    return Settings.model_validate(
        {
            "url": service.url,
            "username": UNLIMITED.username,
            "password": UNLIMITED.password,
            "home": tmp_path / "home",
            "rate": None,
            "daily_quota": None,
        }
    )


@pytest.fixture
def slow(settings: Settings) -> Settings:
    """The same with ten records a second, so that a run can be watched and stopped."""
    other = {"calls_per_100ms": None, "calls_per_minute": None, "calls_per_hour": None}
    return settings.model_copy(update={"rate": Rate(10, 1), "daily_quota": 5000, **other})


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """The pages."""
    with serving(settings) as site:
        yield site


@pytest.fixture
def client(site: Site) -> Client:
    """The person who opened them."""
    return site.visitor()
