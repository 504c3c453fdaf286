"""How things stand: what the summary, `rsvpbot status` and the organisers' lists count, and nothing of how it looks.

Everything is taken from the store's reads and the clock that is given; nothing is written. Several reads that must
agree belong in a `Store.transaction()`, which is the caller's to open.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import MappingProxyType

from rsvpbot.config import Config
from rsvpbot.decide import COMING, expected_people
from rsvpbot.letters.whom import former_delegates
from rsvpbot.model import (
    MACHINE_KINDS,
    Act,
    Address,
    Answer,
    Flood,
    Invitee,
    Letter,
    LetterKind,
    LetterState,
    PartStat,
    Reply,
    SummaryRecord,
)
from rsvpbot.organisers.glance import (
    Health,
    MailboxState,
    Messages,
    days_left,
    is_asked,
    mailbox_state,
    messages_of,
    summary_zone,
)
from rsvpbot.organisers.growth import Growth, growth
from rsvpbot.store.base import Store

OVERLAP = timedelta(seconds=30)
"""How far "new" reaches back before the last summary: a message that was in hand while that one was written has an
earlier time than its commit. Named twice is better than never."""


@dataclass(frozen=True, slots=True)
class Who:
    """An invitee, as organisers know them."""

    name: str
    organisation: str
    address: str

    @property
    def label(self) -> str:
        return self.name or self.organisation or self.address


@dataclass(frozen=True, slots=True)
class Said:
    """What an answer comes to."""

    partstat: PartStat
    party: int | None = None
    names: tuple[str, ...] = ()
    delegate: str = ""
    standby: bool = False
    """There is no seat for it yet."""

    @property
    def people(self) -> int:
        """How many are expected by it; as `decide.expected_people`."""
        if self.partstat not in COMING or self.standby:
            return 0
        return self.party if self.party is not None else max(1, len(self.names))


@dataclass(frozen=True, slots=True)
class Stood:
    """From this moment on this was on record for an invitee; None: no answer."""

    at: datetime
    said: Said | None


@dataclass(frozen=True, slots=True)
class Change:
    """An answer that is new since the last summary."""

    who: Who
    before: Said | None
    """What stood when the last summary was written; None: no answer yet."""
    after: Said
    at: datetime
    dietary: str = ""
    access: str = ""

    @property
    def of_mind(self) -> bool:
        """Another answer stood before; not only a need is new."""
        return self.before is not None and self.before != self.after


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that waits for a person's decision."""

    who: Who | None
    """The invitee whose answer it is; None where nobody is named."""
    sender: Address
    handled_at: datetime
    subject: str
    text: str
    reasons: tuple[str, ...]
    reading: Said | None
    """What we took it to say, where we took it to say anything."""
    recorded: Said | None
    """What stands on record for this invitee."""
    reply: Reply
    invitee: Invitee | None


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for the invitee's confirmation."""

    who: Who
    before: Said | None
    after: Said
    at: datetime


@dataclass(frozen=True, slots=True)
class Standby:
    """A party that waits for seats, or has been offered some."""

    who: Who
    said: Said
    since: datetime | None
    """None where seats are offered."""
    offered_until: datetime | None
    """In the past: the offer was not answered, and is not repeated."""


@dataclass(frozen=True, slots=True)
class Need:
    who: Who
    need: str
    partstat: PartStat
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LetterNote:
    """A letter that did not simply go out."""

    kind: LetterKind
    who: Who | None
    error: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Replaced:
    """Somebody was welcomed in the invitee's place, and since the last summary comes no more."""

    who: Who
    """The invitee."""
    delegate: str
    """The address that was written to."""


@dataclass(frozen=True, slots=True)
class Bounced:
    who: Who
    reason: str
    partstat: PartStat
    at: datetime | None = None
    """When it was noted."""


