"""Organisers decide by reply: with a token of ours, from their own address, once; and nobody else does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from rsvpbot.model import ADMIN, Act, Address, Done, Folder, LetterKind, LetterState, PartStat, Reply
from rsvpbot.organisers.figures import figures
from rsvpbot.organisers.steer import MOST_ANSWERS_AN_HOUR, MOST_QUESTIONS_AN_HOUR
from rsvpbot.organisers.summary import render
from rsvpbot.store.base import Commit
from tests.steer_house import ADA, ANN, BOB, CAT, NOW, PASS, QUESTION, House, parsed, plain, steered


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


# --------------------------------------------------------------------------- being asked


def test_a_message_that_waits_is_put_to_the_organisers_at_once(house: House) -> None:
    house.comes(QUESTION)
    letter = house.question()
    assert letter.recipients == (ANN, CAT)
    text = plain(letter)
    assert "May we film the opening?" in text and "Ada Lovelace" in text and "Engines" in text
    assert re.search(r"We read it as\s+accepts, 2 people", text)
    assert "accept 2" in text
    assert parsed(letter)["Auto-Submitted"] == "auto-generated"


def test_nobody_is_asked_about_what_was_recorded(house: House) -> None:
    house.comes("I will come.")
    assert house.letters(LetterKind.REVIEW) == ()


def test_who_wants_it_in_the_summary_gets_no_letter(house: House) -> None:
    config = replace(house.config, organisers=replace(house.config.organisers, review="summary"))
    quiet = House(house.store, config)
    quiet.comes(QUESTION)
    assert quiet.letters(LetterKind.REVIEW) == ()
    assert len(quiet.store.open_replies()) == 1


def test_a_change_that_the_invitee_is_asked_about_waits_for_them_alone(house: House) -> None:
    house.comes("I will come.")
    house.comes("I cannot come.")
    assert house.letters(LetterKind.CONFIRM_CHANGE) and house.letters(LetterKind.REVIEW) == ()


def test_a_flood_of_strangers_is_no_flood_of_letters(house: House) -> None:
    for number in range(MOST_QUESTIONS_AN_HOUR + 5):
        house.comes("May I come?", f"s{number}@stranger.example")
    assert len(house.letters(LetterKind.REVIEW)) == MOST_QUESTIONS_AN_HOUR
    assert len(house.store.open_replies()) == MOST_QUESTIONS_AN_HOUR + 5


# --------------------------------------------------------------------------- deciding


def test_one_word_decides(house: House) -> None:
    house.comes("I shall see. What about parking for a coach?")
    done = house.answers("Accept 2, please.\n\nThanks,\nAnn", house.question())
    assert (done.folder, done.outcome.endswith("'organiser: accept'")) == (Folder.RECORDED, True)
    answer = house.ada().answer
    assert answer is not None
    assert (answer.partstat, answer.party, answer.decided_by) == (PartStat.ACCEPTED, 2, ANN)
    assert house.store.open_replies() == ()
    letter = house.letters(LetterKind.ACCEPTED)[-1]
    assert letter.recipients == ADA.addresses
    assert parsed(letter)["In-Reply-To"] == "<1@sender.example>"
    assert "Recorded: Ada Lovelace: accepts, 2 people" in house.told()
    assert "ada@lovelace.example" in house.told()


def test_what_the_mail_said_beside_it_is_kept(house: House) -> None:
    house.comes("I will come with my wife Ida Lovelace. We are vegetarians and have no grounds pass. May we film?")
    assert house.store.open_replies()
    house.answers("accept", house.question())
    answer = house.ada().answer
    assert answer is not None
    assert (answer.party, answer.dietary, answer.grounds_pass) == (2, "vegetarian", False)
    assert answer.names == ("Ada Lovelace", "Ida Lovelace")


@pytest.mark.parametrize(
    ("words", "partstat", "party"),
    [
        ("decline", PartStat.DECLINED, 0),
        ("Perhaps", PartStat.TENTATIVE, None),
        ("She will attend with her husband.", PartStat.ACCEPTED, 2),
        ("accepte pour 3 personnes, merci", PartStat.ACCEPTED, 3),
        ("接受2人", PartStat.ACCEPTED, 2),
    ],
)
def test_it_may_be_said_in_many_ways(house: House, words: str, partstat: PartStat, party: int | None) -> None:
    house.comes("Could you tell me whether my driver may wait inside? I am not sure yet about anything.")
    house.answers(words, house.question())
    answer = house.ada().answer
    assert answer is not None and (answer.partstat, answer.party) == (partstat, party)


def test_a_delegate_is_written_to_by_the_organisers_word(house: House) -> None:
    house.comes("My colleague might do it. Whom should I ask about the agenda?")
    house.answers("delegate Jane Doe <jane@lovelace.example>", house.question())
    answer = house.ada().answer
    assert answer is not None and answer.delegate == Address("Jane Doe", "jane@lovelace.example")
    assert house.letters(LetterKind.WELCOME)[-1].recipients == ("jane@lovelace.example",)
    assert house.letters(LetterKind.DELEGATED)[-1].recipients == ADA.addresses


def test_ignored_is_told_to_nobody_else(house: House) -> None:
    house.comes("Do you know a good hotel?", "eve@stranger.example")
    before = len(house.store.letters())
    house.answers("ignore", house.question())
    assert house.store.open_replies() == ()
    assert [letter.kind for letter in house.store.letters()[before:]] == [LetterKind.DONE]
    assert "Nothing is done about the message of eve@stranger.example" in house.told()


def test_a_stranger_is_admitted_and_answered(house: House) -> None:
    house.comes("I will attend.", "Eve Adams <eve@stranger.example>")
    assert house.letters(LetterKind.ACCEPTED) == ()
    house.answers("accept", house.question())
    assert "admit puts them there" in house.told()
    house.answers("admit", house.question())
    eve = house.store.invitee_by_address("eve@stranger.example")
    assert eve is not None and eve.admitted and eve.partstat is PartStat.ACCEPTED
    assert house.letters(LetterKind.ACCEPTED)[-1].recipients == ("eve@stranger.example",)
    house.comes("Sorry, I cannot come after all.", "Eve Adams <eve@stranger.example>")
    assert house.letters(LetterKind.CONFIRM_CHANGE)[-1].recipients == ("eve@stranger.example",)


def test_the_organisers_own_words_go_to_the_writer_alone(house: House) -> None:
    house.comes(QUESTION)
    house.answers(
        "Reply:\nYou may film the opening.\n<b>Not</b> the debate, see [this](http://x.example).", house.question()
    )
    letter = house.letters(LetterKind.FROM_ORGANISERS)[-1]
    assert letter.recipients == ADA.addresses
    text = plain(letter)
    assert "You may film the opening." in text and "<b>Not</b> the debate" in text
    html = parsed(letter).get_body(("html",))
    assert html is not None
    assert "<b>" not in html.get_content() and 'href="http://x.example' not in html.get_content()
    assert house.store.open_replies() == ()
    assert "Your words have gone to Ada Lovelace" in house.told()


def test_a_link_decides_in_a_new_mail(house: House) -> None:
    house.comes("I will come with my wife. Where can a coach park?")
    text = plain(house.question())
    address = next(found for found in re.findall(r"<(mailto:[^>]+)>", text) if "accept%202" in found)
    fields = parse_qs(urlsplit(address).query)
    house.comes(fields["body"][0], ANN, auth=PASS, Subject=fields["subject"][0])
    answer = house.ada().answer
    assert answer is not None and (answer.partstat, answer.party) == (PartStat.ACCEPTED, 2)
    assert unquote(urlsplit(address).path) == "rsvp@roundtable.example"


def test_a_link_decides_though_its_text_was_deleted(house: House) -> None:
    house.comes("I will come with my wife. Where can a coach park?")
    address = next(a for a in re.findall(r"<(mailto:[^>]+)>", plain(house.question())) if "decline" in a)
    house.comes("", ANN, auth=PASS, Subject=parse_qs(urlsplit(address).query)["subject"][0])
    assert house.ada().partstat is PartStat.DECLINED


def test_what_is_not_understood_does_nothing_and_says_so(house: House) -> None:
    house.comes(QUESTION)
    for words in ("Hm, I will call her.", "accept or decline", "do not accept", "yes", "accept\nand buy some milk"):
        house.answers(words, house.question())
        assert "this was not understood" in house.told() and "You may write: accept" in house.told()
    assert house.store.rulings() == ()
    assert len(house.store.open_replies()) == 1


def test_thanks_are_no_command(house: House) -> None:
    house.comes(QUESTION)
    before = len(house.store.letters())
    done = house.answers("Thank you!\nAnn", house.question())
    assert done.folder is Folder.RECORDED and len(house.store.letters()) == before


def test_the_first_organiser_counts_and_the_second_is_told(house: House) -> None:
    house.comes(QUESTION)
    question = house.question()
    house.answers("decline", question)
    house.answers("accept 4", question, CAT)
    assert house.ada().partstat is PartStat.DECLINED
    assert f"{ANN} decided on" in house.told() and "declines" in house.told()
    house.answers("accept 2", question)  # the first thinks better of it
    assert house.ada().partstat is PartStat.ACCEPTED


def test_an_answer_that_came_meanwhile_is_not_overruled_unseen(house: House) -> None:
    house.comes("The thing is complicated.")
    question = house.question()
    house.comes("I cannot come.", In_Reply_To=house.letters(LetterKind.UNCLEAR)[-1].message_id)
    assert house.ada().partstat is PartStat.DECLINED
    house.answers("accept", question)
    assert house.ada().partstat is PartStat.DECLINED
    assert "settled since; on record: declines" in house.told()


# --------------------------------------------------------------------------- taking back


def test_undo_restores_what_stood_and_the_letter_stays_in(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada().answer
    house.answers("decline", house.question())
    assert house.letters(LetterKind.DECLINED)
    house.answers("undo", house.question())
    assert house.ada().answer == before
    assert house.letters(LetterKind.DECLINED) == ()  # it had not gone out
    assert [reply.open for reply in house.store.replies(ADA.id)] == [True]
    assert "One letter that still waited does not go out" in house.told()
    house.answers("accept 2", house.question(), CAT)
    assert house.ada().partstat is PartStat.ACCEPTED


def test_undo_after_the_letter_went_out_writes_again(house: House) -> None:
    house.comes("I will come.")
    house.comes("May we film?")
    house.answers("decline", house.question())
    out = house.letters(LetterKind.DECLINED)[-1]
    house.store.commit(Commit(letters=(replace(out, state=LetterState.SENT, raw=None, sent_at=NOW),)))
    count = len(house.letters(LetterKind.ACCEPTED))
    house.answers("undo", house.question())
    assert house.ada().partstat is PartStat.ACCEPTED
    assert len(house.letters(LetterKind.ACCEPTED)) == count + 1


def test_undo_takes_an_admitted_stranger_off_the_list(house: House) -> None:
    house.comes("I will attend.", "Eve Adams <eve@stranger.example>")
    house.answers("admit", house.question())
    house.answers("undo", house.question())
    eve = house.store.invitee_by_address("eve@stranger.example")
    assert eve is not None and not eve.listed and eve.answer is None
    waiting = house.store.open_replies()
    assert [reply.invitee_id for reply in waiting] == [None]


def test_undo_does_not_overrule_a_later_answer(house: House) -> None:
    house.comes("May we film?")
    question = house.question()
    house.answers("accept", question)
    token = house.letters(LetterKind.ACCEPTED)[-1].message_id
    house.comes("I cannot come after all.", In_Reply_To=token)
    house.answers("undo", question)
    assert house.ada().partstat is PartStat.DECLINED
    assert "the record has changed since" in house.told()


# --------------------------------------------------------------------------- in reply to a summary


def in_summary(house: House, text: str, sender: str = ANN, auth: str = PASS) -> Done:
    return house.comes(text, sender, auth=auth, In_Reply_To=house.steering.decisions.summary_message_id("s1"))


def test_what_came_by_telephone_is_recorded_from_a_summary(house: House) -> None:
    in_summary(house, "Ada Lovelace accepts 2\nbob@babbage.example declines\nadd Jane Doe <jane@doe.example>")
    ada, bob = house.ada().answer, house.store.invitee_by_address("bob@babbage.example")
    jane = house.store.invitee_by_address("jane@doe.example")
    assert ada is not None and bob is not None and jane is not None
    assert (ada.party, bob.partstat, jane.name, jane.admitted) == (2, PartStat.DECLINED, "Jane Doe", True)
    assert [ruling.act for ruling in house.store.rulings()] == [Act.ACCEPT, Act.DECLINE, Act.ADD]
    assert len(house.letters(LetterKind.DONE)) == 1


def test_all_of_a_mail_or_nothing_of_it(house: House) -> None:
    in_summary(house, "Ada Lovelace accepts 2\nCarol Nobody declines")
    assert house.ada().answer is None and house.store.rulings() == ()
    assert "nobody on the list is meant by “Carol Nobody”" in house.told()
    in_summary(house, "Ada Lovelace accepts 2\nAda declines")
    assert house.ada().answer is None and "meant twice" in house.told()
    in_summary(house, "accept 2")
    assert "not said whose answer" in house.told()


@pytest.mark.parametrize(
    "said", ["send held", "Please send the held letters.", "发送被保留的信件", "envoyez les lettres retenues, merci"]
)
def test_what_a_limit_holds_back_goes_when_an_organiser_says_so(house: House, said: str) -> None:
    """Stop, alarm, nothing lost, and on."""
    capped = replace(house.config, replies=replace(house.config.replies, max_per_hour=1))
    house.intake._config = capped
    house.comes("Yes, I will attend.")
    house.comes("I shall attend.", "bob@babbage.example")
    (held,) = house.store.letters(LetterState.HELD)
    told = figures(house.store, capped, NOW)
    page = render(told, capped)
    assert page.subject.startswith("ALARM") and "answers held back" in page.subject
    assert "write “send held” in reply" in " ".join(page.text.split())
    in_summary(house, said)
    sent = house.store.letter(held.id)
    assert sent is not None and (sent.state, sent.error) == (LetterState.QUEUED, "")
    assert "One letter that was held back goes out." in house.told()
    in_summary(house, said)
    assert "no letter is held back" in house.told()
    in_summary(house, "undo")
    assert "nothing to undo" in house.told()
    assert house.store.letters(LetterState.HELD) == ()


def test_undo_in_a_summary_takes_back_the_organisers_own_last(house: House) -> None:
    in_summary(house, "Ada Lovelace accepts 2")
    in_summary(house, "Bob Babbage accepts", CAT)
    in_summary(house, "undo")
    bob = house.store.invitee(BOB.id)
    assert house.ada().answer is None
    assert bob is not None and bob.partstat is PartStat.ACCEPTED
    in_summary(house, "undo")
    assert "there is nothing to undo" in house.told()


# --------------------------------------------------------------------------- who may


def test_a_word_without_a_token_does_nothing(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada()
    done = house.comes("decline", ANN, auth=PASS)
    assert done.folder is Folder.REVIEW and house.ada() == before
    assert "an organiser writes" in house.store.open_replies()[-1].reasons


def test_a_token_of_another_key_or_another_purpose_does_nothing(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada()
    forged = re.sub(r"\.([a-z2-7]{30,})@", lambda found: "." + found[1][:-4] + "aaaa@", house.question().message_id)
    assert house.answers("decline", house.question(), In_Reply_To=forged).folder is Folder.REVIEW
    invitees = house.letters(LetterKind.ACCEPTED)[-1].message_id
    assert house.answers("decline", house.question(), In_Reply_To=invitees).folder is Folder.REVIEW
    assert house.ada() == before and house.store.rulings() == ()


def test_a_token_from_somebody_else_does_nothing(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada()
    done = house.answers("decline", house.question(), "eve@stranger.example")
    assert done.folder is Folder.REVIEW and house.ada() == before
    assert house.store.rulings() == ()


def test_a_failure_never_acts_and_is_reported(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada()
    failed = "mx.roundtable.example; dmarc=fail header.from=unicef.example"
    done = house.answers("decline", house.question(), auth=failed)
    assert done.folder is Folder.REVIEW and house.ada() == before
    assert any("dmarc=fail" in reason for reason in house.store.open_replies()[-1].reasons)


def test_without_a_pass_one_confirmation_is_asked_for_at_the_organisers_address(house: House) -> None:
    house.comes(QUESTION)
    before = house.ada()
    question = house.question()
    house.answers("decline", question, auth="")
    assert house.ada() == before and house.store.rulings() == ()
    asked = house.letters(LetterKind.DONE)[-1]
    assert asked.recipients == (ANN,) and "A command came in your name: “decline”" in plain(asked)
    house.answers("decline", asked, CAT, auth="")  # it was Ann who was asked
    assert house.ada() == before
    house.answers("decline", asked, auth="")
    assert house.ada().partstat is PartStat.DECLINED
    assert house.store.mailbox().confirmed == (ANN,)
    house.answers("accept 2", question, auth="")  # from now on she is believed
    assert house.ada().partstat is PartStat.ACCEPTED


def test_an_automatic_answer_of_an_organiser_is_no_command(house: House) -> None:
    house.comes(QUESTION)
    before = len(house.store.letters())
    done = house.answers("I accept no mail until Monday.", house.question(), Auto_Submitted="auto-replied")
    assert done.folder is Folder.IGNORED and len(house.store.letters()) == before


def test_a_program_that_answers_our_answers_ends_soon(house: House) -> None:
    house.comes(QUESTION)
    for number in range(MOST_ANSWERS_AN_HOUR + 5):
        house.answers(f"Your request was received, and here is {'one more word ' * number}.", house.question())
    assert len(house.letters(LetterKind.DONE)) == MOST_ANSWERS_AN_HOUR


@pytest.mark.parametrize("auth", [PASS, ""])
def test_who_says_again_what_was_not_understood_is_told_once(house: House, auth: str) -> None:
    house.comes(QUESTION)
    house.answers("Your request has been received under number 4711.", house.question(), auth=auth)
    for number in range(3):
        last = house.letters(LetterKind.DONE)[-1]
        house.answers(f"Your request has been received under number {number}.", last, auth=auth)
    assert len(house.letters(LetterKind.DONE)) == 1
    house.comes(QUESTION, "Bob Babbage <bob@babbage.example>")
    house.answers("Your request has been received under number 9.", house.question(), auth=auth)
    assert len(house.letters(LetterKind.DONE)) == 2, "about another message it is told"


def test_a_forged_writer_is_never_written_to(house: House) -> None:
    failed = "mx.roundtable.example; dmarc=fail header.from=lovelace.example"
    house.comes("I will come. May we film?", auth=failed)
    house.answers("reply\nYes.", house.question())
    assert house.letters(LetterKind.FROM_ORGANISERS) == ()
    assert "may be forged" in house.told()


def test_the_record_says_who_decided(house: House) -> None:
    house.comes(QUESTION)
    house.answers("decline", house.question())
    (ruling,) = house.store.rulings(ADA.id)
    assert (ruling.by, ruling.act, ruling.question) == (ANN, Act.DECLINE, house.store.replies(ADA.id)[0].digest)
    assert ruling.by != ADMIN
    assert isinstance(house.store.replies(ADA.id)[0], Reply)
