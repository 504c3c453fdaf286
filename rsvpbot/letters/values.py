"""What a letter may speak of: plain data, already put into words of the letter's language where Babel knows them.

Every name that a template may use is a field of `Values` or of one of the classes that it holds; `check` knows them
from here. Nothing of a mail is among them but names that passed `checked_name`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote
from zoneinfo import ZoneInfo

from rsvpbot.config import Config
from rsvpbot.model import Answer, Document, Facts, Invitee, LetterKind, PartStat

if TYPE_CHECKING:
    from babel import Locale

REGIONS = {"en": "en_GB", "zh": "zh_Hans"}
"""UN English writes "20 September 2016", as in British English."""

ISOLATE, END_ISOLATE = "\u2068", "\u2069"
"""Keep words of another script from turning the direction of what is around them (Unicode Annex 9)."""

LONGEST_NAME = 80
MOST_WORDS = 8

NAME_MARKS = frozenset(" .'’ʼ‘`´-‐‑–·,()،、・\u200c\u200d")
"""What may stand in a person's name beside letters and their marks."""

LOOKS_LIKE_DOMAIN = re.compile(r"[^\W\d_]{2,}\.[^\W\d_]{2,}")


class Entry(StrEnum):
    """What a letter says of the way in."""

    PASS = "pass"  # noqa: S105 (a pass for the door)
    """All who come hold the pass: nothing is said of photo ID."""
    NO_PASS = "no pass"  # noqa: S105 (a pass for the door)
    """They do not, or there is no such pass: photo ID comes first."""
    EITHER = "either"
    """Not known: both cases, in one short paragraph."""
    OPEN = "open"
    """Nothing is configured: nothing is said."""


class Link(str):
    """The address of a link that we made ourselves, or that stands in the configuration."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class EventValues:
    title: str
    date: str
    """With the weekday, computed."""
    starts: str
    ends: str
    ends_date: str
    """"" where the event ends on the day on which it starts."""
    city: str
    """What the time zone is called after, as in "New York time"; "" where it has no city (UTC)."""
    zone: str
    """The time zone's own name."""
    rsvp_by: str
    """"" where none is set or the day has passed."""


@dataclass(frozen=True, slots=True)
class VenueValues:
    name: str
    address: str
    floor: str
    pass_name: str
    reception: str
    arrive_by: str


@dataclass(frozen=True, slots=True)
class PaperValues:
    title: str
    date: str
    """When it goes out; "" where nothing is set."""
    out: bool
    """That moment has passed."""


@dataclass(frozen=True, slots=True)
class AnswerValues:
    partstat: str
    party: int
    """How many come; 0 where nobody does, or where it is not known."""
    names: str
    """In one phrase of the letter's language; "" where nobody is named."""
    unnamed: int
    """How many come beside those who are named."""
    delegate: str
    dietary: bool
    access: bool


@dataclass(frozen=True, slots=True)
class OrganiserValues:
    name: str
    contact: str
    phone: str
    privacy: str
    """A line; "" where it is a page or nothing."""
    privacy_page: str


@dataclass(frozen=True, slots=True)
class WasValues:
    event: EventValues
    venue: VenueValues
    title: str
    """"" where it is called as before; so with what follows."""
    rows: bool
    """Date, time, place or address were others."""
    pass_name: str
    reception: str
    """"" too for who holds the pass, and does not register."""
    arrive_by: str
    """As `reception`."""
    differs: bool
    """There is anything of these to tell."""


@dataclass(frozen=True, slots=True)
class Option:
    """A decision that organisers may take by a link, and what they would write instead."""

    word: str
    link: Link
    label: str
    """What it does, in their language."""


@dataclass(frozen=True, slots=True)
class QuestionValues:
    """A message that waits for a decision, as the letter about it tells it."""

    who: str
    organisation: str
    address: str
    """From where it came."""
    listed: bool
    """Whoever it is about is on the list."""
    subject: str
    lines: tuple[str, ...]
    """What was newly written."""
    reasons: tuple[str, ...]
    reading: str
    """What we take it to say; "" where nothing."""
    recorded: str
    """What stands on record; "" where nothing does."""
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Everything that a template may name."""

    event: EventValues
    venue: VenueValues
    organisers: OrganiserValues
    papers: tuple[PaperValues, ...]
    """Those that the recipients have not had."""
    addressee: str
    """Whom the letter greets; "" where no name is known."""
    invitee: str
    """The invitee by name, else by organisation; "" where neither is known."""
    answer: AnswerValues | None
    """The answer that the letter speaks of."""
    recorded: AnswerValues | None
    """The answer on record."""
    entry: str
    """"pass", "no pass", "either" or "open": see `Entry`."""
    passed_on: bool
    delegate_written: bool
    calendar: bool
    """A calendar file is attached."""
    note: str
    was: WasValues | None
    """Of a letter about a change: what held until now."""
    place: int
    """On the waiting list; 0 where the letter is about no such thing."""
    deadline: str
    """By when an offered place is to be confirmed: day and time in words; "" where nothing is offered."""
    words: tuple[str, ...]
    """An organiser's own words, line by line; of a letter to an organiser, what came of their command."""
    question: QuestionValues | None
    """Of a letter to organisers: what they are asked to decide."""
    mailto: Callable[[str], Link]
    """A link that opens a mail to us, which says who answers and holds this text."""


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Babel's locale for a BCP 47 tag; English for what it does not know."""
    from babel import Locale, UnknownLocaleError

    tag = language.replace("-", "_")
    for name in (REGIONS.get(tag, tag), tag.partition("_")[0]):
        try:
            return Locale.parse(name)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en_GB")


