"""How things stand, at a glance, for whoever looks after rsvpbot: a dozen lines in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from rsvpbot.config import Config
from rsvpbot.letters.timetable import items
from rsvpbot.model import LetterState, PartStat
from rsvpbot.organisers.glance import Glance, Health, cancelled_on, glance, next_summary, summary_zone
from rsvpbot.organisers.shown import one_line
from rsvpbot.store.base import Store


@dataclass(frozen=True, slots=True)
class Status:
    """What `report` puts into words."""

    glance: Glance
    running: bool
    """The daemon holds its lock."""
    letters: tuple[tuple[LetterState, int], ...]
    sending_failing_since: datetime | None
    """None: letters go out."""
    sending_error: str
    next_summary: datetime
    store_size: int | None
    """Bytes; None where the store is no file, or there is none yet."""


def status(store: Store, config: Config, now: datetime) -> Status:
    """Look how things stand; writes nothing. Raises StoreError."""
    try:
        size: int | None = config.store_file.stat().st_size
    except OSError:
        size = None
    mailbox = store.mailbox()
    return Status(
        glance=glance(store, config, now),
        running=store.daemon_runs(),
        letters=tuple(store.letter_tally().items()),
        sending_failing_since=mailbox.sending_failing_since,
        sending_error=mailbox.sending_error,
        next_summary=next_summary(store, config, now),
        store_size=size,
    )


def report(store: Store, config: Config, now: datetime) -> str:
    """The lines that `rsvpbot status` prints, without an end of line."""
    return words(status(store, config, now), config)


def words(found: Status, config: Config) -> str:
    lines = (
        ("Event", _event(found.glance, config)),
        ("Answers", _answers(found.glance)),
        ("People", _people(found.glance)),
        ("Waiting", _waiting(found.glance)),
        ("Mailbox", _mailbox(found.glance, config)),
        ("Messages", _messages(found.glance)),
        ("Letters", _letters(found, config)),
        ("Next", _scheduled(found, config)),
        ("Service", _service(found)),
        ("Summary", _summary(found, config)),
        ("Store", _store(found, config)),
    )
    return "\n".join(f"{label:<10}{text}" for label, text in lines)


def _event(found: Glance, config: Config) -> str:
    event = config.event
    days = found.days_left
    left = "today" if days == 0 else _many(days, "day") + " to go" if days > 0 else _many(-days, "day") + " ago"
    if found.cancelled_at is not None:
        left = cancelled_on(found.cancelled_at, config).replace("cancelled", "CANCELLED", 1)
    starts = event.starts.astimezone(event.zone)
    return f"{one_line(event.title)}, {starts:%A}, {starts.day} {starts:%B %Y %H:%M} ({event.timezone}): {left}"


def _answers(found: Glance) -> str:
    counts = found.counts
    parts = [f"{counts[partstat]} {partstat.value}" for partstat in PartStat if partstat is not PartStat.NEEDS_ACTION]
    unreached = f", {found.unreached} of them not reached by our mail" if found.unreached else ""
    parts.append(f"{counts[PartStat.NEEDS_ACTION]} without an answer{unreached}")
    gone = f"; {found.gone} answered and left the list" if found.gone else ""
    return f"{', '.join(parts)}, of {_many(found.listed, 'invitee')}{gone}"


def _people(found: Glance) -> str:
    perhaps = f", {found.perhaps} more perhaps" if found.perhaps else ""
    if not found.capacity:
        return f"{found.expected} expected{perhaps}"
    left = found.capacity - found.expected
    room = f"{_many(left, 'place')} left" if left >= 0 else f"{-left} MORE THAN THERE IS ROOM FOR"
    return f"{found.expected} expected of {found.capacity}{perhaps}; {room}"


def _waiting(found: Glance) -> str:
    parts = []
    if found.oldest is not None:
        waits = _span(found.at - found.oldest)
        parts.append(f"{_many(found.waiting, 'message')} for the organisers, the oldest for {waits}")
    if found.pending:
        parts.append(f"{_many(found.pending, 'change')} for the invitee's confirmation")
    if found.standby:
        told = f", {found.offered} of them offered seats" if found.offered else ""
        parts.append(f"{found.standby} {'party' if found.standby == 1 else 'parties'} for seats{told}")
    return "; ".join(parts) or "nothing"


def _scheduled(found: Status, config: Config) -> str:
    """The reminder or paper that comes next."""
    coming = [item for item in items(config) if item.at > found.glance.at]
    if found.glance.cancelled_at is not None:
        return "nothing scheduled goes out"
    if not coming:
        return "no reminder and no paper is scheduled"
    at = coming[0].at.astimezone(config.event.zone)
    more = f" and {len(coming) - 1} more" if len(coming) > 1 else ""
    return f"{one_line(coming[0].name)} to {coming[0].to} on {at:%A}, {at.day} {at:%B %H:%M}{more}; see: rsvpbot outbox"


def _mailbox(found: Glance, config: Config) -> str:
    state = found.mailbox
    good = f"last read {_ago(found.at, state.last_good)}" if state.last_good else "never read yet"
    left = f"; {found.messages.left_alone} older messages left in INBOX" if found.messages.left_alone else ""
    address = config.mailbox.address
    if state.health is Health.FAILING and state.failing_since:
        failing = _span(found.at - state.failing_since)
        error = one_line(state.error, 100)
        return f"{address} CANNOT BE READ, for {failing} now ({error}); {good}. See: rsvpbot check{left}"
    if state.health is Health.STALE:
        return f"{address} NOT READ FOR LONG: {good}{left}"
    return f"{address}, {good}{left}"


def _messages(found: Glance) -> str:
    m = found.messages
    retried = f" + {m.retried} to be tried again" if m.retried else ""
    missing = f" + {m.missing} MISSING (was the store repaired, or put back from an older copy?)" if m.missing else ""
    return (
        f"{m.seen} seen = {m.recorded} recorded + {m.review} review + {m.ignored} ignored + {m.failed} failed"
        f"{retried}{missing}"
    )


def _letters(found: Status, config: Config) -> str:
    counts = [f"{count} {state.value}" for state, count in found.letters if count]
    told = f"{', '.join(counts) or 'none yet'} (mode {config.replies.mode})"
    if found.sending_failing_since is None:
        return told
    failing = _span(found.glance.at - found.sending_failing_since)
    return f"{told}; CANNOT BE SENT, for {failing} now ({one_line(found.sending_error, 100)}). See: rsvpbot check"


def _service(found: Status) -> str:
    return "running" if found.running else "NOT RUNNING (start it with: systemctl start rsvpbot, or rsvpbot run)"


def _summary(found: Status, config: Config) -> str:
    zone = summary_zone(config)
    when = found.next_summary.astimezone(zone)
    last = f"; the last one {_ago(found.glance.at, found.glance.since)}" if found.glance.since else ""
    if when <= found.glance.at:
        return f"due now{last}"
    return f"next on {when:%A}, {when.day} {when:%B at %H:%M} ({zone.key}){last}"


def _store(found: Status, config: Config) -> str:
    size = "nothing written yet" if found.store_size is None else _size(found.store_size)
    return f"{config.store_file} ({size})"


def _many(number: int, thing: str) -> str:
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def _ago(now: datetime, then: datetime) -> str:
    return "a moment ago" if abs(now - then) < timedelta(minutes=1) else f"{_span(now - then)} ago"


def _span(span: timedelta) -> str:
    seconds = max(0, int(span.total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= 2 * length or (seconds >= length and unit != "day"):
            return _many(seconds // length, unit)
    return "a moment"


def _size(size: int) -> str:
    if size < 1_000_000:
        return f"{max(1, round(size / 1_000)):,} kB"
    return f"{size / 1_000_000:,.1f} MB"
