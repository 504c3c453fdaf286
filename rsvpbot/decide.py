"""What to do about one message: a pure function of what it says, whose it is, what is recorded, and the time.

Every message ends in exactly one folder and causes at most one letter to its writer (a delegate's welcome apart).
The rows below are those of the table of outcomes in docs/outcomes.md, in the order in which they are tried.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from rsvpbot.model import (
    MACHINE_KINDS,
    Address,
    Answer,
    Asks,
    Dmarc,
    Doubt,
    Folder,
    Invitee,
    Kind,
    LetterKind,
    LetterRequest,
    Message,
    Order,
    PartStat,
    Reading,
    Standing,
    Trust,
    Verdict,
    Voice,
)

if TYPE_CHECKING:
    from rsvpbot.config import Config

_ADDRESS = re.compile(r"[\w.!#$&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
"""A dot-atom at a domain name, in any script (RFC 5322, section 3.4.1; RFC 6532): what a letter may be sent to."""

USUAL_SEATS = 5
"""The most that may come on one answer where the list gives no number of seats."""

CLOCK_TOLERANCE = timedelta(days=1)
"""A Date further than this behind its own delivery's time is a wrong clock, not a sending time."""

_STOP_LINK = re.compile(r"\s*stop\b.{0,5}\[", re.IGNORECASE)
"""The Subject of a mail that a program sends which was told to unsubscribe."""

FORGED = "dmarc=fail: the sender's address may be forged"

COMING = frozenset({PartStat.ACCEPTED, PartStat.DELEGATED})

NEVER_ANSWERED = frozenset({"mailer-daemon", "postmaster", "abuse", "noc", "hostmaster", "webmaster", "root"})
"""Local parts that belong to machines and their keepers (RFC 2142; RFC 3834, section 2)."""


UNSETTLED = frozenset(
    {
        LetterKind.UNCLEAR,
        LetterKind.PASSED_ON,
        LetterKind.INFORMATION,
        LetterKind.CONFIRM_CHANGE,
        LetterKind.TOO_LATE,
        LetterKind.EVENT_OVER,
    }
)
"""Letters after which nothing is recorded that was not before. That the event is cancelled is news after each."""

ENDED = {LetterKind.EVENT_OVER: "event over", LetterKind.CANCELLED: "event cancelled"}
"""The letters of an event for which nothing is recorded any more, and the outcomes of answers to it."""

ASKS_WHETHER = frozenset(
    {LetterKind.INVITATION, LetterKind.REMINDER, LetterKind.UNCLEAR, LetterKind.OFFER, LetterKind.CHANGED}
)
"""Letters that ask whether somebody comes, so that a mere yes or no is an answer; CHANGED asks only whoever has given
none. TENTATIVE asks for a later day: what comes back at once is "OK, thanks"."""

GOES_ON = "comes after an automatic answer of ours and settles nothing: it gets no second one"

STOPS = "asks not to be written to: reminders have ended"
DELETES = "asks for their data to be deleted: rsvpbot forget ADDRESS does it"


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one message."""

    outcome: str
    """The row of the table, for the log; no personal data."""
    folder: Folder
    letters: tuple[LetterRequest, ...] = ()
    reasons: tuple[str, ...] = ()
    """Why a person must look; shown to the organisers."""
    answer: Answer | None = None
    """Becomes the record."""
    pending: Answer | None = None
    """Becomes the record once it is confirmed."""
    bounced: str = ""
    """Why mail to the invitee could not be delivered."""
    quiet: bool = False
    """The invitee wants no more reminders."""


def sending_order(message: Message, reading: Reading, arrival: int, now: datetime) -> Order:
    """Where this message stands among an invitee's others.

    Date counts, unless it is missing or lies more than a day after the topmost Received; then the time of delivery
    does, or of handling where that is unknown too. `arrival` is the message's UID.
    """
    latest = (message.received or now) + CLOCK_TOLERANCE
    sent = message.date if message.date is not None and message.date <= latest else message.received or now
    return Order(sent=sent, arrival=arrival, sequence=reading.sequence, calendar_uid=reading.calendar_uid)


def newer(one: Order, other: Order) -> bool:
    """Whether `one` supersedes `other`: by SEQUENCE, then DTSTAMP where both are calendar replies about the same UID
    (RFC 5546, section 2.1.5), else by the time of sending, then by arrival."""
    if one.sequence and other.sequence and one.calendar_uid == other.calendar_uid:
        a, b = one.sequence, other.sequence
        if a.sequence != b.sequence:
            return a.sequence > b.sequence
        if a.dtstamp and b.dtstamp and a.dtstamp != b.dtstamp:
            return a.dtstamp > b.dtstamp
    if one.sent != other.sent:
        return one.sent > other.sent
    return one.arrival >= other.arrival


def answerable(message: Message, config: Config) -> bool:
    """Whether an automatic answer may go to the writer at all (RFC 3834, section 2)."""
    return message.return_path != "" and writable(message.sender.email, config)


def writable(address: str, config: Config) -> bool:
    """Whether an automatic letter may go to this address: a person's, as far as its form tells, and not our own."""
    if "=?" in address or not _ADDRESS.fullmatch(address):
        return False
    local, _, domain = address.partition("@")
    plain = local.partition("+")[0]
    return (
        f"{plain}@{domain}" != config.mailbox.address
        and local not in NEVER_ANSWERED
        and not local.startswith(("owner-", "noreply", "no-reply", "donotreply", "do-not-reply", "bounce"))
        and not local.endswith(("-request", "-bounces", "-owner"))
    )


