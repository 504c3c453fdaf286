"""config.toml -> Config. Every mistake is reported at once, each with its file, its key and what would be right.

The keys are explained in config.example.toml; docs/ and tests hold both together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from rsvpbot.model import Address, Event

Security = Literal["tls", "starttls", "none"]
Mode = Literal["draft", "send", "off"]


@dataclass(frozen=True, slots=True)
class Credential:
    """How to come by a password; at most one is set. None set: no authentication (SMTP only)."""

    password_file: Path | None = None
    password_command: tuple[str, ...] = ()
    token_command: tuple[str, ...] = ()
    oauth2: Mapping[str, str] = field(default_factory=dict)

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
    languages: tuple[str, ...] = ("en",)
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
    store_url: str = "tinydb:rsvp.json"
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


def builtin_templates() -> Path:
    """The folder of the letters that come with rsvpbot: inside an installed wheel, else at the top of the checkout."""
    package = Path(__file__).resolve().parent
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"
