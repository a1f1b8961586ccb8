"""A profile: settings and a sign-in of its own, taken from nowhere else."""

import os
import re
from pathlib import Path

import pytest

from importer.config.settings import FOLDER_FILE, OF_THE_PAGE, SECRETS, as_environment, load, shown, variable_of
from importer.errors import SettingsError

FILE = """
username = "ops@example.com"
rate = "30/min"

[profile.north]
username = "north@example.com"
concurrency = 2

[profile."east side"]
url = "https://east.example.com"
username = "east@example.com"
"""


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path]:
    """One settings file with two profiles, and nothing in the environment."""
    for name in ("NEXUDUS_URL", "NEXUDUS_TOKEN", "NEXUDUS_USERNAME", "NEXUDUS_PASSWORD", "IMPORTER_RATE"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "importer.toml"
    path.write_text(FILE)
    return (path,)


def test_a_profile_goes_before_what_holds_for_all(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own settings win over the file's and the environment's; the rest stays; a flag wins over all."""
    monkeypatch.setenv("IMPORTER_CONCURRENCY", "9")
    loaded = load({"daily_quota": "7"}, files, profile="north")
    assert (loaded.settings.username, loaded.settings.concurrency) == ("north@example.com", 2)
    assert (str(loaded.settings.rate), loaded.settings.daily_quota) == ("30/min", 7)
    assert loaded.sources["concurrency"] == f"{files[0]}, profile north"
    assert load({"concurrency": "3"}, files, profile="north").settings.concurrency == 3


def test_its_secrets_have_variables_of_their_own(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """NEXUDUS_PASSWORD_ with the name behind it, in capitals, everything but letters and digits as _."""
    monkeypatch.setenv("NEXUDUS_PASSWORD_EAST_SIDE", "e")
    monkeypatch.setenv("NEXUDUS_PASSWORD_NORTH", "n")
    for profile, password in (("east side", "e"), ("north", "n")):
        found = load({}, files, profile=profile).settings.password
        assert found is not None
        assert found.get_secret_value() == password


@pytest.mark.parametrize("name", ["NEXUDUS_TOKEN", "NEXUDUS_PASSWORD", "NEXUDUS_TOTP"])
def test_nobody_elses_sign_in_is_taken(files: tuple[Path], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A secret without the profile's name would send its rows to another account."""
    monkeypatch.setenv(name, "123456")
    assert not load({}, files, profile="north").settings.can_sign_in
    assert load({}, files).settings.username == "ops@example.com"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[profile.north]\npassword = 'x'", "contains a password"),
        ("[profile.north]\nNEXUDUS_TOKEN = 'x'", "contains a token"),
        ("[profile.north]\nhome = '/elsewhere'", "sets home in profile north"),
        ("profile = 'north'", "not a table"),
        ("[profile]\nnorth = 1", "not a table"),
        ("[profile.south]\nusername = 'x'", 'There is no profile "north"'),
        ("", 'There is no profile "north"'),
    ],
)
def test_what_cannot_be_a_profile(files: tuple[Path], text: str, complaint: str) -> None:
    """A sentence says what is wrong before anything is read or sent."""
    files[0].write_text(text)
    with pytest.raises(SettingsError, match=complaint):
        load({}, files, profile="north")


