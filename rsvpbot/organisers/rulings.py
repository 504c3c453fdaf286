"""What an organiser decides, carried out: a pure function of the command, the record, and the time.

It changes the record as the invitee's own answer would, and says which letters are to go out. Whose command it is, and
whether it may be believed, was settled before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from rsvpbot.config import Config
from rsvpbot.decide import DELETES, letter_language, to_answer, writable
from rsvpbot.model import (
    Act,
    Address,
    Answer,
    Asks,
    Dmarc,
    Invitee,
    Kind,
    LetterKind,
    LetterRequest,
    LetterState,
    Message,
    Order,
    PartStat,
    Reading,
    Reply,
    Ruling,
)
from rsvpbot.organisers.held import Released, release
from rsvpbot.roster import calendar_uid
from rsvpbot.store.base import Store

_PARTSTATS = {
    Act.ACCEPT: PartStat.ACCEPTED,
    Act.DECLINE: PartStat.DECLINED,
    Act.TENTATIVE: PartStat.TENTATIVE,
    Act.DELEGATE: PartStat.DELEGATED,
}

MOST_PEOPLE = 500
"""More on one answer is a slip of the keys."""


class NotPossible(ValueError):
    """Why a command cannot be carried out, in a sentence for whoever gave it."""


@dataclass(frozen=True, slots=True)
class Command:
    """What is to be done."""

    act: Act
    who: str = ""
    """Words that name an invitee; "" means whoever the question is about."""
    party: int | None = None
    person: Address | None = None
    """The delegate, or who is put on the list; its email may be ""."""
    words: str = ""
    """Of a reply: what is passed on."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a command is about, and who gives it."""

    invitee: Invitee | None
    """None where nobody on the list is meant: a stranger wrote, or somebody is added."""
    question: Reply | None
    by: str
    at: datetime
    new_id: str
    """For an invitee who is put on the list, and for the ruling."""


@dataclass(frozen=True, slots=True)
class Ruled:
    """What follows from a command; nothing of it is written yet."""

    ruling: Ruling
    invitee: Invitee | None
    """As it stands afterwards; None where no record is touched."""
    replies: tuple[Reply, ...] = ()
    """Messages that no longer wait, or wait again."""
    letters: tuple[LetterRequest, ...] = ()
    withdrawn: tuple[str, ...] = ()
    """Ids of letters that were queued and shall not go out."""
    undone: Ruling | None = None
    """The decision that was taken back."""
    released: Released | None = None
    """What becomes of the letters that a limit held back."""


def rule(command: Command, case: Case, store: Store, config: Config) -> Ruled:
    """Carry a command out. Reads the store and writes nothing. Raises NotPossible."""
    if command.act is Act.SEND:
        return _send_held(case, store, config)
    if command.act is Act.UNDO:
        return _undo(case, store, config)
    if command.act is Act.REPLY:
        return _reply(command, case, config)
    if command.act is Act.IGNORE:
        return _ignore(case)
    if command.act in (Act.ADD, Act.ADMIT):
        return _put_on_list(command, case, store, config)
    if case.invitee is None:
        raise NotPossible(
            "whoever wrote is not on the list: admit puts them there, and the answer counts"
            if case.question
            else "it is not said whose answer this is"
        )
    settled = _settled(case, store, case.invitee)
    answer = _answer(command, case, case.invitee, config, _told(case, settled))
    return _recorded(command.act, case, case.invitee, answer, settled, store, config)


# ------------------------------------------------------------------ an answer


def _told(case: Case, settled: Sequence[Reply]) -> Reading | None:
    """What is read in the message decided upon; where the invitee was named instead, in the latest of theirs that waits
    no longer by this, unless its sender may be forged."""
    if case.question is not None:
        return case.question.reading
    believed = [reply for reply in settled if reply.standing.dmarc is not Dmarc.FAIL]
    return max(believed, key=lambda reply: (reply.sent, reply.handled_at)).reading if believed else None


