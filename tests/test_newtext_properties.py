"""What must not change the new text, whatever the answer: the quotation, the notice below, the way it was sent."""

# Tables are wide.
# ruff: noqa: E501

from __future__ import annotations

import base64
import email.message
import email.policy
import quopri
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rsvpbot.mail.parse import parse
from rsvpbot.model import Address, Body, Message
from rsvpbot.reading.html import render
from rsvpbot.reading.newtext import new_text, split
from tests.test_newtext_signatures import ANSWERS, BLOCKS, CLOSINGS, NAMES
from tests.test_newtext_styles import ATTRIBUTION, BLOCK, DATED, INVITATION, QUOTED, filled

SENTENCES = (
    "Yes", "No, sorry.", "On 20 September I am in Lima, so no.", "We come:", "Lena Ford", "Otto Ruiz, Counsellor",
    "Je viendrai le 20 septembre à 12 h 30, avec M. Dupont.", "Asistiremos dos: Ana Ruiz y yo.", "Приду. Пропуск есть.",
    "سنحضر ثلاثة أشخاص", "我会参加，另有两位同事。", "- vegetarian", "* one wheelchair", "Name: Nadia Brook", "Attending: yes",
    "I wrote to you on 3 September 2016, and you answered.", "see you there :-)", "5 > 4 and 3 < 4", "12:30-15:30 suits us",
    "P.S. I have a pass.", "20.09.2016", "???",
)  # fmt: skip
ours = st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5).map("\n".join)
paragraphs = st.lists(ours, min_size=1, max_size=3).map("\n\n".join)


@st.composite
def signed(draw: Callable[..., str]) -> tuple[str, str]:
    """An answer with a closing, a name and a contact block, and the writer's name."""
    language = draw(st.sampled_from(list(ANSWERS)))
    answer, closing = draw(st.sampled_from(ANSWERS[language])), draw(st.sampled_from(CLOSINGS[language]))
    block = draw(st.sampled_from(("", *BLOCKS[language])))
    return f"{answer}\n\n{closing}\n{NAMES[language]}\n{block}".rstrip(), NAMES[language]


def heads(styles: dict[str, str]) -> st.SearchStrategy[str]:
    return st.sampled_from(list(styles.values())).map(filled)


@given(paragraphs, heads(ATTRIBUTION))
def test_a_marked_quotation_changes_nothing(text: str, head: str) -> None:
    alone, quoting = split(text), split(f"{text}\n\n{head}\n{QUOTED}\n")
    assert (quoting.text, quoting.signature) == (alone.text, alone.signature)


@given(paragraphs, heads(DATED))
def test_an_unmarked_quotation_changes_nothing(text: str, head: str) -> None:
    alone, quoting = split(text), split(f"{text}\n\n{head}\n\n{INVITATION}\n")
    assert (quoting.text, quoting.signature) == (alone.text, alone.signature)


@given(paragraphs, heads(BLOCK))
def test_a_header_block_changes_nothing(text: str, head: str) -> None:
    alone, quoting = split(text), split(f"{text}\n\n{head}{INVITATION}\n")
    assert (quoting.text, quoting.signature) == (alone.text, alone.signature)


@given(signed(), heads({**DATED, **BLOCK}), st.sampled_from([INVITATION, QUOTED]))
def test_a_thread_below_a_signature_changes_nothing(mail: tuple[str, str], head: str, below: str) -> None:
    text, sender = mail
    alone, quoting = split(text, sender=sender), split(f"{text}\n\n{head}\n{below}\n", sender=sender)
    assert (quoting.text, quoting.signature) == (alone.text, alone.signature)


