"""The personal data of runs that ended long ago, removed whenever something is sent, as the settings say."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from importer.config.settings import Settings
from importer.model import Clock
from importer.runs.forget import Uploads, forget_by_retention


def keep_to_retention(settings: Settings, clock: Clock, tell: Callable[[str], None], spare: int | None = None) -> None:
    """Forget what is older than the settings say; but not the run ``spare``."""
    forget_by_retention(settings, clock, tell, uploads_in(settings, clock), spare)


def uploads_in(settings: Settings, clock: Clock) -> Uploads:
    """What gives the uploads of the page; the page itself is loaded only if there are any."""

    def by_run() -> Mapping[int, Sequence[Path]]:
        folder = settings.home / "uploads"
        if not folder.is_dir():
            return {}
        from importer.web.drafts import Drafts

        return Drafts(folder, clock).by_run()

    return by_run
