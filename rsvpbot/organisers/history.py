"""An invitee's whole story: what came from them, what it was taken for, who decided, and which letters went out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from rsvpbot.config import Config
from rsvpbot.model import TO_ORGANISERS, Answer, Folder, Invitee, Kind, Letter, LetterState, Reply, Ruling
from rsvpbot.organisers.guests import folded
from rsvpbot.organisers.shown import lines, one_line
from rsvpbot.store.base import Store

MOST_NAMED = 8
"""So many invitees are named where words fit several."""

_ADDRESS = re.compile(r"^[^<>]*<([^<>]+)>\s*$")
"""`Jane Roe <jane@…>`, as it stands in a mail program."""

_STATES: Mapping[LetterState, str] = {
    LetterState.QUEUED: "waits to be sent",
    LetterState.SENDING: "is being sent",
    LetterState.SENT: "sent",
    LetterState.DRAFTED: "lies in Drafts",
    LetterState.FAILED: "COULD NOT BE SENT",
    LetterState.DOUBTFUL: "MAY NOT HAVE GONE OUT",
    LetterState.HELD: "held back (over a cap)",
    LetterState.WITHDRAWN: "did not go out: what it says was no longer so",
}

_FOLDERS: Mapping[Folder, str] = {
    Folder.RECORDED: "recorded",
    Folder.REVIEW: "passed on to the organisers",
    Folder.IGNORED: "needs nothing",
    Folder.FAILED: "could not be handled",
}


_MACHINES: Mapping[Kind, str] = {
    Kind.BOUNCE: "our mail came back",
    Kind.AUTO: "an automatic reply",
    Kind.BULK: "a list's mail",
}
"""What machines wrote; only what was noted on the invitee is kept."""

_ARROWS: Mapping[str, str] = {"reply": "<-", "decision": "==", "letter": "->"}


class Unclear(ValueError):
    """Nobody, or several, on record are meant by the words of a command."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened."""

    at: datetime
    kind: str
    """ "reply", "decision" or "letter"."""
    told: str
    """In one line."""
    details: tuple[str, ...] = ()
    """What was written, what it was taken for and why somebody had to look; line by line."""


@dataclass(frozen=True, slots=True)
class History:
    """Whoever is meant, and what happened, oldest first."""

    invitee: Invitee | None
    """None for a stranger who wrote."""
    address: str
    entries: tuple[Entry, ...]


def history(store: Store, words: str) -> History:
    """The story of the invitee with this address, or the only one with these words in name, organisation or address;
    or of a stranger who wrote from this address. Raises StoreError and Unclear."""
    address = _ADDRESS.sub(r"\1", words).strip().lower()
    invitee = find(store, address)
    if invitee is None:
        replies = [reply for reply in store.replies() if reply.sender.email == address and reply.invitee_id is None]
        if not replies:
            raise Unclear(f"nobody on record is meant by {one_line(words)!r}; rsvpbot guests lists who there is")
        return History(None, address, _in_order(replies, (), ()))
    found = _in_order(store.replies(invitee.id), store.letters_to(invitee.id), store.rulings(invitee.id))
    return History(invitee, invitee.addresses[0], found)


def find(store: Store, words: str, *, whole: bool = False) -> Invitee | None:
    """The invitee with this address, or the only one with these words in name, organisation or address: parts of words
    will do where somebody only looks, and `whole` ones are wanted of the name where something is done. Raises Unclear
    where they fit several."""
    by_address = store.invitee_by_address(words)
    if by_address is not None or "@" in words:
        return by_address
    wanted = folded(words).split()
    if whole:
        fitting = [one for one in store.invitees() if wanted and set(wanted) <= _words_of(one) and one.listed]
    else:
        fitting = [one for one in store.invitees() if wanted and all(word in _text_of(one) for word in wanted)]
    if len(fitting) > 1:
        named = [f"{one_line(invitee.name)} <{invitee.addresses[0]}>" for invitee in fitting[:MOST_NAMED]]
        more = f" and {len(fitting) - MOST_NAMED} more" if len(fitting) > MOST_NAMED else ""
        raise Unclear(f"{one_line(words)!r} fits {len(fitting)}: {', '.join(named)}{more}; give the address")
    return fitting[0] if fitting else None


def _words_of(invitee: Invitee) -> set[str]:
    return set(re.findall(r"[^\W_]+", folded(f"{invitee.name} {invitee.organisation}"))) | set(
        folded(f"{invitee.name} {invitee.organisation}").split()
    )


def _text_of(invitee: Invitee) -> str:
    return folded(" ".join((invitee.name, invitee.organisation, *invitee.addresses)))


def _in_order(replies: Sequence[Reply], letters: Sequence[Letter], rulings: Sequence[Ruling]) -> tuple[Entry, ...]:
    told = [_of_reply(reply) for reply in replies]
    told += [_of_ruling(ruling) for ruling in rulings]
    told += [_of_letter(letter) for letter in letters if letter.kind not in TO_ORGANISERS]
    return tuple(sorted(told, key=lambda entry: entry.at))


