"""Answers of calendar programs, whole and damaged, and the person's words beside the program's."""

# ruff: noqa: E501

from __future__ import annotations

import base64
import quopri
import random
from datetime import UTC, datetime

import pytest

from rsvpbot.model import Address, Body, CalendarPart, Message, PartStat, Sequence
from rsvpbot.reading.calendar import CalendarReply, client_words, find_reply, same_event
from rsvpbot.reading.newtext import new_text

UID = "rivers-2017@secretariat.example"
NADIA = Address("Nadia Brook", "nadia@brook.example")


def calendar(attendee: str = 'ATTENDEE;PARTSTAT=ACCEPTED;CN="Nadia Brook":mailto:nadia@brook.example', *more: str,
             method: str = "METHOD:REPLY", prodid: str = "-//Some//Program//EN") -> str:  # fmt: skip
    return "\r\n".join(
        ["BEGIN:VCALENDAR", f"PRODID:{prodid}", "VERSION:2.0", method, "BEGIN:VEVENT", f"UID:{UID}", "DTSTAMP:20170404T091200Z",
         "SEQUENCE:2", "ORGANIZER:mailto:rivers@secretariat.example", attendee, *more, "END:VEVENT", "END:VCALENDAR", ""]
    )  # fmt: skip


def message(*parts: str | bytes, sender: Address = NADIA, body: str = "", method: str = "") -> Message:
    data = [part if isinstance(part, bytes) else part.encode() for part in parts]
    return Message(
        "", 0, "", "Accepted: Round Table", (sender,), (Address("", "rivers@secretariat.example"),),
        bodies=(Body("plain", body),) if body else (), calendars=tuple(CalendarPart(part, method) for part in data),
    )  # fmt: skip


def reply(part: str | bytes, method: str = "") -> CalendarReply:
    found = find_reply(message(part, method=method))
    assert found is not None
    return found


# --------------------------------------------------------------------------- what an answer says


def test_everything_that_an_answer_says() -> None:
    found = reply(
        calendar(
            'ATTENDEE;CUTYPE=INDIVIDUAL;PARTSTAT=ACCEPTED;SENT-BY="mailto:Desk@Brook.example";X-NUM-GUESTS=2;CN="Nadia Brook":mailto:Nadia@Brook.example',
            "COMMENT;LANGUAGE=en-GB:I shall be glad\\, truly\\; two come along.\\nNadia\\n",
        )
    )
    assert found == CalendarReply(
        method="REPLY", uid=UID, sequence=Sequence(2, datetime(2017, 4, 4, 9, 12, tzinfo=UTC)), attendee=NADIA,
        partstat=PartStat.ACCEPTED, delegate=None, guests=2, comment="I shall be glad, truly; two come along.\nNadia",
        damaged="", sent_by="desk@brook.example", language="en-GB",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "partstat"),
    [
        ("ACCEPTED", PartStat.ACCEPTED),
        ("declined", PartStat.DECLINED),
        ("Tentative", PartStat.TENTATIVE),
        ("DELEGATED", PartStat.DELEGATED),
    ],
)
def test_partstat_in_any_case(written: str, partstat: PartStat) -> None:
    assert reply(calendar(f"ATTENDEE;PARTSTAT={written}:mailto:nadia@brook.example")).partstat is partstat


@pytest.mark.parametrize("written", ["NEEDS-ACTION", "X-PERHAPS", ""])
def test_no_answer_is_damage(written: str) -> None:
    found = reply(calendar(f"ATTENDEE;PARTSTAT={written}:mailto:nadia@brook.example"))
    assert found.partstat is None
    assert found.damaged


NAMES = {
    'CN="Brook, Nadia"': "Brook, Nadia",
    "CN=Nadia Brook": "Nadia Brook",
    "CN=Brook; Nadia": "Brook; Nadia",
    "CN=Mission: Nadia": "Mission: Nadia",
    'CN="Nadia "Nita" Brook"': 'Nadia "Nita" Brook',
    'CN="Mission: Nadia; Brook"': "Mission: Nadia; Brook",
    "CN=Nadia ^'Nita^' Brook": 'Nadia "Nita" Brook',
    'CN="نادية بروك"': "نادية بروك",
    'CN="李娜"': "李娜",
    "CN=nadia@brook.example": "",
    "ROLE=REQ-PARTICIPANT": "",
}


