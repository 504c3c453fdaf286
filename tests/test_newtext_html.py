"""The same attributions and header blocks in HTML, as Outlook, Gmail, Apple Mail and others write them."""

# Tables are wide.
# ruff: noqa: E501

from __future__ import annotations

from html import escape

import pytest

from rsvpbot.model import Address, Body, Message
from rsvpbot.reading.newtext import NewText, new_text
from tests.test_newtext_styles import ANSWERS, ATTRIBUTION, BLOCK, DATED, INVITATION, filled

NADIA, US = Address("Nadia Brook", "nadia@brook.example"), Address("Clean Rivers", "rivers@secretariat.example")
INVITE = "".join(f"<p>{escape(paragraph)}</p>" for paragraph in INVITATION.split("\n\n"))
LABELLED = {name: block for name, block in BLOCK.items() if name.endswith((", plain", ", names only"))}

CONTAINERS = {
    "gmail": '<div>{answer}</div><br><div class="gmail_quote"><div class="gmail_attr">{head}<br></div><blockquote class="gmail_quote">{invite}</blockquote></div>',
    "apple": '<div>{answer}</div><div><br><blockquote type="cite"><div>{head}</div><br>{invite}</blockquote></div>',
    "thunderbird": '<p>{answer}</p><div class="moz-cite-prefix">{head}<br></div><blockquote type="cite" cite="mid:1">{invite}</blockquote>',
    "attribution outside": '<div>{answer}</div><div><br></div><div>{head}</div><blockquote type="cite">{invite}</blockquote>',
    "yahoo": '<div>{answer}</div><div class="yahoo_quoted"><div>{head}</div>{invite}</div>',
    "proton": '<div>{answer}</div><div class="protonmail_quote">{head}<br><blockquote class="protonmail_quote" type="cite">{invite}</blockquote></div>',
    "roundcube": '<p>{answer}</p><p id="reply-intro">{head}</p><blockquote type="cite">{invite}</blockquote>',
    "inline styles": '<div>{answer}</div><div style="color:#888">{head}</div><blockquote style="border-left:2px solid #ccc">{invite}</blockquote>',
}  # fmt: skip

OUTLOOKS = {
    "desktop": '<p class=MsoNormal>{answer}</p><p class=MsoNormal>&nbsp;</p><div style="border:none;border-top:solid #E1E1E1 1.0pt"><p class=MsoNormal>{head}</p></div>{invite}',
    "on the web": '<div>{answer}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg" dir="ltr">{head}<div>&nbsp;</div></div>{invite}',
    "for telephones": '<div>{answer}</div><div id="ms-outlook-mobile-signature">Get Outlook for iOS</div><hr><div id="divRplyFwdMsg">{head}</div>{invite}',
    "for Mac": '<div>{answer}</div><span id="OLK_SRC_BODY_SECTION"><div>{head}</div>{invite}</span>',
    "without a container": "<div>{answer}</div><div><br></div><div>{head}</div><div><br></div>{invite}",
}  # fmt: skip


def shown(answer: str) -> str:
    return escape(answer).replace("\n", "<br>")


def read(source: str) -> NewText:
    return new_text(Message("", 0, "", "Re: Invitation", (NADIA,), (US,), bodies=(Body("html", source),)))


@pytest.mark.parametrize("style", ATTRIBUTION.values(), ids=ATTRIBUTION)
def test_attributions_in_containers(style: str) -> None:
    for number, shape in enumerate(CONTAINERS.values()):
        answer = list(ANSWERS.values())[(number + len(style)) % len(ANSWERS)]
        found = read(shape.format(answer=shown(answer), head=escape(filled(style)), invite=INVITE))
        assert (found.text, found.signature) == (answer, "")
        assert not found.doubts


@pytest.mark.parametrize("style", DATED.values(), ids=DATED)
def test_attributions_without_a_container(style: str) -> None:
    for answer in ANSWERS.values():
        found = read(f"<div>{shown(answer)}</div><div><br></div><div>{escape(filled(style))}</div>{INVITE}")
        assert (found.text, found.signature) == (answer, "")


@pytest.mark.parametrize("block", LABELLED.values(), ids=LABELLED)
def test_header_blocks_of_outlook(block: str) -> None:
    lines = [escape(line).partition(":") for line in filled(block).strip().split("\n")]
    head = "<br>".join(f"<b>{label}:</b>{value}" for label, _, value in lines)
    for number, shape in enumerate(OUTLOOKS.values()):
        answer = list(ANSWERS.values())[(number + len(block)) % len(ANSWERS)]
        found = read(shape.format(answer=shown(answer), head=head, invite=INVITE))
        assert (found.text, found.signature) == (answer, "")
        assert not found.doubts