def _answer(command: Command, case: Case, invitee: Invitee, config: Config, read: Reading | None) -> Answer:
    """The answer that an organiser states: what the message said beside it (`read`) still holds."""
    partstat = _PARTSTATS[command.act]
    party = command.party
    if party is not None and not 1 <= party <= MOST_PEOPLE:
        raise NotPossible(f"{party} is no number of people; write 1 to {MOST_PEOPLE}")
    same = read if read is not None and read.partstat is partstat else None
    names: tuple[str, ...] = ()
    delegate: Address | None = None
    if partstat is PartStat.DECLINED:
        party = 0
    elif partstat is PartStat.DELEGATED:
        delegate = _delegate(command, case, invitee, config)
        party = party or (same.party if same else None) or 1
        names = (delegate.name,) if delegate.name else ()
    else:
        stands = invitee.answer if invitee.answer and invitee.answer.partstat is partstat else None
        # A bare "accept" takes no guests back that were named before.
        said = same.party if same else stands.party if stands else None
        names = same.names if same else stands.names if stands else ()
        party = party if party is not None else said
        if partstat is PartStat.ACCEPTED:
            party = party or max(1, len(names))
            names = names or ((invitee.name,) if invitee.name else ())
        if party is not None and len(names) > party:
            names = names[:1] if party == 1 and invitee.name in names[:1] else ()
    reading = Reading(
        kind=Kind.HUMAN,
        partstat=partstat,
        party=party,
        names=names,
        grounds_pass=read.grounds_pass if read else None,
        dietary=read.dietary if read else None,
        access=read.access if read else None,
        language=_language_of(case, invitee, config),
        delegate=delegate,
    )
    digest = case.question.digest if case.question else ""
    return replace(to_answer(reading, invitee, Order(case.at, 0), digest, case.at), decided_by=case.by)


def _delegate(command: Command, case: Case, invitee: Invitee, config: Config) -> Address:
    """Whom the organiser names, else whom the message does, else whoever wrote it."""
    named = command.person
    question = case.question
    if named is None and question is not None:
        reading = question.reading
        named = reading.delegate
        if named is None and reading.partstat is PartStat.DELEGATED and reading.names:
            named = Address(reading.names[0], "")
        if named is None and question.sender.email not in invitee.addresses:
            named = question.sender
    if named is None or not (named.name or named.email):
        raise NotPossible("it is not said who comes instead: write delegate Jane Doe <jane@example.org>")
    if named.email and (named.email in invitee.addresses or not writable(named.email, config)):
        raise NotPossible(f"{named.email} cannot be the delegate's address")
    return named


def _recorded(
    act: Act, case: Case, invitee: Invitee, answer: Answer, settled: tuple[Reply, ...], store: Store, config: Config
) -> Ruled:
    after = replace(invitee, answer=answer, pending=None, bounced="")
    ruling = _ruling(act, case, invitee.id, before=invitee.answer, after=answer)
    return Ruled(ruling, after, settled, _letters_of(answer, after, case, store, config))


def _is_to_come(case: Case, store: Store, config: Config) -> bool:
    """After the event, or where it is cancelled, the record may be put right, and nobody is told how to get there."""
    return case.at < config.event.ends and store.mailbox().cancelled_at is None


def _letters_of(
    answer: Answer, invitee: Invitee, case: Case, store: Store, config: Config
) -> tuple[LetterRequest, ...]:
    """The letter of an answer, and a delegate's welcome: an organiser has said who that is."""
    if not _is_to_come(case, store, config):
        return ()
    language = _language_of(case, invitee, config)
    delegate = answer.delegate if answer.partstat is PartStat.DELEGATED else None
    welcome = delegate.email if delegate is not None else ""
    to = tuple(address for address in _recipients(case, invitee, config) if address != welcome)
    letters = [
        LetterRequest(
            LetterKind(answer.partstat.value), invitee.id, to, language, answer=answer, delegate_written=bool(welcome)
        )
    ]
    if welcome:
        letters.append(LetterRequest(LetterKind.WELCOME, invitee.id, (welcome,), language, answer=answer))
    return tuple(letter for letter in letters if letter.recipients)


def _recipients(case: Case, invitee: Invitee, config: Config) -> tuple[str, ...]:
    """The address on the list, and whoever wrote, unless that may be forged."""
    question = case.question
    wrote = (question.sender.email,) if question and question.standing.dmarc is not Dmarc.FAIL else ()
    both = dict.fromkeys((*wrote, invitee.addresses[0]))
    return tuple(address for address in both if address and writable(address, config))


