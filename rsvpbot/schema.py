"""What a value in config.toml may look like. Each kind takes what TOML gave and returns what we use, or raises `Wrong`,
which says in plain words what is wrong and what would be right. No kind opens a file or a socket.

TOML 1.0 gives str, int, float, bool, list, dict, datetime, date and time; nothing else can come in.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from rsvpbot.model import Address

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SPAN_UNITS: Final = {"s": 1, "m": 60, "h": 3600}
_LONGEST_SPAN: Final = timedelta(days=1)
_YEARS: Final = range(1970, 2201)
"""Of any moment that is given: far from where reckoning with dates ends, for the years 1 and 9999 have no day before
and after them."""


class Wrong(Exception):
    """A value that cannot be used."""

    def __init__(self, wrong: str, right: str) -> None:
        super().__init__(f"{wrong}; {right}")
        self.wrong = wrong
        self.right = right


@dataclass(frozen=True, slots=True)
class Place:
    """What a kind may know of where the value stands."""

    folder: Path
    """Of the configuration file: relative paths start here."""


Kind = Callable[[object, Place], object]


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a section. Its default is that of the field in the section's dataclass."""

    name: str
    kind: Kind
    required: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """One section, as `[name]`, or `[[name]]` where there may be several."""

    name: str
    keys: tuple[Key, ...]
    many: bool = False

    @property
    def header(self) -> str:
        return f"[[{self.name}]]" if self.many else f"[{self.name}]"

    def key(self, name: str) -> Key | None:
        return next((key for key in self.keys if key.name == name), None)


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was probably meant."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    found = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[found[0]] if found else None


def shown(value: object) -> str:
    """The value as it stands in TOML, cut short."""
    match value:
        case bool():
            words = "true" if value else "false"
        case str():
            words = '"' + value.replace("\n", "\\n") + '"'
        case datetime() | date() | time():
            words = value.isoformat()
        case list():
            words = "a list"
        case dict():
            words = "a table"
        case _:
            words = str(value)
    return words if len(words) <= 60 else words[:57] + "…" + words[-1]


def _what(value: object) -> str:
    match value:
        case bool():
            return f"{shown(value)} is true or false"
        case str():
            return f"{shown(value)} is a text"
        case int():
            return f"{shown(value)} is a number"
        case float():
            return f"{shown(value)} is a number with decimals"
        case datetime():
            return f"{shown(value)} is a date with a time"
        case date():
            return f"{shown(value)} is a date"
        case time():
            return f"{shown(value)} is a time"
        case _:
            return f"this is {shown(value)}"


# --------------------------------------------------------------------------- texts


def text(value: object, _: Place) -> str:
    """One line of text."""
    if not isinstance(value, str):
        raise Wrong(_what(value), 'write a text in quotes, as "…"')
    if any(ord(character) < 32 or ord(character) == 127 for character in value):
        raise Wrong("has a line break or another control character", "write it on one line")
    return value.strip()


def filled(value: object, at: Place) -> str:
    """A text that is not empty."""
    words = text(value, at)
    if not words:
        raise Wrong("is empty", 'write a text, as "…"')
    return words


def uid(value: object, at: Place) -> str:
    """A calendar UID (RFC 5545, section 3.8.4.7; RFC 7986, section 5.3: at most 255 octets)."""
    words = filled(value, at)
    stem, _, domain = words.partition("@")
    if not (stem and domain and words.isascii() and len(words) <= 200) or any(map(str.isspace, words)) or "@" in domain:
        raise Wrong(
            f"{shown(words)} cannot be a calendar UID", 'write one without spaces, as "name-and-date@your.domain"'
        )
    return words


def one_of(*choices: str) -> Kind:
    listed = ", ".join(f'"{choice}"' for choice in choices)

    def kind(value: object, at: Place) -> str:
        if not isinstance(value, str):
            raise Wrong(_what(value), f"write one of {listed}")
        if value not in choices:
            meant = nearest(value, choices)
            raise Wrong(
                f"{shown(value)} is not known",
                f'did you mean "{meant}"? one of {listed}' if meant else f"one of {listed}",
            )
        return value

    return kind


