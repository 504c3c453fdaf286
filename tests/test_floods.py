"""Somebody writes without end: everybody else is answered as ever, nothing is lost, and the organisers hear of it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import rsvpbot.floods
import rsvpbot.intake
from rsvpbot.config import Config
from rsvpbot.floods import Floods, over_limit
from rsvpbot.mail.imap import Connection
from rsvpbot.model import Folder, PartStat
from rsvpbot.organisers import privacy
from rsvpbot.organisers.figures import figures
from rsvpbot.organisers.summary import render
from rsvpbot.store import open_store
from rsvpbot.store.base import Commit, Store
from tests.servers import Dovecot, Proxy, User
from tests.test_intake import ADA, NOW, YES, append, config, intake, mail, polled

__all__ = ["config"]

LOUD = "Loud <loud@elsewhere.example>"
MOST = 20
"""In place of 200, so that it takes seconds; `python -m tests.flood` tries it with the real figures."""
MANY = MOST + 30


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rsvpbot.floods, "MOST_AN_HOUR", MOST)


@pytest.fixture
def store(config: Config) -> Iterator[Store]:
    with open_store(config.store_url, config.path.parent) as store:
        store.commit(Commit(invitees=(ADA,)))
        yield store


@pytest.fixture
def user(dovecot: Dovecot) -> User:
    return dovecot.new_user()


def flood(number: int, sender: str = LOUD) -> list[bytes]:
    return [mail(f"Number {n}", sender) for n in range(number)]


def test_only_so_many_of_one_sender_are_read_within_an_hour() -> None:
    floods = Floods(["boss@roundtable.example"])
    for _ in range(MOST - 1):
        floods.note("loud@elsewhere.example", NOW)
        floods.note("boss@roundtable.example", NOW)
    loud, boss = mail("one more", LOUD), mail("one more", "boss@roundtable.example")
    assert floods.sender_over(loud, NOW) == ""
    floods.note("loud@elsewhere.example", NOW)
    floods.note("boss@roundtable.example", NOW)
    assert floods.sender_over(loud, NOW) == "loud@elsewhere.example"
    assert floods.sender_over(YES, NOW) == floods.sender_over(boss, NOW) == ""
    assert floods.sender_over(b"From: Loud <LOUD@elsewhere.example>\n\nwith bare line ends", NOW)
    assert floods.sender_over(b"no header at all", NOW) == ""
    assert floods.sender_over(loud, NOW + timedelta(hours=1)) == ""


def test_whoever_cannot_be_named_is_never_over_the_limit() -> None:
    assert over_limit([""] * (MOST + 5) + ["a"]) == [False] * (MOST + 6)
    over = over_limit(["a", "b"] * (MOST + 1))
    assert over.count(True) == 2
    assert over[-2:] == [True, True]


def test_what_is_over_the_limit_is_filed_unread_and_counted(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    append(dovecot, user, *flood(MANY), YES)
    road = intake(store, config)
    result = polled(road, dovecot, user, config)
    assert result.seen == MANY + 1
    assert dovecot.messages(user) == []
    assert len(dovecot.messages(user, "RSVP/Review")) == MANY
    assert store.tally() == {Folder.RECORDED: 1, Folder.REVIEW: MANY, Folder.IGNORED: 0, Folder.FAILED: 0}
    (one,) = store.floods()
    assert (one.sender, one.number) == ("loud@elsewhere.example", 30)
    assert len(store.replies()) == MOST + 1, "what was not read is not kept"
    ada = store.invitee(ADA.id)
    assert ada is not None and ada.partstat is PartStat.ACCEPTED

    append(dovecot, user, *flood(5))
    polled(road, dovecot, user, config)
    assert [flood.number for flood in store.floods()] == [35], "one flood, one record"

    told = figures(store, config, NOW)
    assert told.alarming
    page = render(told, config)
    assert "ALARM: a flood of mail" in page.subject
    words = " ".join(page.text.split())
    assert "loud@elsewhere.example wrote more than 200 messages within an hour. 35 of them were not read" in words
    assert told.messages.seen == MANY + 6

    assert privacy.forget(store, config, "loud@elsewhere.example", (b"k" * 32,)).messages == MOST
    assert b"loud@elsewhere" not in b"".join(p.read_bytes() for p in config.store_file.parent.glob("rsvp.json*"))
    assert figures(store, config, NOW).messages.adds_up


def test_a_death_before_they_are_counted_loses_none(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(dovecot, user, *flood(MANY))
    road = intake(store, config)
    with monkeypatch.context() as patch:
        patch.setattr(road, "_counted", lambda unread: 1 / 0 if unread else ())
        with pytest.raises(ZeroDivisionError):
            polled(road, dovecot, user, config)
    polled(intake(store, config), dovecot, user, config)
    assert dovecot.messages(user) == []
    assert store.tally()[Folder.REVIEW] == MANY == len(dovecot.messages(user, "RSVP/Review"))


def test_the_limit_holds_for_what_is_too_large_to_be_read(
    store: Store, config: Config, dovecot: Dovecot, user: User
) -> None:
    small = replace(config, mailbox=replace(config.mailbox, max_size=1000))
    append(dovecot, user, *(mail(f"{number} " * 1000, LOUD) for number in range(MANY)), YES)
    assert polled(intake(store, small), dovecot, user, small).seen == MANY + 1
    assert dovecot.messages(user) == []
    assert len(store.replies()) == MOST + 1
    assert [flood.number for flood in store.floods()] == [MANY - MOST]


def test_in_a_crowd_a_server_that_does_not_tell_the_senders_stops_nothing(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsvpbot.intake, "CROWD", 1)
    append(dovecot, user, YES, mail("Which floor is it?"))
    hide = b"HEADER.FIELDS (FROM)"
    with (
        Proxy(dovecot.imap_port, from_client=lambda data: data.replace(hide, b"X" + hide)) as proxy,
        Connection(dovecot.config(user, "none", port=proxy.port)) as connection,
    ):
        assert intake(store, config).poll(connection, threading.Event()).seen == 2


def test_in_a_crowd_everybody_else_goes_first(
    store: Store, config: Config, dovecot: Dovecot, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rsvpbot.intake, "CROWD", 30)
    monkeypatch.setattr(rsvpbot.intake, "MOST_LEFT_OVER", 20)
    append(dovecot, user, *flood(MANY), YES)
    road = intake(store, config)
    order: list[bytes] = []
    with Connection(dovecot.config(user)) as connection:
        whole = connection.fetch

        def noted(uids: list[int]) -> Iterator[tuple[int, bytes]]:
            for uid, raw in whole(uids):
                order.append(raw)
                yield uid, raw

        monkeypatch.setattr(connection, "fetch", noted)
        result = road.poll(connection, threading.Event())
    assert (result.seen, result.left_over) == (MOST + 1 + 20, 10)
    assert b"Ada" in order[MOST]
    assert len(dovecot.messages(user)) == 10
    assert polled(road, dovecot, user, replace(config)).seen == 10
    assert dovecot.messages(user) == []


def test_retention_takes_the_sender_and_leaves_the_number(store: Store, config: Config, tmp_path: Path) -> None:
    road = intake(store, config)
    done = road._not_read("loud@elsewhere.example", 1, 1)
    store.commit(Commit(floods=road._counted([done])))
    old = replace(config, retention_days=1)
    assert privacy.expire(store, old, config.event.ends + timedelta(days=2))
    assert [(flood.sender, flood.number) for flood in store.floods()] == [("", 1)]
    assert not privacy.expire(store, old, config.event.ends + timedelta(days=3))
