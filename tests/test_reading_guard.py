"""What keeps a yes from being read into a no: short phrases, regret, subjects that say the opposite, stray names."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from rsvpbot.config import READ, load
from rsvpbot.model import Address, Body, CalendarPart, Kind, Message, PartStat, Reading
from rsvpbot.reading import read

EVENT = load(Path(__file__).parent.parent / "config.example.toml", READ).event
INVITED = "Re: Invitation: High-Level Roundtable"


def reading(text: str, subject: str = INVITED, calendar: str = "") -> Reading:
    message = Message(
        digest="x",
        size=1,
        message_id="<a@b.example>",
        subject=subject,
        senders=(Address("Ada Lovelace", "ada@lovelace.example"),),
        recipients=(),
        date=datetime(2016, 9, 5, tzinfo=UTC),
        bodies=(Body("plain", text),),
        calendars=(CalendarPart(calendar.encode(), "REPLY"),) if calendar else (),
    )
    return read(message, EVENT, Kind.CALENDAR if calendar else Kind.HUMAN)


@pytest.mark.parametrize(
    "text",
    [
        "Sadly I'm in the far north of Norway until the 24th. Another time, for sure!",
        "My term ends in July and my successor takes over the files. See you there!",
        "Alas, the hospital keeps me on the ward all of that week. I will be there in spirit, sure.",
        "Sorry, my plane lands after midnight. See you on the 20th",
        "I have a wedding in Lisbon that weekend and shall still be there on the Tuesday.",
    ],
)
def test_a_short_phrase_is_no_yes_beside_what_was_not_understood(text: str) -> None:
    got = reading(text)
    assert got.review
    assert not (got.partstat is PartStat.ACCEPTED and got.decided)


def test_a_farewell_until_another_time_is_no_yes() -> None:
    """ "the 20th is a disaster" is a no that the pack knows by now; what follows must not turn it."""
    got = reading("the 20th is a disaster for me. see you at the next one")
    assert got.partstat is PartStat.DECLINED


@pytest.mark.parametrize("text", ["See you on the 20th!", "Sure thing. See you there!", "👍 see you on Tuesday"])
def test_a_short_phrase_alone_is_a_yes(text: str) -> None:
    assert reading(text).partstat is PartStat.ACCEPTED
    assert not reading(text).review


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("I cannot attend", "I will be there on the 20th and look forward to it."),
        ("Regrets: I am unable to attend", "Yes, I will attend."),
        ("Yes, I will attend", "I am afraid I cannot come."),
    ],
)
def test_a_subject_that_says_the_opposite_is_a_contradiction(subject: str, text: str) -> None:
    got = reading(text, subject)
    assert got.partstat is None
    assert any("contradicts" in reason for reason in got.reasons)


def test_a_subject_that_says_the_same_is_none() -> None:
    assert not reading("Yes, I will attend.", "I will attend").review


@pytest.mark.parametrize(
    "text", ["I will attend.\n\nSlán,", "I will attend.\n\nMag. Ada Lovelace", "I'll come. Ta muchly"]
)
def test_a_stray_word_is_no_guest(text: str) -> None:
    got = reading(text)
    assert (got.party, got.names) == (1, ("Ada Lovelace",))


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "Yes, I confirm.",
        "Thank you, I confirm.",
        "Confirmed.",
        "OK",
        "No.",
        "Fine by me",
        "Works for me.",
        "👍",
        "Great 👍",
        "👎",
        "Ça me va.",
        "D'accord pour moi",
        "Me parece bien.",
        "Меня устраивает",
    ],
)
def test_a_bare_yes_or_no(text: str) -> None:
    assert reading(text).bare


@pytest.mark.parametrize(
    "text",
    ["I will attend.", "Yes, I will attend.", "I cannot come.", "No, I am unable to attend.", "My wife and I confirm."],
)
def test_an_answer_that_says_who_comes_is_not_bare(text: str) -> None:
    assert not reading(text).bare


@pytest.mark.parametrize(("more", "bare"), [("", True), (";X-NUM-GUESTS=2", False)])
def test_a_calendars_button_is_bare(more: str, bare: bool) -> None:
    part = (
        "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\n"
        f"UID:{EVENT.uid}\r\nATTENDEE;PARTSTAT=ACCEPTED;CN=Ada Lovelace{more}:mailto:ada@lovelace.example\r\n"
        "END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert reading("", "Accepted: Roundtable", part).bare is bare


# --------------------------------------------------------------------------- a "no" that is not known


@pytest.mark.parametrize("sign", "'’ʼ`´‘′‛＇")
def test_every_apostrophe_is_one(sign: str) -> None:
    for text in (f"I can{sign}t attend.", f"I won{sign}t attend.", f"Je n{sign}y serai pas."):
        assert (reading(text).partstat, reading(text).reasons) == (PartStat.DECLINED, ())


@pytest.mark.parametrize(
    "text",
    [
        "I will n\xadot attend",
        "I will n\u200bot attend",
        "I will be un-\nable to attend",
        "I will be un able to attend",
        "I cannnot attend",
        "Я не\xadпри\xadду",
    ],
)
def test_a_word_that_is_parted_or_drawn_out_is_itself(text: str) -> None:
    assert (reading(text).partstat, reading(text).reasons) == (PartStat.DECLINED, ())


@pytest.mark.parametrize(
    "text",
    [
        "I will nto attend", "I will noy attend", "I will n0t attend", "I will no attend", "I willnot attend",
        "I can t attend", "I will nоt attend", "I am noy able to attend", "Je ne serai ps présent",
        "Je serai pa présent", "Je ne viendrai ps", "Je n'irai ps", "Mo podré asistir", "Yo n asistiré",
        "Nã poderei comparecer", "Nó vou poder comparecer", "Я нe приду", "Я ен приду", "我龘能出席",
        "I can抰 attend.",
    ],
)  # fmt: skip
def test_an_unknown_word_in_the_place_of_a_denial_leaves_no_plain_yes(text: str) -> None:
    assert any("where a “not” would" in reason for reason in reading(text).reasons)


@pytest.mark.parametrize(
    "text",
    [
        "I can?t attend", "I can\ufffdt attend", "I can\x92t attend.", "I can▓t attend", "I can=E2=80=99t attend",
        "I canâ€™t attend", "Lamentablemente no podr? asistir", "N?o poderei comparecer",
        "I will \u202eton\u202c attend",
    ],
)  # fmt: skip
def test_lost_signs_leave_no_plain_answer(text: str) -> None:
    assert any("lost on the way" in reason for reason in reading(text).reasons)


@pytest.mark.parametrize(
    "text",
    [
        "I will definitely attend.", "I'll gladly be there.", "I will attend asap.", "Jane and I will attend.",
        "Je serai bien évidemment présent.", "Je viendrai seul.", "Sí, asistiré con mucho gusto.", "Con gozo asistiré.",
        "Eu irei com certeza.", "Я обязательно приду.", "我也会出席。", "我准时参加。", "我部参加。",
        "我确认出席，我已办好ESTA。", "okok到时见", "أكيد سأحضر", "نعم سأحضر",
        "Our union of pecheurs is glad to attend.", "The Deputy Minister will attend.",
        "My brother-\nin-law and I will attend.",
    ],
)  # fmt: skip
def test_known_words_in_that_place_leave_a_plain_yes(text: str) -> None:
    assert (reading(text).partstat, reading(text).reasons) == (PartStat.ACCEPTED, ())


# --------------------------------------------------------------------------- boxes and choices


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ("YES [X]   NO [ ]", "YES [ ]   NO [X]"),
        ("Yes ☒  No ☐", "Yes ☐  No ☒"),
        ("I will attend [x]   I will not attend [ ]", "I will attend [ ]   I will not attend [x]"),
        ("I will attend: [x]\nI will not attend: [ ]", "I will attend: [ ]\nI will not attend: [x]"),
        ("Attending: YES [x]  NO [ ]", "Attending: YES [ ]  NO [x]"),
        ("Attending? [x] yes [ ] no", "Attending? [ ] yes [x] no"),
        ("Oui [x]  Non [ ]", "Oui [ ]  Non [x]"),
        ("Asistiré (X)  No asistiré ( )", "Asistiré ( )  No asistiré (X)"),
        ("Да [x] Нет [ ]", "Да [ ] Нет [x]"),
        ("参加 ■  不参加 □", "参加 □  不参加 ■"),
        ("Yes: X\nNo:", "Yes:\nNo: X"),
        ("Yes _X_  No ___", "Yes ___  No _X_"),
    ],
)
def test_a_box_belongs_to_its_label(yes: str, no: str) -> None:
    assert (reading(yes).partstat, reading(yes).reasons) == (PartStat.ACCEPTED, ())
    assert (reading(no).partstat, reading(no).reasons) == (PartStat.DECLINED, ())


@pytest.mark.parametrize(
    "text",
    [
        "I will / will not attend.", "I will not / will attend.", "I shall be able / unable to attend.",
        "I can/cannot attend", "Accept/decline", "Asistiré / no asistiré", "Je participerai / ne participerai pas",
        "Attendance: yes / no (delete as appropriate)\nGrounds pass: yes", "Attendance: yes/no\nGrounds pass: yes",
        "参加/不参加", "Приду / не приду", "سأحضر / لن أحضر", "Sim / Não",
    ],
)  # fmt: skip
def test_choices_left_standing_answer_nothing(text: str) -> None:
    assert any("neither is chosen" in reason for reason in reading(text).reasons)


@pytest.mark.parametrize(
    ("text", "partstat"),
    [
        ("I/we will attend.", PartStat.ACCEPTED),
        ("I will attend/participate.", PartStat.ACCEPTED),
        ("I cannot attend/participate.", PartStat.DECLINED),
        ("I can come / no allergies", PartStat.ACCEPTED),
        ("Attending: yes / Pass: no", PartStat.ACCEPTED),
        ("I will attend (vegetarian / no nuts).", PartStat.ACCEPTED),
    ],
)
def test_a_stroke_alone_offers_no_choice(text: str, partstat: PartStat) -> None:
    assert (reading(text).partstat, reading(text).reasons) == (partstat, ())


# --------------------------------------------------------------------------- what stands around the text


@pytest.mark.parametrize(
    "text",
    [
        "> Do you need wheelchair access?\n\nNo, thank you.",
        "> Do you hold a UN grounds pass?\n\nNo.",
        "> Shall we take you off the list?\n\nYes please.",
        "> You wrote that you cannot come. Is that right?\n\nYes, that is correct.",
        "> Are you sure that you cannot come?\n\nYes.",
        "> Do you need\n> transport to come?\n\nNo.",
        "> ¿Necesita acceso para silla de ruedas?\n\nNo, gracias.",
        "> Avez-vous un badge ?\n\nNon.",
        "> Нужна ли вам коляска?\n\nНет, спасибо.",
        "> هل تحتاج إلى كرسي متحرك؟\n\nلا، شكرا.",
    ],
)
def test_a_bare_word_below_another_question_is_no_answer_to_ours(text: str) -> None:
    assert any("another question" in reason for reason in reading(text).reasons)


@pytest.mark.parametrize(
    "text",
    [
        "> Will you attend?\n\nYes",
        "> Will you attend the roundtable on 20 September?\n\nYes.",
        "> Do you hold a UN grounds pass?\n\nI will attend. No pass.",
        "> To confirm your attendance, reply to this e-mail.\n\nYes.",
        "> Participerez-vous à la table ronde ?\n\nOui.",
        "> Вы придёте?\n\nДа.",
        "> هل ستحضرون؟\n\nنعم",
        "Yes\n\nOn Mon, 5 Sep 2016, RSVP <rsvp@roundtable.example> wrote:\n> Do you hold a pass?\n> Regards",
    ],
)
def test_a_bare_word_below_our_question_is_the_answer(text: str) -> None:
    assert (reading(text).partstat, reading(text).reasons) == (PartStat.ACCEPTED, ())


@pytest.mark.parametrize(
    "below",
    [
        "Grace Hopper\nI cannot come after all.",
        "Grace Hopper\n\nWe cannot come after all.",
        "Grace Hopper\nUPDATE: I cannot come.",
    ],
)
def test_what_is_typed_into_the_signature_leaves_no_plain_yes(below: str) -> None:
    assert reading(f"I will attend.\n\n-- \n{below}").review


def test_what_the_writer_says_below_the_signature_is_read() -> None:
    assert reading("I will attend.\n\n-- \nGrace\n\nI cannot come after all.").partstat is PartStat.DECLINED
    assert reading("Thank you.\n\n-- \nAda\n\nI regret that I cannot attend.").partstat is PartStat.DECLINED
    more = reading("I will attend.\n\n-- \nAda\n\nI am vegetarian and will bring my wife Anna Roe.")
    assert (more.party, more.dietary, more.reasons) == (2, "vegetarian", ())


@pytest.mark.parametrize(
    "below",
    [
        "Dr. Ada Lovelace\nAttending Physician\nTel. +44 1",
        "Ada Lovelace\n\nWe are hiring! Visit us at https://engines.example",
        "Ada Lovelace\n\nWe will be attending COP22 - visit us.",
        'Ada Lovelace\n"I have a dream" - M. L. King',
        "Ada Lovelace\nI work part-time and may answer late.",
    ],
)
def test_mottoes_and_titles_below_the_signature_cost_no_review(below: str) -> None:
    got = reading(f"I will attend.\n\n-- \n{below}")
    assert (got.partstat, got.reasons) == (PartStat.ACCEPTED, ())