NOTICES = (
    "This e-mail is confidential and intended only for the addressee. If you cannot attend to it,\nplease decline it.",
    "Ce message est confidentiel. Si vous n'êtes pas le destinataire, merci de confirmer sa destruction.",
    "Este mensaje es confidencial. Si no puede asistir a su lectura, confirme su eliminación.",
    "Настоящее сообщение является конфиденциальным. Если вы не можете принять его, подтвердите удаление.",
    "هذه الرسالة سرية. إذا لم تكن المستلم المقصود، يرجى تأكيد حذفها.",
    "本邮件及其附件含有保密信息。如您不是收件人，请勿参加传播。",
    "[cid:image001.png@01D20B5C.7D3A4E50]", "Sent from my iPhone", "Отправлено с iPhone", "发自我的iPhone", "________________________________",
)  # fmt: skip


@given(signed(), st.lists(st.sampled_from(NOTICES), min_size=1, max_size=3))
def test_notices_and_pictures_change_nothing(mail: tuple[str, str], notices: list[str]) -> None:
    text, sender = mail
    assert split("\n\n".join([text, *notices]), sender=sender).text == split(text, sender=sender).text


CHARSETS = {
    "utf-8": "", "utf-16": "", "iso-8859-1": "fr", "windows-1252": "es", "windows-1251": "ru", "koi8-r": "ru",
    "windows-1256": "ar", "gb18030": "zh", "big5": "", "iso-8859-9": "tr",
}  # fmt: skip


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("encoding", ["base64", "quoted-printable"])
def test_charset_and_encoding_change_nothing(charset: str, encoding: str) -> None:
    tried = 0
    for language, answers in ANSWERS.items():
        for answer in answers:
            text = f"{answer}\n\n{CLOSINGS[language][0]}\n{NAMES[language]}\n\n{filled(ATTRIBUTION['gmail en'])}\n{QUOTED}\n"
            try:
                raw = text.encode(charset)
            except UnicodeEncodeError:
                continue
            mail = email.message.Message(email.policy.compat32)
            mail["From"] = (
                f"=?utf-8?q?{''.join(f'={byte:02X}' for byte in NAMES[language].encode())}?= <n@brook.example>"
            )
            mail["Subject"] = "Re: Invitation"
            mail.add_header("Content-Type", "text/plain", charset=charset)
            mail["Content-Transfer-Encoding"] = encoding
            mail.set_payload(_encoded(raw, encoding))
            found = new_text(parse(mail.as_bytes()))
            assert found.text == f"{answer}\n\n{CLOSINGS[language][0]}"
            assert found.signature == NAMES[language]
            tried += 1
    assert tried >= 3


def _encoded(raw: bytes, encoding: str) -> str:
    return (base64.encodebytes(raw) if encoding == "base64" else quopri.encodestring(raw)).decode("ascii")


# --------------------------------------------------------------------------- whatever comes

PIECES = st.sampled_from(
    [
        "\n", "\r", " ", ">", "> ", ":", "-- \n", "-----", "From:", "To:\n", "<a@b.example>", "On 1 Jan 2016 at 9:12, X wrote:",
        "写道：", "\u202b", "\ue000", "\ue001", "\ue003", "\x00", "<div>", "<blockquote type=cite>", "</div>", "<!--", "&#x",
        "Kind regards,", "Nadia Brook", "+1 212 555 0100", "Sent from my iPhone", "كتب", ">>> ", "Original Message", "[", "(",
    ]
)  # fmt: skip
SOUP = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=60).map("".join)


@given(SOUP, st.text(max_size=30))
def test_no_text_raises_and_no_word_is_lost(text: str, sender: str) -> None:
    found = split(text, known=[INVITATION], sender=sender)
    parts = f"{found.text}\n{found.signature}\n{found.quoted}\n{found.boilerplate}"
    for word in "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in text).split():
        assert word in parts


@given(SOUP)
def test_no_html_raises(source: str) -> None:
    render(source)
    nadia = Address("Nadia Brook", "nadia@brook.example")
    new_text(Message("", 0, "", "Re: x", (nadia,), (nadia,), bodies=(Body("html", source),)))


@settings(max_examples=200)
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"From: a@b.example\nContent-Type: text/html; charset=utf-7\n\n"])
)
def test_no_bytes_raise(raw: bytes, head: bytes) -> None:
    new_text(parse(head + raw))