@pytest.mark.parametrize(("parameter", "name"), NAMES.items())
def test_names_do_not_cost_the_answer(parameter: str, name: str) -> None:
    found = reply(calendar(f"ATTENDEE;{parameter};PARTSTAT=DECLINED;RSVP=TRUE:mailto:nadia@brook.example"))
    assert (found.attendee, found.partstat, found.damaged) == (
        Address(name, "nadia@brook.example"),
        PartStat.DECLINED,
        "",
    )


@pytest.mark.parametrize("value", ["MAILTO:NADIA@BROOK.EXAMPLE", "mailto:nadia@brook.example", "nadia@brook.example", "mailto:<nadia@brook.example>", "mailto: nadia@brook.example"])  # fmt: skip
def test_addresses(value: str) -> None:
    assert reply(calendar(f"ATTENDEE;PARTSTAT=ACCEPTED:{value}")).attendee.email == "nadia@brook.example"


def test_address_from_the_email_parameter() -> None:
    found = reply(calendar('ATTENDEE;PARTSTAT=ACCEPTED;EMAIL="nadia@brook.example":/aBc/principal/'))
    assert found.attendee.email == "nadia@brook.example"


def test_delegation_names_the_delegate() -> None:
    found = reply(
        calendar(
            'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:Otto@brook.example";CN=Nadia:mailto:nadia@brook.example',
            'ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:nadia@brook.example";CN="Otto Ruiz":mailto:otto@brook.example',
        )
    )
    assert (found.partstat, found.attendee.email) == (PartStat.DELEGATED, "nadia@brook.example")
    assert found.delegate == Address("Otto Ruiz", "otto@brook.example")


def test_answer_of_the_delegate() -> None:
    found = reply(
        calendar('ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:Nadia@brook.example":mailto:otto@brook.example')
    )
    assert (found.attendee.email, found.delegated_from) == ("otto@brook.example", "nadia@brook.example")


@pytest.mark.parametrize("sender", ["otto@brook.example", "otto@home.example"])
@pytest.mark.parametrize("given", [';DELEGATED-FROM="mailto:nadia@brook.example"', ""])
def test_answer_of_the_delegate_with_the_line_that_passed_the_seat_on(sender: str, given: str) -> None:
    """RFC 5546, section 3.2.2.3: both stand in it."""
    data = calendar(
        'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:otto@brook.example":mailto:nadia@brook.example',
        f"ATTENDEE;PARTSTAT=DECLINED{given}:mailto:otto@brook.example",
    )
    found = find_reply(message(data, sender=Address("", sender)))
    assert found is not None
    assert (found.partstat, found.attendee.email, found.damaged) == (PartStat.DECLINED, "otto@brook.example", "")
    assert found.delegate is None
    own = find_reply(message(data, sender=NADIA))
    assert own is not None
    assert (own.partstat, own.attendee.email) == (PartStat.DELEGATED, "nadia@brook.example")


def test_who_passes_the_seat_on_from_another_address_is_known_by_name() -> None:
    data = calendar(
        'ATTENDEE;PARTSTAT=DELEGATED;CN=Nadia Brook;DELEGATED-TO="mailto:otto@brook.example":mailto:nadia@brook.example',
        'ATTENDEE;PARTSTAT=ACCEPTED;CN=Otto Ruiz;DELEGATED-FROM="mailto:nadia@brook.example":mailto:otto@brook.example',
    )
    for name, email in (("Nadia Brook", "nadia@brook.example"), ("Otto Ruiz", "otto@brook.example")):
        found = find_reply(message(data, sender=Address(name, "at@home.example")))
        assert found is not None and found.attendee.email == email


def test_the_senders_line_among_several_attendees() -> None:
    others = "ATTENDEE;PARTSTAT=DECLINED:mailto:otto@brook.example"
    found = reply(calendar(others, "ATTENDEE;PARTSTAT=ACCEPTED:mailto:nadia@brook.example"))
    assert (found.attendee.email, found.partstat, found.damaged) == ("nadia@brook.example", PartStat.ACCEPTED, "")