@lru_cache(maxsize=64)
def is_right_to_left(language: str) -> bool:
    return locale_of(language).text_direction == "rtl"


def checked_name(text: str) -> str:
    """The name, on one line, or "" if this is nothing that a person is called.

    Letters of any script, marks, and what stands between them; no digits, brackets, addresses or markup, not too long:
    what a stranger writes in a name's place must not speak through our letters.
    """
    name = " ".join(text.split())
    plain = all(char in NAME_MARKS or unicodedata.category(char)[0] in "LM" for char in name)
    short = len(name) <= LONGEST_NAME and len(name.split(" ")) <= MOST_WORDS
    if not (plain and short and any(char.isalpha() for char in name)) or LOOKS_LIKE_DOMAIN.search(name):
        return ""
    return name


def make_values(
    kind: LetterKind,
    language: str,
    config: Config,
    now: datetime,
    *,
    invitee: Invitee | None = None,
    answer: Answer | None = None,
    tag: str = "",
    passed_on: bool = False,
    delegate_written: bool = False,
    first: bool = True,
    note: str = "",
    was: Facts | None = None,
    place: int = 0,
    deadline: datetime | None = None,
    words: tuple[str, ...] = (),
    question: QuestionValues | None = None,
    calendar: bool = False,
    has_had: tuple[str, ...] = (),
) -> Values:
    """Put together what a letter may speak of.

    `answer` is the one that the letter is about, `invitee.answer` the one on record; `tag` stands at the end of the
    Subject of a mailto: link and names the invitee. Only the `first` letter to somebody says what becomes of the data.
    """
    locale = locale_of(language)
    recorded = invitee.answer if invitee else None
    entry = entry_of(kind, config, invitee, answer or recorded)
    subject = " ".join(f"{config.event.title} {tag}".split())

    def mailto(body: str) -> Link:
        # RFC 6068: everything but unreserved characters is percent-encoded, space as %20.
        to = quote(config.mailbox.address, safe="@")
        plain = body.replace(ISOLATE, "").replace(END_ISOLATE, "")
        return Link(f"mailto:{to}?subject={quote(subject, safe='')}&body={quote(plain, safe='')}")

    return Values(
        event=_event(config, locale, now),
        venue=_venue(config, locale),
        organisers=_organisers(config, config.organisers.privacy if first else ""),
        papers=tuple(
            _paper(document, config, locale, now)
            for document in config.event.documents
            if document.title not in has_had
        ),
        addressee=_addressee(kind, invitee, answer),
        invitee=(invitee.name or invitee.organisation) if invitee else "",
        answer=_answer(answer, locale) if answer else None,
        recorded=_answer(recorded, locale) if recorded else None,
        entry=entry,
        passed_on=passed_on,
        delegate_written=delegate_written,
        calendar=calendar,
        note=note,
        was=_was(was, config, locale, now, entry) if was else None,
        place=place,
        deadline=_deadline(deadline, config, locale) if deadline else "",
        words=words,
        question=question,
        mailto=mailto,
    )


def entry_of(kind: LetterKind, config: Config, invitee: Invitee | None, answer: Answer | None) -> Entry:
    """What to say of the way in.

    What the answer says of a pass holds for all who come by it; what the list says holds for the invitee alone, so not
    for guests or a delegate.
    """
    venue = config.event.venue
    if not (venue.pass_name or venue.reception or venue.arrive_by):
        return Entry.OPEN
    if not venue.pass_name:
        return Entry.NO_PASS
    if answer is not None and answer.grounds_pass is not None:
        return Entry.PASS if answer.grounds_pass else Entry.NO_PASS
    in_person = kind is not LetterKind.WELCOME and (answer is None or answer.partstat is not PartStat.DELEGATED)
    listed = invitee.grounds_pass if invitee is not None and in_person else None
    if listed is None:
        return Entry.EITHER
    if not listed:
        return Entry.NO_PASS
    alone = answer is None or (answer.party or len(answer.names)) <= 1
    return Entry.PASS if alone else Entry.EITHER


def _event(config: Config, locale: Locale, now: datetime) -> EventValues:
    event = config.event
    by = event.rsvp_by if event.rsvp_by and now.astimezone(event.zone).date() <= event.rsvp_by else None
    return _said_of(event.title, event.starts, event.ends, event.timezone, by, locale)


