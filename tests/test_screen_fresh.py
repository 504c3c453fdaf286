"""The mails of `corpus/machine-fresh`: machines of many makes in thirteen languages, and people who sound like them.
They were written before the rules were mended by them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.model import MACHINE_KINDS, Doubt, Kind, Message, Verdict

OWN = frozenset({"rsvp@roundtable.example"})
UID = "roundtable-2016-09-20@roundtable.example"
FOLDER = Path(__file__).parent / "corpus" / "machine-fresh"
LABELS = [json.loads(line) for line in (FOLDER / "labels.jsonl").read_text("utf-8").splitlines()]
MOST_DOUBTED_MACHINES = 20
MOST_DOUBTED_PEOPLE = 3
"""Whom nobody could tell without the header that was lost: a person looks, and nobody is answered."""


def screened(label: dict[str, Any]) -> Verdict:
    return screen(parse((FOLDER / label["file"]).read_bytes()), OWN, UID)


MACHINES = [label for label in LABELS if Kind(label["kind"]) in MACHINE_KINDS]
PEOPLE = [label for label in LABELS if Kind(label["kind"]) not in MACHINE_KINDS]


@pytest.mark.parametrize("label", PEOPLE, ids=lambda label: label["file"])
def test_no_person_is_lost(label: dict[str, Any]) -> None:
    assert screened(label).kind is Kind(label["kind"])


def unthreaded(message: Message) -> Message:
    """As programs send it that drop In-Reply-To."""
    fields = tuple(field for field in message.fields if field[0] not in {"in-reply-to", "references"})
    return replace(message, in_reply_to=(), references=(), fields=fields)


def answering_an_absence(message: Message) -> Message:
    return replace(message, subject="Re: Out of office: Invitation")


@pytest.mark.parametrize("change", [unthreaded, answering_an_absence])
def test_no_person_is_lost_with_another_head(change: Callable[[Message], Message]) -> None:
    people = [label for label in PEOPLE if label["kind"] == "human"]
    changed = [(label["file"], change(parse((FOLDER / label["file"]).read_bytes()))) for label in people]
    assert [file for file, message in changed if screen(message, OWN, UID).kind is not Kind.HUMAN] == []


@pytest.mark.parametrize("label", MACHINES, ids=lambda label: label["file"])
def test_no_machine_is_answered(label: dict[str, Any]) -> None:
    verdict = screened(label)
    assert verdict.kind is Kind(label["kind"]) or verdict.doubt is Doubt.STRONG, verdict


@pytest.mark.parametrize(("labels", "most"), [(MACHINES, MOST_DOUBTED_MACHINES), (PEOPLE, MOST_DOUBTED_PEOPLE)])
def test_few_are_doubted(labels: list[dict[str, Any]], most: int) -> None:
    doubted = [label["file"] for label in labels if screened(label).doubt is Doubt.STRONG]
    assert len(doubted) <= most, doubted


@pytest.mark.parametrize("label", [one for one in LABELS if "failed" in one], ids=lambda label: label["file"])
def test_whose_address_failed_and_whether_for_good(label: dict[str, Any]) -> None:
    verdict = screened(label)
    assert (verdict.failed_address, verdict.permanent) == (label["failed"], label["permanent"])


@pytest.mark.parametrize("label", [one for one in LABELS if one["kind"] == "auto"], ids=lambda label: label["file"])
def test_whether_an_automatic_reply_says_that_mail_is_in_vain(label: dict[str, Any]) -> None:
    verdict = screened(label)
    assert verdict.kind is Kind.HUMAN or bool(verdict.failed_address) is bool(label.get("gone"))


def test_the_labels_are_what_they_are_said_to_be() -> None:
    assert len(MACHINES) >= 190 and len(PEOPLE) >= 115
    assert {"ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr", "zh"} == {
        label["language"] for label in MACHINES
    }
