"""Every fault of tests/server_faults.py on the whole road, and how things stand after it."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from tests.server_faults import (
    AT_NOON,
    FAULTS,
    ORGANISER,
    End,
    How,
    Scene,
    Servers,
    Setting,
    attempt,
    check,
    imap_at,
    impatience,
    letters_read_once,
    servers,
)
from tests.servers import Authority, Dovecot, Postfix


@pytest.fixture(scope="module")
def place(authority: Authority, dovecot: Dovecot) -> Iterator[Servers]:
    if reason := Postfix.missing():
        pytest.skip(f"{reason}: mail servers that misbehave are left out")
    with servers(authority, dovecot) as place, letters_read_once():
        yield place


@pytest.mark.parametrize("name", FAULTS)
def test_a_server_that_misbehaves(place: Servers, tmp_path: Path, name: str) -> None:
    result = attempt(FAULTS[name], place, tmp_path)
    assert result.wrong == (), result.told


def test_there_are_enough_of_them() -> None:
    assert len(FAULTS) >= 200


def test_one_copy_that_is_refused_does_not_keep_the_others(place: Servers, tmp_path: Path) -> None:
    with Scene(place, tmp_path, Setting()) as scene:
        imap_at(b" APPEND ", b"NO [TOOBIG] no")(scene)
        told = scene.poll()
        assert told.status == 1 and "Copies for the Sent folder have to wait" in told.words
        assert "3 sent" in told.words and "could not go out" not in told.words
        assert len(scene.lying()["Sent"]) == 2
        assert scene.poll().status == 0
        assert check(scene, End()) == []


def test_one_draft_that_is_refused_does_not_keep_the_others(place: Servers, tmp_path: Path) -> None:
    with Scene(place, tmp_path, Setting(mode="draft")) as scene:
        imap_at(b" APPEND ", b"NO [TOOBIG] no")(scene)
        told = scene.poll()
        assert told.status == 1 and "Letters could not go out" in told.words and "2 put in Drafts" in told.words
        assert len(scene.lying()["Drafts"]) == 2
        assert scene.poll().status == 0
        drafts = scene.lying()["Drafts"]
        assert len(drafts) == len(set(drafts)) == 3


@pytest.mark.parametrize("how", ["cut", "silence"])
def test_a_dead_mailbox_stands_in_the_next_summary(place: Servers, tmp_path: Path, how: How) -> None:
    """And whatever waits goes out all the same: the mailbox is dead, not the way out."""
    with Scene(place, tmp_path, Setting()) as scene:
        imap_at(b" MOVE ", b"NO [SERVERBUG] no", times=9)(scene)
        scene.poll()
        scene.mend()
        imap_at(b" SEARCH ", how)(scene)
        with impatience():
            assert scene.run("poll", now=AT_NOON).status == 1
        [summary] = [one for one in scene.relay.received if ORGANISER in one.recipients]
        mail = message_from_bytes(summary.raw, policy=policy.default)
        assert str(mail["Subject"]).startswith("ALARM: the mailbox is not being read")
        assert len(scene.arrived()) == 4


def test_a_server_that_hands_out_nothing_sends_no_message_to_failed(place: Servers, tmp_path: Path) -> None:
    """Where others are handed out beside it, a message goes to Failed at the third poll; where none is, the mailbox
    cannot be read, however often it is tried."""
    with Scene(place, tmp_path, Setting()) as scene:
        imap_at(b"BODY.PEEK[]", b"NO [SERVERBUG] no", times=99)(scene)
        for _ in range(4):
            told = scene.poll()
            assert told.status == 1 and "hands out none of 4 messages" in told.words
        assert len(scene.lying()["INBOX"]) == 4
        scene.mend()
        assert scene.poll().status == 0
        assert check(scene, End()) == []
