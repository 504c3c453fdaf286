"""What people have been told of the event, and whether it still holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.model import Facts, Mailbox


def facts_of(config: Config) -> Facts:
    """What a letter would tell now."""
    event = config.event
    return Facts(event.title, event.starts, event.ends, event.timezone, event.venue)


def changed(told: Facts | None, config: Config) -> tuple[str, ...]:
    """What is no longer as people were told: "title", "date", "time", "place", "way in"; () where all of it holds."""
    now = facts_of(config)
    if told is None:
        return ()
    zone = config.event.zone
    before, after = told.starts.astimezone(zone), now.starts.astimezone(zone)
    times = (before.time(), told.ends.astimezone(zone).time()) != (after.time(), now.ends.astimezone(zone).time())
    place = (told.venue.name, told.venue.floor, told.venue.address)
    found = {
        "title": told.title != now.title,
        "date": before.date() != after.date(),
        "time": times,
        "place": place != (now.venue.name, now.venue.floor, now.venue.address),
        "way in": _way_in(told) != _way_in(now),
    }
    return tuple(name for name, is_so in found.items() if is_so)


def _way_in(facts: Facts) -> tuple[str, str, str]:
    return facts.venue.pass_name, facts.venue.reception, facts.venue.arrive_by


def sequence_of(mailbox: Mailbox, config: Config) -> int:
    """The SEQUENCE of a calendar file that is written now: one more while a change is not told to everybody yet."""
    told = mailbox.told
    if told is None:
        return 0
    return told.sequence + bool(changed(told, config))


def next_facts(told: Facts | None, config: Config, now: datetime, *, cancelled: bool = False) -> Facts:
    """What is told from now on."""
    return replace(facts_of(config), sequence=(told.sequence if told else 0) + 1, cancelled=cancelled, at=now)
