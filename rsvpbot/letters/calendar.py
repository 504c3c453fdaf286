"""The calendar file of a letter.

An invitation's is METHOD:REQUEST (RFC 5546, section 3.2.2), one of the mail's alternatives: mail programs ask, and send
the answer to the ORGANIZER, which is our mailbox. Any other letter's is METHOD:PUBLISH (section 3.2.1), attached:
opening it puts the event into the calendar, and that is all. With REQUEST there, mail programs would ask once more for
the answer that was just given, and Outlook would show its meeting form in the letter's place; no ATTENDEE stands in it,
as PUBLISH demands. The UID is the invitee's own, so that an update, a cancellation, or an answer by calendar meets the
same entry.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from rsvpbot.config import Config
from rsvpbot.model import Address as MailAddress

if TYPE_CHECKING:
    from icalendar import Timezone, vCalAddress, vDatetime, vText

PUBLISH, REQUEST, CANCEL = "PUBLISH", "REQUEST", "CANCEL"
PRODID = "-//rsvpbot//rsvpbot//EN"
_BEGIN, _END = b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of a zone's offset from UTC. `local` is the wall-clock time just before it, as DTSTART of an observance
    wants it (RFC 5545, section 3.6.5)."""

    local: datetime
    before: timedelta
    after: timedelta
    daylight: bool
    name: str


def calendar_file(
    config: Config,
    uid: str,
    description: str,
    now: datetime,
    *,
    asked: MailAddress | None = None,
    answered: str = "",
    sequence: int = 0,
    cancelled: bool = False,
) -> bytes:
    """The event as an iCalendar object in UTF-8.

    `uid` is the invitee's calendar UID; `description` is plain text; `now` becomes DTSTAMP. `asked`: whose entry it is,
    in a mail that their calendar acts upon by itself; None: a file to be opened. `answered`: their PARTSTAT where they
    have answered, so that they are not asked again.
    """
    from icalendar import vCalAddress, vDatetime, vText

    event = config.event
    own = _property("DTSTAMP", vDatetime(now.astimezone(UTC))) + _property("UID", vText(uid))
    if asked:
        attendee = vCalAddress(f"mailto:{asked.email}")
        if asked.name:
            attendee.params["CN"] = asked.name.replace('"', "'")
        attendee.params |= {
            "ROLE": "REQ-PARTICIPANT",
            "PARTSTAT": answered or "NEEDS-ACTION",
            "RSVP": "FALSE" if answered else "TRUE",
            "CUTYPE": "INDIVIDUAL",
        }
        own += _property("ATTENDEE", attendee)
    own += _described(description)
    before, after = _common(
        CANCEL if cancelled else REQUEST if asked else PUBLISH,
        event.timezone,
        event.starts.astimezone(event.zone),
        event.ends.astimezone(event.zone),
        event.title,
        ", ".join(filter(None, (event.venue.name, event.venue.floor, event.venue.address))),
        MailAddress(config.mailbox.name or config.organisers.name, config.mailbox.address),
        sequence,
    )
    return before + own + after


def _property(name: str, value: vCalAddress | vDatetime | vText) -> bytes:
    """One property, in as many lines as it takes."""
    from icalendar.parser import Contentline

    written: bytes = Contentline.from_parts(name, value.params, value).to_ical()
    return written + b"\r\n"


@lru_cache(maxsize=64)
def _described(description: str) -> bytes:
    """The same in many letters, and folding it takes longer than all else of a calendar file."""
    from icalendar import vText

    return _property("DESCRIPTION", vText(description))


@lru_cache(maxsize=16)
def _common(
    method: str,
    timezone: str,
    starts: datetime,
    ends: datetime,
    title: str,
    place: str,
    sender: MailAddress,
    sequence: int,
) -> tuple[bytes, bytes]:
    """The calendar as it is for every invitee: what stands before what is their own, and what behind it."""
    from icalendar import Calendar, Event, vCalAddress

    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_timezone(timezone, starts.year))
    entry = Event()
    entry.add("sequence", sequence)
    entry.add("dtstart", starts)
    entry.add("dtend", ends)
    entry.add("summary", title)
    if place:
        entry.add("location", place)
    organizer = vCalAddress(f"mailto:{sender.email}")
    if sender.name:
        organizer.params["CN"] = sender.name.replace('"', "'")
    entry.add("organizer", organizer)
    entry.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    entry.add("transp", "OPAQUE")
    calendar.add_component(entry)
    before, begin, after = calendar.to_ical().partition(_BEGIN)
    return before + begin, after