def host(value: object, at: Place) -> str:
    words = filled(value, at)
    if any(character.isspace() or character in "/@" for character in words) or "://" in words:
        raise Wrong(f"{shown(words)} is not the name of a host", 'write it alone, as "imap.example.org"')
    name, colon, port = words.rpartition(":")
    if colon and ":" not in name and port.isdigit():
        raise Wrong(f"{shown(words)} holds a port too", f'write host = "{name}" and port = {port}')
    return words


def loopback(name: str) -> bool:
    """Whether this host can only be this machine."""
    if name.lower() in {"localhost", "localhost.localdomain", "ip6-localhost"}:
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def token_url(value: object, at: Place) -> str:
    """Where client credentials are shown (RFC 6749, section 3.2: never in the clear)."""
    words = filled(value, at)
    parts = urlsplit(words)
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback(parts.hostname))):
        raise Wrong(f"{shown(words)} is not an address of the secure web", 'write it as "https://…"')
    return words


_LOCAL_PART: Final = re.compile(r"[^\s@<>()\[\],;:\\\"\x00-\x1f\x7f]{1,64}")
_LABEL: Final = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?")


def addr_spec(words: str) -> str:
    """An address in lower case (RFC 5321, section 4.1.2; without quoted local parts and address literals).

    Raises Wrong.
    """
    local, at, domain = words.strip().rpartition("@")
    labels = domain.split(".")
    good = (
        bool(at)
        and len(domain) <= 253
        and _LOCAL_PART.fullmatch(local) is not None
        and ".." not in local
        and not local.startswith(".")
        and not local.endswith(".")
        and all(_LABEL.fullmatch(label) for label in labels)
        and (len(labels) > 1 or domain.lower() == "localhost")
    )
    if not good:
        raise Wrong(f"{shown(words)} is not an e-mail address", 'write one as "name@example.org"')
    return words.strip().lower()


def address(value: object, at: Place) -> str:
    return addr_spec(filled(value, at))