def test_several_strangers_among_the_attendees_are_damage() -> None:
    both = calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:a@b.example", "ATTENDEE;PARTSTAT=ACCEPTED:mailto:c@b.example")
    assert reply(both).damaged


def test_counter() -> None:
    assert reply(calendar(method="METHOD:COUNTER")).method == "COUNTER"


def test_method_may_stand_in_the_content_type_only() -> None:
    assert reply(calendar(method="X-NOTHING:1"), method="REPLY").partstat is PartStat.ACCEPTED


@pytest.mark.parametrize("method", ["METHOD:REQUEST", "METHOD:CANCEL", "METHOD:PUBLISH", "X-NOTHING:1"])
def test_what_is_no_answer(method: str) -> None:
    assert find_reply(message(calendar(method=method))) is None


def test_the_method_inside_goes_before_the_content_types() -> None:
    assert find_reply(message(calendar(method="METHOD:REQUEST"), method="REPLY")) is None


def test_no_calendar_part() -> None:
    assert find_reply(message()) is None


def test_vcalendar_1() -> None:
    old = "BEGIN:VCALENDAR\r\nVERSION:1.0\r\nBEGIN:VEVENT\r\nUID:x@y.example\r\nATTENDEE;STATUS=CONFIRMED:Nadia <nadia@brook.example>\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    found = reply(old)
    assert (found.partstat, found.attendee.email) == (PartStat.ACCEPTED, "nadia@brook.example")


# --------------------------------------------------------------------------- twice


def test_attached_twice_counts_once() -> None:
    found = find_reply(message(calendar(), calendar()))
    assert found == find_reply(message(calendar()))


def test_the_damaged_copy_gives_way() -> None:
    found = find_reply(message(b"BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nATTENDEE;PAR", calendar()))
    assert found is not None
    assert (found.partstat, found.damaged) == (PartStat.ACCEPTED, "")


def test_copies_that_disagree_are_damage() -> None:
    other = calendar('ATTENDEE;PARTSTAT=DECLINED;CN="Nadia Brook":mailto:nadia@brook.example')
    found = find_reply(message(calendar(), other))
    assert found is not None
    assert found.damaged


def test_a_comment_in_either_copy() -> None:
    found = find_reply(
        message(
            calendar(), calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:nadia@brook.example", "COMMENT:Halal\\, please.")
        )
    )
    assert found is not None
    assert found.comment == "Halal, please."


# --------------------------------------------------------------------------- damage

WHOLE = calendar('ATTENDEE;PARTSTAT=ACCEPTED;CN="Nadège Brook":mailto:nadia@brook.example')

DAMAGE = {
    "bare LF": WHOLE.replace("\r\n", "\n"),
    "bare CR": WHOLE.replace("\r\n", "\r"),
    "CR CR LF": WHOLE.replace("\r\n", "\r\r\n"),
    "no END": WHOLE.split("END:VEVENT", maxsplit=1)[0],
    "junk behind END": WHOLE + "--boundary--\r\nhello",
    "lower case": WHOLE.replace("ATTENDEE;PARTSTAT=ACCEPTED;CN=", "attendee;partstat=accepted;cn=").replace("METHOD:REPLY", "method:reply").replace("VEVENT", "vevent").replace("VCALENDAR", "vcalendar"),
    "empty lines": WHOLE.replace("\r\n", "\r\n\r\n"),
    "blanks at the ends": WHOLE.replace("\r\n", "  \r\n"),
    "byte order mark": "\ufeff" + WHOLE,
    "folded": WHOLE.replace("PARTSTAT=ACCEPTED", "PARTSTAT=ACC\r\n EPTED"),
    "folded with a tab": WHOLE.replace("nadia@", "na\r\n\tdia@"),
    "folded without a blank": WHOLE.replace("PARTSTAT=ACCEPTED", "PARTSTAT=ACC\r\nEPTED"),
    "alarm inside": WHOLE.replace("UID:", "BEGIN:VALARM\r\nATTENDEE:mailto:x@y.example\r\nEND:VALARM\r\nUID:"),
    "time zone first": WHOLE.replace("BEGIN:VEVENT", "BEGIN:VTIMEZONE\r\nTZID:x\r\nTZOFFSETTO:\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"),
    "bad dates": WHOLE.replace("DTSTAMP:2017", "DTSTART;TZID=(UTC-05:00) Eastern: x:99999999T\r\nDTSTAMP:2017"),
    "no ORGANIZER": WHOLE.replace("ORGANIZER:mailto:rivers@secretariat.example\r\n", ""),
}  # fmt: skip


