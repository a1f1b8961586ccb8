"""Every setting, merged from defaults < files < environment < flags, each value with its source.

The only module that reads the environment; the command line reads ``IMPORTER_PROFILE`` itself.
"""

import os
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from platformdirs import site_config_path, user_config_path, user_data_path
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError

from importer.config import credentials, trust
from importer.config.notify_address import parse_notify
from importer.config.spelling import nearest
from importer.config.time_zone import machine_zone
from importer.errors import SettingsError
from importer.harmless import harmless_line, without_passwords

APP = "importer"
MOST_CONCURRENCY = 1000
PROFILE_VARIABLE, NO_PROFILE = "IMPORTER_PROFILE", "none"
_SIGN_IN = ("username", "token", "password", "totp")
_OF_NEXUDUS = ("url", *_SIGN_IN)
OF_A_TEAM = (
    "public_url",
    "trusted_proxies",
    "oidc_issuer",
    "oidc_client_id",
    "oidc_client_secret",
    "oidc_role_claim",
    "oidc_roles",
    "user_header",
)
"""Who may open the page from other machines."""

OF_THE_PAGE = (*OF_A_TEAM, "metrics_token")
"""What only the page itself needs to know."""

SECRETS = ("token", "password", "totp", "smtp_password", "oidc_client_secret", "metrics_token")
_HIDDEN = (*SECRETS, "notify")
"""Settings of which nothing that was typed may be repeated: the address of a webhook is a secret, too."""

_FOR_ALL = ("home", "journal", "retention", *OF_THE_PAGE)
_ADDRESSES = ("url", "proxy", "journal")
"""Settings that may have a password in them."""
_SQLITE = "sqlite:///"


class JournalPlace(NamedTuple):
    """A database URL, and the folder of this installation, for what stays on this machine."""

    url: str
    home: Path

    @property
    def is_shared(self) -> bool:
        """Whether the database is on a server, so that other machines may use it as well."""
        return self.url.startswith("postgresql")


FOLDER_FILE = Path("importer.toml")
"""The settings file of the current folder, which may have come with somebody else's files."""

NEVER_OF_A_FOLDER = ("url", "proxy", "ca_file", "notify", *_FOR_ALL)
"""The settings that decide where a password, a token or a copy of a spreadsheet goes, and who may sign in. A folder
with such a file in it, sent as an attachment, would otherwise have the recipient's sign-in sent to a host of the
sender's choice."""

_OFF_WITHOUT_RATE = ("calls_per_100ms", "calls_per_minute", "calls_per_hour")
"""Settings that count only beside a rate: whoever takes that away wants no limit but the daily one."""

_OFF = ("rate", "daily_quota", *_OFF_WITHOUT_RATE)
_WORD_FOR_NONE = {**dict.fromkeys(_OFF, "none"), "concurrency": "auto", "daily_reset": "rolling", "retention": "none"}
_PREFIXES = ("NEXUDUS_", "IMPORTER_")
_PERIODS = {"s": 1, "sec": 1, "second": 1, "min": 60, "minute": 60, "h": 3600, "hour": 3600, "day": 86400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|min|h|d)?")
_FORMS = {
    **dict.fromkeys(("bool_parsing", "bool_type"), "write true or false"),
    **dict.fromkeys(("int_parsing", "int_type", "int_from_float"), "write a whole number"),
    **dict.fromkeys(("string_type", "string_sub_type"), "write a text in quotation marks"),
    "path_type": "write a path in quotation marks",
    "literal_error": "write {expected}",
    "greater_than": "write a number above {gt:g}",
    "greater_than_equal": "write {ge} or more",
}
"""What to write instead of a value of the wrong kind, by the name that pydantic has for the mistake."""

