"""What can be said of how things stand without looking at who answered what: for `rsvpbot status`.

Everything is counted by the store as it is written, so that it costs the same whatever the record holds, but for what
waits for a person. `figures` works out the rest, for the summary and the lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from rsvpbot.config import Config
from rsvpbot.model import Folder, Invitee, Mailbox, PartStat, Reply, SummaryRecord
from rsvpbot.store.base import Store

LEAST_PATIENCE = timedelta(hours=1)
"""A mailbox that has not been read for this long (or three times `poll_every`, if that is more) is not being read."""

SKIP = timedelta(days=2)
"""How far ahead a summary's record still stops an earlier day's: see `next_summary`."""


class Health(StrEnum):
    """Whether the mailbox is being read."""

    GOOD = "good"
    FAILING = "failing"
    STALE = "stale"
    """No failure is known, and yet it has not been read for long: nothing runs, or it hangs."""
    NEVER = "never"
    """It has not been read yet."""


@dataclass(frozen=True, slots=True)
class Messages:
    """Where every message went: seen = recorded + review + ignored + failed + retried + missing, always."""

    recorded: int
    review: int
    ignored: int
    failed: int
    retried: int
    """Failed once or twice, and to be tried again: in INBOX still."""
    missing: int
    """Handled once and in no folder any more: the record has gone back."""
    left_alone: int
    """In INBOX from before [mailbox] since; not among those seen."""
    new: int
    """Handled since the last summary."""

    @property
    def handled(self) -> int:
        """Those that are in a folder."""
        return self.recorded + self.review + self.ignored + self.failed

    @property
    def seen(self) -> int:
        return self.handled + self.retried + self.missing

    @property
    def adds_up(self) -> bool:
        return self.missing == 0


@dataclass(frozen=True, slots=True)
class MailboxState:
    health: Health
    last_good: datetime | None
    failing_since: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Glance:
    """How things stand at a moment, in numbers: each is what `Figures` has it from."""

    at: datetime
    since: datetime | None
    """When the last summary was written; None: there was none."""
    counts: Mapping[PartStat, int]
    """Invitees on the list by answer; every PARTSTAT is a key."""
    perhaps: int
    gone: int
    """Answers of those who are no longer on the list."""
    unreached: int
    expected: int
    capacity: int | None
    waiting: int
    """Messages that wait for the organisers."""
    oldest: datetime | None
    """When the first of them was handled."""
    pending: int
    standby: int
    offered: int
    """Of those: who has been offered seats."""
    messages: Messages
    mailbox: MailboxState
    days_left: int
    cancelled_at: datetime | None = None
    """Since when people are told that the event will not take place."""

    @property
    def listed(self) -> int:
        return sum(self.counts.values())


def glance(store: Store, config: Config, now: datetime) -> Glance:
    """Look how things stand at `now` (aware)."""
    last = store.last_summary(now.astimezone(summary_zone(config)).date() + timedelta(days=1))
    heads = store.headcount()
    waiting = [
        reply
        for reply in store.open_replies()
        if not (heads.asked and is_asked(reply, store.invitee(reply.invitee_id) if reply.invitee_id else None))
    ]
    return Glance(
        at=now,
        since=last.at if last else None,
        counts=heads.answers,
        perhaps=heads.perhaps,
        gone=heads.gone,
        unreached=heads.unreached,
        expected=heads.expected,
        capacity=config.event.capacity,
        waiting=len(waiting),
        oldest=waiting[0].handled_at if waiting else None,
        pending=heads.pending,
        standby=heads.standby,
        offered=heads.offered,
        messages=messages_of(store, last),
        mailbox=mailbox_state(store.mailbox(), config, now),
        days_left=days_left(config, now),
        cancelled_at=store.mailbox().cancelled_at,
    )


# ------------------------------------------------------------------ when


def summary_zone(config: Config) -> ZoneInfo:
    """The organisers' time zone, else the event's."""
    return ZoneInfo(config.organisers.timezone or config.event.timezone)


def summary_time(config: Config) -> time:
    """Wall-clock time of the daily summary."""
    return time.fromisoformat(config.organisers.summary_at)


def last_record(store: Store, day: date) -> SummaryRecord | None:
    """The record that stops the summary of `day`: its own, or one up to `SKIP` later.

    A clock that was put back must not bring a day's summary again, nor one for a day before it. A record further ahead
    was made under a rehearsal's clock, and must not silence the real days until then.
    """
    record = store.last_summary(day + SKIP + timedelta(days=1))
    return record if record is not None and record.day >= day else None


def next_summary(store: Store, config: Config, now: datetime) -> datetime:
    """When the next daily summary is due, in the organisers' time zone; not after `now` where it is overdue."""
    zone = summary_zone(config)
    today = now.astimezone(zone).date()
    record = last_record(store, today)
    day = today if record is None else record.day + timedelta(days=1)
    return datetime.combine(day, summary_time(config), tzinfo=zone)


# ------------------------------------------------------------------ the parts


def is_asked(reply: Reply, invitee: Invitee | None) -> bool:
    """It is a change and nothing else, which waits for the invitee's confirmation and not for the organisers."""
    pending = invitee.pending if invitee else None
    return pending is not None and pending.reply == reply.digest and not reply.reading.reasons


def messages_of(store: Store, last: SummaryRecord | None) -> Messages:
    tally = store.tally()
    retried = len(store.trials())
    handled = sum(tally.values())
    # Messages never leave the record: fewer than were counted once means that an older copy was put in its place.
    # One that was still being tried then may have been removed from INBOX by hand, and is not missed.
    # A summary that was put back with the rest counted no more than there is: what was lost with it was noted then.
    before = last.figures.get("handled", 0) if last else 0
    mailbox = store.mailbox()
    return Messages(
        recorded=tally[Folder.RECORDED],
        review=tally[Folder.REVIEW],
        ignored=tally[Folder.IGNORED],
        failed=tally[Folder.FAILED],
        retried=retried,
        missing=max(0, before - handled, mailbox.lost),
        left_alone=mailbox.left_alone,
        new=sum(store.tally(last.at).values()) if last else handled,
    )


def mailbox_state(mailbox: Mailbox, config: Config, now: datetime) -> MailboxState:
    patience = max(LEAST_PATIENCE, 3 * config.service.poll_every)
    if mailbox.failing_since is not None:
        health = Health.FAILING
    elif mailbox.last_good is None:
        health = Health.NEVER
    elif now - mailbox.last_good > patience:
        health = Health.STALE
    else:
        health = Health.GOOD
    return MailboxState(health, mailbox.last_good, mailbox.failing_since, mailbox.error)


def cancelled_on(at: datetime, config: Config) -> str:
    """In words, for an admin."""
    day = at.astimezone(summary_zone(config))
    return f"cancelled on {day.day} {day:%B %Y}"


def days_left(config: Config, now: datetime) -> int:
    zone = config.event.zone
    return (config.event.starts.astimezone(zone).date() - now.astimezone(zone).date()).days