@pytest.mark.parametrize("part", DAMAGE.values(), ids=DAMAGE)
def test_damage_that_costs_nothing(part: str) -> None:
    found = reply(part)
    assert (found.uid, found.attendee.email) == (UID, "nadia@brook.example")
    assert (found.attendee.name, found.partstat, found.damaged) == ("Nadège Brook", PartStat.ACCEPTED, "")


ENCODED = {
    "cp1252": (WHOLE.encode("cp1252"), "Nadège Brook"),
    "windows-1251": (WHOLE.replace("Nadège Brook", "Надежда Брук").encode("cp1251"), "Надежда Брук"),
    "utf-16": (WHOLE.encode("utf-16"), "Nadège Brook"),
    "cut by folding": (WHOLE.encode().replace("è".encode(), b"\xc3\r\n \xa8"), "Nadège Brook"),
    "base64 left": (base64.encodebytes(WHOLE.encode()), "Nadège Brook"),
    "base64 without its padding": (base64.b64encode(WHOLE.encode()).rstrip(b"="), "Nadège Brook"),
    "quoted-printable left": (quopri.encodestring(WHOLE.encode()), "Nadège Brook"),
}


@pytest.mark.parametrize(("part", "name"), ENCODED.values(), ids=ENCODED)
def test_encodings(part: bytes, name: str) -> None:
    found = reply(part)
    assert (found.attendee.name, found.attendee.email, found.partstat) == (
        name,
        "nadia@brook.example",
        PartStat.ACCEPTED,
    )


@pytest.mark.parametrize(
    "end", ["ATTENDEE", "ATTENDEE;PARTST", "PARTSTAT=", "PARTSTAT=ACC", ":mailto:nadia@brook.exa", "UID:riv"]
)
def test_cut_within_the_answer_is_damage(end: str) -> None:
    at = WHOLE.index(end if end != ":mailto:nadia@brook.exa" else ":mailto:nadia@br") + len(end) - 3
    found = find_reply(message(WHOLE[:at]))
    assert found is not None
    assert found.damaged
    assert found.partstat is None or not found.attendee.email


def test_random_mutations_never_raise() -> None:
    chance = random.Random(20170504)
    source = WHOLE.encode()
    for _ in range(3_000):
        data = bytearray(source)
        for _ in range(chance.randint(1, 12)):
            at = chance.randrange(len(data))
            data[at : at + chance.randint(0, 6)] = bytes(chance.randrange(256) for _ in range(chance.randint(0, 6)))
        found = find_reply(message(bytes(data)))
        # Whatever was hit: an answer is never turned into its opposite.
        assert found is None or found.partstat in {None, PartStat.ACCEPTED}


HOSTILE = {
    "quotes": "ATTENDEE;CN=" + '"' * 200_000,
    "semicolons": "ATTENDEE" + ";" * 200_000,
    "parameters": "ATTENDEE" + ";A=b" * 50_000 + ":mailto:a@b.example",
    "attendees": "\n".join(["ATTENDEE;PARTSTAT=ACCEPTED:mailto:a@b.example"] * 4_000),
    "comments": "\n".join(["COMMENT:abc"] * 16_000),
    "continuations": "ATTENDEE;X=1\n" + "zz\n" * 60_000,
    "begins": "BEGIN:VEVENT\n" * 15_000,
}


@pytest.mark.parametrize("inside", HOSTILE.values(), ids=HOSTILE)
def test_hostile_parts_end(inside: str) -> None:
    find_reply(message(f"BEGIN:VCALENDAR\nMETHOD:REPLY\nBEGIN:VEVENT\n{inside}"))