def letter_language(reading: Reading, invitee: Invitee, config: Config) -> str:
    """The language of the reply where we write it, else the invitee's, else the first one configured."""
    offered = config.replies.languages
    wanted = (reading.language, reading.language.partition("-")[0], invitee.language)
    return next((language for language in wanted if language in offered), offered[0])


def recipients(message: Message, standing: Standing, invitee: Invitee, welcomed: bool = False) -> tuple[str, ...]:
    """The From address where token or list know it, and the address on the list; Reply-To and Return-Path never.

    A delegate's only where a token or a pass shows that they write, or we have `welcomed` them before: anybody could
    have named a third party, and then have written in that one's name.
    """
    delegate = standing.from_delegate and (welcomed or standing.dmarc is Dmarc.PASS)
    known = standing.trust is Trust.TOKEN or standing.listed or delegate
    both = (message.sender.email,) if known else ()
    return tuple(dict.fromkeys((*both, invitee.addresses[0])))


def is_late(config: Config, now: datetime) -> bool:
    """Whether the last day for answers has passed, in the event's own time zone."""
    last = config.event.rsvp_by
    if last is None:
        return False
    return now >= datetime.combine(last + timedelta(days=1), time.min, tzinfo=config.event.zone)


def seats_of(invitee: Invitee) -> int:
    return USUAL_SEATS if invitee.seats is None else invitee.seats


def expected_people(answer: Answer | None) -> int:
    """How many seats an answer takes: none while it waits for room."""
    return 0 if answer is None or answer.standby else party_of(answer)


def party_of(answer: Answer) -> int:
    """How many people would come by an answer, whether there is room or not."""
    if answer.partstat not in COMING:
        return 0
    return answer.party if answer.party is not None else max(1, len(answer.names))


def is_coming(invitee: Invitee) -> bool:
    """Whether somebody of this invitee's is expected for certain: neither waits for a seat nor has only been offered
    one."""
    answer = invitee.answer
    return answer is not None and answer.partstat in COMING and not (answer.standby or answer.offered_until)


OTHERS = "\0"
"""The pool of those for whose category no seats are kept, where seats are kept by category: it has none."""


def pool(invitee: Invitee, config: Config) -> str:
    """From which seats an invitee's come: those of the category, in lower case, where seats are kept by category; ""
    for all, where they are not."""
    if not config.event.capacity_by_category:
        return ""
    category = invitee.category.casefold()
    return category if category in {name.casefold() for name in config.event.capacity_by_category} else OTHERS


def capacity_of(seats: str, config: Config) -> int | None:
    """How many people have room in a pool; None: there is no limit."""
    by_category = {name.casefold(): number for name, number in config.event.capacity_by_category.items()}
    return by_category.get(seats, 0) if seats else config.event.capacity