@lru_cache(maxsize=64)
def _said_of(
    title: str, starts: datetime, ends: datetime, timezone: str, rsvp_by: date | None, locale: Locale
) -> EventValues:
    """The same in every letter of a language; putting dates into words takes as long as a letter's template."""
    from babel.dates import format_date, format_time, get_timezone_location, get_timezone_name

    zone = ZoneInfo(timezone)
    starts, ends = starts.astimezone(zone), ends.astimezone(zone)
    city = "/" in timezone and not timezone.startswith("Etc/")
    return EventValues(
        title=title,
        date=format_date(starts, "full", locale=locale),
        starts=format_time(starts, "short", locale=locale),
        ends=format_time(ends, "short", locale=locale),
        ends_date="" if starts.date() == ends.date() else format_date(ends, "full", locale=locale),
        city=get_timezone_location(zone, locale=locale, return_city=True) if city else "",
        zone=get_timezone_name(starts, locale=locale),
        rsvp_by=format_date(rsvp_by, "full", locale=locale) if rsvp_by else "",
    )


def _was(facts: Facts, config: Config, locale: Locale, now: datetime, entry: Entry) -> WasValues:
    """What held until now, and what of it holds no more. How to get in without the pass is of no use to its holder."""
    before = replace(
        config.event,
        title=facts.title,
        starts=facts.starts,
        ends=facts.ends,
        timezone=facts.timezone,
        venue=facts.venue,
    )
    earlier = replace(config, event=before)
    event, venue = _event(earlier, locale, now), _venue(earlier, locale)
    event_now, venue_now = _event(config, locale, now), _venue(config, locale)
    rows = _rows(event, venue) != _rows(event_now, venue_now)
    title = event.title if event.title != event_now.title else ""
    pass_name = venue.pass_name if venue.pass_name != venue_now.pass_name else ""
    registers = entry is not Entry.PASS
    reception = venue.reception if registers and venue.reception != venue_now.reception else ""
    arrive_by = venue.arrive_by if registers and venue.arrive_by != venue_now.arrive_by else ""
    differs = rows or any((title, pass_name, reception, arrive_by))
    return WasValues(event, venue, title, rows, pass_name, reception, arrive_by, differs)


def _rows(event: EventValues, venue: VenueValues) -> tuple[str, ...]:
    """What the table of a letter tells."""
    when = (event.date, event.starts, event.ends, event.ends_date, event.city, event.zone)
    return *when, venue.name, venue.floor, venue.address


def _deadline(moment: datetime, config: Config, locale: Locale) -> str:
    from babel.dates import format_date, format_time

    local = moment.astimezone(config.event.zone)
    return f"{format_date(local, 'full', locale=locale)}, {format_time(local, 'short', locale=locale)}"


def _venue(config: Config, locale: Locale) -> VenueValues:
    from babel.dates import format_time

    venue = config.event.venue
    arrive_by = format_time(time.fromisoformat(venue.arrive_by), "short", locale=locale) if venue.arrive_by else ""
    return VenueValues(venue.name, venue.address, venue.floor, venue.pass_name, venue.reception, arrive_by)


def _organisers(config: Config, privacy: str) -> OrganiserValues:
    organisers = config.organisers
    page = privacy.startswith(("https://", "http://")) and len(privacy.split()) == 1
    return OrganiserValues(
        name=organisers.name or config.mailbox.name,
        contact=organisers.contact,
        phone=organisers.phone,
        privacy="" if page else privacy,
        privacy_page=Link(privacy) if page else "",
    )


def _paper(document: Document, config: Config, locale: Locale, now: datetime) -> PaperValues:
    from babel.dates import format_date

    at = document.send_at
    date = format_date(at.astimezone(config.event.zone), "full", locale=locale) if at else ""
    return PaperValues(document.title, date, out=at is not None and at <= now)


def _addressee(kind: LetterKind, invitee: Invitee | None, answer: Answer | None) -> str:
    if kind is LetterKind.WELCOME:
        return _delegate(answer) if answer else ""
    return " ".join(invitee.name.split()) if invitee else ""


def _delegate(answer: Answer) -> str:
    named = checked_name(answer.delegate.name) if answer.delegate else ""
    if named or answer.partstat is not PartStat.DELEGATED:
        return named
    return next(filter(None, map(checked_name, answer.names)), "")


def _answer(answer: Answer, locale: Locale) -> AnswerValues:
    from babel.lists import format_list

    names = [name for name in map(checked_name, answer.names) if name]
    # Each name for itself: "and" between them belongs to the letter's language.
    shown = [f"{ISOLATE}{name}{END_ISOLATE}" for name in names] if locale.text_direction == "rtl" else names
    coming = answer.partstat is not PartStat.DECLINED
    party = (answer.party or max(1, len(names))) if coming else 0
    return AnswerValues(
        partstat=answer.partstat.value,
        party=party,
        names=format_list(shown, locale=locale) if names and coming else "",
        unnamed=max(0, party - len(names)),
        delegate=_delegate(answer),
        dietary=bool(answer.dietary),
        access=bool(answer.access),
    )
