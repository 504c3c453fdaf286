"""Reminders and papers: what goes out at its time, to whom, each once.

Whether somebody has had one is known from the letters in the store: each has an id made of what it is and for whom (the
invitee, or a delegate whom we write to), and never of when. So neither a restart nor a changed clock nor a moved date
sends one twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from rsvpbot.config import Config
from rsvpbot.decide import is_coming
from rsvpbot.letters.compose import compose
from rsvpbot.letters.hours import EVENING, MORNING
from rsvpbot.letters.templates import Templates
from rsvpbot.letters.timetable import Item, To, items, key_of
from rsvpbot.letters.whom import enclosure, has_had, language_of, own_address, welcomed_delegate
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import Enclosure, Invitee, Letter, LetterKind, LetterRequest, LetterState, Mailbox, PartStat
from rsvpbot.store.base import Commit, Store

SETTLING = timedelta(days=1)
"""Whoever was invited less long ago is not reminded."""

BATCH = 50
BATCH_BYTES = 20_000_000
"""Letters that are queued at once, and bytes of papers that wait in the store at once."""

LARGEST = 10_000_000
"""Bytes of a paper."""


class Phase(StrEnum):
    """Where an item stands."""

    COMING = "coming"
    NOW = "now"
    NIGHT = "night"
    """Its time has come, and it waits for the morning."""
    HELD = "held"
    """By a command."""
    CANCELLED = "cancelled"
    """The event is."""
    OVER = "over"


def phase(item: Item, config: Config, now: datetime, mailbox: Mailbox) -> Phase:
    """Whether an item goes out now."""
    if now >= item.until:
        return Phase.OVER
    if mailbox.cancelled_at is not None:
        return Phase.CANCELLED
    if item.name in mailbox.held:
        return Phase.HELD
    if now < item.at:
        return Phase.COMING
    local = now.astimezone(config.event.zone).time()
    return Phase.NOW if MORNING <= local < EVENING else Phase.NIGHT


def letter_id(item: Item, invitee: Invitee, store: Store, config: Config) -> str:
    """A delegate whom we have welcomed has one of their own: what went to the invitee before has not reached them."""
    delegate = welcomed_delegate(invitee, store, config)
    return f"{item.key}{invitee.id}{key_of(delegate) if delegate else ''}"


def recipients(item: Item, store: Store, config: Config, now: datetime) -> Iterator[Invitee]:
    """Who is to get an item and has not had it. Of the silent nobody whom our invitation has passed over: they know of
    nothing yet."""
    invited = _invited(store) if item.to is To.SILENT else frozenset()
    for invitee in store.invitees():
        due = _concerned(item, invitee, store, now) and (not invited or invitee.id in invited)
        if due and store.letter(letter_id(item, invitee, store, config)) is None and _to(invitee, store, config):
            yield invitee


def _invited(store: Store) -> frozenset[str]:
    """Whom our own invitations went to; empty where somebody else has invited."""
    letters = (letter for letter in store.letters() if letter.kind is LetterKind.INVITATION)
    return frozenset(letter.invitee_id for letter in letters if letter.invitee_id)


def _concerned(item: Item, invitee: Invitee, store: Store, now: datetime) -> bool:
    if not invitee.listed or invitee.bounced:
        return False
    if item.kind is LetterKind.REMINDER and invitee.quiet:
        return False
    if item.to is To.PARTICIPANTS:
        return is_coming(invitee)
    if item.to is To.TENTATIVE:
        return invitee.partstat is PartStat.TENTATIVE and invitee.pending is None
    return invitee.answer is None and invitee.pending is None and _is_silent(invitee, store, now)


def _is_silent(invitee: Invitee, store: Store, now: datetime) -> bool:
    """Nothing of theirs waits for a person, and an invitation of ours has had its time."""
    if any(reply.open for reply in store.replies(invitee.id)):
        return False
    invitations = [one for one in store.letters_to(invitee.id) if one.kind is LetterKind.INVITATION]
    arrived = {LetterState.SENT, LetterState.DRAFTED, LetterState.DOUBTFUL}
    return all(one.state in arrived and now - (one.sent_at or one.queued_at) >= SETTLING for one in invitations)


def _to(invitee: Invitee, store: Store, config: Config) -> tuple[str, ...]:
    """A delegate whom we have welcomed, else the address on the list."""
    address = welcomed_delegate(invitee, store, config) or own_address(invitee, config)
    return (address,) if address else ()


LOOK_AGAIN = timedelta(minutes=10)
"""After so long everything is looked at anew, though nothing was committed and no time has come."""


class Rest:
    """Whether there is anything to look for: going through all invitees at every tick keeps an idle machine busy."""

    def __init__(self, config: Config, moments: Sequence[datetime]) -> None:
        """`moments`: at which something may become due."""
        self._config = config
        self._moments = tuple(moments)
        self._mark: object = None
        self._until: datetime | None = None

    def holds(self, mark: object, now: datetime) -> bool:
        """Nothing has been committed since a look that found nothing, and no time has come."""
        return self._until is not None and mark == self._mark and self._until - LOOK_AGAIN <= now < self._until

    def note(self, mark: object, now: datetime) -> None:
        """A look found nothing to do."""
        zone = self._config.event.zone
        morning = datetime.combine(now.astimezone(zone).date(), MORNING, tzinfo=zone)
        coming = [moment for moment in (*self._moments, morning) if moment > now]
        self._mark, self._until = mark, min((now + LOOK_AGAIN, *coming))


class Schedule:
    """Puts what is due into the outbox."""

    def __init__(self, store: Store, config: Config, templates: Templates, tokens: Tokens) -> None:
        self._store = store
        self._config = config
        self._templates = templates
        self._tokens = tokens
        self.items = items(config)

    def queue_due(self, now: datetime) -> int:
        """Queue every letter that is due, a batch in one commit; how many there were. Raises StoreError.

        A paper whose file cannot be read waits: `trouble` says so.
        """
        if self._config.replies.mode == "off":
            return 0
        mailbox, queued = self._store.mailbox(), 0
        for item in self.items:
            if phase(item, self._config, now, mailbox) is Phase.NOW and not self.trouble(item):
                queued += self._queue(item, now)
        return queued

    def trouble(self, item: Item) -> str:
        """Why an item cannot be sent; "" where it can."""
        if item.file is None:
            return ""
        try:
            with item.file.open("rb") as file:
                size = file.seek(0, 2)
        except OSError as error:
            return f"{item.file} cannot be read: {error.strerror}"
        if not size:
            return f"{item.file} is empty"
        return f"{item.file} has more than {LARGEST / 1e6:.0f} MB" if size > LARGEST else ""

    def _queue(self, item: Item, now: datetime) -> int:
        with self._store.transaction():
            due = list(recipients(item, self._store, self._config, now))
            if not due:
                return 0
            enclosed = _enclosed(item)
            due = due[: self._room(item, sum(len(file.data) for file in enclosed))]
            if not due:
                return 0
            letters = tuple(self._written(item, invitee, enclosed, now) for invitee in due)
            self._store.commit(Commit(letters=letters))
        return len(due)

    def _room(self, item: Item, size: int) -> int:
        """How many letters may be queued at once: each holds its paper until it is sent."""
        if not size:
            return BATCH
        waiting = sum(letter.kind is item.kind for letter in self._store.letters(LetterState.QUEUED))
        return max(0, max(1, min(BATCH, BATCH_BYTES // size)) - waiting)

    def _written(self, item: Item, invitee: Invitee, enclosed: tuple[Enclosure, ...], now: datetime) -> Letter:
        language = language_of(invitee, self._config)
        to = _to(invitee, self._store, self._config)
        request = LetterRequest(
            item.kind,
            invitee.id,
            to,
            language,
            answer=invitee.answer,
            first=False,
            note=item.title,
            enclosed=enclosed,
            template=item.template,
            has_had=has_had(invitee, to, self._store),
        )
        # A delegate reads a letter about their own coming, not about whom they come for.
        known = invitee if to[:1] == invitee.addresses[:1] else replace(invitee, name=_delegates_name(invitee))
        letter = compose(
            request,
            invitee=known,
            message=None,
            config=self._config,
            templates=self._templates,
            tokens=self._tokens,
            now=now,
            letter_id=letter_id(item, invitee, self._store, self._config),
        )
        return replace(letter, not_after=item.until, topic=item.name)


def _delegates_name(invitee: Invitee) -> str:
    delegate = invitee.answer.delegate if invitee.answer else None
    return delegate.name if delegate else ""


def _enclosed(item: Item) -> tuple[Enclosure, ...]:
    return (enclosure(item.file),) if item.file is not None else ()
