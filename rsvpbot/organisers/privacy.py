"""Personal data: what is stored of somebody, given to them; and taken out of the record, on request or when its time
has come."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parseaddr
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from rsvpbot.config import Config
from rsvpbot.model import Address, Answer, Expected, Flood, Frozen, Invitee, Letter, LetterState, Reply, Ruling
from rsvpbot.organisers import door
from rsvpbot.organisers.history import Unclear
from rsvpbot.organisers.shown import one_line
from rsvpbot.organisers.workbook import CONTENT_TYPE as WORKBOOK
from rsvpbot.roster import address_hash, read_list
from rsvpbot.store.base import Commit, Store, StoreBroken, StoreError
from rsvpbot.store.codec import codec


@dataclass(frozen=True, slots=True)
class Found:
    """All that the record holds of somebody."""

    addresses: tuple[str, ...]
    invitee: Invitee | None
    replies: tuple[Reply, ...]
    letters: tuple[Letter, ...]
    rulings: tuple[Ruling, ...]
    delegated_by: tuple[Invitee, ...]
    """Whose recorded delegate this is."""
    expected: tuple[Expected, ...] = ()
    """Who stands by this person's answer on the list that was closed for the desk."""
    floods: tuple[Flood, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.invitee or self.replies or self.letters or self.delegated_by or self.floods)


def found(store: Store, address: str) -> Found:
    """What the record holds of an address: an invitee's, a delegate's, or that of somebody who only wrote. Nothing,
    where it is out of the record but not off the disk yet, as somebody who is forgotten while the disk is full.

    Looks through the whole record, which is done when somebody asks and at no other time. Raises Unclear where there
    is nothing on the disk either, and StoreError.
    """
    wanted = (parseaddr(address)[1] if "<" in address else address).strip().lower()
    invitee = next((one for one in store.invitees() if wanted in one.addresses), None)
    addresses = invitee.addresses if invitee else (wanted,)
    replies = tuple(
        reply
        for reply in store.replies()
        if reply.sender.email in addresses or (invitee is not None and reply.invitee_id == invitee.id)
    )
    letters = tuple(
        letter
        for letter in store.letters()
        if (invitee is not None and letter.invitee_id == invitee.id) or set(letter.recipients) <= set(addresses)
    )
    known = {reply.digest for reply in replies}
    rulings = tuple(
        ruling
        for ruling in store.rulings()
        if (invitee is not None and ruling.invitee_id == invitee.id) or ruling.question in known
    )
    sent = tuple(one for one in store.invitees() if one is not invitee and _is_delegate(one, addresses))
    kept = store.frozen()
    expected = tuple(one for one in kept.people if invitee and one.invitee_id == invitee.id) if kept else ()
    floods = tuple(flood for flood in store.floods() if flood.sender in addresses)
    of = Found(addresses, invitee, replies, letters, rulings, sent, expected, floods)
    if not of.anything and "@" not in wanted:
        raise Unclear(f"{one_line(address)!r} is no e-mail address; rsvpbot show finds it by a name")
    if not (of.anything or store.holds(wanted)):
        raise _nothing(address)
    return of


def _nothing(address: str) -> Unclear:
    return Unclear(f"nothing is stored of {one_line(address)!r}; rsvpbot guests lists who there is")


def _is_delegate(invitee: Invitee, addresses: Iterable[str]) -> bool:
    return any(_delegates(invitee, tuple(addresses)))


# ------------------------------------------------------------------ giving it out


def exported(of: Found) -> str:
    """What is stored of somebody, as JSON that a person can read: the record as it is, without the tokens' keys. Raises
    Unclear where there is nothing."""
    if not of.anything:
        raise _nothing(of.addresses[0])
    document: dict[str, Any] = {"addresses": list(of.addresses)}
    if of.invitee is not None:
        document["invitee"] = codec(Invitee).encode(of.invitee)
    document["messages"] = [codec(Reply).encode(reply) for reply in of.replies]
    document["letters"] = [codec(Letter).encode(replace(letter, raw=None)) for letter in of.letters]
    document["decisions"] = [codec(Ruling).encode(ruling) for ruling in of.rulings]
    document["delegate_of"] = [codec(Invitee).encode(invitee) for invitee in of.delegated_by]
    document["not_read"] = [codec(Flood).encode(flood) for flood in of.floods]
    document["at_the_door"] = [codec(Expected).encode(expected) for expected in of.expected]
    return json.dumps(document, ensure_ascii=False, indent=2)


