"""One round of the attack of tests/kills.py; `python -m tests.kills --rounds 20` does more."""

from __future__ import annotations

import random
from pathlib import Path

from rsvpbot.model import Folder
from tests.corpus_mailbox import TOTAL, corpus
from tests.kills import disturbed, faults, poll_through, undisturbed
from tests.servers import Dovecot, SmtpSink


def test_two_hundred_mails_killed_or_not(dovecot: Dovecot, smtp_sink: SmtpSink, tmp_path: Path) -> None:
    (tmp_path / "calm").mkdir()
    calm = undisturbed(dovecot, smtp_sink, tmp_path / "calm")
    assert faults(calm, calm.outcome) == []
    assert (calm.outcome.inbox, sum(calm.outcome.folders.values()), calm.outcome.unsent) == (0, TOTAL, {})
    assert calm.outcome.folders[Folder.FAILED] == 0

    # Every reply of an invitee that was recorded has exactly one letter; a machine's has none.
    for mail in corpus():
        if mail.machine:
            assert calm.outcome.answers[mail.digest] == 0, mail.name
    for digest in calm.outcome.recorded:
        assert calm.outcome.answers[digest] == 1, digest

    # A second poll does nothing.
    before = len(smtp_sink.received)
    poll_through(tmp_path / "calm" / "config.toml")
    assert len(smtp_sink.received) == before

    (tmp_path / "killed").mkdir()
    killed = disturbed(dovecot, smtp_sink, tmp_path / "killed", calm.seconds, random.Random(7))
    assert faults(killed, calm.outcome) == []
    assert killed.kills > 0
