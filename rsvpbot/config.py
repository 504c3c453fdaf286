"""config.toml -> Config. Every mistake is reported at once, each with its file, its key and what would be right.

The keys are explained in config.example.toml; docs/ and tests hold both together.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from rsvpbot import schema
from rsvpbot.model import Address, Document, Event, Venue
from rsvpbot.schema import Key, Place, Section, Wrong

Security = Literal["tls", "starttls", "none"]
Mode = Literal["draft", "send", "off"]
Flow = Literal["client-credentials", "device-code", "authorization-code", "service-account"]
DEFAULT_STORE: Final = "tinydb:rsvp.json"


@dataclass(frozen=True, slots=True)
class OAuth2:
    """[mailbox.oauth2] or [smtp.oauth2]: how to come by access tokens."""

    flow: Flow = "client-credentials"
    token_url: str = ""
    """"" with a service account: as its key file says."""
    device_url: str = ""
    authorize_url: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    key_file: Path | None = None
    subject: str = ""
    """Whose mailbox a service account opens."""
    scope: str = ""
    username: str = ""
    """Who logs in at the mail server."""
    login_file: Path = Path("login.json")
    """Where a person's login is kept, where the flow is one of LOGINS; in the state folder."""


@dataclass(frozen=True, slots=True)
class Credential:
    """How to come by a password; at most one is set. None set: no authentication (SMTP only)."""

    password_file: Path | None = None
    password_command: tuple[str, ...] = ()
    token_command: tuple[str, ...] = ()
    oauth2: OAuth2 | None = None

    def __bool__(self) -> bool:
        return bool(self.password_file or self.password_command or self.token_command or self.oauth2)


@dataclass(frozen=True, slots=True)
class MailboxConfig:
    """[mailbox]"""

    address: str
    name: str = ""
    host: str = ""
    port: int = 993
    security: Security = "tls"
    username: str = ""
    credential: Credential = Credential()
    ca_file: Path | None = None
    authserv_id: str = ""
    plus_addressing: bool = False
    folders: str = "RSVP"
    sent: str = ""
    """Folder for copies; "": found by SPECIAL-USE, else "Sent"."""
    drafts: str = ""
    max_size: int = 10_000_000
    """Bytes; a larger message is not fetched whole but goes to review."""
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class SmtpConfig:
    """[smtp]"""

    host: str = ""
    port: int = 587
    security: Security = "starttls"
    username: str = ""
    credential: Credential = Credential()
    ca_file: Path | None = None
    connections: int = 1
    max_per_minute: int = 60
    copy_to_sent: bool = True


@dataclass(frozen=True, slots=True)
class InviteesConfig:
    """[invitees]"""

    file: Path | None = None
    open: bool = False


@dataclass(frozen=True, slots=True)
class RepliesConfig:
    """[replies]"""

    mode: Mode = "draft"
    languages: tuple[str, ...] = ("en", "ar", "es", "fr", "ru", "zh")
    templates: Path | None = None
    late: Literal["accept", "review"] = "accept"
    max_per_person_day: int = 3
    max_per_hour: int = 0
    """0: no cap of its own (the day's holds)."""
    max_per_day: int = 0
    """0: twice the invitees, at least 1,000."""


@dataclass(frozen=True, slots=True)
class ReminderConfig:
    to: Literal["silent", "tentative", "participants"]
    at: datetime
    letter: str


@dataclass(frozen=True, slots=True)
class OrganisersConfig:
    """[organisers]"""

    addresses: tuple[Address, ...] = ()
    name: str = ""
    contact: str = ""
    phone: str = ""
    privacy: str = ""
    language: str = "en"
    summary_at: str = "08:00"
    timezone: str = ""
    """"": the event's."""
    review: Literal["at once", "summary"] = "summary"


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """[service]"""

    poll_every: timedelta = timedelta(minutes=1)
    idle: bool = True
    metrics_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Config:
    """All of config.toml, checked. Paths are absolute."""

    path: Path
    event: Event
    mailbox: MailboxConfig
    smtp: SmtpConfig = SmtpConfig()
    invitees: InviteesConfig = InviteesConfig()
    replies: RepliesConfig = RepliesConfig()
    reminders: tuple[ReminderConfig, ...] = ()
    organisers: OrganisersConfig = OrganisersConfig()
    store_url: str = DEFAULT_STORE
    store_file: Path = Path("rsvp.json")
    service: ServiceConfig = ServiceConfig()
    retention_days: int | None = None

    @property
    def state_folder(self) -> Path:
        return self.store_file.parent


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in the configuration or in a file that it names."""

    file: str
    key: str
    """Dotted, as "mailbox.port"; for invitees.csv "line 12"."""
    wrong: str
    right: str
    fatal: bool = True
    """False: a warning."""

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.wrong}; {self.right}"


class ConfigError(Exception):
    """All that is wrong with a configuration."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


