"""From the arguments of a function to the values that every stage works with.

They have the names and the meaning of the command's options: ``max_rows`` is ``--max-rows``. So errors and advice,
which speak of options, speak of arguments as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal
from zoneinfo import ZoneInfo

from importer.api import MOST_SPEED
from importer.api.embedded_sandbox import embedded_sandbox
from importer.config import settings as settings_room
from importer.config.home import secure_home
from importer.config.settings import NO_PROFILE, Settings, parse_duration, profile_of_environment, where_to_set
from importer.config.spelling import nearest
from importer.errors import SettingsError, SignInError, UsageError
from importer.journal.journal import open_journal
from importer.runs.request import Choices, refuse_contradictions
from importer.spreadsheet import ReadOptions
from schemas import RECORD_TYPES, RecordType

DateOrder = Literal["dmy", "mdy", "ymd"]
_SIGN_IN = ("token", "username", "password", "totp")


@dataclass(frozen=True)
class Access:
    """Whose account is worked for, and where: the profile, further settings, the practice service."""

    profile: str | None
    settings: Mapping[str, object] | None
    sandbox: bool

    @property
    def chosen_profile(self) -> str | None:
        """The name of the profile; "" if there is to be none, None if nobody has chosen."""
        name = profile_of_environment() if self.profile is None else self.profile
        if self.profile == "":
            raise UsageError("The profile name is empty.", f'Leave it out, or use "{NO_PROFILE}" for no profile.')
        return "" if self.sandbox or name == NO_PROFILE else name

    @contextmanager
    def open(self, **pacing: object) -> Iterator[Settings]:
        """The settings, for as long as they are worked with; ``pacing`` are those that have an argument of their own.

        Raises:
            SettingsError: One of them is no setting, or cannot be used.
            UsageError: The practice service is to be used with a profile.
            SignInError: As what is done with them, with what to set for the profile.
        """
        values = {**_settings_only(self.settings or {}), **{n: v for n, v in pacing.items() if v is not None}}
        if self.sandbox:
            if (self.profile or profile_of_environment() or NO_PROFILE) != NO_PROFILE:
                raise UsageError(
                    "--sandbox and --profile do not go together: the practice service has no profiles.",
                    "Leave one of them out.",
                )
            with embedded_sandbox(values) as settings:
                yield settings
            return
        profile = self.chosen_profile or None
        settings = settings_room.load(values, ignore=_other_sign_in(values), profile=profile).settings
        secure_home(settings.home)
        try:
            yield settings
        except SignInError as error:
            if profile is None:
                raise
            raise SignInError(error.message, where_to_set(profile)) from error

    def for_run(self, number: int) -> "Access":
        """The same for an earlier run: with the profile it used, unless another one is chosen."""
        if self.sandbox or self.chosen_profile is not None:
            return self
        with self.open() as settings, open_journal(settings.journal_place) as journal:
            return replace(self, profile=journal.runs.get(number).options.get("profile") or None)


def _settings_only(values: Mapping[str, object]) -> Mapping[str, object]:
    """The values; SettingsError if one of them is no setting: a mistyped limit must not become the default."""
    for name in values:
        if name not in Settings.model_fields:
            near = nearest(name, Settings.model_fields)
            meant = f' Did you mean "{near}"?' if near else ""
            raise SettingsError(f'There is no setting "{name}".{meant}', "To list them all: importer help settings")
    return values


def _other_sign_in(values: Mapping[str, object]) -> tuple[str, ...]:
    """What is not looked for elsewhere: whoever hands in a token or a password means this user and no other."""
    named = {name for name in _SIGN_IN if values.get(name) is not None}
    if not named & {"token", "password"}:
        return ()
    return tuple(name for name in _SIGN_IN if name not in named and not (name == "username" and "password" in named))


@dataclass(frozen=True)
class Reading:
    """How a file is to be read, as the caller says it."""

    type: str | None
    sheet: str | None
    encoding: str | None
    delimiter: str | None
    header_row: int | None
    map: Mapping[str, str] | None
    dates: DateOrder | None
    tz: str | None

    @property
    def kind(self) -> RecordType | None:
        """The record type, if one is named."""
        return None if self.type is None else kind_named(self.type)

    @property
    def options(self) -> ReadOptions:
        """How to read the file.

        Raises:
            UsageError: There is no such time zone or row.
        """
        _refuse_below_one("header_row", self.header_row)
        return ReadOptions(
            self.sheet,
            self.encoding,
            self.delimiter,
            map=dict(self.map or {}),
            dates=self.dates,
            zone=zone_named(self.tz),
            header_row=self.header_row,
        )


def kind_named(name: str | None) -> RecordType:
    """The record type with this name; without a name, the default one."""
    if name is None:
        return next(iter(RECORD_TYPES.values()))
    if name not in RECORD_TYPES:
        raise UsageError(f'There is no record type "{name}".', f"The types are {', '.join(RECORD_TYPES)}.")
    return RECORD_TYPES[name]


def zone_named(name: str | None) -> str | None:
    """The time zone of this name; UsageError if there is none."""
    try:
        ZoneInfo(name or "UTC")
    except (ValueError, OSError, KeyError) as error:
        raise UsageError(f'There is no time zone "{name}".', "Write it like Europe/London.") from error
    return name


def key_of(fields: str | Sequence[str]) -> tuple[str, ...]:
    """The fields of the key, sorted: in whichever order they are named, they are the same key."""
    names = [name.strip() for name in (fields.split(",") if isinstance(fields, str) else fields)] if fields else []
    if not all(names):
        raise UsageError(f"--key {fields!r} cannot be used.", 'Write it like "ResourceId,CoworkerId", or as a list.')
    return tuple(sorted(set(names)))


def limits_of(max_rows: int | None, max_duration: float | str | None) -> tuple[int | None, float | None]:
    """How many rows may be sent, and for how many seconds."""
    _refuse_below_one("max_rows", max_rows)
    try:
        return max_rows, None if max_duration is None else parse_duration(max_duration)
    except ValueError as error:
        raise UsageError(f'--max-duration "{max_duration}" cannot be used: {error}.') from error


def refuse_speed(speed: float | None, *, sandbox: bool) -> None:
    """Raise UsageError if time cannot pass so fast, or there is no practice service whose time could."""
    if speed is None:
        return
    if not sandbox:
        raise UsageError("--speed needs --sandbox: only a practice service has a faster time.", "Add sandbox=True.")
    if not 1 <= speed <= MOST_SPEED:
        raise UsageError(f"--speed {speed:g} cannot be used.", f"Use a number from 1 to {MOST_SPEED:g}.")


def with_update(choices: Choices, update: bool | None, settings: Settings) -> Choices:
    """The choices; where the caller does not say whether to update records, the settings do."""
    choices = replace(choices, update=settings.update if update is None else update)
    refuse_contradictions(choices, by_setting=update is None)
    return choices


def _refuse_below_one(name: str, number: int | None) -> None:
    if number is not None and number < 1:
        raise UsageError(f"--{name.replace('_', '-')} {number} cannot be used.", "Use a whole number above 0.")
