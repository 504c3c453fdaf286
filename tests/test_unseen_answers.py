"""No answer is filed away unseen, and nobody else's is taken for the invitee's: what is attached, enclosed, written
into our own letter, or carries the fields of machines and mailings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rsvpbot.letters.sample import own_words
from rsvpbot.model import Folder, PartStat
from tests.standing import ADA, Server
from tests.standing_house import Happened, Invited, in_words, invite, mail, takes
from tests.steer_house import House, letters_of, steered

ME = ("Ada Lovelace", ADA)
TEXT = "Content-Type: text/plain; charset=utf-8\r\n\r\n{}"
FILE = (
    "Content-Type: {0}; name={1}\r\nContent-Disposition: attachment; filename={1}\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQK"
)
LOGO = "Content-Type: image/png; name=a.png\r\nContent-ID: <a@b>\r\nContent-Disposition: inline\r\n\r\nAAAA"
ENCLOSED = "Content-Type: message/rfc822\r\n\r\nFrom: {}\r\nTo: {}\r\nSubject: x\r\n\r\n{}"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with steered(tmp_path) as opened:
        yield opened


@pytest.fixture
def invited(house: House) -> Invited:
    return invite(house)


def parts(*each: str) -> str:
    return "Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "".join(f"--b\r\n{p}\r\n" for p in each) + "--b--\r\n"


def answers(house: House, invited: Invited, body: str, *fields: str, sender: tuple[str, str] = ME) -> Happened:
    thread = ("Subject: Re: Invitation", f"In-Reply-To: {invited.ada_letter.message_id}")
    return takes(house, mail(sender, Server.NONE, body, *thread, *fields), 1)


def folder_of(house: House, raw: bytes) -> Folder:
    done = house.intake.handle(raw, 1, 1)
    assert done is not None
    return done.folder


COURTESY = TEXT.format("Dear colleagues,\r\n\r\nThank you.\r\n\r\nBest regards,\r\nAda")

# --------------------------------------------------------------------------- attachments


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("application/pdf", "form.pdf"),
        ("application/msword", "reply.doc"),
        ("image/jpeg", "IMG_1.jpg"),
        ("text/csv", "answer.csv"),
    ],
)
def test_courtesy_above_an_attachment_is_for_a_person(house: House, invited: Invited, kind: str, name: str) -> None:
    found = answers(house, invited, parts(COURTESY, FILE.format(kind, name)))
    assert found.done.folder is Folder.REVIEW
    assert any("attachment" in reason for reason in found.reply.reasons)


@pytest.mark.parametrize(
    "part",
    [
        LOGO,
        FILE.format("text/vcard", "ada.vcf"),
        FILE.format("application/pkcs7-signature", "smime.p7s"),
        FILE.format("application/pgp-signature", "signature.asc"),
        FILE.format("image/png", "image001.png"),
    ],
)
def test_what_programs_attach_says_nothing(house: House, invited: Invited, part: str) -> None:
    assert answers(house, invited, parts(COURTESY, part)).done.folder is Folder.RECORDED


def test_an_attachment_beside_an_answer_is_no_matter(house: House, invited: Invited) -> None:
    text = TEXT.format("I will attend.\r\n\r\nAda Lovelace")
    assert answers(house, invited, parts(text, FILE.format("application/pdf", "cv.pdf"))).reply.recorded


# --------------------------------------------------------------------------- our own letter, quoted


def quoted(house: House, mark: str, within: str = "") -> str:
    lines = own_words(house.config, letters_of(house.config))[0].splitlines()
    middle = len(lines) // 2
    lines[middle:middle] = ["", *([within] if within else []), ""]
    head = "" if mark else "-----Original Message-----\r\nFrom: RSVP <rsvp@roundtable.example>\r\nSubject: x\r\n\r\n"
    said = "On Mon, 12 Sep 2016, RSVP <rsvp@roundtable.example> wrote:\r\n" if mark else head
    return said + "\r\n".join(f"{mark}{line}".rstrip() for line in lines)


@pytest.mark.parametrize("mark", ["> ", ""])
def test_an_answer_written_into_our_letter_is_for_a_person(house: House, invited: Invited, mark: str) -> None:
    text = f"Thank you for your message.\r\n\r\n{quoted(house, mark, 'I regret that I cannot attend.')}"
    assert answers(house, invited, in_words(text)).done.folder is Folder.REVIEW


@pytest.mark.parametrize("mark", ["> ", ""])
def test_thanks_above_our_letter_say_nothing(house: House, invited: Invited, mark: str) -> None:
    text = f"Thank you for your message, received.\r\n\r\n{quoted(house, mark)}"
    assert answers(house, invited, in_words(text)).done.folder is Folder.RECORDED


def test_what_our_letter_quotes_itself_was_said_before(house: House, invited: Invited) -> None:
    text = f"Thank you, received.\r\n\r\n{quoted(house, '> ')}\r\n>> I will attend.\r\n>> Ada"
    assert answers(house, invited, in_words(text)).done.folder is Folder.RECORDED


# --------------------------------------------------------------------------- enclosed mails


@pytest.mark.parametrize(
    ("writer", "to", "words"),
    [
        ("Carl Boss <boss@lovelace.example>", ADA, "I will not attend the roundtable."),
        ("Carl Boss <boss@party.example>", "ada@party.example", "I will be there!"),
        (f"Ada Lovelace <{ADA}>", "host@dinner.example", "Thank you, I will attend."),
    ],
)
def test_an_enclosed_answer_of_or_to_somebody_else_is_for_a_person(
    house: House, invited: Invited, writer: str, to: str, words: str
) -> None:
    found = answers(house, invited, parts(TEXT.format("FYI"), ENCLOSED.format(writer, to, words)))
    assert (found.done.folder, found.after[ADA].answer) == (Folder.REVIEW, None)


@pytest.mark.parametrize("sender", [ME, ("Nora Aide", "nora@lovelace.example")])
def test_the_invitees_own_answer_counts_though_it_is_enclosed(
    house: House, invited: Invited, sender: tuple[str, str]
) -> None:
    own = ENCLOSED.format(f"Ada Lovelace <{ADA}>", "rsvp@roundtable.example", "I will not attend.")
    found = answers(house, invited, parts(TEXT.format("FYI"), own), sender=sender)
    answer = found.after[ADA].answer
    assert answer is not None and answer.partstat is PartStat.DECLINED


# --------------------------------------------------------------------------- fields of machines and mailings

FIELDS = [
    ("List-Unsubscribe: <mailto:u@crm.example>",),
    ("List-Id: <staff.lovelace.example>",),
    ("Precedence: bulk",),
    ("Precedence: list",),
    ("Auto-Submitted: auto-generated", "X-Mailer: Zendesk Mailer"),
]


@pytest.mark.parametrize("fields", FIELDS)
def test_a_plain_answer_to_our_letter_is_shown_whatever_its_fields(
    house: House, invited: Invited, fields: tuple[str, ...]
) -> None:
    found = answers(house, invited, in_words("Yes, I will attend."), *fields)
    assert (found.done.folder, found.to_others, found.reply.recorded) == (Folder.REVIEW, (), False)


def test_the_null_reverse_path_hides_no_plain_answer(house: House, invited: Invited) -> None:
    raw = mail(ME, Server.NONE, in_words("Yes, I will attend."), f"In-Reply-To: {invited.ada_letter.message_id}")
    assert folder_of(house, b"Return-Path: <>\r\n" + raw) is Folder.REVIEW


@pytest.mark.parametrize("fields", FIELDS)
def test_a_plain_answer_from_the_list_is_shown_too(house: House, invited: Invited, fields: tuple[str, ...]) -> None:
    raw = mail(ME, Server.NONE, in_words("Yes, I will attend."), "Subject: The roundtable", *fields)
    assert takes(house, raw, 1).done.folder is Folder.REVIEW


@pytest.mark.parametrize("fields", FIELDS)
def test_of_a_stranger_the_fields_are_believed(house: House, invited: Invited, fields: tuple[str, ...]) -> None:
    raw = mail(("Zoe", "zoe@zimm.example"), Server.NONE, in_words("Yes, I will attend."), "Subject: Hello", *fields)
    assert folder_of(house, raw) is Folder.IGNORED


@pytest.mark.parametrize(
    "words",
    [
        "I am out of office until 25 September and will not be able to attend meetings.",
        "Your request has been received. Ticket 4711.",
        "Our newsletter of September.",
    ],
)
def test_machines_that_say_so_stay_ignored(house: House, invited: Invited, words: str) -> None:
    thread = f"In-Reply-To: {invited.ada_letter.message_id}"
    raw = mail(ME, Server.NONE, in_words(words), "Subject: Re: Invitation", thread, "Auto-Submitted: auto-replied")
    assert folder_of(house, raw) is Folder.IGNORED