# --------------------------------------------------------------------------- the keys

LOGINS: Final = frozenset({"device-code", "authorization-code"})
"""Flows for which a person logs in once, with `rsvpbot login`."""

_FLOWS: Final[Mapping[str, tuple[str, ...]]] = {
    "client-credentials": ("token_url", "client_id", "client_secret_file", "scope"),
    "device-code": ("device_url", "token_url", "client_id", "scope"),
    "authorization-code": ("authorize_url", "token_url", "client_id", "scope"),
    "service-account": ("key_file", "scope"),
}
"""The keys that each flow needs."""

OAUTH2_KEYS: Final = (
    Key("flow", schema.one_of(*_FLOWS)),
    Key("token_url", schema.token_url),
    Key("device_url", schema.token_url),
    Key("authorize_url", schema.token_url),
    Key("client_id", schema.filled),
    Key("client_secret_file", schema.path),
    Key("key_file", schema.path),
    Key("subject", schema.filled),
    Key("scope", schema.filled),
)


def _oauth2(value: object, at: Place) -> Mapping[str, str]:
    found = schema.table(OAUTH2_KEYS)(value, at)
    assert isinstance(found, Mapping)  # noqa: S101 (what a table is read to)
    flow = found.get("flow", OAuth2().flow)
    missing = [name for name in _FLOWS[flow] if name not in found]
    if missing:
        raise Wrong(f"{', '.join(missing)} missing", f'flow = "{flow}" needs {", ".join(_FLOWS[flow])}')
    return found


_CREDENTIAL: Final = (
    Key("password_file", schema.path),
    Key("password_command", schema.command),
    Key("token_command", schema.command),
    Key("oauth2", _oauth2),
)

SECTIONS: Final = (
    Section(
        "event",
        (
            Key("uid", schema.uid, required=True),
            Key("title", schema.filled, required=True),
            Key("starts", schema.moment, required=True),
            Key("ends", schema.moment, required=True),
            Key("timezone", schema.zone, required=True),
            Key("weekday", schema.weekday),
            Key("rsvp_by", schema.day),
            Key("capacity", schema.capacity),
            Key("freeze_at", schema.moment),
        ),
    ),
    Section(
        "venue",
        (
            Key("name", schema.text),
            Key("address", schema.text),
            Key("floor", schema.text),
            Key("pass_name", schema.text),
            Key("reception", schema.text),
            Key("arrive_by", schema.clock_time_or_nothing),
        ),
    ),
    Section(
        "mailbox",
        (
            Key("address", schema.address, required=True),
            Key("name", schema.text),
            Key("host", schema.host, required=True),
            Key("port", schema.port),
            Key("security", schema.one_of("tls", "starttls", "none")),
            Key("username", schema.text),
            *_CREDENTIAL,
            Key("ca_file", schema.path),
            Key("authserv_id", schema.text),
            Key("plus_addressing", schema.yes_no),
            Key("folders", schema.filled),
            Key("sent", schema.text),
            Key("drafts", schema.text),
            Key("max_size", schema.whole(10_000, 1_000_000_000, "size in bytes")),
            Key("since", schema.moment_or_day),
        ),
    ),
    Section(
        "smtp",
        (
            Key("host", schema.host, required=True),
            Key("port", schema.port),
            Key("security", schema.one_of("tls", "starttls", "none")),
            Key("username", schema.text),
            *_CREDENTIAL,
            Key("ca_file", schema.path),
            Key("connections", schema.whole(1, 20, "number of connections")),
            Key("max_per_minute", schema.whole(1, 100_000)),
            Key("copy_to_sent", schema.yes_no),
        ),
    ),
    Section("invitees", (Key("file", schema.path), Key("open", schema.yes_no))),
    Section(
        "replies",
        (
            Key("mode", schema.one_of("draft", "send", "off")),
            Key("languages", schema.languages),
            Key("templates", schema.path),
            Key("late", schema.one_of("accept", "review")),
            Key("max_per_person_day", schema.whole(1, 1_000)),
            Key("max_per_hour", schema.whole(0, 1_000_000)),
            Key("max_per_day", schema.whole(0, 1_000_000)),
        ),
    ),
    Section(
        "documents",
        (
            Key("title", schema.filled, required=True),
            Key("file", schema.path_words),
            Key("send_at", schema.moment),
        ),
        many=True,
    ),
    Section(
        "reminders",
        (
            Key("to", schema.one_of("silent", "tentative", "participants"), required=True),
            Key("at", schema.moment, required=True),
            Key("letter", schema.filled, required=True),
        ),
        many=True,
    ),
    Section(
        "organisers",
        (
            Key("addresses", schema.addresses, required=True),
            Key("name", schema.text),
            Key("contact", schema.text),
            Key("phone", schema.text),
            Key("privacy", schema.text),
            Key("language", schema.language),
            Key("summary_at", schema.clock_time),
            Key("timezone", schema.zone),
            Key("review", schema.one_of("at once", "summary")),
        ),
    ),
    Section("store", (Key("url", schema.store_url),)),
    Section(
        "service",
        (Key("poll_every", schema.span), Key("idle", schema.yes_no), Key("metrics_file", schema.metrics_file)),
    ),
    Section("retention", (Key("days_after_event", schema.whole(0, 36_500, "number of days")),)),
)
"""Every key that config.toml may hold, in the order of config.example.toml."""