# ------------------------------------------------------------------ taking it out


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out, and what is left outside of the record."""

    messages: int
    letters: int
    lines: tuple[int, ...]
    """Of the list of invitees."""
    named_elsewhere: int
    """Messages of others that name this person; their words are theirs."""


def forget(store: Store, config: Config, address: str, keys: tuple[bytes, ...]) -> Forgotten:
    """Take everything of a person out of the record, its history and its file, and see to it that no list brings them
    back. `keys`: those of the state folder. Where it was cut off between the record and its file, doing it again
    finishes it.

    Raises Unclear where nothing is stored, StoreError.
    """
    with store.transaction():
        of = found(store, address)
        names = _names(of)
        gone, decided = {letter.id for letter in of.letters}, {ruling.id for ruling in of.rulings}
        rewritten = [letter for letter in store.letters() if letter.id not in gone and letter.raw is not None]
        speaking = [letter for letter in rewritten if _speaks_of(letter, (*of.addresses, *names))]
        waiting = tuple(letter.id for letter in speaking if letter.state is LetterState.QUEUED)
        store.commit(
            Commit(
                invitees=tuple(_without_delegate(invitee, of.addresses) for invitee in of.delegated_by),
                # A copy for the Sent folder that never got there: without its words there is nothing to copy.
                letters=(
                    *(replace(one, raw=None, copied=True, subject="") for one in speaking if one.id not in waiting),
                    *(replace(one, subject="") for one in _named_in_subject(store, (*gone, *waiting), of, names)),
                ),
                rulings=tuple(
                    replace(
                        one,
                        before=_cleared(one.before, of.addresses),
                        after=_cleared(one.after, of.addresses),
                        words="" if _mentions(one.words, (*of.addresses, *names)) else one.words,
                    )
                    for one in store.rulings()
                    if one.id not in decided
                ),
                frozen=_without(store.frozen(), of),
                # How many messages there were is nobody's secret, and keeps what was seen adding up.
                floods=tuple(replace(flood, sender="") for flood in of.floods),
                erased=(of.invitee.id,) if of.invitee else (),
                erased_replies=tuple(reply.digest for reply in of.replies),
                erased_letters=(*gone, *waiting),
                erased_rulings=tuple(ruling.id for ruling in of.rulings),
                forgotten=tuple(address_hash(one, keys[0]) for one in of.addresses),
            )
        )
    _take_off_the_disk(store)
    left = sum(_names_anyone(reply, (*of.addresses, *names)) for reply in store.replies())
    return Forgotten(len(of.replies), len(of.letters) + len(waiting), _lines(config, of.addresses), left)


def forget_again(store: Store, config: Config, hashes: Collection[str], keys: tuple[bytes, ...]) -> None:
    """Take out whoever has an address of one of these hashes, and keep the hashes: for a record from before they were
    forgotten. `keys`: all that the state folder has had. Raises StoreError."""
    wanted = frozenset(hashes)
    store.commit(Commit(forgotten=tuple(sorted(wanted))))
    for address in sorted(_addresses(store)):
        # Those of one person go together, some of them already.
        if wanted.intersection(address_hash(address, key) for key in keys) and found(store, address).anything:
            forget(store, config, address, keys)


def _addresses(store: Store) -> set[str]:
    """Of all of whom `found` would find something."""
    of: set[str] = {flood.sender for flood in store.floods()}
    for invitee in store.invitees():
        of.update(invitee.addresses)
        of.update(one.delegate.email for one in (invitee.answer, invitee.pending) if one and one.delegate)
    of.update(reply.sender.email for reply in store.replies())
    of.update(recipient for letter in store.letters() for recipient in letter.recipients)
    return of - {""}


def _take_off_the_disk(store: Store) -> None:
    try:
        store.compact()
    except StoreBroken:
        raise
    except StoreError as error:
        wrong, _, right = str(error).partition("; ")
        raise StoreError(
            f"taken out of the record, but its files still hold what was stored: {wrong}; {right}, then run this again"
        ) from error


def _named_in_subject(store: Store, gone: Collection[str], of: Found, names: Collection[str]) -> tuple[Letter, ...]:
    """Letters to organisers whose subject names the person."""
    words = [word.casefold() for word in (*of.addresses, *names)]
    return tuple(
        letter
        for letter in store.letters()
        if letter.id not in gone and letter.raw is None and any(word in letter.subject.casefold() for word in words)
    )


def _names(of: Found) -> tuple[str, ...]:
    """What the person is called: of two words at least, since one alone is anybody's."""
    named = [of.invitee.name] if of.invitee else [reply.sender.name for reply in of.replies]
    named += [delegate.name for invitee in of.delegated_by for delegate in _delegates(invitee, of.addresses)]
    return tuple({" ".join(name.split()) for name in named if len(name.split()) > 1})


def _speaks_of(letter: Letter, words: Iterable[str]) -> bool:
    mail = message_from_bytes(letter.raw or b"", policy=policy.default)
    assert isinstance(mail, EmailMessage)  # noqa: S101 (what this policy makes)
    body = mail.get_body(("plain",))
    text = f"{mail['To']} {body.get_content() if body else ''} {' '.join(_enclosed_words(mail))}".casefold()
    return any(word.casefold() in text for word in words)