_UNITS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of calls in a number of seconds."""

    calls: int
    seconds: float

    def __str__(self) -> str:
        """The rate as it is written in a setting."""
        name = next((n for n in ("s", "min", "hour", "day") if _PERIODS[n] == self.seconds), f"{self.seconds:g}s")
        return f"{self.calls}/{name}"


def parse_rate(text: object) -> Rate | None:
    """A rate such as ``60/min`` or ``1/s``; None for ``none``.

    Raises:
        ValueError: It is not written like that.
    """
    if text is None or isinstance(text, Rate):
        return text
    calls, _, period = str(text).strip().lower().partition("/")
    if calls == "none" and not period:
        return None
    if not calls.isdecimal() or int(calls) < 1 or period.strip() not in _PERIODS:
        raise ValueError("write it like 60/min, 1/s or none")
    return Rate(int(calls), _PERIODS[period.strip()])


def parse_count(text: object) -> int | None:
    """A whole number above 0, or None for ``none``.

    Raises:
        ValueError: It is not written like that.
    """
    if text is None or str(text).strip().lower() == "none":
        return None
    if not str(text).strip().isdecimal() or int(str(text)) < 1:
        raise ValueError("write a whole number above 0, or none")
    return int(str(text))


def parse_concurrency(text: object) -> int | None:
    """How many calls may be under way at once; None for ``auto``.

    Raises:
        ValueError: It is neither that nor a whole number from 1 to 1000.
    """
    if text is None or str(text).strip().lower() == "auto":
        return None
    if not str(text).strip().isdecimal() or not 1 <= int(str(text)) <= MOST_CONCURRENCY:
        raise ValueError(f"write a whole number from 1 to {MOST_CONCURRENCY}, or auto")
    return int(str(text))


def parse_reset(text: object) -> ZoneInfo | None:
    """The zone at whose midnight the day of the quota begins; None for ``rolling``.

    Raises:
        ValueError: It is neither that nor a time zone.
    """
    if text is None or isinstance(text, ZoneInfo):
        return text
    if str(text).strip().lower() == "rolling":
        return None
    try:
        return ZoneInfo(str(text).strip())
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("write rolling, or a time zone like Europe/London") from None


def parse_duration(text: object) -> float:
    """Seconds from ``90``, ``30s``, ``15m``, ``5h`` or ``2d``.

    Raises:
        ValueError: It is not written like that.
    """
    match = _DURATION.fullmatch(str(text).strip().lower())
    if match is None:
        raise ValueError("write a number of seconds, or a time like 30s, 15m, 5h or 2d")
    return float(match[1]) * _UNITS[match[2] or "s"]


def parse_retention(text: object) -> float | None:
    """Seconds from a time such as ``90d``; None for ``none``.

    Raises:
        ValueError: It is neither that nor a time of at least a day.
    """
    if text is None or str(text).strip().lower() == "none":
        return None
    seconds = parse_duration(text)
    if seconds < _UNITS["d"]:
        # Without its unit, 90 is 90 seconds: what was meant would be gone at the next command.
        raise ValueError("write a time of a day or more, like 90d, or none")
    return seconds


def parse_zone(text: object) -> str | None:
    """The name of a time zone, None for that of this machine.

    Raises:
        ValueError: There is no such zone.
    """
    if text is None:
        return None
    try:
        return ZoneInfo(str(text).strip()).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("write a time zone like Europe/London") from None


def _no_truth_value(value: object) -> object:
    """The same value; true and false are numbers to Python, and none of ours.

    Raises:
        ValueError: It is one of these.
    """
    if isinstance(value, bool):
        raise ValueError(_FORMS["int_type"])  # pydantic makes a sentence of no other
    return value


def _notify_address(value: SecretStr | None) -> SecretStr | None:
    """The same value, if a message can go there.

    Raises:
        ValueError: It is no address of a webhook or of a mailbox.
    """
    if value is not None:
        parse_notify(value.get_secret_value())
    return value


WholeSetting = Annotated[int, BeforeValidator(_no_truth_value)]
RateSetting = Annotated[Rate | None, BeforeValidator(parse_rate)]
CountSetting = Annotated[int | None, BeforeValidator(parse_count)]
SecondsSetting = Annotated[float, BeforeValidator(parse_duration)]


class Settings(BaseModel):
    """What the user may set. Limits default to those the service publishes (api-limitations, read 2026-11-23)."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, validate_default=True)

    url: str = Field("https://spaces.nexudus.com", description="the service; https only, except on this machine")
    token: SecretStr | None = Field(None, description="a token to sign in with, instead of a password")
    username: str | None = Field(None, description="the e-mail to sign in with", examples=["ops@example.com"])
    password: SecretStr | None = Field(None, description="its password")
    totp: SecretStr | None = Field(
        None, description="the current code of an authenticator app, if the account uses one; works once"
    )
    home: Path = Field(
        default_factory=lambda: user_data_path(APP),
        description="the folder of the journal and of the private copies of imported files",
    )
    journal: str | None = Field(
        None,
        description="another place for the journal: sqlite:///path, or postgresql://user@host/database",
        examples=["postgresql://importer@db.example.com/importer"],
    )
    rate: RateSetting = Field(
        Rate(60, 60), description="at most this many creates, updates and deletes: 60/min, 1/s or none"
    )
    daily_quota: CountSetting = Field(5000, description="at most this many creates, updates and deletes a day, or none")
    daily_reset: Annotated[ZoneInfo | None, BeforeValidator(parse_reset)] = Field(
        None,
        description="the day of daily_quota: rolling (any 24 hours), or from midnight in a zone like Europe/London",
    )
    calls_per_100ms: CountSetting = Field(
        1, description="at most this many calls of any kind in 100 milliseconds, or none; not counted if rate is none"
    )
    calls_per_minute: CountSetting = Field(
        120, description="at most this many calls of any kind in a minute, or none; not counted if rate is none"
    )
    calls_per_hour: CountSetting = Field(
        5000, description="at most this many calls of any kind in an hour, or none; not counted if rate is none"
    )
    concurrency: Annotated[int | None, BeforeValidator(parse_concurrency)] = Field(
        None, description="calls in progress at once; auto starts with 4 and uses up to 64 while that is faster"
    )
    time_zone: Annotated[str | None, BeforeValidator(parse_zone)] = Field(
        None,
        description="the time zone of times without one, like Europe/London; if not set, that of this machine",
        examples=["Europe/London"],
    )
    timeout: SecondsSetting = Field(75, gt=0, description="time limit in seconds for one call, including the answer")
    settle: SecondsSetting = Field(
        900, description="visibility window in seconds: by its end, an unanswered call has taken effect or never will"
    )
    patience: SecondsSetting = Field(
        60, description="how many seconds to keep trying an unreachable service before the run stops"
    )
    update: bool = Field(False, description="update records that have other values than their rows, as with --update")
    lookup_age: SecondsSetting = Field(900, description="how many seconds a list of coworkers or resources is reused")
    endpoint_path: str | None = Field(
        None,
        description="another path for the record type, if the service spells it so: coworkermsofficecalendars",
        examples=["coworkermsofficecalendars"],
    )
    retention: Annotated[float | None, BeforeValidator(parse_retention)] = Field(
        None,
        description="forget runs that ended longer ago than this, like 90d, or none; done whenever something is "
        "sent or the page starts",
        examples=["90d"],
    )
    proxy: str | None = Field(
        None,
        description="a proxy for all calls, as http://host:port; HTTPS_PROXY and the like are ignored",
        examples=["http://proxy.example.com:8080"],
    )
    ca_file: Path | None = Field(
        None,
        description="a PEM file of certificate authorities to trust instead of the usual ones",
        examples=["/etc/ssl/certs/company.pem"],
    )
    notify: Annotated[SecretStr | None, AfterValidator(_notify_address)] = Field(
        None,
        description="where a message goes when a run has ended: a webhook of Slack or Teams as https://…, or "
        "mailto:people@example.com, or smtp://user@host:587?to=people@example.com&from=importer@example.com",
        examples=["mailto:people@example.com"],
    )
    smtp_password: SecretStr | None = Field(
        None, description="the password of the user in an smtp:// address of notify"
    )
    public_url: str | None = Field(
        None,
        description="for a team: the address that people type to open the page, like https://imports.example.com",
        examples=["https://imports.example.com"],
    )
    trusted_proxies: str | None = Field(
        None,
        description="for a team: addresses of the proxy with HTTPS in front of the page, like 127.0.0.1, 10.0.0.0/24",
        examples=["127.0.0.1, 10.0.0.0/24"],
    )
    oidc_issuer: str | None = Field(
        None,
        description="for a team: the issuer URL of the OpenID Connect provider where people sign in",
        examples=["https://login.example.com"],
    )
    oidc_client_id: str | None = Field(
        None, description="the client ID that the provider gave to the importer", examples=["importer"]
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="the client secret that the provider gave to the importer"
    )
    oidc_role_claim: str | None = Field(
        None,
        description="the claim of the provider that holds a person's roles or groups, like roles",
        examples=["roles"],
    )
    oidc_roles: str | None = Field(
        None,
        description="which role each value of that claim means, like Imports=runner, Ops=admin; "
        "if not set, viewer, runner and admin mean themselves",
        examples=["Imports=runner, Ops=admin"],
    )
    user_header: str | None = Field(
        None,
        description="for a team without OpenID Connect: the header in which the proxy says who is signed in",
        examples=["X-Forwarded-User"],
    )
    metrics_token: SecretStr | None = Field(
        None, description="the bearer token with which a monitor may read /metrics of the page; without one, nobody may"
    )

    log: Literal["text", "json"] = Field(
        "text", description="json: importer serve and importer worker write a JSON line on stderr for each event"
    )
    workers: bool = Field(
        False,
        description="the page only queues runs, and importer worker sends them, on this machine or others",
    )
    upload_space_per_person: WholeSetting = Field(
        2_000, ge=1, description="how many MB the uploads of one person, and what was checked of them, may take"
    )
    upload_space: WholeSetting = Field(20_000, ge=1, description="the same for the uploads of all people together")
    free_space: WholeSetting = Field(
        500, ge=0, description="how many MB uploads leave free on the disk; on a small one, a twentieth of it"
    )
    page_connections: WholeSetting = Field(
        400, ge=1, description="at most this many connections to the page at once; the slowest make room for new ones"
    )
    page_connections_per_address: WholeSetting = Field(
        200, ge=1, description="the same from one address; a proxy in front of the page is one"
    )
    page_patience: SecondsSetting = Field(
        20, gt=0, description="how many seconds a browser may keep the page waiting for a part of a request"
    )

    @property
    def zone(self) -> str:
        """The time zone of times that do not say theirs."""
        return self.time_zone or machine_zone()

    @property
    def can_sign_in(self) -> bool:
        """Whether there is anything to sign in with."""
        return bool(self.token or (self.username and self.password))

    @property
    def journal_place(self) -> JournalPlace:
        """Where the journal is."""
        return JournalPlace(self.journal or f"sqlite:///{self.home / 'journal.sqlite3'}", self.home)


