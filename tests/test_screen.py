"""Screening the corpus, and what every rule owes."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from rsvpbot.mail.parse import parse
from rsvpbot.mail.phrasebook import Words, fold, phrasebook
from rsvpbot.mail.screen import RULES, auto_submitted, screen
from rsvpbot.model import MACHINE_KINDS, Address, Kind, Message

OWN = frozenset({"rsvp@roundtable.example"})
UID = "roundtable-2016-09-20@roundtable.example"
CORPUS = Path(__file__).parent / "corpus"
PEOPLES_FIELDS = frozenset(
    {"from", "to", "cc", "subject", "date", "message-id", "in-reply-to", "references", "reply-to", "received"}
)


def corpus() -> list[tuple[str, Kind, Message]]:
    rows = []
    for folder in ("people", "machine"):
        for line in (CORPUS / folder / "labels.jsonl").read_text("utf-8").splitlines():
            label = json.loads(line)
            raw = (CORPUS / folder / label["file"]).read_bytes()
            rows.append((label["file"], Kind(label["kind"]), parse(raw)))
    return rows


ROWS = corpus()


def test_every_kind_of_the_corpus_is_right() -> None:
    wrong = [(file, kind, screen(message, OWN, UID)) for file, kind, message in ROWS]
    assert [row for row in wrong if row[2].kind is not row[1]] == []
    assert Counter(kind for _, kind, _ in wrong) == {
        Kind.HUMAN: 111, Kind.CALENDAR: 31, Kind.AUTO: 20, Kind.BOUNCE: 12, Kind.BULK: 6
    }  # fmt: skip


def stripped(message: Message) -> Message:
    """As if every field and every structure by which a machine shows itself had been lost."""
    fields = tuple((name, value) for name, value in message.fields if name in PEOPLES_FIELDS)
    return dataclasses.replace(
        message, fields=fields, report=None, return_path="ana@mission.example", content_type="text/plain"
    )


def test_most_machines_are_known_by_their_words_alone() -> None:
    machines = [(file, message) for file, kind, message in ROWS if kind in MACHINE_KINDS]
    missed = [file for file, message in machines if screen(stripped(message), OWN, UID).kind not in MACHINE_KINDS]
    assert len(missed) <= 1, missed


def test_no_person_is_lost_with_the_fields_that_exchange_adds() -> None:
    added = (("x-auto-response-suppress", "DR, OOF, AutoReply"), ("x-ms-exchange-inbox-rules-loop", "a@b.example"))
    people = [(file, message) for file, kind, message in ROWS if kind is Kind.HUMAN]
    lost = [
        file
        for file, message in people
        if screen(dataclasses.replace(message, fields=message.fields + added), OWN, UID).kind is not Kind.HUMAN
    ]
    assert lost == []


def fresh(message: Message) -> Message:
    """As if written anew: the programs that drop In-Reply-To are many."""
    fields = tuple(f for f in message.fields if f[0] not in {"in-reply-to", "references"})
    return dataclasses.replace(message, in_reply_to=(), references=(), fields=fields)


def to_somebody_else(message: Message) -> Message:
    return dataclasses.replace(fresh(message), recipients=(Address("", "tom@mission.example"),))


def answered_elsewhere(message: Message) -> Message:
    fields = (*message.fields, ("reply-to", "x@other.example"), ("x-priority", "1 (highest)"))
    return dataclasses.replace(fresh(message), fields=fields)


@pytest.mark.parametrize("change", [fresh, to_somebody_else, answered_elsewhere])
def test_no_person_is_lost_without_the_thread(change: Callable[[Message], Message]) -> None:
    people = [(file, change(message)) for file, kind, message in ROWS if kind is Kind.HUMAN]
    assert [file for file, message in people if screen(message, OWN, UID).kind is not Kind.HUMAN] == []


def test_every_rule_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.description and rule.name == rule.name.lower() for rule in RULES)
    kinds = [rule.kind for rule in RULES]
    assert kinds[0] is Kind.OWN
    assert kinds.index(Kind.BOUNCE) < kinds.index(Kind.CALENDAR) < max(i for i, k in enumerate(kinds) if k is Kind.AUTO)


def test_reasons_hold_nothing_of_the_mail() -> None:
    """They go into the log: rule names and field names only."""
    for file, _, message in ROWS:
        verdict = screen(message, OWN, UID)
        spoken = [message.sender.email, *message.sender.name.split()]
        assert not any(len(word) > 3 and word in verdict.reason for word in spoken), file


@pytest.mark.parametrize(
    ("value", "keyword"),
    [
        ("no", "no"), ("No", "no"), ("no (a person)", "no"), ("no; x=auto-replied", "no"), ("(comment) no", "no"),
        ("auto-replied", "auto-replied"), ("Auto-Replied; owner-email=a@b.example", "auto-replied"),
        ("auto-generated (failure)", "auto-generated"), ("", ""), ("()", ""), ('"auto-replied"', "auto-replied"),
    ],
)  # fmt: skip
def test_auto_submitted_keyword(value: str, keyword: str) -> None:
    assert auto_submitted(value) == keyword


@pytest.mark.parametrize(
    "text", ["x " * 400_000, "sent: " * 100_000, "your message " * 50_000, "." * 900_000, "\u0640" * 900_000]
)
def test_no_text_takes_long(text: str) -> None:
    """Bounded by the cut in `fold`: a hundred kinds of phrases over a few thousand characters."""
    assert len(fold(text)) <= 6_000
    phrasebook().automatic.weigh(Words(fold(text)))
    raw = f"From: a@b.example\r\nTo: rsvp@roundtable.example\r\n\r\n{text}".encode()
    assert screen(parse(raw), OWN, UID).kind in set(Kind)
