"""A provider that works, and a page whose team signs in there."""

from collections.abc import Iterator

import pytest

from importer.config.settings import Settings
from importer.web import Address
from web.auth.provider_stand_in import ProviderStandIn, provider_running, with_provider
from web.kit import Site, free_port, serving


@pytest.fixture
def provider() -> Iterator[ProviderStandIn]:
    """A provider without faults."""
    with provider_running() as provider:
        yield provider


@pytest.fixture
def team_settings(settings: Settings, provider: ProviderStandIn) -> Settings:
    """The settings of a page whose team signs in at the provider."""
    return with_provider(settings, provider, free_port())


@pytest.fixture
def team_site(team_settings: Settings) -> Iterator[Site]:
    """The page of that team, at localhost; its provider is another site, at 127.0.0.1."""
    with serving(team_settings, Address(port=int(str(team_settings.public_url).rpartition(":")[2]))) as site:
        yield site