def _language_of(case: Case, invitee: Invitee, config: Config) -> str:
    reading = case.question.reading if case.question else Reading(Kind.HUMAN)
    return letter_language(reading, invitee, config)


def _settled(case: Case, store: Store, invitee: Invitee) -> tuple[Reply, ...]:
    """The message decided upon waits no longer; nor do others of this invitee that were only unclear."""
    waiting = {reply.digest: reply for reply in store.replies(invitee.id) if reply.open}
    settled = [
        reply for reply in waiting.values() if reply.reading.asks is not Asks.OTHER and DELETES not in reply.reasons
    ]
    if case.question is not None and case.question.open:
        settled.append(case.question)
    return tuple(replace(reply, open=False) for reply in {reply.digest: reply for reply in settled}.values())


# ------------------------------------------------------------------ the list


def _put_on_list(command: Command, case: Case, store: Store, config: Config) -> Ruled:
    if command.act is Act.ADD:  # somebody else: what the question holds is not theirs
        case = replace(case, question=None)
    question = case.question
    if command.act is Act.ADMIT and question is None:
        raise NotPossible(
            "there is nobody who waits to be admitted; add Jane Doe <jane@example.org> puts her on the list"
        )
    person = command.person or (question.sender if question is not None else None)
    if person is None or not person.email:
        raise NotPossible("an address is missing: write add Jane Doe <jane@example.org>")
    if question is not None and question.standing.dmarc is Dmarc.FAIL and person.email == question.sender.email:
        raise NotPossible("the sender's address may be forged; add them by the address that you know")
    if not writable(person.email, config):
        raise NotPossible(f"{person.email} is not an address that can be written to")
    known = store.invitee_by_address(person.email)
    if known is not None and known.listed and person.email in known.addresses:
        if question is None:
            raise NotPossible(f"{person.email} is on the list already")
        invitee = known
    else:
        invitee = _newcomer(person, known, case, config)
    moved = replace(question, invitee_id=invitee.id, open=False) if question is not None else None
    reading = question.reading if question is not None else None
    newly = known is None or not known.listed
    ruling = replace(_ruling(command.act, case, invitee.id, before=invitee.answer), listed=newly)
    if reading is None or reading.partstat is None:
        letters = _information(case, invitee, store, config) if question is not None else ()
        return Ruled(ruling, invitee, (moved,) if moved else (), letters)
    stated = Command(_ACTS[reading.partstat], party=command.party)
    of_their_own = replace(case, invitee=invitee)
    answer = _answer(stated, of_their_own, invitee, config, reading)
    after = replace(invitee, answer=answer)
    return Ruled(
        replace(ruling, after=answer),
        after,
        (moved,) if moved else (),
        _letters_of(answer, after, of_their_own, store, config),
    )


_ACTS = {partstat: act for act, partstat in _PARTSTATS.items()}


def _newcomer(person: Address, known: Invitee | None, case: Case, config: Config) -> Invitee:
    if known is not None and person.email in known.addresses:
        return replace(known, listed=True, admitted=True)
    return Invitee(
        id=case.new_id,
        addresses=(person.email,),
        calendar_uid=calendar_uid(config.event.uid, case.new_id),
        name=" ".join(person.name.split()),
        admitted=True,
    )


def _information(case: Case, invitee: Invitee, store: Store, config: Config) -> tuple[LetterRequest, ...]:
    """Whoever was admitted and has not said whether they come is told the arrangements, and asked."""
    to = _recipients(case, invitee, config)
    if not to or not _is_to_come(case, store, config):
        return ()
    return (LetterRequest(LetterKind.INFORMATION, invitee.id, to, _language_of(case, invitee, config)),)


# ------------------------------------------------------------------ without an answer


def _send_held(case: Case, store: Store, config: Config) -> Ruled:
    released = release(store, config, case.at)
    if not (released.queued or released.withdrawn):
        raise NotPossible("no letter is held back")
    return Ruled(_ruling(Act.SEND, case, None), None, letters=released.anew, released=released)


def _ignore(case: Case) -> Ruled:
    if case.question is None:
        raise NotPossible("there is no message that could be ignored")
    ruling = _ruling(Act.IGNORE, case, case.invitee.id if case.invitee else None)
    return Ruled(ruling, None, (replace(case.question, open=False),))


