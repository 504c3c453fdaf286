"""The codec: every record of the model, there and back through JSON text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rsvpbot.model import Invitee, Letter, LetterState, Sequence
from rsvpbot.store.codec import CodecError, codec
from tests.store_records import NOON, RECORDS, answer, any_of, invitee, letter


def through_json(record: Any) -> Any:
    kind = codec(type(record))
    return kind.decode(json.loads(json.dumps(kind.encode(record))))


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_record_comes_back(kind: type, data: st.DataObject) -> None:
    record = data.draw(any_of(kind))
    back = through_json(record)
    assert back == record
    assert type(back) is type(record)


def test_defaults_are_left_out() -> None:
    assert codec(Invitee).encode(invitee("aaaaaaaa")) == {
        "id": "aaaaaaaa",
        "addresses": ["aaaaaaaa@mission.example"],
        "calendar_uid": "roundtable.aaaaaaaa@rsvp.example",
    }


def test_what_a_line_shows() -> None:
    moment = datetime(2016, 9, 12, 9, 0, tzinfo=timezone(timedelta(hours=-4)))
    document = codec(Letter).encode(letter(sent_at=moment, raw=b"caf\xe9\r\n", state=LetterState.SENT))
    assert document["sent_at"] == "2016-09-12T09:00:00-04:00"
    assert document["raw"] == "café\r\n"
    assert type(document["state"]) is str
    assert codec(Letter).decode(document).sent_at == moment


def test_a_field_of_a_later_version_is_ignored_and_a_missing_one_takes_its_default() -> None:
    document = codec(Invitee).encode(invitee(answer=answer(), seats=3))
    document["shoe_size"] = 42
    document["answer"]["mood"] = "bright"
    del document["seats"]
    assert codec(Invitee).decode(document) == invitee(answer=answer())


@pytest.mark.parametrize(
    ("document", "named"),
    [
        ({"id": "a", "addresses": []}, "Invitee"),
        ({"id": "a", "addresses": [], "calendar_uid": 7}, "Invitee.calendar_uid"),
        ({"id": "a", "addresses": [7], "calendar_uid": ""}, "Invitee.addresses"),
        ({"id": "a", "addresses": [], "calendar_uid": "", "seats": "secret"}, "Invitee.seats"),
        ({"id": "a", "addresses": [], "calendar_uid": "", "listed": 1}, "Invitee.listed"),
        ({"id": "a", "addresses": [], "calendar_uid": "", "answer": {"partstat": "secret"}}, "Answer.partstat"),
    ],
)
def test_what_is_no_record_is_named_without_its_content(document: Mapping[str, Any], named: str) -> None:
    with pytest.raises(CodecError, match=named) as refused:
        codec(Invitee).decode(document)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("record", "named"),
    [
        (letter(queued_at=NOON.replace(tzinfo=None)), "Letter.queued_at"),
        (letter(state="lost"), "Letter.state"),
        (letter(attempts=True), "Letter.attempts"),
        (letter(subject=b"secret"), "Letter.subject"),
        (invitee(answer=answer(order=None, names=7)), "Answer.names"),
        (Sequence(1, NOON.replace(tzinfo=None)), "Sequence.dtstamp"),
    ],
)
def test_what_cannot_be_written_is_named_without_its_content(record: Any, named: str) -> None:
    with pytest.raises(CodecError, match=named) as refused:
        codec(type(record)).encode(record)
    assert "secret" not in str(refused.value)


@dataclass(frozen=True)
class Shapes:
    pairs: tuple[tuple[str, int], ...] = ()
    share: float = 0.5
    counts: Mapping[str, int] = field(default_factory=dict)


@given(any_pairs=st.lists(st.tuples(st.text(), st.integers())), share=st.floats(allow_nan=False))
def test_other_shapes(any_pairs: list[tuple[str, int]], share: float) -> None:
    shapes = Shapes(tuple(any_pairs), share, dict(any_pairs))
    assert through_json(shapes) == shapes


@dataclass(frozen=True)
class Ambiguous:
    value: int | str


@dataclass(frozen=True)
class Unknown:
    value: set[int]


@pytest.mark.parametrize("kind", [Ambiguous, Unknown])
def test_a_type_that_cannot_be_read_back_is_refused_at_once(kind: type) -> None:
    with pytest.raises(CodecError, match=f"{kind.__name__}.value"):
        codec(kind)
