"""The figures on the corpus, which may not fall. `tests/corpus/score.py` explains each."""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from rsvpbot.config import READ, Config, load
from rsvpbot.examine import examine
from rsvpbot.model import Address, Body, Kind, Message
from rsvpbot.reading import read
from rsvpbot.show import as_row, row

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "tests" / "corpus"


def _scorer() -> Any:
    spec = importlib.util.spec_from_file_location("corpus_score", CORPUS / "score.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def scored() -> tuple[Any, dict[str, Any], dict[str, Any]]:
    scorer = _scorer()
    config = load(ROOT / "config.example.toml", READ)
    labels: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for folder in ("people", "machine"):
        for name, label in scorer.read_labels(CORPUS / folder).items():
            labels[f"{folder}/{name}"] = label
            answers[f"{folder}/{name}"] = row(CORPUS / folder / name, config)
    return scorer, labels, answers


def test_never_wrong_anywhere(scored: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    scorer, labels, answers = scored
    figures, faults = scorer.score(labels, answers)
    for figure in ("silent", "wrong", "flips", "lost", "answered", "missed"):
        assert figures[figure] == 0, [fault for fault in faults if fault[1] == figure]


def test_understood_like_a_careful_clerk(scored: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    """What the two folders hold together in their seven languages."""
    scorer, labels, answers = scored
    figures, faults = scorer.score(labels, answers)
    assert figures["needless"] <= 5, faults
    assert figures["automatic"] >= 0.97, faults
    for figure in ("kind", "party", "names", "facts", "language"):
        assert figures[figure] >= 0.98, (figure, faults)


def test_english_is_read_alone(scored: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    scorer, labels, answers = scored
    english = {name: label for name, label in labels.items() if label["language"] in {"en", "und"}}
    figures, faults = scorer.score(english, answers)
    assert figures["automatic"] >= 0.98, faults
    assert figures["needless"] <= 1, faults
    for figure in ("kind", "party", "names", "facts", "language"):
        assert figures[figure] >= 0.99, (figure, faults)


@pytest.mark.parametrize(
    ("name", "automatic"),
    [
        ("fresh-en", 0.87),
        ("unread-en", 0.88),
        ("unread-fr", 0.93),
        ("unread-es", 0.91),
        ("unread-ru", 0.88),
        ("unread-ar", 0.86),
        ("unread-zh", 0.93),
        ("unread-pt", 0.91),
    ],
)
def test_never_wrong_on_other_authors_mail(name: str, automatic: float) -> None:
    """Written by people who did not know the rules, and looked at only after a first measurement (see the README of the
    corpus for what it was); the bounds keep what was reached since."""
    scorer = _scorer()
    config = load(ROOT / "config.example.toml", READ)
    labels = scorer.read_labels(CORPUS / name)
    figures, faults = scorer.score(labels, {mail: row(CORPUS / name / mail, config) for mail in labels})
    for figure in ("silent", "wrong", "flips", "lost", "answered", "missed"):
        assert figures[figure] == 0, [fault for fault in faults if fault[1] == figure]
    assert figures["automatic"] >= automatic, faults
    assert figures["party"] >= 0.95 and figures["names"] >= 0.95 and figures["kind"] == 1.0, faults


@pytest.mark.parametrize("name", sorted(file.stem for file in (CORPUS / "replies").glob("*.jsonl")))
def test_no_flip_and_nothing_lost_in_what_people_newly_wrote(name: str) -> None:
    scorer = _scorer()
    labels, answers = {}, {}
    for line in (CORPUS / "replies" / f"{name}.jsonl").read_text("utf-8").splitlines():
        label = json.loads(line) | {"kind": "human"}
        labels[label["id"]] = label
        answers[label["id"]] = written(label)
    figures, faults = scorer.score(labels, answers)
    for figure in ("silent", "flips", "lost", "answered"):
        assert figures[figure] == 0, [fault for fault in faults if fault[1] == figure]
    large = len(labels) // 100  # of the hundreds that the builders of the packs wrote, one in a hundred
    # "¿Os lo confirmo el mismo lunes?" (tenth-es) may wait for an answer or not: eight like it are labelled no review.
    # "Thank you for the invitation to the donors' dinner on 3 October. I won't be able to come." (fourteenth-en) is
    # read wrongly: that a date is another event's is seen only in the sentence of the answer.
    # "Posso dar a resposta definitiva até dia 9?" (sixteenth-pt) is like that of tenth-es.
    known = 1 if name in {"tenth-es", "fourteenth-en", "sixteenth-pt"} else 0
    missed = 2 * large if name.startswith("more-") else known
    for figure, most in (("wrong", max(1, large)), ("missed", missed)):
        assert figures[figure] <= most, [fault for fault in faults if fault[1] == figure]
    assert figures["kind"] == 1.0 and figures["language"] >= 0.95, faults


def test_what_is_firm_may_be_recorded(scored: tuple[Any, dict[str, Any], dict[str, Any]]) -> None:
    """Beside a question the answer is recorded where it is firm: then it must be the label's."""
    _, labels, _ = scored
    config = load(ROOT / "config.example.toml", READ)
    for name, label in labels.items():
        reading = examine((CORPUS / name).read_bytes(), config).reading
        if reading.firm and reading.review:
            assert (reading.partstat.value if reading.partstat else None, reading.party) == (
                label["partstat"],
                label["party"],
            ), (name, reading.reasons)


def written(label: dict[str, Any]) -> dict[str, Any]:
    """What is read in one newly written text."""
    name, _, email = label["from"].partition(" <")
    message = Message(
        digest="0" * 64,
        size=len(label["text"]),
        message_id=f"<{label['id']}@reply.example>",
        subject=label["subject"],
        senders=(Address(name, email.rstrip(">") or "invitee@reply.example"),),
        recipients=(Address("", "rsvp@roundtable.example"),),
        bodies=(Body("plain", label["text"]),),
    )
    return as_row(label["id"], read(message, _config().event, Kind.HUMAN))


@cache
def _config() -> Config:
    """Read once: there are thousands of replies."""
    return load(ROOT / "config.example.toml", READ)