ALL: Final = frozenset(section.name for section in SECTIONS)
"""What the daemon needs: everything."""

READ: Final = frozenset({"event", "mailbox.address", "mailbox.authserv_id"})
"""What reading a mail needs: no secret, no file."""

RECORD: Final = frozenset(
    {"event", "venue", "mailbox.address", "replies.mode", "documents", "organisers", "store", "service", "retention"}
)
"""What looking at the record needs: no secret, no server."""

LETTERS: Final = RECORD | {"mailbox.name", "mailbox.plus_addressing", "replies", "reminders"}
"""What writing letters to invitees needs, to be shown or to wait in the outbox: no secret, no server."""

MAILBOX: Final = RECORD | {"mailbox"}
"""What looking into the mailbox needs."""

LOGIN: Final = frozenset({"event", "mailbox", "smtp", "store"})
"""What logging in needs."""

SEND: Final = RECORD | {"mailbox", "smtp"}
"""What writing to the organisers needs."""


# --------------------------------------------------------------------------- finding and loading


def find(given: Path | None = None) -> Path:
    """The configuration file: the given one (a folder stands for its config.toml), else ./config.toml, else
    rsvpbot/config.toml in the user's and then in the system's configuration folder (XDG base directories).

    Raises ConfigError if there is none.
    """
    if given is not None:
        return given / "config.toml" if _seen(given, Path.is_dir) else given
    user = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    places = (Path("config.toml"), user / "rsvpbot" / "config.toml", Path("/etc/rsvpbot/config.toml"))
    for place in places:
        if _seen(place, Path.is_file) is not False:  # what may not be looked at is told by `load`
            return place
    raise ConfigError(
        (
            Problem(
                "config.toml",
                "--config",
                "no configuration found (looked for " + ", ".join(map(str, places)) + ")",
                "name one with --config, or make one with: rsvpbot init DIR",
            ),
        )
    )


def _seen(path: Path, kind: Callable[[Path], bool]) -> bool | None:
    """Whether it is of this kind (`Path.is_file`, `Path.is_dir`); None where this user may not look."""
    try:
        return kind(path)
    except OSError:
        return None


def load(path: Path, uses: frozenset[str] = ALL) -> Config:
    """Read and check a configuration.

    `uses` names what the command at hand needs, as sections ("smtp") or single keys ("mailbox.address"): only there
    are keys required, values held to their kind, and files and secrets looked for. What is not used and cannot be
    understood has its default. Unknown sections and keys are always reported, since one may be the misspelt name of
    something that is used.

    Raises ConfigError with every Problem. What is doubtful and stops nothing is told by `warnings`.
    """
    reader = _Reader(file=str(path), place=Place(path.absolute().parent), uses=uses)
    values = reader.read(_parse(path))
    problems = [*reader.problems, *_contradictions(values, reader), *_missing_files(values, reader)]
    if problems:
        order = {section.name: number for number, section in enumerate(SECTIONS)}
        problems.sort(key=lambda problem: order.get(re.split(r"[.\[]", problem.key)[0], -1))
        raise ConfigError(tuple(problems))
    return _assemble(path.absolute(), values)


