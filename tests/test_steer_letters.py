"""What organisers are asked and told: in six languages, whatever the mail and the list hold."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from rsvpbot.letters.cases import SAMPLE_QUESTION
from rsvpbot.letters.page import tidy
from rsvpbot.letters.templates import Rendered
from rsvpbot.letters.values import QuestionValues, is_right_to_left, make_values
from rsvpbot.model import LetterKind, Venue
from tests.test_letters import HOSTILE, LANGUAGES, example, parsed, templates


def write(
    kind: LetterKind,
    language: str,
    *,
    question: QuestionValues | None = SAMPLE_QUESTION,
    words: tuple[str, ...] = ("Recorded: Ana Silva: accepts.", "One letter goes out."),
    note: str = "Done",
    bare: bool = False,
) -> Rendered:
    config = example()
    if bare:
        event = replace(config.event, venue=Venue(), documents=(), rsvp_by=None)
        config = replace(config, event=event, organisers=replace(config.organisers, name="", contact="", privacy=""))
    now = config.event.starts - timedelta(days=8)
    values = make_values(kind, language, config, now, question=question, words=words, note=note)
    return templates().render(kind.value, language, values)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_question_holds_what_a_decision_needs(language: str) -> None:
    letter = write(LetterKind.REVIEW, language)
    page = parsed(letter.html)
    assert letter.language == language and ("rtl" in letter.html) is is_right_to_left(language)
    text = re.sub("[\u2068\u2069\u200f]", "", letter.text)
    for words in ("Ana Silva", "Permanent Mission of Ruritania", "May I bring a film crew?", "accepts", "undo"):
        assert words in " ".join(text.split()), words
    assert [link for link in page.links if link.startswith("mailto:")] == [o.link for o in SAMPLE_QUESTION.options]
    assert all(f"<{option.link}>" in text for option in SAMPLE_QUESTION.options)
    assert "\n\n\n" not in letter.text and "None" not in letter.text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("bare", [True, False])
def test_nothing_known_leaves_no_hole(language: str, bare: bool) -> None:
    nothing = replace(
        SAMPLE_QUESTION, organisation="", subject="", lines=(), reasons=(), reading="", recorded="", listed=False
    )
    letter = write(LetterKind.REVIEW, language, question=nothing, bare=bare)
    assert not re.search(r" ,|,,|\(\s*\)|None|  +[.。]", letter.text), letter.text
    assert "\n\n\n" not in letter.text


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_mail_holds_never_becomes_syntax(language: str, value: str) -> None:
    plain = replace(SAMPLE_QUESTION, who="N", organisation="O", lines=("L",), reasons=("R",), subject="S")
    hostile = replace(
        SAMPLE_QUESTION, who=value, organisation=f"{value} O", lines=(value,), reasons=(value,), subject=value
    )
    usual = write(LetterKind.REVIEW, language, question=plain)
    letter = write(LetterKind.REVIEW, language, question=hostile)
    before, after = parsed(usual.html), parsed(letter.html)
    assert (after.tags, after.links) == (before.tags, before.links)
    assert tidy(value) in " ".join(" ".join(after.words).split())
    assert "\n" not in letter.subject
    told = write(LetterKind.DONE, language, words=(value,), note="Done")
    assert parsed(told.html).tags == parsed(write(LetterKind.DONE, language, words=("L",), note="Done").html).tags


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_done_is_told(language: str) -> None:
    letter = write(LetterKind.DONE, language)
    text = re.sub("[\u2068\u2069\u200f]", "", letter.text)
    assert letter.subject.startswith("Done") or "Done" in letter.subject
    assert "Recorded: Ana Silva: accepts." in text and "One letter goes out." in text and "undo" in text