def test_a_process_of_the_pages_takes_no_profile(files: tuple[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who signed in on the page sends as that person, whatever the run was begun with."""
    assert as_environment(load({}, files).settings)["IMPORTER_PROFILE"] == "none"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with nothing in it, and the folder of the user's own settings beside it."""
    for name in ("here", "own"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path


KEYS = ["url", "NEXUDUS_URL", "nexudus_url", "Url", "proxy", "IMPORTER_PROXY", "ca_file", "CA-FILE", "home", "journal"]
KEYS += ["retention", "IMPORTER_RETENTION"]
KEYS += ["IMPORTER_OIDC_ISSUER", "Oidc-Issuer", *(name for name in OF_THE_PAGE if name not in SECRETS)]


@pytest.mark.parametrize("section", ["", "[profile.north]\n", '[profile."east side"]\n'])
@pytest.mark.parametrize("key", KEYS)
def test_the_current_folder_does_not_say_where_secrets_go(folder: Path, key: str, section: str) -> None:
    """In whichever spelling and profile: refused with the key, the file and the place where it belongs."""
    own = folder / "own" / "importer.toml"
    FOLDER_FILE.write_text(f"{section}{key} = 'https://elsewhere.example.com'\n")
    for profile in (None, "north"):
        with pytest.raises(SettingsError) as refused:
            load({}, (own, FOLDER_FILE), profile=profile)
        assert f"{folder / 'here' / 'importer.toml'} sets {key}" in refused.value.message
        assert "importer.toml, or set " in (refused.value.advice or "")
        assert refused.value.exit_code == 2


def test_a_link_to_a_strangers_file_is_refused_and_one_to_the_users_own_is_not(folder: Path) -> None:
    """What counts is whose file it is, not how it is reached."""
    own, stranger = folder / "own" / "importer.toml", folder / "stranger.toml"
    for path in (own, stranger):
        path.write_text("url = 'https://elsewhere.example.com'\n")
    FOLDER_FILE.symlink_to(stranger)
    with pytest.raises(SettingsError, match="sets url"):
        load({}, (own, FOLDER_FILE))
    FOLDER_FILE.unlink()
    FOLDER_FILE.symlink_to(own)
    assert load({}, (own, FOLDER_FILE)).settings.url == "https://elsewhere.example.com"


def test_in_the_users_own_folder_the_file_is_the_users(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works in the folder of the settings is not kept from using them."""
    own = folder / "own" / "importer.toml"
    own.write_text("proxy = 'http://proxy.example.com:8080'\n")
    monkeypatch.chdir(folder / "own")
    assert load({}, (own, FOLDER_FILE)).settings.proxy == "http://proxy.example.com:8080"


@pytest.fixture
def nothing_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No variable of ours, and an empty settings file of the user's own."""
    for name in [name for name in os.environ if name.upper().startswith(("NEXUDUS_", "IMPORTER_"))]:
        monkeypatch.delenv(name)
    own = folder / "own" / "importer.toml"
    own.write_text("")
    return own


WINDOWS = [
    ({"IMPORTER_SETTLE": "30"}, "", None, "30 seconds (environment)", "75 seconds (default)"),
    ({}, 'settle = "1m"', None, "60 seconds ({own})", "75 seconds (default)"),
    ({}, "settle = 60\ntimeout = 61", None, "60 seconds ({own})", "61 seconds ({own})"),
    ({"IMPORTER_TIMEOUT": "16m"}, "", None, "900 seconds (default)", "960 seconds (environment)"),
    ({"IMPORTER_TIMEOUT": "80"}, "settle = 79", None, "79 seconds ({own})", "80 seconds (environment)"),
    (
        {"IMPORTER_SETTLE": "100"},
        "[profile.north]\nusername = 'n@example.com'\ntimeout = 200",
        "north",
        "100 seconds (environment)",
        "200 seconds ({own}, profile north)",
    ),
    (
        {"IMPORTER_SETTLE_NORTH": "74.5", "NEXUDUS_TOKEN_NORTH": "t"},
        "",
        "north",
        "74.5 seconds (environment, profile north)",
        "75 seconds (default)",
    ),
]


@pytest.mark.parametrize(("variables", "text", "profile", "window", "limit"), WINDOWS)
def test_a_window_shorter_than_a_call_is_refused(
    nothing_set: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    text: str,
    profile: str | None,
    window: str,
    limit: str,
) -> None:
    """Wherever either is set: a call could take effect after its window. Both values are named, with their places."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    nothing_set.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load({}, (nothing_set, FOLDER_FILE), profile=profile)
    assert refused.value.exit_code == 2
    for words in (f"IMPORTER_SETTLE is {window}", f"IMPORTER_TIMEOUT is {limit}"):
        assert words.format(own=nothing_set) in refused.value.message


def test_a_window_by_a_flag_is_refused_and_one_as_long_as_a_call_is_not(nothing_set: Path) -> None:
    """Equal is enough: the answer is given up on in the same moment."""
    with pytest.raises(SettingsError, match=r"timeout|IMPORTER_TIMEOUT is 80 seconds \(flag\)"):
        load({"settle": 70, "timeout": 80}, (nothing_set,))
    assert load({"settle": 80, "timeout": 80}, (nothing_set,)).settings.settle == 80


UNKNOWN_KEYS = [
    ("daily_qota = 7", '"daily_qota". Did you mean daily_quota?'),
    ("ratee = '1/s'", '"ratee". Did you mean rate?'),
    ("Rate = '1/s'", '"Rate". Did you mean rate?'),
    ("calls-per-hour = 7", '"calls-per-hour". Did you mean calls_per_hour?'),
    ("IMPORTER_RTE = '1/s'", '"IMPORTER_RTE". Did you mean rate?'),
    ("colour = 'red'", '"colour".'),
    ("[profile.north]\nconcurency = 7", '"concurency". Did you mean concurrency?'),
    ("[profile.north]\n[profile.south]\nurll = 'x'", '"urll". Did you mean url?'),
    ("[profile.north.limits]\nrate = '1/s'", "section [limits]"),
    ("[nonsense]", "section [nonsense]."),
    ("[importer]\nrate = '1/s'", "section [importer]."),
    ("[profiles.north]\nrate = '1/s'", "section [profiles]. Did you mean [profile.NAME]?"),
]


@pytest.mark.parametrize("profile", [None, "north"])
@pytest.mark.parametrize(("text", "words"), UNKNOWN_KEYS)
def test_what_is_no_setting_in_a_file_is_refused(nothing_set: Path, text: str, words: str, profile: str | None) -> None:
    """A mistyped limit would become the default; in every section, whether or not its profile is used."""
    for path in (nothing_set, FOLDER_FILE):
        nothing_set.write_text("")
        path.write_text(text)
        with pytest.raises(SettingsError) as refused:
            load({}, (nothing_set, FOLDER_FILE), profile=profile)
        assert f"There is no {'' if 'section' in words else 'setting '}{words}" in refused.value.message
        assert refused.value.message.endswith(words) or not words.endswith("?")
        assert str(path) in refused.value.advice
        assert refused.value.exit_code == 2


UNKNOWN_VARIABLES = [
    ("IMPORTER_RTE", "IMPORTER_RATE"),
    ("importer_rte", "IMPORTER_RATE"),
    ("IMPORTER_DAILY_QOTA", "IMPORTER_DAILY_QUOTA"),
    ("IMPORTER_PROFIL", "IMPORTER_PROFILE"),
    ("IMPORTER_URL", "NEXUDUS_URL"),
    ("IMPORTER_TOKEN", "NEXUDUS_TOKEN"),
    ("IMPORTER_RATE_NORHT", "IMPORTER_RATE_NORTH"),
    ("IMPORTER_HOME_NORTH", "IMPORTER_HOME"),
    ("IMPORTER_RATE_LIMIT", None),
    ("IMPORTER_COLOUR", None),
    ("IMPORTER_", None),
    ("NEXUDUS_PASSWRD", "NEXUDUS_PASSWORD"),
    ("NEXUDUS_USER", "NEXUDUS_USERNAME"),
    ("NEXUDUS_RATE", "IMPORTER_RATE"),
    ("NEXUDUS_DAILY_QUOTA", "IMPORTER_DAILY_QUOTA"),
]


@pytest.mark.parametrize(("variable", "meant"), UNKNOWN_VARIABLES)
def test_what_is_no_setting_in_the_environment_is_refused(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, variable: str, meant: str | None
) -> None:
    """With the variable that was meant; an empty one counts as not set."""
    nothing_set.write_text("[profile.north]\nusername = 'n@example.com'")
    monkeypatch.setenv(variable, "7")
    with pytest.raises(SettingsError) as refused:
        load({}, (nothing_set,))
    question = f" Did you mean {meant}?" if meant else ""
    assert refused.value.message == f'There is no setting "{variable}".{question}'
    assert refused.value.exit_code == 2
    monkeypatch.setenv(variable, "")
    load({}, (nothing_set,))


@pytest.mark.parametrize(
    "variable", ["NEXUDUS_API_VERSION", "NEXUDUS_WEBHOOK_SECRET", "NEXUDUS_HOST_SUFFIX", "URL", "MY_IMPORTER_RTE"]
)
def test_other_programs_variables_are_left_alone(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """They neither stop a command nor set anything."""
    monkeypatch.setenv(variable, "https://elsewhere.example.com")
    assert load({}, (nothing_set,)).settings == load({}, (nothing_set,), ignore=("url",)).settings


@pytest.mark.parametrize("name", ["url", "token", "username", "password", "totp", "rate", "home"])
def test_a_setting_is_never_taken_from_a_variable_without_our_prefix(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Windows has a USERNAME, and many programs a TOKEN, a PASSWORD or a URL: theirs."""
    monkeypatch.setenv(name.upper(), "https://elsewhere.example.com")
    monkeypatch.setenv(name, "https://elsewhere.example.com")
    assert load({}, (nothing_set,)).sources[name] == "default"


def test_every_setting_is_taken_in_each_of_its_spellings(nothing_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a variable, as a variable of a profile, and in a file by its name or as its variable."""
    monkeypatch.setenv("NEXUDUS_TOKEN_NORTH", "t")
    loaded = load({}, (nothing_set,)).settings
    for name, value in as_environment(loaded).items():
        if name.startswith("IMPORTER_") and name != "IMPORTER_PROFILE":
            field = name.removeprefix("IMPORTER_").lower()
            for key in (field, name, name.lower()):
                nothing_set.write_text(f"{key} = '{value}'")
                assert load({}, (nothing_set,)).sources[field] == str(nothing_set)
            nothing_set.write_text("")
            monkeypatch.setenv(name, value)
            assert load({}, (nothing_set,)).sources[field] == "environment"
            if field not in {"home", "journal", "retention"}:
                monkeypatch.setenv(f"{name}_NORTH", value)
    assert load({}, (nothing_set,), profile="north").sources["rate"] == "environment, profile north"
    assert load({}, (nothing_set,)).sources["rate"] == "environment"


def test_the_sign_in_of_a_team_is_the_pages_alone(nothing_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its secret is in no file, is never shown, belongs to no profile, and is not passed to a process that imports."""
    monkeypatch.setenv("IMPORTER_OIDC_CLIENT_SECRET", "canary")
    settings = load({}, (nothing_set,)).settings
    assert shown(settings, "oidc_client_secret") == "set"
    assert "canary" not in repr(settings)
    assert not {name for name in as_environment(settings) if name.removeprefix("IMPORTER_").lower() in OF_THE_PAGE}
    assert "canary" not in as_environment(settings).values()
    for section in ("", "[profile.north]\n"):
        nothing_set.write_text(f"{section}oidc_client_secret = 'canary'")
        with pytest.raises(SettingsError, match="contains a client secret") as refused:
            load({}, (nothing_set,))
        assert "set IMPORTER_OIDC_CLIENT_SECRET instead" in refused.value.advice
        assert "canary" not in refused.value.message
    nothing_set.write_text("[profile.north]\nusername = 'u@example.com'\nuser_header = 'X-User'")
    with pytest.raises(SettingsError, match="sets user_header in profile north"):
        load({}, (nothing_set,), profile="north")


def test_a_process_of_the_pages_accepts_what_it_is_given(nothing_set: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that one process of ours passes to another is refused there."""
    given = as_environment(load({"token": "t", "username": "u@example.com"}, (nothing_set,)).settings)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert load({}, (nothing_set,)).settings.username == "u@example.com"


@pytest.mark.parametrize(("rate", "expected"), [("30/min", "120"), ("none", "none, because rate is none")])
def test_a_limit_that_does_not_count_is_not_shown_as_one(rate: str, expected: str) -> None:
    """Without a rate there is no limit but the daily one, whatever the other limits are set to."""
    settings = load({"rate": rate}, ()).settings
    assert shown(settings, "calls_per_minute") == expected
    assert shown(settings, "daily_quota") == "5000"


def test_the_place_in_the_folder_of_a_new_user_may_be_named(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A page names it to the processes that it starts; on a new account no part of it is there yet."""
    home = tmp_path / "local" / "share" / "importer"
    monkeypatch.setattr("importer.config.settings.user_data_path", lambda _: home)
    assert load({}, (nothing_set,)).settings.home == home
    monkeypatch.setenv("IMPORTER_HOME", str(home))
    monkeypatch.setenv("IMPORTER_JOURNAL", f"sqlite:///{home / 'journal.sqlite3'}")
    assert load({}, (nothing_set,)).settings.home == home
    monkeypatch.setenv("IMPORTER_HOME", str(tmp_path / "disk" / "share" / "importer"))
    with pytest.raises(SettingsError, match="There is no folder"):
        load({}, (nothing_set,))


@pytest.mark.parametrize(
    ("name", "place"), [("IMPORTER_HOME", "disk/home"), ("IMPORTER_JOURNAL", "sqlite:///{}/disk/home/j.sqlite3")]
)
def test_a_journal_is_not_made_where_the_disk_is_missing(
    nothing_set: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, place: str
) -> None:
    """An empty one would know nothing of what was created; only the last folder may be new."""
    value = place.format(tmp_path) if "{}" in place else str(tmp_path / place)
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"There is no folder .*disk, so {name} cannot be used"):
        load({}, (nothing_set,))
    (tmp_path / "disk").mkdir()
    load({}, (nothing_set,))
    assert not list((tmp_path / "disk").iterdir())


WRONG_VALUES = [
    ("rate = 60", 'rate "60" cannot be used: write it like 60/min, 1/s or none.'),
    ("rate = [1]", 'rate "[1]" cannot be used: write it like 60/min, 1/s or none.'),
    ("rate = {calls = 1}", "rate \"{'calls': 1}\" cannot be used: write it like 60/min, 1/s or none."),
    ("rate = true", 'rate "True" cannot be used: write it like 60/min, 1/s or none.'),
    ("daily_quota = true", 'daily_quota "True" cannot be used: write a whole number above 0, or none.'),
    ("daily_quota = 10.5", 'daily_quota "10.5" cannot be used: write a whole number above 0, or none.'),
    ("concurrency = 0", 'concurrency "0" cannot be used: write a whole number from 1 to 1000, or auto.'),
    ("update = 'maybe'", 'update "maybe" cannot be used: write true or false.'),
    ("update = 5", 'update "5" cannot be used: write true or false.'),
    ("url = 5", 'url "5" cannot be used: write a text in quotation marks.'),
    ("username = ['a']", "username \"['a']\" cannot be used: write a text in quotation marks."),
    ("ca_file = true", 'ca_file "True" cannot be used: write a path in quotation marks.'),
    ("log = 'xml'", "log \"xml\" cannot be used: write 'text' or 'json'."),
    ("timeout = 0", 'timeout "0.0" cannot be used: write a number above 0.'),
    ("timeout = true", 'timeout "True" cannot be used: write a number of seconds, or a time like 30s, 15m, 5h or 2d.'),
    ("page_connections = true", 'page_connections "True" cannot be used: write a whole number.'),
    ("page_connections = 0", 'page_connections "0" cannot be used: write 1 or more.'),
    ("upload_space = 'much'", 'upload_space "much" cannot be used: write a whole number.'),
    ("time_zone = 'Mars'", 'time_zone "Mars" cannot be used: write a time zone like Europe/London.'),
]


@pytest.mark.parametrize(("text", "words"), WRONG_VALUES)
def test_a_value_of_the_wrong_kind_is_refused_with_what_to_write(nothing_set: Path, text: str, words: str) -> None:
    """In words of the importer, and not in those of a package; the file is named."""
    nothing_set.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load({}, (nothing_set,))
    assert refused.value.message == f"The setting {words}"
    assert refused.value.advice == f"It is set by: {nothing_set}."


@pytest.mark.parametrize("profile", [None, "south"])
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("rate = 'fast'", 'The setting rate "fast" cannot be used'),
        ("[profile.north.rate]\ncalls = 1", "The setting rate"),
        ("home = '/elsewhere'", "sets home in profile north."),
        ("IMPORTER_HOME = '/elsewhere'", "sets home in profile north."),
    ],
)
def test_a_profile_is_looked_at_before_it_is_used(
    nothing_set: Path, line: str, words: str, profile: str | None
) -> None:
    """A wrong value shows when it is written, and not when the first file of that account is due."""
    nothing_set.write_text(f"[profile.south]\nusername = 's@x.example'\n[profile.north]\n{line}\n")
    with pytest.raises(SettingsError, match=re.escape(words)) as refused:
        load({}, (nothing_set,), profile=profile)
    assert "north" in f"{refused.value.message} {refused.value.advice}"


@pytest.mark.parametrize("profile", [None, "east side"])
def test_the_variable_that_is_named_for_a_setting_sets_it(
    files: tuple[Path], monkeypatch: pytest.MonkeyPatch, profile: str | None
) -> None:
    """For a profile it is its own, but for what all profiles share."""
    values = {
        "timeout": "33",
        "settle": "901",
        "username": "x@x.example",
        "journal": "postgresql://x@y/z",
        "log": "json",
    }
    names = {name: variable_of(name, profile) for name in values}
    assert names["username"] == ("NEXUDUS_USERNAME" if profile is None else "NEXUDUS_USERNAME_EAST_SIDE")
    assert names["journal"] == "IMPORTER_JOURNAL"
    for name, variable in names.items():
        monkeypatch.setenv(variable, values[name])
    loaded = load({}, files, profile=profile)
    assert {name: str(getattr(loaded.settings, name)).removesuffix(".0") for name in values} == values
    assert {loaded.sources[name].partition(",")[0] for name in values} == {"environment"}