def addresses(value: object, at: Place) -> tuple[Address, ...]:
    """A list of "name@example.org" or "Name <name@example.org>"; a single one may stand without brackets."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list):
        raise Wrong(_what(value), 'write a list, as ["Name <name@example.org>"]')
    if not entries:
        raise Wrong("the list is empty", 'name at least one, as ["Name <name@example.org>"]')
    found = []
    for entry in entries:
        words = filled(entry, at)
        name, spec = parseaddr(words)
        found.append(Address(name, addr_spec(spec if spec and "<" in words else words)))
    return tuple(found)


_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3}")
_LANGUAGE_NAMES: Final = {
    "arabic": "ar", "chinese": "zh", "english": "en", "french": "fr", "german": "de", "italian": "it",
    "portuguese": "pt", "russian": "ru", "spanish": "es",
}  # fmt: skip


def language(value: object, at: Place) -> str:
    """A language tag (RFC 5646): lower-case language, the rest as written."""
    words = filled(value, at)
    if not _LANGUAGE.fullmatch(words):
        meant = nearest(words, _LANGUAGE_NAMES)
        right = f'write "{_LANGUAGE_NAMES[meant]}"' if meant else 'write two letters, as "en", "fr" or "zh"'
        raise Wrong(f"{shown(words)} is not a language tag", right)
    head, dash, rest = words.partition("-")
    return head.lower() + dash + rest


def languages(value: object, at: Place) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise Wrong(_what(value), 'write a list, as ["en", "fr"]')
    if not value:
        raise Wrong("the list is empty", 'name at least one, as ["en"]')
    return tuple(dict.fromkeys(language(entry, at) for entry in value))


# --------------------------------------------------------------------------- numbers, yes and no


def whole(least: int, most: int, what: str = "number") -> Kind:
    span = f"between {least:,} and {most:,}"

    def kind(value: object, _: Place) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise Wrong(_what(value), f"write a whole number without quotes, {span}")
        if not least <= value <= most:
            raise Wrong(f"{value:,} is no possible {what}", f"write a whole number {span}")
        return value

    return kind


port: Final = whole(1, 65535, "port")


def yes_no(value: object, _: Place) -> bool:
    if not isinstance(value, bool):
        raise Wrong(_what(value), "write true or false, without quotes")
    return value


_seats: Final = whole(1, 1_000_000, "capacity")


def capacity(value: object, at: Place) -> int | dict[str, int]:
    """A number of people, or a table of numbers by category."""
    if not isinstance(value, dict):
        count = _seats(value, at)
        assert isinstance(count, int)  # noqa: S101 (no table, so a number)
        return count
    if not value:
        raise Wrong("the table is empty", "write a number, or a number for each category")
    counts = {}
    for category, count in value.items():
        try:
            counts[category] = int(str(_seats(count, at)))
        except Wrong as error:
            raise Wrong(f"category {shown(category)}: {error.wrong}", error.right) from None
    return counts


# --------------------------------------------------------------------------- time


def possible(given: date) -> None:
    """Raises Wrong where the year of a date, or of a moment, can only be a slip of the keys."""
    if given.year not in _YEARS:
        raise Wrong(
            f"{given.year:04} is no possible year", f"write one between {_YEARS[0]} and {_YEARS[-1]}, as 2016-09-20"
        )


def moment(value: object, _: Place) -> datetime:
    """A local date-time (naive), or one with an offset (aware)."""
    if isinstance(value, datetime):
        possible(value)
        return value
    if isinstance(value, str):
        try:
            given = datetime.fromisoformat(value)
        except ValueError:
            raise Wrong(f"{shown(value)} is not a date with a time", "write it as 2016-09-20T12:30:00") from None
        raise Wrong(f"{shown(value)} stands in quotes", f"write it without them, as {given.isoformat()}")
    raise Wrong(_what(value), "write a date with a time, without quotes, as 2016-09-20T12:30:00")


def moment_or_day(value: object, at: Place) -> datetime:
    """Like `moment`; a date alone is its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        possible(value)
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 (naive on purpose: local to the event)
    return moment(value, at)


def day(value: object, _: Place) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        possible(value)
        return value
    raise Wrong(_what(value), "write a date without quotes, as 2016-09-16")


def clock_time(value: object, _: Place) -> str:
    """A wall-clock time as "HH:MM"; a TOML local time does as well."""
    right = 'write hours and minutes, as "08:00"'
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if not isinstance(value, str):
        raise Wrong(_what(value), right)
    found = re.fullmatch(r"([0-9]{1,2}):([0-9]{2})", value.strip())
    if not found or int(found[1]) > 23 or int(found[2]) > 59:
        raise Wrong(f"{shown(value)} is not a time of day", right)
    return f"{int(found[1]):02}:{found[2]}"


def clock_time_or_nothing(value: object, at: Place) -> str:
    return "" if value == "" else clock_time(value, at)


def weekday(value: object, at: Place) -> str:
    """The English name of a weekday, or its first three letters."""
    words = filled(value, at)
    for name in WEEKDAYS:
        if words.lower() in {name.lower(), name[:3].lower()}:
            return name
    meant = nearest(words, WEEKDAYS)
    raise Wrong(
        f"{shown(words)} is not a weekday",
        f'did you mean "{meant}"?' if meant else 'write it in English, as "Tuesday", or leave it out',
    )


def span(value: object, _: Place) -> timedelta:
    """A length of time: "30s", "1m", "2h"; from one second to one day."""
    right = 'write a number and its unit, from "1s" to "24h", as "30s", "1m" or "2h"'
    if not isinstance(value, str):
        raise Wrong(_what(value), right)
    found = re.fullmatch(r"([0-9]{1,6})\s?([smh])", value.strip().lower())
    if not found:
        raise Wrong(f"{shown(value)} is not a length of time", right)
    length = timedelta(seconds=int(found[1]) * _SPAN_UNITS[found[2]])
    if not timedelta(seconds=1) <= length <= _LONGEST_SPAN:
        raise Wrong(f"{shown(value)} is too {'short' if length < timedelta(seconds=1) else 'long'}", right)
    return length


