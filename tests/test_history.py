"""One invitee's story: in order, in their own words, and nobody else's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from rsvpbot.model import ADMIN, Act, Address, Asks, Folder, LetterKind, LetterState, PartStat, Reading, Ruling
from rsvpbot.model import Kind as MessageKind
from rsvpbot.organisers.history import Unclear, as_json, history, report
from rsvpbot.store.base import Commit
from rsvpbot.store.tinydb import TinyStore
from tests.test_summary import CONFIG, NOW, answer, invitee, letter, reply

ADA = invitee(
    1,
    answer(PartStat.ACCEPTED, 2, ("Ada Lovelace", "Charles Babbage"), grounds_pass=False, dietary="vegetarian"),
    name="Ada Lovelace",
    organisation="Analytical Engines",
    category="expert",
)
BOB = invitee(2, name="Bob Lovelace")
SAID = Reading(
    MessageKind.HUMAN,
    PartStat.ACCEPTED,
    2,
    ("Ada Lovelace", "Charles Babbage"),
    asks=Asks.OTHER,
    reasons=("asks something",),
    text="I will come.\n\x1b[31mMay I film?",
)
CAME = replace(reply(1, ADA, SAID, at=NOW - timedelta(hours=3)), sender=Address("Ada", "ada@engines.example"))
LETTER = replace(letter(1, LetterState.SENT), invitee_id=ADA.id, sent_at=NOW - timedelta(hours=2))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TinyStore]:
    with TinyStore(tmp_path / "rsvp.json") as opened:
        yield opened


def test_what_came_and_what_went_out_stand_in_order(store: TinyStore) -> None:
    failed = replace(letter(2, LetterState.FAILED), invitee_id=ADA.id, error="550 no such user")
    to_us = replace(letter(3, LetterState.SENT), invitee_id=ADA.id, kind=LetterKind.ALARM)
    other = reply(2, BOB, Reading(MessageKind.HUMAN, PartStat.DECLINED, 0, text="Bob's words"))
    store.commit(Commit(invitees=(ADA, BOB), replies=(CAME, other), letters=(LETTER, failed, to_us)))
    told = report(history(store, "P1@Mission.example"), CONFIG)
    lines = told.splitlines()
    assert lines[0].split() == ["Invitee", "Ada", "Lovelace"]
    assert "accepted; 2; Ada Lovelace, Charles Babbage; without a pass; vegetarian (by rsvpbot" in told
    came = next(i for i, line in enumerate(lines) if "<- from ada@engines.example: accepted, 2" in line)
    sent = next(i for i, line in enumerate(lines) if "-> to p@mission.example: accepted – sent" in line)
    broken = next(i for i, line in enumerate(lines) if "COULD NOT BE SENT" in line)
    assert came < sent < broken
    assert "passed on to the organisers, and still waits" in lines[came]
    assert lines[came + 1].strip() == "| I will come." and "why: asks something" in told
    assert "error: 550 no such user" in told
    assert "\x1b" not in told and "alarm" not in told and "Bob's words" not in told


def test_words_of_a_name_do_where_they_fit_one(store: TinyStore) -> None:
    store.commit(Commit(invitees=(ADA, BOB)))
    assert history(store, "ada LOVELACE").invitee == ADA
    assert history(store, "analytical").invitee == ADA
    with pytest.raises(Unclear, match=r"fits 2: Ada Lovelace <p1@mission.example>, Bob Lovelace <p2@mission.example>"):
        history(store, "lovelace")
    with pytest.raises(Unclear, match="nobody on record"):
        history(store, "   ")
    with pytest.raises(Unclear, match="nobody on record is meant by 'carol'"):
        history(store, "carol")


def test_nothing_happened_yet(store: TinyStore) -> None:
    store.commit(Commit(invitees=(replace(BOB, bounced="5.1.1", listed=False, pending=answer(PartStat.DECLINED, 0)),)))
    told = report(history(store, "bob"), CONFIG)
    assert "Nothing came from them, and no letter went to them." in told
    assert "none yet" in told and "no longer on it" in told and "could not be delivered: 5.1.1" in told
    assert "to confirm: declined (by rsvpbot" in told


def test_a_stranger_who_wrote_has_a_story_too(store: TinyStore) -> None:
    wrote = replace(reply(5, None, Reading(MessageKind.HUMAN, text="May I come?")), sender=Address("", "eve@x.example"))
    store.commit(Commit(replies=(wrote,)))
    told = report(history(store, "eve@x.example"), CONFIG)
    assert told.startswith("Stranger  eve@x.example (not on the list)")
    assert "| May I come?" in told


def test_an_address_is_nobody_elses(store: TinyStore) -> None:
    wrote = replace(reply(5, None, Reading(MessageKind.HUMAN, text="Hello")), sender=Address("", "1@mission.example"))
    store.commit(Commit(invitees=(ADA,), replies=(wrote,)))
    assert history(store, "1@mission.example").invitee is None
    assert history(store, "Ada Lovelace <p1@mission.example>").invitee == ADA


def test_an_ignored_message_waits_for_nobody(store: TinyStore) -> None:
    away = replace(reply(6, ADA, Reading(MessageKind.AUTO)), folder=Folder.IGNORED, open=False)
    store.commit(Commit(invitees=(ADA,), replies=(away,)))
    assert "an automatic reply – needs nothing\n" in report(history(store, "ada"), CONFIG) + "\n"
    back = replace(away, digest="b", reading=Reading(MessageKind.BOUNCE))
    store.commit(Commit(replies=(back,)))
    assert "our mail came back – needs nothing\n" in report(history(store, "ada"), CONFIG) + "\n"


def test_as_json_it_is_one_object_on_one_line(store: TinyStore) -> None:
    store.commit(Commit(invitees=(ADA,), replies=(CAME,), letters=(LETTER,)))
    text = as_json(history(store, "ada"), CONFIG)
    got = json.loads(text)
    assert "\n" not in text
    assert (got["id"], got["invitee"], [e["kind"] for e in got["history"]]) == (
        ADA.id,
        "Ada Lovelace",
        ["reply", "letter"],
    )
    assert got["history"][0]["at"] == "2016-09-12T06:00:00-04:00"
    assert got["history"][0]["details"][0] == "| I will come."


def test_who_decided_stands_in_the_story(store: TinyStore) -> None:
    ruled = Ruling(
        "r1", NOW - timedelta(hours=1), "ann@unicef.example", Act.REPLY, ADA.id, CAME.digest, words="You may."
    )
    recorded = replace(
        ruled, id="r2", act=Act.ACCEPT, after=answer(PartStat.ACCEPTED, 2), words="", undone=True, by=ADMIN
    )
    store.commit(Commit(invitees=(ADA,), replies=(CAME,), letters=(LETTER,), rulings=(ruled, recorded)))
    told = report(history(store, "ada"), CONFIG)
    assert "==  by ann@unicef.example: reply" in told.replace("== by", "==  by") and "| You may." in told
    assert "by admin: accept – accepted, 2 (undone)" in told
    kinds = [entry["kind"] for entry in json.loads(as_json(history(store, "ada"), CONFIG))["history"]]
    assert kinds == ["reply", "letter", "decision", "decision"]
