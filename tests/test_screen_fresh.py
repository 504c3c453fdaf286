"""The mails of `corpus/machine-fresh`, which were written before the rules knew them: machines of many makes in
thirteen languages, and people who sound like them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.mail.parse import parse
from rsvpbot.mail.screen import screen
from rsvpbot.model import MACHINE_KINDS, Kind, Verdict

OWN = frozenset({"rsvp@roundtable.example"})
UID = "roundtable-2016-09-20@roundtable.example"
FOLDER = Path(__file__).parent / "corpus" / "machine-fresh"
LABELS = [json.loads(line) for line in (FOLDER / "labels.jsonl").read_text("utf-8").splitlines()]
DOUBTED = {
    "022-wadih.eml", "052-jirasm.eml",  # machines
    "134-p10-p10.eml", "168-p44-jim-farrow.eml",  # people
}  # fmt: skip
"""Which of them nobody could tell without the header that was lost: a person looks, and nobody is answered."""


def screened(label: dict[str, Any]) -> Verdict:
    return screen(parse((FOLDER / label["file"]).read_bytes()), OWN, UID)


@pytest.mark.parametrize("label", LABELS, ids=lambda label: label["file"])
def test_kind(label: dict[str, Any]) -> None:
    verdict = screened(label)
    if label["file"] in DOUBTED:
        assert verdict.kind is Kind.HUMAN and verdict.doubt
    else:
        assert (verdict.kind, verdict.doubt) == (Kind(label["kind"]), ""), verdict


@pytest.mark.parametrize("label", [one for one in LABELS if "failed" in one], ids=lambda label: label["file"])
def test_whose_address_failed_and_whether_for_good(label: dict[str, Any]) -> None:
    verdict = screened(label)
    assert (verdict.failed_address, verdict.permanent) == (label["failed"], label["permanent"])


@pytest.mark.parametrize("label", [one for one in LABELS if one["kind"] == "auto"], ids=lambda label: label["file"])
def test_whether_an_automatic_reply_says_that_mail_is_in_vain(label: dict[str, Any]) -> None:
    verdict = screened(label)
    assert bool(verdict.failed_address) is bool(label.get("gone"))


def test_the_labels_are_what_they_are_said_to_be() -> None:
    machines = [label for label in LABELS if Kind(label["kind"]) in MACHINE_KINDS]
    assert len(machines) >= 120 and len(LABELS) - len(machines) >= 70
    assert {"ar", "de", "en", "es", "fr", "it", "ja", "nl", "pl", "pt", "ru", "tr", "zh"} == {
        label["language"] for label in machines
    }