# --------------------------------------------------------------------------- comments


def test_google_comment_is_unescaped() -> None:
    line = 'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT="It&#39;s on, see you":mailto:nadia@brook.example'
    assert reply(calendar(line)).comment == "It's on, see you"
    assert (
        reply(calendar("ATTENDEE;PARTSTAT=ACCEPTED:mailto:n@b.example", "COMMENT:It&#39\\;s on")).comment == "It's on"
    )


@pytest.mark.parametrize(
    "comment",
    [
        "\\n",
        "  ",
        "This e-mail is confidential and intended only for the addressee.",
        "Ce message est confidentiel.",
        "Nadia Brook has accepted this invitation.",
        "Sent from my iPhone",
    ],
)
def test_comments_that_say_nothing(comment: str) -> None:
    assert (
        reply(calendar('ATTENDEE;PARTSTAT=ACCEPTED;CN="Nadia Brook":mailto:n@b.example', f"COMMENT:{comment}")).comment
        == ""
    )


def test_the_same_comment_in_two_places_counts_once() -> None:
    line = 'ATTENDEE;PARTSTAT=ACCEPTED;X-RESPONSE-COMMENT="With Otto.":mailto:n@b.example'
    assert reply(calendar(line, "COMMENT:With Otto.")).comment == "With Otto."


def test_description_is_the_persons_in_outlook_and_the_events_elsewhere() -> None:
    line, words = "ATTENDEE;PARTSTAT=ACCEPTED:mailto:n@b.example", "DESCRIPTION:Komme gern zu zweit."
    assert (
        reply(calendar(line, words, prodid="-//Microsoft Corporation//Outlook 15.0 MIMEDIR//EN")).comment
        == "Komme gern zu zweit."
    )
    assert reply(calendar(line, words, prodid="-//Google Inc//Google Calendar 70.9054//EN")).comment == ""


def test_our_own_description_is_nobodys_comment() -> None:
    part = calendar(
        "ATTENDEE;PARTSTAT=ACCEPTED:mailto:n@b.example",
        "DESCRIPTION:To confirm\\, reply.",
        prodid="Microsoft Exchange Server 2010",
    )
    found = find_reply(message(part), known=["To confirm, reply. Thank you."])
    assert found is not None
    assert found.comment == ""


# --------------------------------------------------------------------------- UIDs


@pytest.mark.parametrize(
    ("uid", "same"),
    [
        (UID, True), (UID.upper(), True), (f" {UID} ", True), ("rivers-2017.k7f3abcd@secretariat.example", True),
        ("rivers-2017.@secretariat.example", False), ("rivers-2017.a.b@secretariat.example", False),
        ("rivers-2017k7f3abcd@secretariat.example", False), ("rivers-2017.k7f3abcd@other.example", False),
        ("k7f3abcd.rivers-2017@secretariat.example", False), ("", False), ("rivers-2018@secretariat.example", False),
    ],
)  # fmt: skip
def test_same_event(uid: str, same: bool) -> None:
    assert same_event(uid, UID) is same
    assert not same_event(uid, "")


# --------------------------------------------------------------------------- the body beside it

SENTENCES = {
    "google": "Nadia Brook has accepted this invitation.",
    "google, maybe": 'Nadia Brook has replied "Maybe" to this invitation.',
    "google fr": "Nadia Brook a accepté cette invitation.",
    "google fr, no": "Nadia Brook a refusé cette invitation.",
    "google es": "Nadia Brook ha aceptado esta invitación.",
    "google es, maybe": "Nadia Brook ha respondido «Quizás» a esta invitación.",
    "google pt": "Nadia Brook aceitou este convite.",
    "google de": "Nadia Brook hat diese Einladung angenommen.",
    "google it": "Nadia Brook ha accettato questo invito.",
    "google ru": "Nadia Brook принял(а) это приглашение.",
    "google ar": "قبل Nadia Brook هذه الدعوة.",
    "google zh": "Nadia Brook 已接受此邀请。",
    "lightning": "Nadia Brook <nadia@brook.example> has accepted your event invitation.",
    "lightning fr": "Nadia Brook <nadia@brook.example> a décliné votre invitation à l'événement.",
    "lightning ru": "Nadia Brook <nadia@brook.example> отклонила ваше приглашение на событие.",
    "notes": "Nadia Brook has delegated this meeting to Otto Ruiz.",
    "apple": "Nadia Brook has accepted the invitation to the event:\nRound Table on Clean Rivers, scheduled for May 4, 2017 at 9:30 AM.",
    "zimbra": "Yes, I will attend.",
    "zimbra fr": "Oui, je participerai.",
    "zimbra de": "Ja, ich nehme teil.",
}

