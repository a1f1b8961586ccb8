"""What a scheduled import is told once: when, which files, for whom, and how they are read and sent."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast

from importer.config.addresses import same_service
from importer.config.settings import Settings
from importer.config.store import from_json
from importer.journal.schedules import Schedule
from importer.runs.due_dates import damaged, weekly_of
from importer.runs.page_run import known_account
from importer.runs.recurrence import Weekly
from importer.runs.request import Choices
from importer.spreadsheet import ReadOptions


@dataclass(frozen=True)
class ScheduleTerms:
    """The terms of one schedule, as the journal stores them: never a password, a token or a cell.

    ``weekly`` is None for the files of a folder, ``pattern`` then which of them are meant; None for all that can be
    read. ``url`` and ``account`` are where they go, the latter "" if it was not known; ``kind`` is None if the headers
    decide.
    """

    weekly: Weekly | None = None
    pattern: str | None = None
    url: str = ""
    account: str = ""
    kind: str | None = None
    read: ReadOptions = field(default_factory=ReadOptions)
    choices: Choices = field(default_factory=Choices)

    @property
    def document(self) -> Mapping[str, Any]:
        """As the journal stores them."""
        return asdict(self) | {"choices": self.choices.options}

    @property
    def profile(self) -> str | None:
        """The profile whose sign-in is used; None if none is named."""
        return self.choices.profile or None

    @property
    def words(self) -> str:
        """When something is imported, as a person says it."""
        if self.weekly is not None:
            return self.weekly.words
        return f"when a file appears ({self.pattern})" if self.pattern else "when a file appears"

    def fit(self, settings: Settings) -> bool:
        """Whether these settings sign in to the same place as the same user, as far as that is known without a call."""
        same_user = not self.account or known_account(settings) in ("", self.account)
        return settings.can_sign_in and same_service(settings.url, self.url) and same_user


def terms_of(schedule: Schedule) -> ScheduleTerms:
    """The terms of a schedule.

    Raises:
        JournalError: They are damaged, or this machine does not know their time zone.
    """
    weekly_of(schedule)
    try:
        return cast("ScheduleTerms", from_json(ScheduleTerms, dict(schedule.terms)))
    except (ValueError, TypeError) as error:
        raise damaged(schedule) from error
