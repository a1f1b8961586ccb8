"""What the tests of the Python API share: a program that runs in the folder of the desk."""

import os
from collections.abc import Iterator

import pytest
from conftest import Desk


@pytest.fixture
def here(desk: Desk) -> Iterator[Desk]:
    """This process works in the desk's folder, with its variables and no others of ours."""
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ.keys() - desk.environment.keys():
            patch.delenv(name)
        for name, value in desk.environment.items():
            patch.setenv(name, value)
        patch.chdir(desk.folder)
        yield desk