SettingsOf = Callable[[str | None], Settings | None]
"""The settings of a profile, or of none; None if there is no such profile, or if it is not to be used."""


@dataclass(frozen=True)
class Loaded:
    """The settings, and for each a text that says where its value comes from."""

    settings: Settings
    sources: Mapping[str, str]


def profile_of_environment() -> str | None:
    """The profile that IMPORTER_PROFILE names, for callers that name none; None if it is not set."""
    return os.environ.get(PROFILE_VARIABLE) or None


def config_files() -> tuple[Path, ...]:
    """The files that may hold settings, weakest first. Secrets in them are refused."""
    return (site_config_path(APP) / FOLDER_FILE, user_file(), FOLDER_FILE)


def user_file() -> Path:
    """The settings file of the user, whichever folder the command is typed in."""
    return user_config_path(APP) / FOLDER_FILE


def load(
    flags: Mapping[str, Any] | None = None,
    files: tuple[Path, ...] | None = None,
    ignore: tuple[str, ...] = (),
    profile: str | None = None,
) -> Loaded:
    """The settings as they hold now; flags that are None count as not given, settings in ``ignore`` keep defaults.

    With a profile, what is said for it goes before everything but the flags, and a sign-in is taken from nowhere else:
    a forgotten password must not let the rows of one account go to another.

    Raises:
        SettingsError: A value cannot be used, a name is no setting, a file holds a secret, the file of the current
            folder says where secrets go, or nothing is known of the profile.
    """
    from_flags = {name: value for name, value in (flags or {}).items() if value is not None}
    # Each value with its place, so that a wrong one can be reported with it. The first layer that has a setting
    # decides, so the order of the layers is the order of precedence.
    layers = [("flag", _by_field(from_flags)), *_layers(files if files is not None else config_files(), profile)]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, layer in layers:
        for name, value in layer.items():
            if name not in values and name not in ignore:
                values[name], origins[name] = value, origin
    # The keyring last, and only if nothing else has a secret: a token in the environment must not meet the user name of
    # another account. By the address as well: a saved password goes only where it was saved for.
    if not {"token", "password"} & values.keys():
        url = str(values.get("url", Settings.model_fields["url"].default))
        for name, value in credentials.read(url, profile).items():
            values[name], origins[name] = value, "keyring"
    has_sign_in = not from_flags.keys().isdisjoint(_SIGN_IN) or "keyring" in origins.values()
    if profile is not None and not has_sign_in and not any(_is_of(profile, origin) for origin in origins.values()):
        raise SettingsError(
            f'There is no profile "{profile}".',
            f"Add [profile.{profile}] with its username to importer.toml, or sign in with: "
            f"importer login --profile {profile}",
        )
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise _explain(error, origins) from None
    loaded = Loaded(settings, {name: origins.get(name, "default") for name in Settings.model_fields})
    _refuse_short_window(loaded)
    _refuse_missing_folders(loaded)
    return loaded