def salvage(path: Path) -> Config | None:
    """A Config of what is right in a file that does not load, with inventions where something required is missing: to
    look further than the first mistakes, and for nothing else. None where the file is not TOML."""
    reader = _Reader(file=str(path), place=Place(path.absolute().parent), uses=frozenset())
    try:
        values = reader.read(_parse(path))
    except ConfigError:
        return None
    start = datetime(2016, 9, 20, 12, 30, tzinfo=UTC)
    invented: dict[str, dict[str, Any]] = {
        "event": {"uid": "event@localhost", "title": "Event", "starts": start, "timezone": "UTC"},
        "mailbox": {"address": "mailbox@localhost"},
    }
    for section, table in invented.items():
        values[section] = [table | values[section][0]]
    event = values["event"][0]
    event["ends"] = event["starts"] + timedelta(hours=1)
    return _assemble(path.absolute(), values)


def warnings(config: Config, now: datetime) -> tuple[Problem, ...]:
    """What is doubtful in a configuration that loads, seen at `now`. It stops nothing; one with `fatal` has already
    failed or will, such as a document that is missing although its time to be sent has come."""
    return tuple(_warnings(config, now))


_Values = dict[str, list[dict[str, Any]]]
"""By section, its tables (one, or several of a [[section]]), with the values of the keys that are there and right."""


def _parse(path: Path) -> dict[str, Any]:
    file = str(path)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        right = "name one with --config, or make one with: rsvpbot init DIR"
        raise ConfigError((Problem(file, "file", "does not exist", right),)) from None
    except OSError as error:
        right = "let this user read it"
        raise ConfigError((Problem(file, "file", f"cannot be read ({error.strerror})", right),)) from None
    try:
        return tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError((Problem(file, f"line {line}", "is not UTF-8", "save the file as UTF-8"),)) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError((_syntax_problem(file, str(error)),)) from None


def _syntax_problem(file: str, error: str) -> Problem:
    found = re.search(r"^(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)$", error)
    if not found:
        return Problem(file, "file", error, "write it as TOML: key = value, texts in quotes")
    where = f"line {found[2]}" if found[2] else "last line"
    what = found[1][:1].lower() + found[1][1:] + (f" (column {found[3]})" if found[3] else "")
    return Problem(
        file, where, f"is not TOML: {what}", 'write key = value; texts in quotes, as "…"; true or false without'
    )


