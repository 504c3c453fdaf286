"""What organisers write, and what is made of it."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsvpbot.model import Act, Address
from rsvpbot.organisers.commands import NotUnderstood, commands, of_subject, person, with_name
from rsvpbot.organisers.rulings import Command

JANE = Address("Jane Doe", "jane@x.example")


@pytest.mark.parametrize(
    "line",
    [
        "accept" + " " * 290 + "now",
        "delegate" + " ," * 140 + "x",
        "add " + "a@" * 140,
        "delegate " + "<" * 290,
        "a b " * 74,
        "accept" + "!" * 280 + "x",
    ],
)
def test_no_line_takes_long(line: str) -> None:
    """One expression that tries every start took seconds on the first, and did not end on forty of them in one."""
    for written in (line, line * 300):
        with contextlib.suppress(NotUnderstood):
            commands(written)
        person(written)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Jane Doe <jane@x.example>", JANE),
        ("  Jane Doe  jane@x.example . ", JANE),
        ("to: Jane Doe, < jane@x.example >;", JANE),
        ("jane@x.example", Address("", "jane@x.example")),
        ("Jane Doe", Address("Jane Doe", "")),
        ("Jane Doe <jane@x>", None),
        ("", None),
    ],
)
def test_a_person(written: str, meant: Address | None) -> None:
    assert person(written) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("accept", Command(Act.ACCEPT)),
        ("Accept 2", Command(Act.ACCEPT, party=2)),
        ("accepted, for two please.", Command(Act.ACCEPT, party=2)),
        ("OK, accept her with 3 people", Command(Act.ACCEPT, party=3)),
        ("accept +1", Command(Act.ACCEPT, party=2)),
        ("accept with 2 guests", Command(Act.ACCEPT, party=3)),
        ("\u2022 decline", Command(Act.DECLINE)),
        ("please decline!", Command(Act.DECLINE)),
        ("does not come", Command(Act.DECLINE)),
        ("Tentative", Command(Act.TENTATIVE)),
        ("ignore", Command(Act.IGNORE)),
        ("Undo, please", Command(Act.UNDO)),
        ("admit 2", Command(Act.ADMIT, party=2)),
        ("delegate", Command(Act.DELEGATE)),
        ("delegate Jane Doe <jane@x.example>", Command(Act.DELEGATE, person=JANE)),
        ("delegated to Dr. Jane Doe", Command(Act.DELEGATE, person=Address("Jane Doe", ""))),
        ("represented by Jane Doe, jane@x.example", Command(Act.DELEGATE, person=JANE)),
        ("add Jane Doe <jane@x.example>", Command(Act.ADD, person=JANE)),
        ("add jane@x.example", Command(Act.ADD, person=Address("", "jane@x.example"))),
        ("Jane Doe accepts 2", Command(Act.ACCEPT, "Jane Doe", 2)),
        ("H.E. Ms. Jane Doe: accepted (2)", Command(Act.ACCEPT, "Jane Doe", 2)),
        ("Jane Doe will not come", Command(Act.DECLINE, "Jane Doe")),
        ("jane@x.example declines", Command(Act.DECLINE, "jane@x.example")),
        (
            "Jane Doe is represented by Omar Haddad",
            Command(Act.DELEGATE, "Jane Doe", person=Address("Omar Haddad", "")),
        ),
        ("accepte pour deux personnes, merci", Command(Act.ACCEPT, party=2)),
        ("Mme Jane Doe ne viendra pas", Command(Act.DECLINE, "Jane Doe")),
        ("remplacée par Jane Doe <jane@x.example>", Command(Act.DELEGATE, person=JANE)),
        ("acepta 2", Command(Act.ACCEPT, party=2)),
        ("Jane Doe no vendrá", Command(Act.DECLINE, "Jane Doe")),
        ("принять 2", Command(Act.ACCEPT, party=2)),
        ("не придёт", Command(Act.DECLINE)),
        ("قبول 2", Command(Act.ACCEPT, party=2)),
        ("لن يحضر", Command(Act.DECLINE)),
        ("接受两人", Command(Act.ACCEPT, party=2)),
        ("王伟 不出席", Command(Act.DECLINE, "王伟")),
        ("撤销", Command(Act.UNDO)),
        ("reply You may film.\nBring a badge.", Command(Act.REPLY, words="You may film.\nBring a badge.")),
        ("Reply:\n\nYou may film.", Command(Act.REPLY, words="You may film.")),
        ("Répondre : à bientôt !", Command(Act.REPLY, words="à bientôt !")),
        ("回复：欢迎您。", Command(Act.REPLY, words="欢迎您。")),
        ("Hello,\naccept 2\n\nThanks a lot,\nAnn Lee", Command(Act.ACCEPT, party=2)),
    ],
)
def test_what_is_meant(written: str, meant: Command) -> None:
    assert commands(written) == (meant,)


@pytest.mark.parametrize(
    "written",
    [
        "yes", "no", "I will call her", "accept or decline", "do not accept", "don't decline her", "accept 2 3",
        "accept 2 and put her on the first row", "is she coming?", "accept?", "accept +", "add Jane Doe <jane@>",
        "I accept your apologies for the late notice", "99999", "accept 99999", "接受吗？",
    ],
)  # fmt: skip
def test_what_is_not_understood_to_its_last_word_is_none(written: str) -> None:
    with pytest.raises(NotUnderstood):
        commands(written)


def test_several_lines_are_several_commands() -> None:
    assert commands("Jane Doe accepts 2\n\nOmar Haddad declines\nBest\nAnn") == (
        Command(Act.ACCEPT, "Jane Doe", 2),
        Command(Act.DECLINE, "Omar Haddad"),
    )
    with pytest.raises(NotUnderstood, match="and buy some milk"):
        commands("accept\nand buy some milk")


@pytest.mark.parametrize(
    "written", ["", "  \n", "Thank you!", "Merci beaucoup,\nAnn", "谢谢", "Dear rsvpbot,\n\nThanks\nAnn Lee"]
)
def test_courtesy_alone_is_no_command(written: str) -> None:
    assert commands(written) == ()


@pytest.mark.parametrize(
    ("subject", "meant"),
    [
        ("accept 2 [abcdefghijklmnopqrst]", Command(Act.ACCEPT, party=2)),
        ("undo [abcdefghijklmnopqrst]", Command(Act.UNDO)),
        ("Re: accept 2 [abcdefghijklmnopqrst]", None),
        ("To decide: Jane Doe", None),
        ("", None),
    ],
)
def test_the_subject_of_a_link(subject: str, meant: Command | None) -> None:
    assert of_subject(subject) == meant


def test_a_person_as_a_command_line_names_one() -> None:
    assert person("Jane Doe <jane@x.example>") == JANE
    assert person("Jane Doe") == Address("Jane Doe", "")
    assert person("Jane <jane@>") is None
    assert person("") is None


def test_a_pronoun_becomes_whoever_is_meant() -> None:
    assert with_name("She comes; there she is. The other", "Ada") == "Ada comes; there Ada is. The other"
    assert with_name("她会来", "王伟") == "王伟会来"


@given(st.text(max_size=300))
def test_any_text_is_a_command_or_none(text: str) -> None:
    try:
        found = commands(text)
    except NotUnderstood:
        return
    assert all(isinstance(command, Command) for command in found)