def _reply(command: Command, case: Case, config: Config) -> Ruled:
    question, invitee = case.question, case.invitee
    if question is None:
        raise NotPossible("there is no message to reply to")
    if not command.words.strip():
        raise NotPossible("the words are missing: write them after reply")
    wrote = question.sender.email
    if question.standing.dmarc is Dmarc.FAIL:
        raise NotPossible("the sender's address may be forged; please write to them yourself")
    if not writable(wrote, config):
        raise NotPossible("whoever wrote cannot be written to")
    language = (
        _language_of(case, invitee, config)
        if invitee is not None
        else letter_language(question.reading, Invitee("", (wrote,), ""), config)
    )
    letter = LetterRequest(
        LetterKind.FROM_ORGANISERS,
        invitee.id if invitee else None,
        (wrote,),
        language,
        answer=invitee.answer if invitee else None,
        words=tuple(filter(None, (line.strip() for line in command.words.splitlines()))),
    )
    ruling = _ruling(Act.REPLY, case, invitee.id if invitee else None, words=command.words)
    # An answer that stands beside the question and is not recorded still waits for a decision.
    waits = question.open and question.reading.partstat is not None and not question.recorded
    return Ruled(ruling, None, (replace(question, open=waits),), (letter,))


# ------------------------------------------------------------------ taking back


def _undo(case: Case, store: Store, config: Config) -> Ruled:
    """Take back the latest decision: on this message, else about this invitee, else of this organiser."""
    found = _latest(case, store)
    if found is None:
        raise NotPossible("there is nothing to undo")
    invitee = store.invitee(found.invitee_id) if found.invitee_id else None
    now = invitee.answer if invitee else None
    if now != found.after and (found.after is not None or found.listed):
        raise NotPossible("the record has changed since; nothing was undone")
    question = store.reply(found.question) if found.question else None
    after = _taken_back(found, invitee)
    sent = [letter for letter in map(store.letter, found.letters) if letter is not None]
    withdrawn = tuple(letter.id for letter in sent if letter.state is LetterState.QUEUED)
    gone_out = len(withdrawn) < len(sent)
    back = replace(case, question=question)
    letters: tuple[LetterRequest, ...] = ()
    if gone_out and after is not None and after.listed and found.before is not None:
        letters = _letters_of(found.before, after, back, store, config)
    reopened: tuple[Reply, ...] = ()
    if question is not None:
        stranger = found.act is Act.ADMIT and after is not None and not after.listed
        reopened = (replace(question, open=True, invitee_id=None if stranger else question.invitee_id),)
    ruling = _ruling(Act.UNDO, back, found.invitee_id, before=found.after, after=found.before)
    return Ruled(
        # Nobody shall find the message decided upon by this: it waits again.
        replace(ruling, question=""),
        after,
        reopened,
        letters,
        withdrawn,
        replace(found, undone=True),
    )


def _latest(case: Case, store: Store) -> Ruling | None:
    if case.question is not None:
        return store.ruling_on(case.question.digest)
    about = store.rulings(case.invitee.id if case.invitee else None)
    standing = [
        ruling
        for ruling in about
        if not ruling.undone and ruling.act not in (Act.UNDO, Act.SEND) and (case.invitee or ruling.by == case.by)
    ]
    return standing[-1] if standing else None


def _taken_back(found: Ruling, invitee: Invitee | None) -> Invitee | None:
    if invitee is None:
        return None
    if found.listed:
        return replace(invitee, answer=found.before, listed=False, admitted=False)
    return replace(invitee, answer=found.before) if found.after is not None else invitee


def _ruling(
    act: Act,
    case: Case,
    invitee_id: str | None,
    *,
    before: Answer | None = None,
    after: Answer | None = None,
    words: str = "",
) -> Ruling:
    question = case.question.digest if case.question else ""
    return Ruling(case.new_id, case.at, case.by, act, invitee_id, question, before, after, words=words)


# ------------------------------------------------------------------ for whoever writes the letters


def answered(question: Reply | None) -> Message | None:
    """As much of the message decided upon as the head of a letter needs that answers it."""
    if question is None:
        return None
    return Message(
        digest=question.digest,
        size=0,
        message_id=question.message_id,
        subject=question.subject,
        senders=(question.sender,),
        recipients=(),
    )