def _refuse_missing_folders(loaded: Loaded) -> None:
    """Raise SettingsError if the journal is to be where nothing is: on a disk that is not connected, for example.

    A new, empty journal would know none of the records that were created before.
    """
    settings, sources = loaded.settings, loaded.sources
    folders = {"home": settings.home}
    if settings.journal and settings.journal.startswith(_SQLITE):
        folders["journal"] = Path(settings.journal.removeprefix(_SQLITE)).parent
    for name, folder in folders.items():
        # The last folder may be new: that is how an installation begins. The place in the user's own folder may be new
        # altogether, also where it is named, as by a page that starts the process of a run.
        if folder.absolute() != user_data_path(APP) and not folder.absolute().parent.is_dir():
            raise SettingsError(
                f"There is no folder {folder.absolute().parent}, so {environment_name(name)} cannot be used "
                f"(set by: {sources[name]}).",
                "Connect the disk if it is on one. If the folder is meant to be new, create it first.",
            )


def _refuse_short_window(loaded: Loaded) -> None:
    """Raise SettingsError if a call may still be under way when its window is over: its effect would be doubled."""
    settings, sources = loaded.settings, loaded.sources
    if settings.settle >= settings.timeout:
        return
    shown_as = {
        name: f"{environment_name(name)} is {value:g} seconds ({sources[name]})"
        for name, value in (("settle", settings.settle), ("timeout", settings.timeout))
    }
    raise SettingsError(
        f"The visibility window is shorter than the time limit for one call: {' and '.join(shown_as.values())}. "
        "A call could still take effect after its window, and the row would be created a second time.",
        f"Set IMPORTER_SETTLE to {settings.timeout:g} or more, or IMPORTER_TIMEOUT to {settings.settle:g} or less.",
    )