@dataclass(slots=True)
class _Reader:
    """Takes the parsed file apart and notes what is wrong with single keys."""

    file: str
    place: Place
    uses: frozenset[str]
    problems: list[Problem] = field(default_factory=list)

    def used(self, section: str, key: str = "") -> bool:
        return section in self.uses or f"{section}.{key}" in self.uses

    def problem(self, key: str, wrong: str, right: str) -> Problem:
        return Problem(self.file, key, wrong, right)

    def read(self, data: Mapping[str, Any]) -> _Values:
        known = {section.name: section for section in SECTIONS}
        for name, value in data.items():
            if name not in known:
                self._unknown_section(name, value)
        return {name: self._tables(section, data.get(name)) for name, section in known.items()}

    def _unknown_section(self, name: str, value: object) -> None:
        homes = [section.header for section in SECTIONS if section.key(name)]
        if not isinstance(value, dict | list) and homes:
            self.problems.append(self.problem(name, "stands outside of any section", f"move it below {homes[0]}"))
            return
        meant = schema.nearest(name, (section.name for section in SECTIONS))
        headers = {section.name: section.header for section in SECTIONS}
        right = f"did you mean {headers[meant]}?" if meant else "the sections are " + " ".join(headers.values())
        what = "section" if isinstance(value, dict | list) else "key"
        self.problems.append(self.problem(name, f"there is no such {what}", right))

    def _tables(self, section: Section, data: object) -> list[dict[str, Any]]:
        if section.many:
            if data is None:
                return []
            if not isinstance(data, list) or not all(isinstance(entry, dict) for entry in data):
                if self.used(section.name):
                    self.problems.append(
                        self.problem(section.name, "may stand several times", f"write its header as {section.header}")
                    )
                return []
            tables = [
                self._values(section, f"{section.name}[{number}]", entry) for number, entry in enumerate(data, start=1)
            ]
            required = {key.name for key in section.keys if key.required}
            return [table for table in tables if required <= table.keys()]
        if data is not None and not isinstance(data, dict):
            if self.used(section.name):
                right = f"write {section.header} on a line of its own, and its keys below"
                self.problems.append(self.problem(section.name, "is no section", right))
            return [{}]
        return [self._values(section, section.name, data or {})]

    def _values(self, section: Section, prefix: str, data: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, value in data.items():
            key = section.key(name)
            if key is None:
                self.problems.append(self._unknown_key(section, prefix, name))
                continue
            try:
                values[name] = key.kind(value, self.place)
            except Wrong as error:
                if self.used(section.name, name):
                    self.problems.append(self.problem(f"{prefix}.{name}", error.wrong, error.right))
        for key in section.keys:
            if key.required and key.name not in data and self.used(section.name, key.name):
                self.problems.append(
                    self.problem(f"{prefix}.{key.name}", "is missing", _EXPECTED[section.name, key.name])
                )
        return values

    def _unknown_key(self, section: Section, prefix: str, name: str) -> Problem:
        if name in {"password", "passwd", "secret"} and section.key("password_file"):
            right = 'put it into a file that only this user can read, and write password_file = "…"'
            return self.problem(f"{prefix}.{name}", "a password does not belong here", right)
        meant = schema.nearest(name, (key.name for key in section.keys))
        homes = [other.header for other in SECTIONS if other.key(name)]
        if meant:
            right = f'did you mean "{meant}"?'
        elif homes:
            right = f"it belongs below {' or '.join(homes)}"
        else:
            right = "its keys are " + ", ".join(key.name for key in section.keys)
        return self.problem(f"{prefix}.{name}", f"there is no such key in {section.header}", right)


_EXPECTED: Final = {
    ("event", "uid"): 'write uid = "name-and-date@your.domain"; never change it once invitations are out',
    ("event", "title"): 'write title = "…", the name of the event',
    ("event", "starts"): "write starts = 2016-09-20T12:30:00, the local time at the event",
    ("event", "ends"): "write ends = 2016-09-20T15:30:00, the local time at the event",
    ("event", "timezone"): 'write timezone = "America/New_York", the place of the event',
    ("mailbox", "address"): 'write address = "…", the address that invitees reply to',
    ("mailbox", "host"): 'write host = "…", the IMAP server of the mailbox',
    ("smtp", "host"): 'write host = "…", the server that takes our letters',
    ("documents", "title"): 'write title = "…", as the letters name it',
    ("reminders", "to"): 'write to = "silent", "tentative" or "participants"',
    ("reminders", "at"): "write at = 2016-09-14T09:00:00, the local time at the event",
    ("reminders", "letter"): 'write letter = "…", the name of its template',
    ("organisers", "addresses"): 'write addresses = ["Name <name@example.org>"], who gets the daily summary',
}
"""What to write where a required key is missing."""

_STANDARD_PORTS: Final = {
    "mailbox": {"tls": 993, "starttls": 143, "none": 143},
    "smtp": {"tls": 465, "starttls": 587, "none": 25},
}
"""RFC 8314, section 7; RFC 6409, section 3.1."""

CREDENTIAL_NAMES: Final = {"mailbox": "imap", "smtp": "smtp"}
"""By section, the systemd credential (a file in $CREDENTIALS_DIRECTORY) that is its password where none is named."""


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    """The moment in this zone; a naive one is the wall clock there."""
    return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


def _exists(moment: datetime, zone: ZoneInfo) -> bool:
    """False for a wall-clock time that is skipped when the clocks go forward."""
    return moment.tzinfo is not None or moment == (
        moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone).replace(tzinfo=None)
    )


# --------------------------------------------------------------------------- what does not go together


def _contradictions(values: _Values, reader: _Reader) -> Iterator[Problem]:
    zone = ZoneInfo(values["event"][0].get("timezone", "UTC"))
    yield from _skipped_hours(values, reader, zone)
    yield from _event_contradictions(values["event"][0], reader, zone)
    yield from _venue_contradictions(values["venue"][0], values["event"][0], reader, zone)
    for section in ("mailbox", "smtp"):
        if section in reader.uses:
            yield from _server_contradictions(section, values[section][0], reader)
    if "organisers" in reader.uses:
        own = values["mailbox"][0].get("address")
        if own in {address.email for address in values["organisers"][0].get("addresses", ())}:
            wrong = "names the mailbox itself, which would write to itself"
            yield reader.problem("organisers.addresses", wrong, "name the organisers' own addresses")