@dataclass(frozen=True, slots=True)
class Silent:
    """An invitee whom our invitation reached, as far as we know, and from whom nothing has come."""

    who: Who
    days: int
    """Calendar days since the invitation went out, in the organisers' time zone."""
    quiet: bool
    """Asked not to be reminded."""


@dataclass(frozen=True, slots=True)
class Door:
    """Of the people expected: who comes in with the pass, who needs photo ID and an escort, and of whom it is not
    known. The three add up to the people expected."""

    with_pass: int
    without: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Category:
    """The invitees of one category. Those who said "perhaps" are invited, and in no other figure."""

    name: str
    """"" for those whom the list gives none."""
    invited: int
    coming: int
    """People expected."""
    declined: int
    silent: int
    """Without an answer, whether our mail reached them or not."""
    room: int | None
    """Where the configuration gives room by category."""


@dataclass(frozen=True, slots=True)
class Letters:
    """What became of our letters."""

    sent: int
    waiting: int
    """Queued or being sent."""
    retried: int
    """Of those waiting: tried at least once."""
    drafted: int
    """Put into Drafts, ever. Whether a person sent them is not known."""
    drafted_new: int
    failed: tuple[LetterNote, ...]
    doubtful: tuple[LetterNote, ...]
    held: tuple[LetterNote, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """How things stand at a moment."""

    at: datetime
    since: datetime | None
    """When the last summary was written; None: there was none."""
    counts: Mapping[PartStat, int]
    """Invitees on the list by answer; every PARTSTAT is a key. They add up to `listed`."""
    people: Mapping[PartStat, int]
    """People expected by these answers."""
    perhaps: int
    """People of the tentative answers, who are not among those expected."""
    listed: int
    gone: tuple[tuple[Who, Said], ...]
    """Answers of those who are no longer on the list; counted nowhere else."""
    expected: int
    growth: Growth
    """People expected day by day, of those who are on the list now."""
    capacity: int | None
    categories: tuple[Category, ...]
    """() where neither the list nor the configuration knows any."""
    changes: tuple[Change, ...]
    waiting: tuple[Waiting, ...]
    pending: tuple[Pending, ...]
    replaced: tuple[Replaced, ...]
    standby: tuple[Standby, ...]
    """Offers first, then in the order of waiting."""
    dietary: tuple[Need, ...]
    access: tuple[Need, ...]
    door: Door | None
    """None where the venue asks for nothing at the door."""
    letters: Letters
    bounced: tuple[Bounced, ...]
    silent: tuple[Silent, ...]
    """Whoever was invited before today, the longest ago first."""
    messages: Messages
    mailbox: MailboxState
    worse: Mapping[str, int]
    """What went wrong since the last summary: how many more "failed" messages, "unread" ones of a flood,
    "letters_failed", "letters_doubtful", "letters_held"."""
    days_left: int
    """Calendar days to the event in its own time zone; 0 on its day, negative afterwards."""
    closed: datetime | None = None
    """When the list of the desk was closed; None: it is open."""
    floods: tuple[Flood, ...] = ()
    cancelled_at: datetime | None = None
    """Since when people are told that the event will not take place."""

    @property
    def alarming(self) -> bool:
        """Something must be mended: the mailbox is not read, mail failed or is held back, or the record has gone
        back."""
        return self.mailbox.health is not Health.GOOD or not self.messages.adds_up or any(self.worse.values())

    @property
    def unreached(self) -> int:
        """How many of those without an answer our mail did not reach."""
        return sum(bounced.partstat is PartStat.NEEDS_ACTION for bounced in self.bounced)

    @property
    def quiet(self) -> bool:
        """Nothing has happened since the last summary that organisers would want to know."""
        told = (
            *(waiting.handled_at for waiting in self.waiting),
            *(pending.at for pending in self.pending),
            *(note.at for note in self.letters.held),
            *(bounced.at for bounced in self.bounced if bounced.at),
            *filter(None, (self.closed, self.cancelled_at)),
        )
        return not (self.changes or self.replaced or self.alarming or any(map(self.is_new, told)))

    def is_new(self, moment: datetime) -> bool:
        """Whether what happened then is new since the last summary."""
        return self.since is None or moment > self.since - OVERLAP

    def numbers(self) -> Mapping[str, int]:
        """For the record of the day, so that the next summary knows what is new."""
        messages = self.messages
        return {
            "listed": self.listed,
            "expected": self.expected,
            **{partstat.value: count for partstat, count in self.counts.items()},
            "seen": messages.seen,
            "handled": messages.handled,
            "failed": messages.failed,
            "unread": sum(flood.number for flood in self.floods),
            "letters_failed": len(self.letters.failed),
            "letters_doubtful": len(self.letters.doubtful),
            "letters_held": len(self.letters.held),
        }


def figures(store: Store, config: Config, now: datetime) -> Figures:
    """Count how things stand at `now` (aware)."""
    local = now.astimezone(summary_zone(config))
    last = store.last_summary(local.date() + timedelta(days=1))
    since = last.at if last else None
    everybody = store.invitees()
    listed = [invitee for invitee in everybody if invitee.listed]
    by_id = {invitee.id: invitee for invitee in everybody}
    courses = _courses(store, everybody)
    letters = _letters(store, by_id, since)
    messages = messages_of(store, last)
    floods = store.floods()
    worse = _worse(messages, floods, letters, last)
    counts = Counter(invitee.partstat for invitee in listed)
    people: Counter[PartStat] = Counter()
    for invitee in listed:
        people[invitee.partstat] += expected_people(invitee.answer)
    return Figures(
        at=now,
        since=since,
        counts=MappingProxyType({partstat: counts[partstat] for partstat in PartStat}),
        people=MappingProxyType({partstat: people[partstat] for partstat in PartStat}),
        perhaps=sum(_perhaps(invitee.answer) for invitee in listed),
        listed=len(listed),
        gone=tuple((who(i), said(i.answer)) for i in everybody if not i.listed and i.answer),
        expected=people.total(),
        growth=growth((_steps(courses[invitee.id]) for invitee in listed), summary_zone(config), now),
        capacity=config.event.capacity,
        categories=_categories(listed, config.event.capacity_by_category),
        changes=_changes(everybody, courses, since),
        waiting=tuple(
            _waiting(reply, by_id)
            for reply in store.open_replies()
            if not is_asked(reply, by_id.get(reply.invitee_id or ""))
        ),
        pending=_pending(listed),
        replaced=_replaced(store, by_id, courses, since) if now < config.event.ends else (),
        standby=_standby(store),
        dietary=_needs(listed, lambda answer: answer.dietary),
        access=_needs(listed, lambda answer: answer.access),
        door=_door(listed, config),
        letters=letters,
        bounced=tuple(_bounced(store, invitee) for invitee in listed if invitee.bounced),
        silent=_silent(store, listed, local),
        messages=messages,
        mailbox=mailbox_state(store.mailbox(), config, now),
        worse=worse,
        days_left=days_left(config, now),
        closed=_closed(store, config),
        floods=floods,
        cancelled_at=store.mailbox().cancelled_at,
    )


def _silent(store: Store, listed: Iterable[Invitee], now: datetime) -> tuple[Silent, ...]:
    """`now` is in the organisers' time zone. Whoever wrote and waits for a person, or has been asked to confirm, is not
    silent; whom the invitation did not reach stands elsewhere."""
    waiting = {reply.invitee_id for reply in store.open_replies()}
    found = []
    for invitee in listed:
        if invitee.answer or invitee.pending or invitee.bounced or invitee.id in waiting:
            continue
        sent = _invited_at(store, invitee)
        days = (now.date() - sent.astimezone(now.tzinfo).date()).days if sent else 0
        if sent and days > 0:
            found.append((sent, Silent(who(invitee), days, invitee.quiet)))
    return tuple(silent for _, silent in sorted(found, key=lambda one: (one[0], one[1].who.label.casefold())))


def _invited_at(store: Store, invitee: Invitee) -> datetime | None:
    """When the invitation went out; None where none has by us, or it is not known."""
    letters = store.letters_to(invitee.id)
    sent = (letter.sent_at for letter in letters if letter.kind is LetterKind.INVITATION and letter.sent_at)
    return min(sent, default=None)


def _bounced(store: Store, invitee: Invitee) -> Bounced:
    told = (reply.handled_at for reply in store.replies(invitee.id) if reply.reading.kind in MACHINE_KINDS)
    return Bounced(who(invitee), invitee.bounced, invitee.partstat, max(told, default=None))


# ------------------------------------------------------------------ the parts


def who(invitee: Invitee) -> Who:
    return Who(invitee.name, invitee.organisation, invitee.addresses[0] if invitee.addresses else "")


def said(answer: Answer) -> Said:
    delegate = answer.delegate.name or answer.delegate.email if answer.delegate else ""
    return Said(answer.partstat, answer.party, answer.names, delegate, answer.standby is not None)


def _recorded(invitee: Invitee | None) -> Said | None:
    return said(invitee.answer) if invitee is not None and invitee.answer else None


def _perhaps(answer: Answer | None) -> int:
    if answer is None or answer.partstat is not PartStat.TENTATIVE:
        return 0
    return answer.party or max(1, len(answer.names))


def _categories(listed: Iterable[Invitee], room: Mapping[str, int]) -> tuple[Category, ...]:
    """Those with a room of their own first, as configured; then the larger before the smaller, and last whoever has
    none. Case does not tell two apart; the first spelling names them."""
    found: dict[str, list[Invitee]] = {name.casefold(): [] for name in room}
    names = {name.casefold(): name for name in room}
    for invitee in listed:
        key = invitee.category.casefold()
        names.setdefault(key, invitee.category)
        found.setdefault(key, []).append(invitee)
    if not any(found):
        return ()
    places = {name.casefold(): number for name, number in room.items()}
    others = sorted(found.keys() - places.keys(), key=lambda key: (not key, -len(found[key]), key))
    return tuple(_category(names[key], found[key], places.get(key)) for key in (*places, *others))


def _category(name: str, invitees: Sequence[Invitee], room: int | None) -> Category:
    counts = Counter(invitee.partstat for invitee in invitees)
    return Category(
        name=name,
        invited=len(invitees),
        coming=sum(expected_people(invitee.answer) for invitee in invitees),
        declined=counts[PartStat.DECLINED],
        silent=counts[PartStat.NEEDS_ACTION],
        room=room,
    )


def _courses(store: Store, everybody: Iterable[Invitee]) -> Mapping[str, tuple[Stood, ...]]:
    """What was on record for each invitee, and from when, oldest first; the last is what stands.

    Exact is what stands, since when, and every decision of an organiser or the admin. Before that it is what recorded
    replies were taken to say at the time they were handled, which a later answer replaced. What was undone has left no
    trace: the answer that stands again is taken to have stood since it was recorded. Of a person who was forgotten
    nothing is known any more.
    """
    told: defaultdict[str, list[Stood]] = defaultdict(list)
    waited, offered = _seats_over_time(store)
    for reply in store.replies():
        read = read_as(reply) if reply.recorded else None
        if read is not None and reply.invitee_id is not None:
            read = replace(read, standby=reply.digest in waited)
            told[reply.invitee_id].append(Stood(reply.handled_at, read))
    for ruling in store.rulings():
        if ruling.invitee_id is None:
            continue
        if ruling.after is not None:
            told[ruling.invitee_id].append(Stood(ruling.at, said(ruling.after)))
        elif ruling.act is Act.UNDO and ruling.before is not None:
            told[ruling.invitee_id].append(Stood(ruling.at, None))
    return {invitee.id: _course(invitee.answer, told[invitee.id], offered.get(invitee.id)) for invitee in everybody}


def _seats_over_time(store: Store) -> tuple[frozenset[str], Mapping[str, datetime]]:
    """The messages that were put on the waiting list, and when each invitee was last offered seats; both by our letters
    about it."""
    waited: set[str] = set()
    offered: dict[str, datetime] = {}
    for letter in store.letters():
        if letter.kind is LetterKind.STANDBY:
            waited.add(letter.reply)
        elif letter.kind is LetterKind.OFFER and letter.invitee_id:
            offered[letter.invitee_id] = letter.queued_at
    return frozenset(waited), offered


def _course(answer: Answer | None, told: Sequence[Stood], offered: datetime | None) -> tuple[Stood, ...]:
    course = sorted(told, key=lambda stood: stood.at)
    if answer is None:
        return tuple(course) if course and course[-1].said is None else ()
    if answer.offered_until and not answer.standby and offered and offered > answer.recorded_at:
        waiting = Stood(answer.recorded_at, replace(said(answer), standby=True))
        return (*(stood for stood in course if stood.at < answer.recorded_at), waiting, Stood(offered, said(answer)))
    return (*(stood for stood in course if stood.at < answer.recorded_at), Stood(answer.recorded_at, said(answer)))


def _steps(course: Iterable[Stood]) -> Iterator[tuple[datetime, int]]:
    return ((stood.at, stood.said.people if stood.said else 0) for stood in course)


def _changes(
    everybody: Iterable[Invitee], courses: Mapping[str, Sequence[Stood]], since: datetime | None
) -> tuple[Change, ...]:
    start = since - OVERLAP if since else None
    found = [
        _change(invitee, invitee.answer, courses[invitee.id], start)
        for invitee in everybody
        if invitee.answer and (start is None or invitee.answer.recorded_at > start)
    ]
    news = [change for change in found if change.before != change.after or change.dietary or change.access]
    return tuple(sorted(news, key=lambda change: change.at))


def _change(invitee: Invitee, answer: Answer, course: Iterable[Stood], start: datetime | None) -> Change:
    earlier = [stood for stood in course if start and stood.at <= start]
    before = earlier[-1].said if earlier else None
    return Change(who(invitee), before, said(answer), answer.recorded_at, answer.dietary or "", answer.access or "")


def read_as(reply: Reply) -> Said | None:
    """What a message was taken to say; None where it was taken to say nothing of coming."""
    reading = reply.reading
    if reading.partstat is None:
        return None
    partstat = PartStat.DELEGATED if reply.standing.from_delegate and reply.recorded else reading.partstat
    delegate = reading.delegate.name or reading.delegate.email if reading.delegate else ""
    return Said(partstat, reading.party, reading.names, delegate)


def _waiting(reply: Reply, by_id: Mapping[str, Invitee]) -> Waiting:
    invitee = by_id.get(reply.invitee_id) if reply.invitee_id else None
    return Waiting(
        who=who(invitee) if invitee else None,
        sender=reply.sender,
        handled_at=reply.handled_at,
        subject=reply.subject,
        text=reply.reading.text,
        reasons=reply.reasons or reply.reading.reasons,
        reading=read_as(reply),
        recorded=_recorded(invitee),
        reply=reply,
        invitee=invitee,
    )


def _pending(listed: Iterable[Invitee]) -> tuple[Pending, ...]:
    found = [
        Pending(who(invitee), _recorded(invitee), said(invitee.pending), invitee.pending.recorded_at)
        for invitee in listed
        if invitee.pending
    ]
    return tuple(sorted(found, key=lambda pending: pending.at))


def _replaced(
    store: Store, by_id: Mapping[str, Invitee], courses: Mapping[str, Sequence[Stood]], since: datetime | None
) -> tuple[Replaced, ...]:
    welcomes: defaultdict[str, list[Letter]] = defaultdict(list)
    for letter in store.letters():
        if letter.kind is LetterKind.WELCOME and letter.invitee_id is not None and letter.invitee_id in by_id:
            welcomes[letter.invitee_id].append(letter)
    start = since - OVERLAP if since else None
    recent = (by_id[key] for key in welcomes if start is None or (courses[key] and courses[key][-1].at > start))
    return tuple(
        Replaced(who(invitee), address)
        for invitee in recent
        for address in former_delegates(invitee, welcomes[invitee.id])
    )


def _standby(store: Store) -> tuple[Standby, ...]:
    found = [
        Standby(who(invitee), said(invitee.answer), invitee.answer.standby, invitee.answer.offered_until)
        for invitee in store.standby()
        if invitee.listed and invitee.answer
    ]
    return tuple(sorted(found, key=lambda one: (one.since is not None, one.since or one.offered_until)))


def _needs(listed: Iterable[Invitee], need_of: Callable[[Answer], str | None]) -> tuple[Need, ...]:
    """Of those who come or might."""
    found = []
    for invitee in listed:
        answer = invitee.answer
        need = need_of(answer) if answer else None
        if answer and need and (answer.partstat in COMING or answer.partstat is PartStat.TENTATIVE):
            found.append(Need(who(invitee), need, answer.partstat, answer.names))
    return tuple(sorted(found, key=lambda need: (need.need.casefold(), need.who.label.casefold())))


def _door(listed: Iterable[Invitee], config: Config) -> Door | None:
    """What an answer says of a pass holds for all who come by it; what the list says, for the invitee alone: not for
    guests, nor for a delegate."""
    venue = config.event.venue
    if not (venue.pass_name or venue.reception):
        return None
    known: Counter[bool | None] = Counter()
    for invitee in listed:
        people = expected_people(invitee.answer)
        answer = invitee.answer
        if not people or answer is None:
            continue
        if not venue.pass_name:
            known[False] += people
        elif answer.grounds_pass is not None:
            known[answer.grounds_pass] += people
        else:
            alone = 0 if answer.partstat is PartStat.DELEGATED else 1
            known[invitee.grounds_pass] += alone
            known[None] += people - alone
    return Door(known[True], known[False], known[None])


def _letters(store: Store, by_id: Mapping[str, Invitee], since: datetime | None) -> Letters:
    waiting = store.letters(LetterState.QUEUED, LetterState.SENDING)
    drafted = store.letters(LetterState.DRAFTED)
    return Letters(
        sent=store.letter_tally()[LetterState.SENT],
        waiting=len(waiting),
        retried=sum(letter.attempts > 0 for letter in waiting),
        drafted=len(drafted),
        drafted_new=sum(since is None or letter.queued_at > since - OVERLAP for letter in drafted),
        failed=_notes(store.letters(LetterState.FAILED), by_id),
        doubtful=_notes(store.letters(LetterState.DOUBTFUL), by_id),
        held=_notes(store.letters(LetterState.HELD), by_id),
    )


def _notes(letters: Iterable[Letter], by_id: Mapping[str, Invitee]) -> tuple[LetterNote, ...]:
    notes = []
    for letter in letters:
        invitee = by_id.get(letter.invitee_id) if letter.invitee_id else None
        notes.append(LetterNote(letter.kind, who(invitee) if invitee else None, letter.error, letter.queued_at))
    return tuple(notes)


def _worse(
    messages: Messages, floods: Iterable[Flood], letters: Letters, last: SummaryRecord | None
) -> Mapping[str, int]:
    before = last.figures if last else {}
    now = {
        "failed": messages.failed,
        "unread": sum(flood.number for flood in floods),
        "letters_failed": len(letters.failed),
        "letters_doubtful": len(letters.doubtful),
        "letters_held": len(letters.held),
    }
    return {name: max(0, count - before.get(name, 0)) for name, count in now.items()}


def _closed(store: Store, config: Config) -> datetime | None:
    from rsvpbot.organisers.door import kept_list

    kept = kept_list(store, config)
    return kept.at if kept else None
