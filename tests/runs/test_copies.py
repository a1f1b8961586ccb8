"""Private copies of files: what was checked is what is sent, and nothing is kept for nothing."""

import asyncio
import time
from collections.abc import Callable

from conftest import Desk, Service, mapping

from importer.cli.terminal import Console
from importer.config.settings import Settings
from importer.model import Account, Plan
from importer.runs.request import Choices, ImportRequest
from importer.runs.run import run as run_file
from importer.runs.source import CheckResult


def test_a_file_that_was_not_imported_leaves_no_copy(desk: Desk, service: Service) -> None:
    """Whoever does not say yes leaves nothing of the file behind; a file imported twice is kept once."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 4)])
    assert desk.type("run", file).code == 2
    assert not list((desk.home / "files").iterdir())
    assert [desk.type("run", file, "--yes").code for _ in range(2)] == [0, 0]
    assert len(list((desk.home / "files").iterdir())) == 1


class Asked(Console):
    """Somebody who is asked whether to send, and says yes only after something else has happened."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__(time.time, yes=True)
        self._meanwhile = meanwhile

    def confirm(self, result: CheckResult, plan: Plan, account: Account) -> bool:
        """Yes, in the end."""
        self._meanwhile()
        return super().confirm(result, plan, account)


def test_a_second_person_who_does_not_send_takes_nothing_from_the_first(desk: Desk, service: Service) -> None:
    """Two people import one file at once; the copy from which one of them sends is not the other's to delete."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 4)])
    kept = {"url": service.url, "username": "ops@example.com", "password": "practice", "home": desk.home}
    settings = Settings.model_validate({**kept, "rate": None, "daily_quota": None})
    observer = Asked(lambda: desk.type_in_a_shell("run", file))
    done = asyncio.run(run_file(ImportRequest(file, settings, observer, time.time, choices=Choices(out=desk.folder))))
    assert done is not None
    assert (done.exit_code, len(service.records)) == (0, 2)


def test_a_run_whose_copy_is_gone_takes_the_file_that_is_typed_again(desk: Desk, service: Service) -> None:
    """Somebody emptied the folder of copies: the same file once more is all that the unfinished run needs."""
    file = desk.write("rows.csv", [mapping(n) for n in range(2, 6)])
    assert desk.type("run", file, "--yes", "--max-rows", "2").code == 6
    for copy in (desk.home / "files").iterdir():
        copy.unlink()
    done = desk.type("run", file, "--yes", "--json", "--out", "r")
    assert (done.code, len(service.records)) == (0, 4)
    assert [row["import_status"] for row in desk.report("r")] == ["created"] * 4