@lru_cache(maxsize=16)
def file_name(title: str) -> str:
    """A name for the file in plain ASCII, made of the title."""
    words = "".join(char if char.isascii() and char.isalnum() else " " for char in title.lower()).split()
    stem = ""
    for word in words:
        if len(stem) + len(word) >= 40:
            break
        stem = f"{stem}-{word}" if stem else word
    return f"{stem or 'event'}.ics"


# ------------------------------------------------------------------ the time zone


@lru_cache(maxsize=16)
def _timezone(name: str, year: int) -> Timezone:
    """The zone as VTIMEZONE, with the rules that hold in that year.

    Made here and not by icalendar, whose observances begin in the time after the change (an hour late in spring;
    seen in 7.3.0).
    """
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

    zone = ZoneInfo(name)
    component = Timezone()
    component.add("tzid", name)
    changes = tuple(transitions(zone, year - 1, year + 1))
    if not changes or changes[0].local.year >= year:
        # Something must hold before the first change, too.
        changes = (_from_the_beginning(zone, year), *changes)
    for alike in _groups(changes):
        rule = _yearly(alike)
        for change in alike[:1] if rule else alike:
            part = TimezoneDaylight() if change.daylight else TimezoneStandard()
            part.add("dtstart", change.local)
            part.add("tzoffsetfrom", change.before)
            part.add("tzoffsetto", change.after)
            part.add("tzname", change.name)
            if rule:
                part.add("rrule", rule)
            component.add_component(part)
    return component


def _groups(changes: Sequence[Transition]) -> Iterator[Sequence[Transition]]:
    """Changes of the same kind, one a year where there is a rule."""
    kinds = dict.fromkeys((change.before, change.after, change.daylight) for change in changes)
    for kind in kinds:
        yield [change for change in changes if (change.before, change.after, change.daylight) == kind]


def _yearly(alike: Sequence[Transition]) -> dict[str, object] | None:
    """The rule by which these come every year, if three years agree on one."""
    days = [change.local for change in alike]
    if len(days) != 3 or len({(day.month, day.weekday(), day.time()) for day in days}) != 1:
        return None
    first = days[0]
    if len({_nth(day) for day in days}) == 1:
        nth = _nth(first)
    elif all((day + timedelta(days=7)).month != day.month for day in days):
        nth = -1
    else:
        return None
    return {"freq": "yearly", "bymonth": first.month, "byday": f"{nth}{WEEKDAYS[first.weekday()]}"}


def _nth(day: datetime) -> int:
    return (day.day - 1) // 7 + 1


def transitions(zone: ZoneInfo, first: int, last: int) -> Iterator[Transition]:
    """Every change of offset from the first year to the last, both included, in order."""
    at, end = datetime(first, 1, 1, tzinfo=UTC), datetime(last + 1, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + timedelta(days=1)
        if _offset(at, zone) != _offset(following, zone):
            yield _change(zone, at, following)
        at = following


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> Transition:
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if _offset(middle, zone) == _offset(before, zone):
            before = middle
        else:
            after = middle
    local = after.astimezone(zone)
    old, new = _offset(before, zone), _offset(after, zone)
    return Transition((after + old).replace(tzinfo=None), old, new, bool(local.dst()), local.tzname() or "")


def _from_the_beginning(zone: ZoneInfo, year: int) -> Transition:
    start = datetime(year - 1, 1, 1, tzinfo=zone)
    offset = start.utcoffset() or timedelta()
    return Transition(datetime(1970, 1, 1), offset, offset, False, start.tzname() or "")  # noqa: DTZ001 (wall clock)


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta:
    return moment.astimezone(zone).utcoffset() or timedelta()