def same_answer(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same of who comes, and of where a delegate is written to."""
    return (one.partstat, one.party, frozenset(one.names), one.delegate) == (
        other.partstat,
        other.party,
        frozenset(other.names),
        other.delegate,
    )


def may_be(name: str, invitee: Invitee) -> bool:
    """Whether a name in a mail can be the invitee's own. Any can where the list gives none, or an office's; and nobody
    here can say what a name in another script is in ours."""
    # Here, as `import rsvpbot` brings this module along, and with it would all that reads.
    from rsvpbot.reading.names import cyrillic, is_organisation, same_person
    from rsvpbot.reading.pack import load

    english, own = load("en"), invitee.name
    if not own or (english is not None and is_organisation(own, english)):
        return True
    apart = _latin(name) != _latin(own) and not cyrillic(name + own)
    return apart or any(same_person(name, one) for one in (own, invitee.organisation) if one)


def _latin(name: str) -> bool:
    return any("a" <= c <= "z" for c in name.casefold())


def _without(names: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """Those names that can be nobody's among the others."""
    from rsvpbot.reading.names import same_person

    known = tuple(others)
    return tuple(name for name in names if not any(same_person(name, other) for other in known))


def to_answer(reading: Reading, invitee: Invitee, order: Order, digest: str, now: datetime) -> Answer:
    """The record that a decided reading makes.

    Needs and pass that were stated before stay, as long as the same people speak: who writes "I bring my wife" has not
    stopped being a vegetarian. They go when the seat passes to a delegate, or back. A change that is confirmed brings
    what its own mail had stated.
    """
    assert reading.partstat is not None  # noqa: S101 (only what is decided comes here)
    answer = Answer(
        partstat=reading.partstat,
        party=reading.party,
        names=reading.names,
        order=order,
        reply=digest,
        recorded_at=now,
        grounds_pass=reading.grounds_pass,
        dietary=reading.dietary,
        access=reading.access,
        language=reading.language,
        delegate=_with_address(reading.delegate, invitee.answer),
    )
    before = invitee.answer
    if invitee.pending is not None and same_answer(invitee.pending, answer):
        before = invitee.pending
    handed_over = PartStat.DELEGATED in (answer.partstat, before.partstat if before else None)
    if before is None or handed_over or answer.partstat is PartStat.DECLINED:
        return answer
    return replace(
        answer,
        grounds_pass=before.grounds_pass if answer.grounds_pass is None else answer.grounds_pass,
        dietary=answer.dietary or before.dietary,
        access=answer.access or before.access,
    )


def _with_address(delegate: Address | None, before: Answer | None) -> Address | None:
    """A delegate who is named again without an address keeps the one that is known."""
    known = before.delegate if before else None
    return known if delegate and known and not delegate.email and delegate.name == known.name else delegate


def decide(
    reading: Reading,
    verdict: Verdict,
    standing: Standing,
    invitee: Invitee | None,
    config: Config,
    now: datetime,
    *,
    message: Message,
    order: Order,
    expected: int,
    follows: bool = False,
    last: LetterKind | None = None,
    answered: LetterKind | None = None,
    welcomed: bool = False,
    cancelled: bool = False,
    end_of_line: Callable[[], datetime] | None = None,
) -> Decision:
    """Decide about one message.

    `invitee` is the one whose answer it is (of a bounce: whose address failed), None where nobody is named; `expected`
    is the number of people recorded as coming, this invitee's included; `follows`: it answers a letter that we wrote
    after the recorded answer, and so is newer whatever its clock says; `last`: the kind of our last automatic letter to
    this invitee, where the message answers that, or repeats the words which that answered; `answered`: the kind of
    whichever letter of ours it answers, None for none; `welcomed`: it comes from the recorded delegate's address, and
    we have written there before; `cancelled`: people have been told that the event will not take place; `end_of_line`:
    since when somebody who has to wait for room now waits (asked for only then; else `now`). Nothing is read but the
    arguments.
    """
    if verdict.kind in MACHINE_KINDS:
        return _machine(verdict, standing, invitee)
    kept_from = (*([verdict.reason] if doubted(verdict, reading) else []), *_standing_reasons(standing, invitee))
    if kept_from or invitee is None:
        return Decision("in doubt", Folder.REVIEW, reasons=tuple(dict.fromkeys((*kept_from, *reading.reasons))))
    to = recipients(message, standing, invitee, welcomed) if answerable(message, config) else ()
    case = _Case(
        reading,
        standing,
        invitee,
        config,
        now,
        order,
        message,
        expected,
        follows,
        answered,
        to,
        cancelled,
        end_of_line or (lambda: now),
    )
    return _once(case.decide(), invitee.answer, last)


def _once(decision: Decision, before: Answer | None, last: LetterKind | None) -> Decision:
    """The same without letters that say once more what our last one said, which this message answers or repeats.

    It is how two programs would talk for ever (RFC 3834, section 2), whatever their words and headers; and where a
    person answers our answer and nothing comes of it, another person should take over.
    """
    if last is None:
        return decision
    news = decision.answer is not None and not _stands(before, decision.answer)
    letters = tuple(
        letter
        for letter in decision.letters
        if not (last in UNSETTLED if letter.kind in UNSETTLED else letter.kind is last and not news)
    )
    if len(letters) == len(decision.letters):
        return decision
    if decision.answer is not None or decision.outcome in ENDED.values():
        return replace(decision, letters=letters)
    return replace(decision, letters=letters, folder=Folder.REVIEW, reasons=(*decision.reasons, GOES_ON))


def _stands(before: Answer | None, after: Answer) -> bool:
    """Whether an answer says nothing that is not on record."""
    if before is None:
        return False
    return before == replace(
        after,
        order=before.order,
        reply=before.reply,
        recorded_at=before.recorded_at,
        language=before.language,
    )


def doubted(verdict: Verdict, reading: Reading) -> bool:
    """Whether a message may be a machine's, and so must be looked at and not answered (RFC 3834). Where the doubt is
    slight, a plain answer, a perhaps of somebody in particular or a plain question is a person's."""
    if verdict.doubt is not Doubt.SLIGHT:
        return verdict.doubt is Doubt.STRONG
    asks_plainly = reading.asks is Asks.LOGISTICS and not reading.reasons
    perhaps = reading.partstat is PartStat.TENTATIVE and reading.firm
    return not (plain(reading) or perhaps or asks_plainly)


def plain(reading: Reading) -> bool:
    """A yes, a no or a delegation that nothing in the message casts doubt on."""
    return reading.partstat not in (None, PartStat.TENTATIVE) and (reading.firm or not reading.reasons)


def _machine(verdict: Verdict, standing: Standing, invitee: Invitee | None) -> Decision:
    """Never answered. That mail to an invitee is in vain is noted, where a bounce says it, or an automatic reply that
    is not forged."""
    told = verdict.kind is Kind.BOUNCE or (verdict.kind is Kind.AUTO and standing.dmarc is not Dmarc.FAIL)
    bounced = verdict.reason if told and verdict.permanent and invitee else ""
    delegate = invitee.answer.delegate if invitee and invitee.answer else None
    if bounced and delegate and verdict.failed_address == delegate.email:
        bounced = f"mail to the delegate came back: {bounced}"
    return Decision(verdict.kind.value, Folder.IGNORED, bounced=bounced)


def _standing_reasons(standing: Standing, invitee: Invitee | None) -> tuple[str, ...]:
    reasons = []
    if standing.dmarc is Dmarc.FAIL:
        reasons.append(FORGED)
    if standing.doubt:
        reasons.append(standing.doubt)
    if invitee is None and not reasons:
        reasons.append("an organiser writes" if standing.organiser else "the writer is not on the list")
    return tuple(reasons)


@dataclass(frozen=True, slots=True)
class _Case:
    """A person's message whose invitee is known."""

    reading: Reading
    standing: Standing
    invitee: Invitee
    config: Config
    now: datetime
    order: Order
    message: Message
    expected: int
    follows: bool
    answered: LetterKind | None
    to: tuple[str, ...]
    cancelled: bool
    end_of_line: Callable[[], datetime]

    def decide(self) -> Decision:
        """An answer beside a wish to be left alone is an answer; and nobody who has such a wish gets a letter for that
        alone."""
        # Here, as `import rsvpbot` brings this module along, and with it would all that reads.
        from rsvpbot.reading.wishes import Wish, wish

        asked = wish(self.reading.text) or (Wish.STOP if _STOP_LINK.match(self.message.subject) else None)
        if asked is None:
            return self._usual()
        reason = DELETES if asked is Wish.DELETE else STOPS
        answers = self.reading.partstat is not None and (self.reading.firm or not self.reading.reasons)
        usual = self._usual() if answers else Decision("a wish", Folder.REVIEW)
        kept = usual if answers else replace(usual, reasons=self.reading.reasons)
        return replace(kept, folder=Folder.REVIEW, reasons=(reason, *kept.reasons), quiet=True)

    def _usual(self) -> Decision:
        reading = self.reading
        if reading.partstat is None or (reading.reasons and not reading.firm):
            return self._undecided()
        ended = self._ended()
        if ended is not None:
            # The cancellation takes the entry out of calendars, and some say no by themselves as it goes.
            pressed_no = reading.kind is Kind.CALENDAR and reading.partstat is PartStat.DECLINED
            by_itself = self.cancelled and pressed_no
            letters = () if by_itself else self._letter(ended)
            return Decision(ENDED[ended], self._folder(), letters, reading.reasons)
        stale = self._stale()
        return stale or self._decided()

    def _ended(self) -> LetterKind | None:
        """The letter that says why nothing is recorded any more; None while the event is to come."""
        if self.cancelled:
            return LetterKind.CANCELLED
        return LetterKind.EVENT_OVER if self.now >= self.config.event.ends else None

    def _stale(self) -> Decision | None:
        """An older mail never overwrites a newer answer. But clocks are wrong, and what says otherwise is shown."""
        before = self.invitee.answer
        if before is None or self.follows or newer(self.order, before.order):
            return None
        if same_answer(before, self._answer()):
            return Decision("older than the record", self._folder(), reasons=self.reading.reasons)
        reason = "was sent before the recorded answer, by its date, and says something else"
        return Decision("older than the record", Folder.REVIEW, reasons=(reason, *self.reading.reasons))

    def _answer(self) -> Answer:
        return to_answer(self.reading, self.invitee, self.order, self.message.digest, self.now)

    def _proven(self) -> bool:
        """Whether a token or a DMARC pass shows that the invitee (or their delegate) writes. A pass for an address
        that is not theirs shows nothing."""
        known = self.standing.listed or self.standing.from_delegate
        return self.standing.trust is Trust.TOKEN or (known and self.standing.dmarc is Dmarc.PASS)

    def _undecided(self) -> Decision:
        reading, ended = self.reading, self._ended()
        # Whoever asks about a cancelled event must hear that it is, whatever a person may add.
        passed_on = LetterKind.CANCELLED if self.cancelled else LetterKind.PASSED_ON
        if reading.asks is Asks.OTHER:
            return Decision("question", Folder.REVIEW, self._letter(passed_on), reading.reasons)
        if reading.reasons:
            letter = passed_on if reading.partstat or ended else LetterKind.UNCLEAR
            return Decision("unclear", Folder.REVIEW, self._letter(letter), reading.reasons)
        if reading.asks is Asks.LOGISTICS:
            return Decision("asks for logistics", Folder.RECORDED, self._letter(ended or LetterKind.INFORMATION))
        if self.invitee.pending is not None and not ended:
            reason = "answers our question about a change, but not plainly"
            return Decision("unclear", Folder.REVIEW, self._letter(LetterKind.PASSED_ON), (reason,))
        return Decision("says nothing", Folder.RECORDED)

    def _decided(self) -> Decision:
        reading, before = self.reading, self.invitee.answer
        if self.standing.from_delegate:
            return self._from_delegate()
        answer = self._same_party(self._answer())
        doubtful = (
            self._bare()
            or self._fewer(answer)
            or self._no_of_a_guest()
            or self._instead_of_another(answer)
            or self._own_delegate(answer)
        )
        if doubtful:
            return Decision("unclear", Folder.REVIEW, self._letter(LetterKind.PASSED_ON), (doubtful, *reading.reasons))
        if reading.bare and before is not None and before.partstat is answer.partstat is PartStat.ACCEPTED:
            # A bare yes says nothing of guests, and so does not take them back.
            answer = replace(answer, party=before.party, names=before.names or answer.names)
        if self._only_agrees(answer):
            return Decision("says nothing", Folder.RECORDED)
        refusal = (
            self._too_many(answer) or self._closed(answer) or self._too_late(answer) or self._no_room_for_more(answer)
        )
        if refusal:
            return refusal
        answer = self._seated(answer)
        changed = before is not None and not same_answer(before, answer)
        if changed and not self._proven():
            return self._ask_first(answer)
        confirms = before is not None and (before.offered_until or before.standby) is not None
        if before is not None and not changed and not confirms and reading.kind is Kind.CALENDAR:
            # A calendar that answers each of our letters by itself must not get one for that.
            return Decision("answer again", self._folder(), (), reading.reasons, answer=answer)
        if answer.standby:
            return Decision(
                "no room", self._folder(), self._letter(LetterKind.STANDBY, answer), reading.reasons, answer
            )
        welcome = self._welcome(answer)
        told = self._letter(LetterKind(answer.partstat.value), answer)
        letters = tuple(replace(letter, delegate_written=bool(welcome)) for letter in told) + welcome
        return Decision("answer", self._folder(), letters, reading.reasons, answer=answer)

    def _ask_first(self, answer: Answer) -> Decision:
        """The question goes to the address on the list alone, whoever wrote."""
        invitee, reason = self.invitee, "changes the recorded answer, and nothing proves that it comes from the invitee"
        reasons = (reason, *self.reading.reasons)
        if not writable(invitee.addresses[0], self.config):
            return Decision("change to confirm", Folder.REVIEW, reasons=reasons)
        request = LetterRequest(
            LetterKind.CONFIRM_CHANGE, invitee.id, invitee.addresses[:1], self._language(), answer=answer
        )
        return Decision("change to confirm", Folder.REVIEW, (request,), reasons, pending=answer)

    def _bare(self) -> str:
        """Why a bare yes or no cannot be acted on: what it agrees to is not plain."""
        if self.invitee.pending is not None and (self.reading.bare or self.reading.reasons):
            return "does not say plainly what shall stand, while we ask whether to change the record"
        if not self.reading.bare:
            return ""
        before = self.invitee.answer
        if before is not None and before.partstat is PartStat.DELEGATED:
            return "says only yes or no, while somebody else is recorded as coming instead"
        if self.reading.kind is Kind.CALENDAR or (before is not None and before.partstat is self.reading.partstat):
            return ""
        if not self._was_asked():
            return "says only yes or no, in reply to a letter that does not ask whether they come"
        offered = before is not None and before.offered_until is not None and self.answered is LetterKind.OFFER
        if before is not None and before.partstat is not PartStat.TENTATIVE and not offered:
            # "Yes" may mean that we have it right.
            return f"says only yes or no, where {before.partstat} is recorded"
        return ""

    def _was_asked(self) -> bool:
        """Whether a mere yes or no answers the question whether they come: a letter of ours that asks it, or none, as
        our invitation may have gone out by other means."""
        if self.answered is LetterKind.CHANGED:
            return self.invitee.answer is None
        return self.answered is None or self.answered in ASKS_WHETHER

    def _only_agrees(self, answer: Answer) -> bool:
        """ "OK, thanks." to a letter that asks nothing: not even a seat that is kept on offer is taken by it."""
        reading, before = self.reading, self.invitee.answer
        if not reading.bare or reading.kind is Kind.CALENDAR or reading.review or before is None or self._was_asked():
            return False
        kept = replace(answer, standby=before.standby, offered_until=before.offered_until, decided_by=before.decided_by)
        return _stands(before, kept)

    def _same_party(self, answer: Answer) -> Answer:
        """ "We are two", where two are recorded by name: the same two, unless somebody else is named."""
        before, reading = self.invitee.answer, self.reading
        if before is None or {before.partstat, answer.partstat} != {PartStat.ACCEPTED} or answer.party != before.party:
            return answer
        unnamed = _without(before.names, answer.names)
        parted = len(_without(unnamed, (*reading.spoken_of, *reading.represents))) < len(unnamed)
        if not unnamed or parted or _without(answer.names, before.names):
            return answer
        return replace(answer, names=before.names)

    def _fewer(self, answer: Answer) -> str:
        """Why a yes that leaves out somebody who is recorded is not plain: whether they still come is not said."""
        before, reading = self.invitee.answer, self.reading
        if before is None or reading.bare or {before.partstat, answer.partstat} != {PartStat.ACCEPTED}:
            return ""
        left_out = _without(before.names, (*answer.names, *reading.spoken_of, *reading.represents))
        if len(left_out) == 1 and self._writes_by_another_name(answer, before):
            left_out = ()
        if left_out and answer.names:
            return f"says who comes, and leaves out {left_out[0]}, who is recorded: do they still come?"
        parted = not left_out and expected_people(before) == len(before.names) > len(answer.names)
        if parted or answer.party != 1 or expected_people(before) <= 1:
            return ""
        return f"says yes for one, where {expected_people(before)} are recorded: do the others still come?"

    def _writes_by_another_name(self, answer: Answer, before: Answer) -> bool:
        """Whether the one who was not recorded is the writer: an address book's name, or one in another script."""
        news = _without(answer.names, before.names)
        own = (self.message.sender.name, *(answer.names[:1] if self.reading.voice is Voice.SELF else ()))
        return len(news) == 1 and not _without(news, own)

    def _no_of_a_guest(self) -> str:
        """Why a no is not the whole party's: only a guest is said to stay away."""
        before, reading = self.invitee.answer, self.reading
        if before is None or reading.partstat is not PartStat.DECLINED or reading.voice is not Voice.INVITEE:
            return ""
        comes = _without(before.names, reading.spoken_of)
        guests = [name for name in before.names if name not in comes]
        if not guests or party_of(before) <= len(guests) or self._is_among(reading.spoken_of):
            return ""
        return f"says that {guests[0]} does not come: do the others still?"

    def _instead_of_another(self, answer: Answer) -> str:
        """Why somebody who comes instead does not come in the invitee's place."""
        before, replaced = self.invitee.answer, self.reading.represents
        if answer.partstat is not PartStat.DELEGATED or not replaced:
            return ""
        of_several = before is not None and party_of(before) > 1 and not _without(replaced, before.names)
        if self._is_among(replaced) or (any(may_be(name, self.invitee) for name in replaced) and not of_several):
            return ""
        return f"sends somebody in the place of {replaced[0]}, not of the invitee"

    def _is_among(self, names: Iterable[str]) -> bool:
        """Whether the invitee is named."""
        return bool(self.invitee.name) and not _without((self.invitee.name,), names)

    def _own_delegate(self, answer: Answer) -> str:
        """Why this delegate cannot be one."""
        delegate = answer.delegate
        if answer.partstat is not PartStat.DELEGATED or delegate is None or not delegate.email:
            return ""
        organisers = {address.email for address in self.config.organisers.addresses}
        if delegate.email in self.invitee.addresses:
            return "names the invitee's own address as that of the delegate"
        if delegate.email in organisers or not writable(delegate.email, self.config):
            return "names as the delegate's an address that is no guest's"
        return ""

    def _from_delegate(self) -> Decision:
        """A delegate confirms the seat, with needs and pass; who does not come, or perhaps, leaves it to the invitee
        and the organisers."""
        before = self.invitee.answer
        assert before is not None  # noqa: S101 (a delegate's seat has an answer)
        answer = self._answer()
        if answer.partstat is not PartStat.ACCEPTED or self._sends_another(answer, before):
            reason = "the delegate does not come for certain, or sends somebody else"
            return Decision("delegate withdraws", Folder.REVIEW, self._to_delegate(LetterKind.PASSED_ON), (reason,))
        renamed = bool(before.names) and not set(answer.names) <= set(before.names)
        larger = expected_people(answer) > max(1, expected_people(before))
        if (renamed or larger) and not self._proven():
            reason = "the delegate changes who comes, and nothing proves that the delegate writes"
            return Decision("change to confirm", Folder.REVIEW, reasons=(reason, *self.reading.reasons))
        answer = replace(
            answer,
            partstat=PartStat.DELEGATED,
            delegate=before.delegate,
            party=max(expected_people(answer), expected_people(before)),
            names=before.names if set(answer.names) <= set(before.names) else answer.names,
            grounds_pass=before.grounds_pass if answer.grounds_pass is None else answer.grounds_pass,
            dietary=answer.dietary or before.dietary,
            access=answer.access or before.access,
        )
        refusal = self._too_many(answer) or self._closed(answer) or self._no_room_for_more(answer)
        if refusal:
            return refusal
        if before.standby:
            answer = self._seated(answer)
        kind = LetterKind.STANDBY if answer.standby else LetterKind.WELCOME
        letters = self._to_delegate(kind, answer)
        return Decision("answer", self._folder(), letters, self.reading.reasons, answer=answer)

    def _sends_another(self, answer: Answer, before: Answer) -> bool:
        """Whether a delegate says who comes, and is not among them."""
        own = (before.delegate.name if before.delegate else "", self.message.sender.name)
        return any(own) and bool(answer.names) and len(_without(answer.names, own)) == len(answer.names)

    def _to_delegate(self, kind: LetterKind, answer: Answer | None = None) -> tuple[LetterRequest, ...]:
        """To the delegate who wrote, where they may be written to, and to nobody else: it is their seat that the letter
        speaks of."""
        wrote = self.message.sender.email
        if wrote not in self.to:
            return ()
        return tuple(replace(letter, recipients=(wrote,)) for letter in self._letter(kind, answer))

    def _too_many(self, answer: Answer) -> Decision | None:
        most = seats_of(self.invitee)
        if answer.party is None or answer.party <= most:
            return None
        reason = f"a party of {answer.party}, where at most {most} may come on one answer"
        return Decision("party too large", Folder.REVIEW, self._letter(LetterKind.PASSED_ON, answer), (reason,))

    def _too_late(self, answer: Answer) -> Decision | None:
        """After the last day for answers nobody takes a further seat unless the organisers let them: while there is
        room, if so configured. Who gives a seat back is always heard."""
        more = expected_people(answer) - expected_people(self.invitee.answer)
        if not is_late(self.config, self.now) or more <= 0:
            return None
        room = self._has_room(answer)
        if self.config.replies.late == "accept" and room:
            return None
        reason = "came after the last day for answers" + ("" if room else ", and there is no room left")
        letters = self._letter(LetterKind.TOO_LATE, answer)
        return Decision("too late", Folder.REVIEW, letters, (reason, *self.reading.reasons))

    def _closed(self, answer: Answer) -> Decision | None:
        """Once the list has gone to those who guard the door, nobody new gets on it unless the organisers say so.
        Whoever does not come is always heard."""
        closed = self.config.event.freeze_at
        if closed is None or self.now < closed or not party_of(answer):
            return None
        before = self.invitee.answer
        had = expected_people(before)
        known = before is not None and bool(had) and set(answer.names) <= set(before.names)
        if had >= party_of(answer) and (known or not answer.names):
            return None
        reason = "would come, or send somebody, who was not on the list when it was closed"
        letters = self._letter(LetterKind.PASSED_ON, answer)
        return Decision("list closed", Folder.REVIEW, letters, (reason, *self.reading.reasons))

    def _has_room(self, answer: Answer) -> bool:
        capacity = capacity_of(pool(self.invitee, self.config), self.config)
        more = party_of(answer) - expected_people(self.invitee.answer)
        return capacity is None or more <= 0 or self.expected + more <= capacity

    def _no_room_for_more(self, answer: Answer) -> Decision | None:
        """Whoever has seats keeps them, and does not give them up for a place on the waiting list."""
        has = expected_people(self.invitee.answer)
        if not has or self._has_room(answer):
            return None
        reason = f"would come with {party_of(answer)} where {has} have seats, and there is no room for more"
        return Decision("no room for more", Folder.REVIEW, self._letter(LetterKind.PASSED_ON, answer), (reason,))

    def _seated(self, answer: Answer) -> Answer:
        """The same with its seats, or on the waiting list, where it keeps the place that it has."""
        if not party_of(answer) or self._has_room(answer):
            return answer
        before = self.invitee.answer
        since = before.standby if before is not None and before.standby else self.end_of_line()
        return replace(answer, standby=since)

    def _welcome(self, answer: Answer) -> tuple[LetterRequest, ...]:
        """A delegate is written to only where the mail that names the address came with a token or a pass: else the
        name of a third party and our letter would be anybody's to combine."""
        delegate = self.reading.delegate
        if answer.partstat is not PartStat.DELEGATED or delegate is None or not delegate.email:
            return ()
        if not self._proven() or not self.to:
            return ()
        return (LetterRequest(LetterKind.WELCOME, self.invitee.id, (delegate.email,), self._language(), answer=answer),)

    def _letter(self, kind: LetterKind, answer: Answer | None = None) -> tuple[LetterRequest, ...]:
        if not self.to:
            return ()
        return (LetterRequest(kind, self.invitee.id, self.to, self._language(), self.reading.review, answer),)

    def _language(self) -> str:
        return letter_language(self.reading, self.invitee, self.config)

    def _folder(self) -> Folder:
        return Folder.REVIEW if self.reading.review else Folder.RECORDED