def _skipped_hours(values: _Values, reader: _Reader, zone: ZoneInfo) -> Iterator[Problem]:
    several = {section.name for section in SECTIONS if section.many}
    for section, tables in values.items():
        for number, table in enumerate(tables, start=1):
            prefix = f"{section}[{number}]" if section in several else section
            for key, value in table.items():
                if isinstance(value, datetime) and reader.used(section, key) and not _exists(value, zone):
                    wrong = f"{value.isoformat()} does not exist in {zone.key}: the clocks go forward over it"
                    yield reader.problem(f"{prefix}.{key}", wrong, "write a time before or after the change")


def _event_contradictions(event: Mapping[str, Any], reader: _Reader, zone: ZoneInfo) -> Iterator[Problem]:
    if "starts" not in event:
        return
    starts = _local(event["starts"], zone)
    named = schema.WEEKDAYS[starts.weekday()]
    if event.get("weekday", named) != named:
        wrong = f"{starts:%Y-%m-%d} is a {named}, not a {event['weekday']}"
        yield reader.problem("event.weekday", wrong, f'write weekday = "{named}" or correct the date in starts')
    if "ends" in event and _local(event["ends"], zone) <= starts:
        wrong = f"{schema.shown(event['ends'])} is not after the start, {schema.shown(event['starts'])}"
        yield reader.problem("event.ends", wrong, "write a time after starts")
    if "rsvp_by" in event and event["rsvp_by"] > starts.date():
        wrong = f"{event['rsvp_by']} is after the event starts, {starts:%Y-%m-%d}"
        yield reader.problem("event.rsvp_by", wrong, "write a date before the event, or its own")
    if "freeze_at" in event and _local(event["freeze_at"], zone) > starts:
        wrong = f"{schema.shown(event['freeze_at'])} is after the event starts, {schema.shown(event['starts'])}"
        yield reader.problem("event.freeze_at", wrong, "write a time before the event")


def _venue_contradictions(
    venue: Mapping[str, Any], event: Mapping[str, Any], reader: _Reader, zone: ZoneInfo
) -> Iterator[Problem]:
    if not venue.get("arrive_by") or "starts" not in event:
        return
    starts = _local(event["starts"], zone)
    by = datetime.combine(starts.date(), time.fromisoformat(venue["arrive_by"]), zone)
    # Of an event that starts soon after midnight, a time in the evening is of the day before.
    if timedelta(0) < by - starts < timedelta(hours=12):
        wrong = f"{venue['arrive_by']} is after the event starts, {starts:%H:%M}"
        yield reader.problem("venue.arrive_by", wrong, "write a time before the start, or leave it empty")


def _server_contradictions(section: str, values: Mapping[str, Any], reader: _Reader) -> Iterator[Problem]:
    host = values.get("host", "")
    if values.get("security") == "none" and host and not schema.loopback(host):
        wrong = f'"none" would send mail and password in the clear to {host}'
        yield reader.problem(f"{section}.security", wrong, 'write "tls" or "starttls"; "none" is for 127.0.0.1 only')
    named = [key.name for key in _CREDENTIAL if key.name in values]
    if len(named) > 1:
        key = f"{section}.{named[1]}"
        yield reader.problem(key, f"there are {len(named)} credentials ({', '.join(named)})", "keep one of them")
    if any(problem.key == f"{section}.{key.name}" for problem in reader.problems for key in _CREDENTIAL):
        return  # one is there, and what is wrong with it has been said
    handed = _systemd_credential(section)
    if section == "mailbox" and not named and not handed:
        right = "name password_file, password_command, token_command or [mailbox.oauth2], " + _HANDED.format(
            CREDENTIAL_NAMES[section]
        )
        yield reader.problem(f"{section}.password_file", "there is no password for the mailbox", right)
    if section == "smtp" and values.get("username") and not named and not handed:
        right = (
            "name password_file, password_command, token_command or [smtp.oauth2], remove username, "
            + _HANDED.format(CREDENTIAL_NAMES[section])
        )
        yield reader.problem(f"{section}.username", "there is no password for it", right)
    if section == "smtp" and named and not values.get("username"):
        right = "write username too (nothing is taken from [mailbox]), or remove it"
        yield reader.problem(f"{section}.{named[0]}", "is a credential without a username", right)


_HANDED: Final = "or hand over LoadCredential={}:FILE: to the service in its unit, to a command by systemd-run"