def _of_reply(reply: Reply) -> Entry:
    got = reply.reading
    said = _MACHINES.get(got.kind) or (got.partstat.value if got.partstat else "no answer")
    party = f", {got.party}" if got.party else ""
    waits = ", and still waits" if reply.open else ""
    sender = one_line(reply.sender.email) or "an unknown address"
    told = f"from {sender}: {said}{party} – {_FOLDERS[reply.folder]}{waits}"
    details = [f"| {line}" for line in lines(got.text)]
    details += [f"names: {', '.join(map(one_line, got.names))}"] if got.names else []
    details += [f"why: {one_line(reason)}" for reason in reply.reasons]
    return Entry(reply.handled_at, "reply", told, tuple(details))


def _of_ruling(ruling: Ruling) -> Entry:
    stands = ""
    if ruling.after is not None:
        party = f", {ruling.after.party}" if ruling.after.party else ""
        stands = f" – {ruling.after.partstat.value}{party}"
    undone = " (undone)" if ruling.undone else ""
    details = [f"| {line}" for line in lines(ruling.words)]
    return Entry(ruling.at, "decision", f"by {one_line(ruling.by)}: {ruling.act.value}{stands}{undone}", tuple(details))


def _of_letter(letter: Letter) -> Entry:
    at = letter.sent_at or letter.queued_at
    to = ", ".join(map(one_line, letter.recipients))
    told = f"to {to}: {letter.kind.value} – {_STATES[letter.state]}"
    details = [f"subject: {one_line(letter.subject)}"]
    details += [f"error: {one_line(letter.error)}"] if letter.error else []
    return Entry(at, "letter", told, tuple(details))


# ------------------------------------------------------------------ in words, and as JSON


def report(found: History, config: Config) -> str:
    """The story for a terminal, without an end of line."""
    zone = config.event.zone
    head = list(_head(found, zone))
    width = max(len(label) for label, _ in head)
    told = [f"{label:<{width}}  {text}" for label, text in head]
    for entry in found.entries:
        arrow = _ARROWS[entry.kind]
        told += ["", f"{entry.at.astimezone(zone):%d %b %Y %H:%M}  {arrow} {entry.told}"]
        told += [f"    {detail}" for detail in entry.details]
    if not found.entries:
        told += ["", "Nothing came from them, and no letter went to them."]
    return "\n".join(told)


def _head(found: History, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    invitee = found.invitee
    if invitee is None:
        yield "Stranger", f"{one_line(found.address)} (not on the list)"
        return
    yield "Invitee", one_line(invitee.name) or one_line(invitee.organisation) or found.address
    if invitee.organisation and invitee.name:
        yield "Of", one_line(invitee.organisation)
    if invitee.category:
        yield "Category", one_line(invitee.category)
    yield "Address", ", ".join(map(one_line, invitee.addresses))
    if not invitee.listed:
        yield "List", "no longer on it"
    yield "Answer", _answer(invitee.answer, zone) if invitee.answer else "none yet"
    if invitee.pending:
        yield "Asked", f"to confirm: {_answer(invitee.pending, zone)}"
    if invitee.bounced:
        yield "Mail", f"could not be delivered: {one_line(invitee.bounced)}"


def _answer(answer: Answer, zone: ZoneInfo) -> str:
    parts = [answer.partstat.value]
    parts += [str(answer.party)] if answer.party else []
    parts += [", ".join(map(one_line, answer.names))] if answer.names else []
    if answer.delegate:
        parts.append(f"sends {one_line(answer.delegate.name or answer.delegate.email)}")
    parts += (
        [{True: "with a pass", False: "without a pass"}[answer.grounds_pass]] if answer.grounds_pass is not None else []
    )
    parts += [one_line(need) for need in (answer.dietary, answer.access) if need]
    when = f"{answer.recorded_at.astimezone(zone):%d %b %Y %H:%M}"
    return f"{'; '.join(parts)} (by {one_line(answer.decided_by)}, {when})"


def as_json(found: History, config: Config) -> str:
    """The same as one JSON object; times in ISO 8601, in the event's time zone."""
    zone, invitee = config.event.zone, found.invitee
    entries: list[dict[str, Any]] = [
        {
            "at": entry.at.astimezone(zone).isoformat(timespec="seconds"),
            "kind": entry.kind,
            "told": entry.told,
            "details": list(entry.details),
        }
        for entry in found.entries
    ]
    head = {label.lower(): text for label, text in _head(found, zone)}
    return json.dumps({"id": invitee.id if invitee else None, **head, "history": entries}, ensure_ascii=False)


__all__ = ["Entry", "History", "Unclear", "as_json", "history", "report"]