def _is_zone(name: str) -> bool:
    """Asked of the one file: a list of all names opens six hundred."""
    if name.startswith(("posix/", "right/")):
        return False  # the same zones again, the second with leap seconds
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def zone(value: object, at: Place) -> str:
    """The name of a time zone in the tz database."""
    words = filled(value, at)
    if _is_zone(words):
        return words
    known = zoneinfo.available_timezones()
    by_city = {name.rpartition("/")[2]: name for name in sorted(known) if "/" in name}
    guess = words.replace(" ", "_")
    city = nearest(guess.rpartition("/")[2], by_city)
    meant = nearest(guess, known) or (by_city[city] if city else None)
    right = f'did you mean "{meant}"?' if meant else 'write it as "America/New_York" or "Europe/Zurich"'
    raise Wrong(f"{shown(words)} is not a known time zone", right)


# --------------------------------------------------------------------------- files, commands


def path(value: object, at: Place) -> Path:
    """A path, absolute; a relative one starts at the folder of the configuration file."""
    words = filled(value, at)
    return at.folder / Path(words).expanduser()


def metrics_file(value: object, at: Place) -> Path:
    """Like `path`; the collector of Prometheus' node exporter reads only what is called so."""
    file = path(value, at)
    if file.suffix != ".prom":
        raise Wrong(f"{shown(file.name)} is not read by the collector", "write a name that ends in .prom")
    return file


def path_words(value: object, at: Place) -> str:
    """Like `path`, as text; "" is none."""
    return "" if value == "" else str(path(value, at))


def command(value: object, at: Place) -> tuple[str, ...]:
    """A program and its arguments; it is run without a shell. A bare name is looked for in PATH, a path is one."""
    right = 'write a list of the program and its arguments, as ["pass", "show", "imap"]'
    if not isinstance(value, list):
        raise Wrong(_what(value), right)
    if not value or not all(isinstance(word, str) for word in value) or not value[0].strip():
        raise Wrong("the list names no program", right)
    program = Path(value[0]).expanduser()
    return (str(at.folder / program) if len(program.parts) > 1 else value[0], *value[1:])


def store_url(value: object, at: Place) -> str:
    words = filled(value, at)
    scheme, colon, rest = words.partition(":")
    if not colon:
        raise Wrong(f"{shown(words)} does not say which kind of store", f'write "tinydb:{words}"')
    if scheme != "tinydb":
        raise Wrong(
            f'there is no store of the kind "{scheme}"', 'write "tinydb:" and a file name, as "tinydb:rsvp.json"'
        )
    if not rest or rest.endswith("/"):
        raise Wrong("names no file", 'write "tinydb:" and a file name, as "tinydb:rsvp.json"')
    return words


def table(keys: tuple[Key, ...]) -> Kind:
    """A table in which every key must be one of these."""

    def kind(value: object, at: Place) -> Mapping[str, str]:
        names = ", ".join(key.name for key in keys)
        if not isinstance(value, dict):
            raise Wrong(_what(value), f"write a table with the keys {names}")
        found = {}
        known = {key.name: key for key in keys}
        for name, entry in value.items():
            if name not in known:
                meant = nearest(name, known)
                raise Wrong(
                    f'there is no key "{name}"', f'did you mean "{meant}"?' if meant else f"the keys are {names}"
                )
            try:
                found[name] = str(known[name].kind(entry, at))
            except Wrong as error:
                raise Wrong(f"{name}: {error.wrong}", error.right) from None
        missing = [key.name for key in keys if key.required and key.name not in found]
        if missing:
            raise Wrong(f"{', '.join(missing)} missing", f"the keys are {names}")
        return found

    return kind