def _systemd_credential(section: str) -> bool:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and Path(folder or "", CREDENTIAL_NAMES[section]).is_file()


# --------------------------------------------------------------------------- files that are named


def _missing_files(values: _Values, reader: _Reader) -> Iterator[Problem]:
    for section in ("mailbox", "smtp"):
        if section not in reader.uses:
            continue
        table = values[section][0]
        if secret := table.get("password_file"):
            yield from _secret_file(f"{section}.password_file", secret, reader)
        oauth2 = table.get("oauth2", {})
        used = "key_file" if oauth2.get("flow") == "service-account" else "client_secret_file"
        if used in oauth2:
            yield from _secret_file(f"{section}.oauth2.{used}", Path(oauth2[used]), reader)
        for name in ("password_command", "token_command"):
            if name in table and shutil.which(table[name][0]) is None:
                wrong = f"there is no program {schema.shown(table[name][0])} that this user may run"
                yield reader.problem(f"{section}.{name}", wrong, "name it with its whole path")
        if (file := table.get("ca_file")) and not _seen(file, Path.is_file):
            right = "name the file with the certificates of the server's authority (PEM)"
            yield reader.problem(f"{section}.ca_file", f"{file} does not exist", right)
    yield from _other_files(values, reader)


def _other_files(values: _Values, reader: _Reader) -> Iterator[Problem]:
    if reader.used("invitees", "file") and (file := values["invitees"][0].get("file")):
        if _seen(file, Path.is_dir):
            yield reader.problem("invitees.file", f"{file} is a folder", "name the list in it, a CSV or XLSX")
        elif _seen(file, Path.is_file) is False:
            yield reader.problem("invitees.file", f"{file} does not exist", "write the list, with email in its header")
        elif not os.access(file, os.R_OK):
            yield reader.problem("invitees.file", f"{file} cannot be read", "let this user read it")
    folder = values["replies"][0].get("templates")
    if reader.used("replies", "templates") and folder and not _seen(folder, Path.is_dir):
        right = "name the folder that `rsvpbot init` made, or leave it out for the built-in letters"
        yield reader.problem("replies.templates", f"{folder} is no folder", right)
    metrics = values["service"][0].get("metrics_file")
    if reader.used("service", "metrics_file") and metrics and not _seen(metrics.parent, Path.is_dir):
        right = "make it, or name another"
        yield reader.problem("service.metrics_file", f"there is no folder {metrics.parent}", right)


def _secret_file(key: str, file: Path, reader: _Reader) -> Iterator[Problem]:
    try:
        status = file.stat()
    except FileNotFoundError:
        yield reader.problem(key, f"{file} does not exist", "write the password into it, and chmod 600 it")
        return
    except OSError as error:
        yield reader.problem(key, f"{file} cannot be read ({error.strerror})", "let this user read it")
        return
    if not stat.S_ISREG(status.st_mode):
        yield reader.problem(key, f"{file} is no file", "name the file that holds the password")
    elif status.st_mode & stat.S_IRWXO:
        yield reader.problem(key, f"{file} may be read by others", f"chmod 600 {file}")
    elif not os.access(file, os.R_OK):
        yield reader.problem(key, f"{file} cannot be read", "let this user read it")
    elif status.st_size == 0:
        yield reader.problem(key, f"{file} is empty", "write the password into it")


# --------------------------------------------------------------------------- putting it together


def _assemble(path: Path, values: _Values) -> Config:
    event = _event(values)
    zone = event.zone
    url = values["store"][0].get("url", DEFAULT_STORE)
    store_file = path.parent / Path(url.removeprefix("tinydb:")).expanduser()
    mailbox = _server("mailbox", {"username": values["mailbox"][0]["address"]} | values["mailbox"][0])
    smtp = _server("smtp", values["smtp"][0])
    _share_out_logins(mailbox, smtp, store_file.parent)
    if "since" in mailbox:
        mailbox["since"] = _local(mailbox["since"], zone)
    return Config(
        path=path,
        event=event,
        mailbox=MailboxConfig(**mailbox),
        smtp=SmtpConfig(**smtp),
        invitees=InviteesConfig(**values["invitees"][0]),
        replies=RepliesConfig(**values["replies"][0]),
        reminders=tuple(ReminderConfig(**{**table, "at": _local(table["at"], zone)}) for table in values["reminders"]),
        organisers=OrganisersConfig(**values["organisers"][0]),
        store_url=url,
        store_file=store_file,
        service=ServiceConfig(**values["service"][0]),
        retention_days=values["retention"][0].get("days_after_event"),
    )


