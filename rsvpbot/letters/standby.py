"""The waiting list: who comes next when seats become free, and until when an offered one is kept.

By order of waiting, the next party that fits. An offer holds the seats until its deadline; who lets it pass goes back
to waiting and is not offered again by itself, as nobody answers there: organisers see them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

from rsvpbot.config import Config
from rsvpbot.decide import OTHERS, capacity_of, party_of, pool
from rsvpbot.letters.compose import compose
from rsvpbot.letters.hours import EVENING, MORNING
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.whom import language_of, own_address
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Invitee, Letter, LetterKind, LetterRequest, LetterState
from rsvpbot.store.base import Commit, Store

KEPT_FOR = timedelta(days=2)
"""How long an offered seat is kept."""

LEAST = timedelta(hours=6)
"""For less, nobody can be expected to answer: so late, organisers ring people up."""

LAST_HOURS = timedelta(hours=12)
"""Before the event begins, every offer has ended."""


def deadline(config: Config, now: datetime) -> datetime | None:
    """Until when a seat that is offered now is kept; None where it is too late for offers."""
    until = min(now + KEPT_FOR, config.event.starts - LAST_HOURS)
    return until if until - now >= LEAST else None


def work(store: Store, config: Config, templates: Templates, tokens: Tokens, now: datetime) -> int:
    """Take back offers whose time has passed, and make those for which there is room; how many were made.

    Costs nothing where nobody waits. By day only, as offers ask for an answer. Raises StoreError.
    """
    if (
        store.mailbox().cancelled_at is not None
        or not store.standby()
        or not MORNING <= now.astimezone(config.event.zone).time() < EVENING
    ):
        return 0
    with store.transaction():
        late = [invitee for invitee in store.standby() if _has_lapsed(invitee, now)]
        unsent = {invitee.id: letter for invitee in late for letter in _unsent(invitee, store)}
        if late:
            end = end_of_line(store, now)
            store.commit(
                Commit(
                    invitees=tuple(_lapsed(invitee, end, heard=invitee.id not in unsent) for invitee in late),
                    erased_letters=tuple(letter.id for letter in unsent.values()),
                )
            )
        offered = [] if config.replies.mode == "off" else _offers(store, config, now)
        letters = tuple(_letter(invitee, config, templates, tokens, now) for invitee in offered)
        if offered:
            store.commit(Commit(invitees=tuple(offered), letters=letters))
    return len(offered)


def end_of_line(store: Store, now: datetime) -> datetime:
    """Since when somebody who has to wait from now on waits: behind everybody else, also where the clock went back."""
    last = store.last_to_wait()
    return now if last is None else max(now, last + timedelta(microseconds=1))


def place_in_line(store: Store, since: datetime, seats: str, config: Config) -> int:
    """The place on the waiting list of whoever has waited since then for seats of this pool (see `decide.pool`)."""
    if seats != OTHERS:
        return 1 + store.waiting_before(since, seats)
    kept = {name.casefold() for name in config.event.capacity_by_category}
    return 1 + store.waiting_before(since) - sum(store.waiting_before(since, name) for name in kept)


def _has_lapsed(invitee: Invitee, now: datetime) -> bool:
    answer = invitee.answer
    return (
        answer is not None
        and answer.standby is None
        and answer.offered_until is not None
        and (now >= answer.offered_until)
    )


def _unsent(invitee: Invitee, store: Store) -> tuple[Letter, ...]:
    """The offer, where it never left the outbox: then nobody has kept silent."""
    letters = store.letters_to(invitee.id)
    return tuple(one for one in letters if one.kind is LetterKind.OFFER and one.state is LetterState.QUEUED)


def _lapsed(invitee: Invitee, end: datetime, *, heard: bool) -> Invitee:
    """Back on the list: at its end, and not asked again, where the offer was heard; else where they were."""
    answer = invitee.answer
    assert answer is not None  # noqa: S101 (who waits, or was offered seats, has answered)
    if heard:
        return replace(invitee, answer=replace(answer, standby=end))
    return replace(invitee, answer=replace(answer, standby=answer.recorded_at, offered_until=None))


def _offers(store: Store, config: Config, now: datetime) -> list[Invitee]:
    """Who is offered seats now, with the deadline in their answer."""
    until = deadline(config, now)
    waiting = [invitee for invitee in store.standby() if _waits(invitee, config)]
    if until is None or not waiting:
        return []
    taken: Counter[str] = Counter()
    """Seats that are given away now."""
    offered = []
    for invitee in sorted(waiting, key=_since):
        assert invitee.answer is not None  # noqa: S101 (who waits, or was offered seats, has answered)
        seats, party = pool(invitee, config), party_of(invitee.answer)
        capacity = capacity_of(seats, config)
        if capacity is not None and store.seats_taken(seats) + taken[seats] + party > capacity:
            continue
        taken[seats] += party
        offered.append(replace(invitee, answer=replace(invitee.answer, standby=None, offered_until=until)))
    return offered


def _waits(invitee: Invitee, config: Config) -> bool:
    answer = invitee.answer
    waits = answer is not None and answer.standby is not None and answer.offered_until is None and not invitee.pending
    return waits and invitee.listed and not invitee.bounced and bool(own_address(invitee, config))


def _since(invitee: Invitee) -> tuple[datetime, str]:
    answer = invitee.answer
    assert answer is not None and answer.standby is not None  # noqa: S101 (who waits, or was offered seats, has answered)
    return answer.standby, invitee.id


def _letter(invitee: Invitee, config: Config, templates: Templates, tokens: Tokens, now: datetime) -> Letter:
    answer = invitee.answer
    assert answer is not None  # noqa: S101 (who waits, or was offered seats, has answered)
    request = LetterRequest(
        LetterKind.OFFER,
        invitee.id,
        invitee.addresses[:1],
        language_of(invitee, config),
        answer=answer,
        first=False,
        deadline=answer.offered_until,
    )
    letter = compose(
        request,
        invitee=invitee,
        message=None,
        config=config,
        templates=templates,
        tokens=tokens,
        now=now,
        # Made of whom and of when it was offered: the commit that makes the offer holds its letter, so there is one.
        letter_id=f"offer{invitee.id}{int(now.timestamp())}",
    )
    return replace(letter, not_after=answer.offered_until)