def _enclosed_words(mail: EmailMessage) -> Iterator[str]:
    """What stands in the guest lists that a summary encloses: the texts of a workbook are in one file of it."""
    for part in mail.iter_attachments():
        if part.get_content_type() == WORKBOOK:
            with ZipFile(BytesIO(part.get_content())) as book:
                yield unescape(book.read("xl/sharedStrings.xml").decode("utf-8"))


def _without(kept: Frozen | None, of: Found) -> Frozen | None:
    """The list that was closed, without this person."""
    if kept is None:
        return None
    ids = (of.invitee.id,) if of.invitee else ()
    delegates = (address.name for invitee in of.delegated_by for address in _delegates(invitee, of.addresses))
    return door.without(kept, ids, {*_names(of), *of.addresses, *filter(None, delegates)})


def _delegates(invitee: Invitee, addresses: Collection[str]) -> Iterator[Address]:
    for answer in (invitee.answer, invitee.pending):
        if answer is not None and answer.delegate is not None and answer.delegate.email in addresses:
            yield answer.delegate


def _without_delegate(invitee: Invitee, addresses: Collection[str]) -> Invitee:
    """That somebody comes instead stays; who, goes."""
    return replace(invitee, answer=_cleared(invitee.answer, addresses), pending=_cleared(invitee.pending, addresses))


def _cleared(answer: Answer | None, addresses: Collection[str]) -> Answer | None:
    if answer is None or answer.delegate is None or answer.delegate.email not in addresses:
        return answer
    names = tuple(name for name in answer.names if name != answer.delegate.name)
    return replace(answer, delegate=Address("", ""), names=names)


def _mentions(text: str, words: Iterable[str]) -> bool:
    flat = " ".join(text.split()).casefold()
    return any(word.casefold() in flat for word in words)


def _names_anyone(reply: Reply, words: Iterable[str]) -> bool:
    reading = reply.reading
    text = " ".join((reading.text, reply.subject, *reading.names, *reading.represents, *reading.spoken_of)).casefold()
    return any(word.casefold() in text for word in words)


def _lines(config: Config, addresses: Iterable[str]) -> tuple[int, ...]:
    """Of the list of invitees, where it can be read."""
    if config.invitees.file is None:
        return ()
    known = set(addresses)
    try:
        rows, _ = read_list(config.invitees.file)
    except OSError:
        return ()
    return tuple(row.line for row in rows if known & set(row.addresses))


def report(done: Forgotten, address: str, config: Config, left: Mapping[str, int] | None) -> Iterator[str]:
    """What was done, and what somebody still has to do. `left`: messages in the mailbox by folder; None: unknown."""
    messages = f"{done.messages} {'message' if done.messages == 1 else 'messages'}"
    letters = f"{done.letters} {'letter' if done.letters == 1 else 'letters'}"
    yield f"Forgotten: {one_line(address)}, with {messages} and {letters}. No list takes them in again."
    for line in done.lines:
        yield f"Left: line {line} of {config.invitees.file}. Delete it; it is not read for them any more."
    if done.named_elsewhere:
        number = done.named_elsewhere
        yield f"Left: {number} {'message' if number == 1 else 'messages'} of others in which they are named."
    yield "Left: guest lists that went out with summaries, and files that rsvpbot guests wrote; delete what you have."
    if left is None:
        yield f"The mailbox was not looked at: search {config.mailbox.address} for the address, and delete what it has."
        return
    for folder, number in left.items():
        yield f"Left: {number} {'message' if number == 1 else 'messages'} in {folder} of {config.mailbox.address}."
    if left:
        yield "rsvpbot deletes no mail: search these folders for the address in a mail program, and delete them there."


# ------------------------------------------------------------------ retention


def is_expired(config: Config, now: datetime) -> bool:
    """Whether [retention] days_after_event have passed since the end of the event."""
    days = config.retention_days
    return days is not None and now >= config.event.ends + timedelta(days=days)


def expire(store: Store, config: Config, now: datetime) -> bool:
    """Once [retention] days_after_event have passed since the end of the event, nothing personal is left in the state
    folder; says whether something went out of the record. Raises StoreError."""
    if not is_expired(config, now):
        return False
    with store.transaction():
        invitees, replies, letters = store.invitees(), store.replies(), store.letters()
        rulings, kept = store.rulings(), store.frozen()
        floods = [flood for flood in store.floods() if flood.sender]
        personal = bool(invitees or replies or letters or rulings or floods or (kept and kept.people))
        if personal:
            store.commit(
                Commit(
                    frozen=replace(kept, people=()) if kept else None,
                    floods=tuple(replace(flood, sender="") for flood in floods),
                    erased=tuple(invitee.id for invitee in invitees),
                    erased_replies=tuple(reply.digest for reply in replies),
                    erased_letters=tuple(letter.id for letter in letters),
                    erased_rulings=tuple(ruling.id for ruling in rulings),
                )
            )
    # Without a look at the record: an earlier one may have been cut off here, or a repair have put something aside.
    if not store.is_compact():
        store.compact()
    return personal