def _event(values: _Values) -> Event:
    table = dict(values["event"][0])
    zone = ZoneInfo(table["timezone"])
    table.pop("weekday", None)
    for key in ("starts", "ends", "freeze_at"):
        if key in table:
            table[key] = _local(table[key], zone)
    seats = table.pop("capacity", None)
    if isinstance(seats, dict):
        table |= {"capacity": sum(seats.values()), "capacity_by_category": seats}
    elif seats is not None:
        table["capacity"] = seats
    documents = tuple(
        Document(**{**entry, "send_at": _local(entry["send_at"], zone) if "send_at" in entry else None})
        for entry in values["documents"]
    )
    return Event(**table, venue=Venue(**values["venue"][0]), documents=documents)


def _server(section: str, values: Mapping[str, Any]) -> dict[str, Any]:
    table = dict(values)
    credential = {key.name: table.pop(key.name) for key in _CREDENTIAL if key.name in table}
    if "oauth2" in credential:
        credential["oauth2"] = _tokens_of(credential["oauth2"], table.get("username", ""))
    table["credential"] = Credential(**credential)
    if "security" in table:
        table.setdefault("port", _STANDARD_PORTS[section][table["security"]])
    return table


def _tokens_of(values: Mapping[str, str], username: str) -> OAuth2:
    files = {name: Path(values[name]) for name in ("client_secret_file", "key_file") if name in values}
    settings: dict[str, Any] = {"subject": username, **values, **files}
    return OAuth2(**settings, username=username)


def _share_out_logins(mailbox: dict[str, Any], smtp: dict[str, Any], state_folder: Path) -> None:
    """Say where each login is kept; where both sections want the same, one login does for both."""
    shared = mailbox["credential"].oauth2 == smtp["credential"].oauth2
    for name, table in (("imap", mailbox), ("imap" if shared else "smtp", smtp)):
        credential = table["credential"]
        if credential.oauth2:
            oauth2 = replace(credential.oauth2, login_file=state_folder / f"{name}-login.json")
            table["credential"] = replace(credential, oauth2=oauth2)


# --------------------------------------------------------------------------- what is doubtful


def _warnings(config: Config, now: datetime) -> Iterator[Problem]:
    def doubt(key: str, wrong: str, right: str, fatal: bool = False) -> Problem:
        return Problem(str(config.path), key, wrong, right, fatal)

    if now >= config.event.ends:
        yield doubt(
            "event.ends", "the event is over", "replies are answered with that; stop the service when none come"
        )
    if not config.mailbox.authserv_id:
        right = "write the name that the receiving server puts first into Authentication-Results"
        yield doubt("mailbox.authserv_id", "is empty: forged mail is not recognised by DMARC", right)
    for section, server in (("mailbox", config.mailbox), ("smtp", config.smtp)):
        usual = {port: security for security, port in _STANDARD_PORTS[section].items() if security != "none"}
        if server.security != "none" and usual.get(server.port, server.security) != server.security:
            wrong = f'port {server.port} usually speaks "{usual[server.port]}", not "{server.security}"'
            yield doubt(f"{section}.security", wrong, "correct the one or the other, if logging in fails")
    if config.invitees.file is None and not config.invitees.open:
        yield doubt(
            "invitees.file", "there is no list, so every reply comes from a stranger", "name the list of invitees"
        )
    for number, document in enumerate(config.event.documents, start=1):
        due = document.send_at is not None and document.send_at <= now < config.event.ends
        if document.send_at is not None and not document.file:
            yield doubt(f"documents[{number}].file", "is missing, but it has a time to be sent", "name the file", due)
        elif document.file and not _seen(Path(document.file), Path.is_file):
            right = "put it there, or correct the name"
            yield doubt(f"documents[{number}].file", f"{document.file} does not exist", right, due)
        if document.send_at is not None and document.send_at > config.event.starts:
            yield doubt(f"documents[{number}].send_at", "is after the event starts", "write an earlier time")
    for number, reminder in enumerate(config.reminders, start=1):
        if reminder.at > config.event.starts:
            yield doubt(f"reminders[{number}].at", "is after the event starts", "write an earlier time")


def builtin_templates() -> Path:
    """The folder of the letters that come with rsvpbot: inside an installed wheel, else at the top of the checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
