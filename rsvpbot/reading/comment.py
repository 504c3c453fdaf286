"""A calendar answer: PARTSTAT, together with what its sender wrote beside it.

The program's answer counts, and the human comment wins over it where it explains itself (a wrong button, a colleague
who comes instead). A comment that says something else and does not explain makes no answer: a person decides.
"""

from __future__ import annotations

from dataclasses import replace

from rsvpbot.model import Address, Event, Kind, Message, PartStat, Reading, Voice
from rsvpbot.reading import pack as packs
from rsvpbot.reading.calendar import CalendarReply, same_event
from rsvpbot.reading.language import language_of
from rsvpbot.reading.letter import Read, delegate, evidence, language_and_pack, read_text, signature_names
from rsvpbot.reading.names import display_name, merge_names
from rsvpbot.reading.newtext import NewText
from rsvpbot.reading.weigh import LARGE_PARTY, Weighed

_ANSWERS = frozenset({PartStat.ACCEPTED, PartStat.DECLINED, PartStat.TENTATIVE, PartStat.DELEGATED})


def read_calendar(message: Message, event: Event, text: NewText, reply: CalendarReply | None) -> Reading:
    """What a calendar answer says."""
    words = _words(text, reply)
    language, pack = language_and_pack(words) if words.strip() else (_program_language(message, text, reply), None)
    base = Reading(
        Kind.CALENDAR,
        language=language,
        text=words,
        calendar_uid=reply.uid if reply else "",
        calendar_attendee=reply.attendee.email if reply else "",
        sequence=reply.sequence if reply else None,
        voice=Voice.SELF,
    )
    trouble = _trouble(reply, event)
    if trouble or reply is None:
        return replace(base, reasons=(trouble,))
    assert reply.partstat is not None  # noqa: S101 (its lack is trouble)
    name = _attendee_name(message, text, reply)
    got: Read | None = None
    reasons: tuple[str, ...] = ()
    if words.strip():
        if pack is None:
            reasons = ("a comment in a language without a language pack stands beside the calendar's answer",)
        else:
            sender = Address(name, reply.attendee.email or message.sender.email)
            got = read_text(words, text.signature, sender, pack, event, language, assumed=reply.partstat)
    weighed = got.weighed if got else Weighed()
    partstat, doubts = _combined(reply.partstat, weighed)
    doubts = (*reasons, *doubts, *weighed.doubts)
    names, party = _who(partstat, name, reply, weighed)
    if party is not None and party >= LARGE_PARTY:
        doubts = (*doubts, f"a party of {party}")
    return replace(
        base,
        partstat=partstat,
        names=names,
        party=party,
        grounds_pass=weighed.grounds_pass,
        dietary=weighed.dietary,
        access=weighed.access,
        asks=weighed.asks,
        reasons=tuple(dict.fromkeys((*doubts, *weighed.requests))),
        evidence=evidence(got.parsed) if got else (),
        represents=weighed.represents,
        spoken_of=weighed.spoken_of,
        delegate=reply.delegate or delegate(weighed, text.text, message.sender)
        if partstat is PartStat.DELEGATED
        else None,
        firm=partstat is not None and not doubts,
        bare=weighed.partstat is None and reply.guests <= 0 and reply.delegate is None,
    )


def _words(text: NewText, reply: CalendarReply | None) -> str:
    """What a person wrote: in the body, or in the calendar part where the body says nothing."""
    comment = reply.comment if reply else ""
    body = text.text if text.source not in {"subject", "none"} else ""
    if not comment or _squeezed(comment) in _squeezed(body):
        return body
    if not body.strip() or _squeezed(body) in _squeezed(comment):
        return comment
    return f"{body}\n\n{comment}"


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def _program_language(message: Message, text: NewText, reply: CalendarReply | None) -> str:
    found = language_of(text.boilerplate) if text.boilerplate else "und"
    if found == "und":
        found = language_of(message.subject)
    if found == "und" and reply and reply.language:
        found = reply.language
    return found


def _trouble(reply: CalendarReply | None, event: Event) -> str:
    """Why a calendar part is no answer to our invitation; "" if it is one."""
    if reply is None:
        return "the calendar part holds no answer that can be read"
    if reply.damaged:
        return f"the calendar part is damaged: {reply.damaged}"
    if reply.method == "COUNTER":
        return "proposes another time (COUNTER)"
    if reply.uid and not same_event(reply.uid, event.uid):
        return "answers the invitation to another meeting"
    if not reply.uid:
        return "does not say which meeting it answers"
    if reply.partstat not in _ANSWERS:
        return "the calendar part holds no answer"
    return ""


def _attendee_name(message: Message, text: NewText, reply: CalendarReply) -> str:
    """CN, else From, else the signature."""
    pack = packs.load("en")
    assert pack is not None  # noqa: S101 (English comes with the program)
    for raw in (reply.attendee.name, message.sender.name):
        name = display_name(raw, pack)
        if name:
            return name
    return next(iter(signature_names(text.signature, pack)), "")


def _combined(program: PartStat, weighed: Weighed) -> tuple[PartStat | None, tuple[str, ...]]:
    """The answer of program and comment together."""
    said = weighed.partstat
    if said is None or said is program:
        return program, ()
    if program is PartStat.DELEGATED and said in {PartStat.DECLINED, PartStat.ACCEPTED}:
        return program, ()
    if weighed.withdrawn or said is PartStat.DELEGATED:
        return said, ()
    return None, (f"the calendar says {program.value}, the comment says {said.value}",)


def _who(
    partstat: PartStat | None, name: str, reply: CalendarReply, weighed: Weighed
) -> tuple[tuple[str, ...], int | None]:
    if partstat is None:
        return (), None
    if partstat is PartStat.DECLINED:
        return (), 0
    if partstat is PartStat.DELEGATED:
        pack = packs.load("en")
        assert pack is not None  # noqa: S101 (English comes with the program)
        named = display_name(reply.delegate.name, pack) if reply.delegate else ""
        names = tuple(n for n in merge_names((named, *weighed.names)) if n != name) or weighed.substitutes
        return names, max(1, len(names), (weighed.party or 1) if weighed.partstat is PartStat.DELEGATED else 1)
    names = merge_names((name, *weighed.names))
    more = max(reply.guests, 0)
    if partstat is PartStat.TENTATIVE:
        return names, (max(weighed.party or 0, 1 + more) if weighed.party or more else None)
    return names, max(1 + more, weighed.party or 1, len(names))