def _layers(files: tuple[Path, ...], profile: str | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """What each place says, the strongest first, with the words for the place."""
    # Each file is read once: what was looked at must be what holds.
    contents = {path: path.read_bytes() for path in reversed(files) if path.is_file()}
    tables = [(str(path), _table(path, content)) for path, content in contents.items()]
    # Refused, not ignored: a user who wrote that line would otherwise believe that it holds.
    if FOLDER_FILE in contents and not _is_one_of(files, FOLDER_FILE):
        _refuse_destinations(_folder_file(FOLDER_FILE, contents[FOLDER_FILE], files))
    for origin, table in tables:
        _refuse_unknown_keys(origin, table)
        _refuse_wrong_profiles(origin, table)
    profiles = {name for _, table in tables for name in table.get("profile", {})} | ({profile} if profile else set())
    _refuse_unknown_variables(profiles)
    # By their whole names: PASSWORD and URL are other programs' variables, and USERNAME is one of Windows.
    common = [("environment", _by_field({name: value for name, value in os.environ.items() if _is_variable(name)}))]
    common += [(origin, _by_field(table)) for origin, table in tables]
    if profile is None:
        yield from common
        return
    names = {name: variable_of(name, profile) for name in Settings.model_fields if name not in _FOR_ALL}
    yield (
        f"environment, {_of(profile)}",
        {name: os.environ[spelt] for name, spelt in names.items() if os.environ.get(spelt)},
    )
    for origin, table in tables:
        yield f"{origin}, {_of(profile)}", _by_field(table.get("profile", {}).get(profile, {}))
    # Everything but the sign-in: a profile without a password must be refused, and not sign in as somebody else.
    for origin, layer in common:
        yield origin, {name: value for name, value in layer.items() if name not in _SIGN_IN}


def variable_of(name: str, profile: str | None) -> str:
    """The variable that sets a setting for a profile, or for everybody if the setting is shared or there is none."""
    if profile is None or name in _FOR_ALL:
        return environment_name(name)
    return f"{environment_name(name)}_{_suffix(profile)}"


def _suffix(profile: str) -> str:
    """What the variables of a profile end with."""
    return re.sub(r"[^A-Za-z0-9]", "_", profile).upper()


def where_to_set(profile: str) -> str:
    """The advice for a profile whose sign-in does not work."""
    return (
        f"A profile has its own sign-in. Set the username in [profile.{profile}] of importer.toml and "
        f"{variable_of('password', profile)}, or set {variable_of('token', profile)}, or sign in with: "
        f"importer login --profile {profile}"
    )


def _of(profile: str) -> str:
    return f"profile {profile}"


def _is_of(profile: str, origin: str) -> bool:
    return origin.endswith(f", {_of(profile)}")


def _table(path: Path, content: bytes) -> dict[str, Any]:
    """What a file says, profiles included."""
    try:
        table = tomllib.loads(content.decode("utf-8"))
    except ValueError as error:
        raise SettingsError(
            f"{path} is not a valid settings file: {error}.", "Correct the file or move it away."
        ) from error
    profiles = table.get("profile", {})
    if not isinstance(profiles, dict) or not all(isinstance(section, dict) for section in profiles.values()):
        raise SettingsError(
            f"{path} has a profile that is not a table.", "Start each profile with a line like [profile.north]"
        )
    # A file is copied, sent around and kept in backups; a secret in it would be too.
    for section in (table, *profiles.values()):
        if secret := next((name for name in map(_plain_name, section) if name in SECRETS), None):
            raise SettingsError(
                f"{path} contains a {secret.removeprefix('oidc_').replace('_', ' ')}.",
                f"Remove it from the file and set {environment_name(secret)} instead.",
            )
    return table


def _is_one_of(files: tuple[Path, ...], path: Path) -> bool:
    """Whether a file is one of the others under another name: the current folder may be the user's own."""
    return any(path.samefile(other) for other in files if other != path and other.is_file())


@dataclass(frozen=True)
class Destination:
    """A line of a folder's settings file that says where secrets or data go: a key, its value and its profile."""

    key: str
    value: object
    profile: str

    @property
    def where(self) -> str:
        """The section, as half a sentence."""
        return f" in [profile.{self.profile}]" if self.profile else ""

    @property
    def shown(self) -> str:
        """The value, without what of it is a secret."""
        if _plain_name(self.key) != "notify":
            return str(self.value)
        try:
            return str(parse_notify(str(self.value)))
        except ValueError:
            return "no address that can be used"

    @property
    def variable(self) -> str:
        """The variable to set instead."""
        name = _plain_name(self.key)
        return variable_of(name, self.profile or None)


@dataclass(frozen=True)
class FolderFile:
    """The settings file of a folder with its lines about where secrets go, and the homes that remember trust in it."""

    path: Path
    content: bytes
    destinations: tuple[Destination, ...]
    homes: tuple[Path, ...]


def folder_file(folder: Path) -> FolderFile | None:
    """The settings file of a folder, if it has one that is not the user's own.

    Raises:
        SettingsError: It is no settings file.
    """
    path, files = folder / FOLDER_FILE, config_files()
    if not path.is_file() or _is_one_of((*files[:-1], path), path):
        return None
    return _folder_file(path, path.read_bytes(), files)


def profile_names() -> list[str]:
    """The profiles that the settings files name.

    Raises:
        SettingsError: A file is no settings file.
    """
    tables = [_table(path, path.read_bytes()) for path in config_files() if path.is_file()]
    return sorted({name for table in tables for name in table.get("profile", {})})


def trusting_home() -> Path:
    """The home that remembers which folders are trusted: never one that the file of the current folder names."""
    return _home_without_folder(config_files())


def _folder_file(path: Path, content: bytes, files: tuple[Path, ...]) -> FolderFile:
    table = _table(path, content)
    sections = (("", table), *table.get("profile", {}).items())
    destinations = tuple(
        Destination(key, value, profile)
        for profile, section in sections
        for key, value in section.items()
        if _plain_name(key) in NEVER_OF_A_FOLDER
    )
    # In the home that the file names as well: a process that a page starts in this folder knows no other.
    named = (Path(str(each.value)) for each in destinations if _plain_name(each.key) == "home")
    return FolderFile(path.absolute(), content, destinations, (_home_without_folder(files), *named))


def _home_without_folder(files: tuple[Path, ...]) -> Path:
    """The home by everything but the file of the current folder, which could bring its own list of trusted folders."""
    variables = {name: value for name, value in os.environ.items() if _is_variable(name)}
    tables = (_table(path, path.read_bytes()) for path in reversed(files) if path != FOLDER_FILE and path.is_file())
    homes = (_by_field(values).get("home") for values in (variables, *tables))
    return Path(next((str(home) for home in homes if home), user_data_path(APP)))


def _refuse_destinations(file: FolderFile) -> None:
    """Raise SettingsError if the file of a folder that is not trusted says where secrets go, in whichever spelling."""
    home, folder = file.homes[0], file.path.parent
    if not file.destinations or trust.is_trusted(home, folder, file.content):
        return
    first = file.destinations[0]
    changed = " The file has changed since you trusted it." if trust.was_trusted(home, folder) else ""
    raise SettingsError(
        f"{file.path} sets {first.key}{first.where}. A file in the current folder cannot decide where "
        f"passwords, tokens and data go, or who may sign in.{changed}",
        f"If it is right, move that line to your own settings file, {user_file()}, or set {first.variable}. To trust "
        "the file as it is now: importer config trust. Otherwise delete that line.",
    )


def _plain_name(key: str) -> str:
    """A key without what people write around a name: every spelling that ``_by_field`` takes, and others."""
    return key.strip().lower().replace("-", "_").removeprefix("nexudus_").removeprefix("importer_")


def _by_field(values: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among these values, by their names; a setting may also be written as its variable."""
    names = {environment_name(name).lower(): name for name in Settings.model_fields}
    fields = {key: key if key in Settings.model_fields else names.get(key.lower()) for key in values}
    # An empty variable counts as not set: that is how a shell or a scheduler takes a value away.
    return {name: values[key] for key, name in fields.items() if name and values[key] not in ("", None)}


def _is_variable(name: str) -> bool:
    return name.upper().startswith(_PREFIXES)


def _refuse_unknown_keys(origin: str, table: Mapping[str, Any]) -> None:
    """Raise SettingsError if a file sets what is no setting: a mistyped limit must not become the default."""
    variables = {environment_name(name).lower() for name in Settings.model_fields}
    for section, values in (("", table), *table.get("profile", {}).items()):
        for key, value in values.items():
            if key in Settings.model_fields or key.lower() in variables or (key == "profile" and not section):
                continue
            where = f"It is in [profile.{section}] of {origin}." if section else f"It is in {origin}."
            if isinstance(value, dict):
                meant = " Did you mean [profile.NAME]?" if nearest(key, ["profile"]) else ""
                advice = f"{where} Settings go at the top of the file or in a section [profile.NAME]."
                raise SettingsError(f"There is no section [{key}].{meant}", advice)
            raise _no_setting(key, nearest(_plain_name(key), Settings.model_fields), where)


def _refuse_wrong_profiles(origin: str, table: Mapping[str, Any]) -> None:
    """Raise SettingsError if a profile sets what all share, or a value that cannot be used; also if it is not in use.

    Whoever writes it looks at what the next command says, and not at what the first import of that account does.
    """
    for profile, section in table.get("profile", {}).items():
        values = _by_field(section)
        if wrong := next((name for name in _FOR_ALL if name in values), None):
            raise SettingsError(
                f"{origin} sets {wrong} in profile {profile}.",
                f"Move {wrong} out of the profile: all profiles share it.",
            )
        try:
            Settings.model_validate(values)
        except ValidationError as error:
            raise _explain(error, dict.fromkeys(values, f"{origin}, {_of(profile)}")) from None


def _refuse_unknown_variables(profiles: Collection[str]) -> None:
    """Raise SettingsError if the environment sets what is no setting.

    ``NEXUDUS_`` variables may belong to other programs; only those that are nearly one of ours are refused.
    """
    variables = _variables(profiles)
    for written, value in os.environ.items():
        name = written.upper()
        if not value or not _is_variable(name) or name in variables:
            continue
        meant = _variable_meant(name, variables)
        if meant or name.startswith("IMPORTER_"):
            of_profile = any(name.startswith(f"{one}_") for one in variables)
            for_profile = " If it is for a profile, add [profile.NAME] to importer.toml." if of_profile else ""
            raise _no_setting(written, meant, f"It is set in the environment.{for_profile}")


def _variables(profiles: Collection[str]) -> set[str]:
    """Every variable that sets something, for everybody or for one profile."""
    variables = {environment_name(name) for name in Settings.model_fields}
    # A profile may be nowhere but in the environment, where its sign-in shows it.
    signs_in = tuple(f"{environment_name(name)}_" for name in _OF_NEXUDUS)
    set_now = [name.upper() for name in os.environ]
    shown = {name.removeprefix(start) for name in set_now for start in signs_in if name.startswith(start)}
    suffixes = shown.union(map(_suffix, profiles)) - {""}
    of_profiles = variables - {environment_name(name) for name in _FOR_ALL}
    return variables | {PROFILE_VARIABLE} | {f"{name}_{suffix}" for name in of_profiles for suffix in suffixes}


def _variable_meant(name: str, variables: Collection[str]) -> str | None:
    """The variable that was most likely meant; with the other prefix, only one that is otherwise the same."""
    if shared := next((one for one in map(environment_name, _FOR_ALL) if name.startswith(f"{one}_")), None):
        return shared
    prefix = name.partition("_")[0]
    stems = {_stem(one): one for one in variables if one.startswith(prefix) or _stem(one) == _stem(name)}
    meant = nearest(_stem(name), sorted(stems))
    return stems[meant] if meant else None


def _stem(variable: str) -> str:
    return variable.removeprefix("NEXUDUS_").removeprefix("IMPORTER_")


def _no_setting(written: str, meant: str | None, where: str) -> SettingsError:
    question = f" Did you mean {meant}?" if meant else ""
    return SettingsError(
        f'There is no setting "{written}".{question}', f"{where} To list them all: importer help settings"
    )


def _explain(error: ValidationError, origins: Mapping[str, str]) -> SettingsError:
    # Not pydantic's own text, which quotes the value: it may be a password.
    first = error.errors()[0]
    name = str(first["loc"][0])
    context = first.get("ctx", {})
    cause = context.get("error") or _FORMS.get(first["type"], first["msg"]).format(**context)
    shown = "" if name in _HIDDEN else f' "{first["input"]}"'
    return SettingsError(f"The setting {name}{shown} cannot be used: {cause}.", f"It is set by: {origins.get(name)}.")


def shown(settings: Settings, name: str) -> str:
    """The value of a setting for people; a secret only says that it is set."""
    value = getattr(settings, name)
    if name in SECRETS:
        return "set" if value else "not set"
    if name == "notify":
        return "none" if value is None else harmless_line(str(parse_notify(value.get_secret_value())))
    if name in _OFF_WITHOUT_RATE and settings.rate is None:
        return "none, because rate is none"
    if name == "retention" and value is not None:
        # In seconds it is a number that nobody can read.
        return f"{value / _UNITS['d']:g}d"
    text = _WORD_FOR_NONE.get(name, "none") if value is None else str(value)
    # People leave out the scheme of a proxy; the password is there all the same.
    return harmless_line(text if name not in _ADDRESSES or "://" in text else without_passwords(f"://{text}")[3:])


def as_environment(settings: Settings) -> dict[str, str]:
    """The environment for a process that is to work with these settings, secrets included, and no others.

    Without those of the page: who imports has no use for the secret by which people sign in.
    """
    environment = {}
    for name in (name for name in Settings.model_fields if name not in OF_THE_PAGE):
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        elif value is None:
            value = _WORD_FOR_NONE.get(name)
        if value is not None:
            environment[environment_name(name)] = str(value)
    # Ours are taken out first, and no profile: the child would otherwise merge its own settings over these.
    others = {name: value for name, value in os.environ.items() if not _is_variable(name)}
    return others | environment | {PROFILE_VARIABLE: NO_PROFILE}


def environment_name(name: str) -> str:
    """The environment variable that sets a setting."""
    return f"NEXUDUS_{name.upper()}" if name in _OF_NEXUDUS else f"IMPORTER_{name.upper()}"