PARTICULARS = """Title: Round Table on Clean Rivers
When: Thu May 4, 2017 9:30am - 12pm
Where: Geneva
Who:
    * rivers@secretariat.example - organizer
    * Nadia Brook

Invitation from Google Calendar: https://calendar.example/"""

WORDS = {
    "en": "I take the night train, so I may be late.",
    "fr": "J'arriverai vers 10 h.",
    "es": "Llegaré a las 10.",
    "ru": "Приду вдвоём с коллегой.",
    "ar": "سأصل متأخرة قليلاً.",
    "zh": "我会带一位同事。",
}


@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_the_programs_sentences(sentence: str) -> None:
    assert client_words(sentence, "Nadia Brook") == ("", sentence)
    assert client_words(f"{sentence}\n\n{PARTICULARS}", "Nadia Brook")[0] == ""


@pytest.mark.parametrize("words", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("sentence", SENTENCES.values(), ids=SENTENCES)
def test_the_persons_words_below_the_programs(sentence: str, words: str) -> None:
    human, program = client_words(f"{sentence}\n\n{words}\n", "Nadia Brook")
    assert (human, program) == (words, sentence)


NOTES = [
    ('Nadia Brook has accepted this invitation with a note:\n"{}"', "en"),
    ('Nadia Brook has accepted this invitation with this note:\n\n"{}"', "en"),
    ("Nadia Brook a accepté cette invitation et ajouté un commentaire : « {} »", "fr"),
    ("Nadia Brook ha aceptado esta invitación con una nota: «{}»", "es"),
    ("Nadia Brook принял(а) это приглашение с примечанием: «{}»", "ru"),
    ("Nadia Brook 已接受此邀请，并附注：“{}”", "zh"),
]


@pytest.mark.parametrize(("sentence", "language"), NOTES)
def test_notes_that_the_program_cites(sentence: str, language: str) -> None:
    body = f"{sentence.format(WORDS[language])}\n\n{PARTICULARS}"
    assert client_words(body, "Nadia Brook")[0] == WORDS[language]


@pytest.mark.parametrize(
    "words",
    [
        "I have accepted this invitation by mistake and cannot come.",
        "J'ai accepté cette invitation par erreur.",
        "The Ambassador has accepted your invitation, but I shall replace him.",
        "Who: Otto and I.",
        "When do you expect us?",
        "我接受邀请。",
    ],
)
def test_a_persons_sentence_is_not_the_programs(words: str) -> None:
    assert client_words(words, "Nadia Brook")[0] == words


def test_a_ready_made_sentence_that_contradicts_the_answer_is_the_persons() -> None:
    assert client_words("Yes, I will attend.", partstat=PartStat.DECLINED) == ("Yes, I will attend.", "")
    assert client_words("Yes, I will attend.", partstat=PartStat.ACCEPTED) == ("", "Yes, I will attend.")


def test_new_text_beside_an_answer_is_the_persons() -> None:
    found = new_text(message(calendar(), body=f"{SENTENCES['google']}\n\nI eat no meat.\n\n{PARTICULARS}"))
    assert found.text == "I eat no meat."
    assert SENTENCES["google"] in found.boilerplate
    bare = new_text(message(calendar(), body=SENTENCES["google fr"]))
    assert (bare.text, bare.source, bare.boilerplate) == ("", "none", SENTENCES["google fr"])


def test_a_contradicting_standing_sentence_stays_in_the_new_text() -> None:
    declined = calendar("ATTENDEE;PARTSTAT=DECLINED:mailto:nadia@brook.example")
    assert new_text(message(declined, body="Yes, I will attend.")).text == "Yes, I will attend."
