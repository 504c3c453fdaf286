"""What is only told beside an answer, and what may change it: the same sentence before and after, told and asked."""

from __future__ import annotations

import pytest

from tests.test_reading_english import reading

TOLD = [
    "Nobody had told me for weeks, and the post was slow. I will attend.",
    "I was on leave in the hills with no signal. I will attend.",
    "I will attend. Last year the coffee was dreadful and nobody found the lifts.",
    "I will attend. My flight is already paid.",
    "I will attend. I am vegetarian, if lunch is served.",
    "I will attend. My daughter, who is a nurse, sends her greetings.",
]

WEIGHS = [
    "I will attend. My boss has not approved it yet.",
    "I will attend. Unfortunately my father has been taken to hospital.",
    "I will attend. Scratch that.",
    "I'd love to come. The board meets in Geneva that day.",
    "Happy to attend. The ministry cancelled my trip yesterday.",
    "I can't come. Our Ana Lopez has the file and could take my chair.",
    "I am not able to print the invitation.",
    "Thanks. I will be in the building on Tuesday.",
    "I would come but for the awful catering last time.",
    "I belong here this autumn. Secretary Ana Lopez will be there.",
]


@pytest.mark.parametrize("text", TOLD)
def test_what_is_told_changes_nothing(text: str) -> None:
    got = reading(text)
    assert (got.partstat, got.review) == ("accepted", False), got.reasons


@pytest.mark.parametrize("text", WEIGHS)
def test_what_may_change_the_answer_is_left_to_a_person(text: str) -> None:
    assert reading(text).review


def test_who_comes_along_is_not_the_one_who_comes() -> None:
    got = reading("I'll be attending with my assistant, Ms. Ana Lopez.")
    assert (got.party, got.names) == (2, ("Jane Roe", "Ana Lopez"))


def test_a_name_is_kept_as_its_owner_writes_it() -> None:
    assert reading("I will attend.\n\nBest regards\nInês Carvalho", "Ines Carvalho").names == ("Inês Carvalho",)
