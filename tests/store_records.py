"""Records for the tests of the stores: one of each kind, and any at all by their type hints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from rsvpbot.model import (
    Act,
    Address,
    Answer,
    Dmarc,
    Done,
    Evidence,
    Expected,
    Folder,
    Frozen,
    Invitee,
    Kind,
    Letter,
    LetterKind,
    LetterState,
    Mailbox,
    Order,
    PartStat,
    Reading,
    Reply,
    Ruling,
    Sequence,
    Standing,
    SummaryRecord,
    Trial,
    Trust,
)

NOON = datetime(2016, 9, 12, 12, 0, tzinfo=UTC)

RECORDS: tuple[type, ...] = (Invitee, Reply, Letter, Ruling, Done, Trial, Mailbox, SummaryRecord, Frozen)


def at(minutes: float) -> datetime:
    """Minutes after noon."""
    return NOON + timedelta(minutes=minutes)


def answer(**changes: Any) -> Answer:
    known: dict[str, Any] = {
        "partstat": PartStat.ACCEPTED,
        "party": 1,
        "names": ("Ada Lovelace",),
        "order": Order(NOON, 7, Sequence(2, NOON)),
        "reply": "d1",
        "recorded_at": NOON,
    }
    return Answer(**known | changes)


def invitee(invitee_id: str = "aaaaaaaa", *addresses: str, **changes: Any) -> Invitee:
    known: dict[str, Any] = {
        "id": invitee_id,
        "addresses": addresses or (f"{invitee_id}@mission.example",),
        "calendar_uid": f"roundtable.{invitee_id}@rsvp.example",
    }
    return Invitee(**known | changes)


def reply(digest: str = "d1", invitee_id: str | None = "aaaaaaaa", **changes: Any) -> Reply:
    known: dict[str, Any] = {
        "digest": digest,
        "invitee_id": invitee_id,
        "sender": Address("Ada Lovelace", "ada@mission.example"),
        "subject": "Re: Roundtable",
        "message_id": "<1@mission.example>",
        "sent": NOON,
        "handled_at": NOON,
        "reading": Reading(
            Kind.HUMAN, PartStat.ACCEPTED, 1, ("Ada Lovelace",), evidence=(Evidence("I will come", "accepted", 0),)
        ),
        "standing": Standing(invitee_id, Trust.ADDRESS, Dmarc.PASS, True),
        "rule": "person",
        "folder": Folder.RECORDED,
        "reasons": (),
        "recorded": True,
        "open": False,
    }
    return Reply(**known | changes)


def letter(letter_id: str = "l1", invitee_id: str | None = "aaaaaaaa", **changes: Any) -> Letter:
    known: dict[str, Any] = {
        "id": letter_id,
        "kind": LetterKind.ACCEPTED,
        "invitee_id": invitee_id,
        "recipients": ("ada@mission.example",),
        "language": "en",
        "subject": "Your answer",
        "message_id": f"<{letter_id}@rsvp.example>",
        "state": LetterState.QUEUED,
        "queued_at": NOON,
        "mail_from": "rsvp@rsvp.example",
        "raw": b"Subject: Your answer\r\n\r\nThank you.\r\n",
    }
    return Letter(**known | changes)


def ruling(ruling_id: str = "r1", invitee_id: str | None = "aaaaaaaa", **changes: Any) -> Ruling:
    known: dict[str, Any] = {
        "id": ruling_id,
        "at": NOON,
        "by": "ann@unicef.example",
        "act": Act.ACCEPT,
        "invitee_id": invitee_id,
        "question": "d1",
        "after": answer(decided_by="ann@unicef.example"),
    }
    return Ruling(**known | changes)


def done(uid: int = 1, uidvalidity: int = 1, **changes: Any) -> Done:
    known: dict[str, Any] = {
        "uidvalidity": uidvalidity,
        "uid": uid,
        "digest": f"d{uid}",
        "folder": Folder.RECORDED,
        "at": NOON,
        "outcome": "human person accepted",
    }
    return Done(**known | changes)


def frozen(**changes: Any) -> Frozen:
    known: dict[str, Any] = {
        "due": NOON,
        "at": at(1),
        "people": (Expected("aaaaaaaa", "Ada Lovelace"), Expected("aaaaaaaa", guest_of="Ada Lovelace", number=1)),
    }
    return Frozen(**known | changes)


# --------------------------------------------------------------------------- any record at all

# What mail brings: any text, and the surrogates which stand for bytes that could not be decoded.
_TEXT = st.text(st.one_of(st.characters(), st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF)), max_size=12)
_ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=_ZONES)  # noqa: DTZ001  (they get one)
_SIMPLE: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(-(2**63), 2**63),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    datetime: MOMENTS,
    date: st.dates(),
}


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Values of a type that the model uses."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of([st.none() if a is NoneType else any_of(a) for a in arguments])
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin is Mapping:
        return st.dictionaries(any_of(arguments[0]), any_of(arguments[1]), max_size=3)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    assert isinstance(hint, type)
    assert is_dataclass(hint)
    hints = get_type_hints(hint)
    return st.builds(hint, **{field.name: any_of(hints[field.name]) for field in fields(hint)})
