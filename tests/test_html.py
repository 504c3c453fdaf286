"""HTML mail: what a person sees of it, and which of it is quotation or signature."""

# ruff: noqa: E501

from __future__ import annotations

import pytest

from rsvpbot.model import Address, Body, Message
from rsvpbot.reading.html import CUT, QUOTED, SIGNED, may_hide, render
from rsvpbot.reading.newtext import NewText, new_text

SEEN = {
    "paragraphs": ("<p>Yes.</p><p>Two of us.</p>", "Yes.\n\nTwo of us."),
    "divisions": ("<div>Yes.</div><div>Two of us.</div>", "Yes.\nTwo of us."),
    "empty division": ("<div>Yes.</div><div><br></div><div>Bye</div>", "Yes.\n\nBye"),
    "no-break space": ("<div>Yes.</div><div>&nbsp;</div><div>Bye</div>", "Yes.\n\nBye"),
    "word": (
        "<p class=MsoNormal>Yes.<o:p></o:p></p><p class=MsoNormal><o:p>&nbsp;</o:p></p><p class=MsoNormal>Bye",
        "Yes.\n\nBye",
    ),
    "breaks": ("Yes.<br>Two<BR/>Bye", "Yes.\nTwo\nBye"),
    "white space": ("<p>  Yes,\n   I\tcome </p>", "Yes, I come"),
    "entities": ("caf&eacute; &amp; th&#233; &#x2713; &lt;b&gt;", "café & thé ✓ <b>"),
    "list": ("<ul><li>Lena</li><li>Otto</ul>", "- Lena\n- Otto"),
    "table": ("<table><tr><td>Attending:<td>yes<tr><td>Guests:<td>2</table>", "Attending: yes\nGuests: 2"),
    "inline": ("I <b>will</b> <i>come</i><span>.</span>", "I will come."),
    "preformatted": ("<pre>a\nb</pre>", "a\nb"),
    "right to left": ('<div dir="rtl">سأحضر<br>شكراً</div>', "سأحضر\nشكراً"),
    "emoji picture": ('<img alt="👍" src="x">', "👍"),
    "logo": ('<img alt="Trust logo">Yes', "Yes"),
    "less-than sign": ("5 < 6 and <3 you", "5 < 6 and <3 you"),
    "greater-than sign in a value": ('<a title="a>b" href="x">Yes</a>', "Yes"),
    "no markup": ("Yes", "Yes"),
    "unclosed": ("<div><b>Yes", "Yes"),
    "wrong nesting": ("<b><i>Yes</b></i> sure", "Yes sure"),
    "end tag of nothing": ("</div></p>Yes", "Yes"),
}

UNSEEN = {
    "script": "<script>document.write('yes <b>')</script>",
    "style": "<STYLE>p {color: red} yes</STYLE>",
    "head": "<head><title>yes</title></head>",
    "comment": "<!-- yes -->",
    "conditional comment": "<!--[if mso]>yes<![endif]-->",
    "declaration": '<!DOCTYPE html "yes">',
    "display none": '<div style="display:none">yes</div>',
    "display none, spaced": "<span style='color:red; display : none !important'>yes</span>",
    "visibility": '<p style="visibility:hidden">yes</p>',
    "no size": '<span style="font-size:0px">yes</span>',
    "no size at all": "<span style=font-size:0>yes</span>",
    "no opacity": '<span style="opacity:0">yes</span>',
    "no height": '<div style="max-height:0;overflow:hidden">yes</div>',
    "office": '<span style="mso-hide:all">yes</span>',
    "attribute": "<div hidden>yes</div>",
    "nested": '<div style="display:none"><p>yes<b>yes</b></p></div>',
    "struck out": "<s>yes</s>",
    "deleted": "<del>yes</del>",
    "strike": "<strike>yes</strike>",
    "line through": '<span style="text-decoration: line-through">yes</span>',
    "template": "<template>yes</template>",
}


@pytest.mark.parametrize(("source", "text"), SEEN.values(), ids=SEEN)
def test_what_is_seen(source: str, text: str) -> None:
    assert render(source).text.strip("\n") == text


@pytest.mark.parametrize("source", UNSEEN.values(), ids=UNSEEN)
def test_what_nobody_sees(source: str) -> None:
    assert render(f"<div>no{source}</div><p>more</p>").text.split() == ["no", "more"]


@pytest.mark.parametrize("style", ["font-size:10pt", "font-size:0.8em", "opacity:0.5", "display:block", "text-decoration:none", "max-height:0.5em"])  # fmt: skip
def test_styles_that_hide_nothing(style: str) -> None:
    assert render(f'<span style="{style}">yes</span>').text == "yes"


@pytest.mark.parametrize("attribute", ['title="hidden gem"', 'class="hidden-print"', 'aria-hidden="true"', 'style="overflow:hidden"', "data-x='display:none'"])  # fmt: skip
def test_attributes_that_hide_nothing(attribute: str) -> None:
    assert render(f"<span {attribute}>yes</span>").text == "yes"


@pytest.mark.parametrize(
    "source", ["<s>not</s>", "<DEL>not</DEL>", "<span style='text-decoration:line-through'>not</span>"]
)
def test_struck_out_text_is_told(source: str) -> None:
    assert may_hide(source)
    assert render(source).struck
    assert not may_hide("<span>not</span><strong>so</strong>")


MARKED = {
    "gmail": '<blockquote class="gmail_quote">q</blockquote>',
    "cite": '<blockquote type="cite">q</blockquote>',
    "thunderbird": '<blockquote cite="mid:1@x.example">q</blockquote>',
    "thunderbird attribution": '<div class="moz-cite-prefix">q</div>',
    "yahoo": '<div class="yahoo_quoted">q</div>',
    "yahoo in outlook": '<div class="x_yahoo_quoted">q</div>',
    "zoho": '<div class="zmail_extra">q</div>',
    "mac outlook": '<span id="OLK_SRC_BODY_SECTION">q</span>',
    "qq": "<includetail>q</includetail>",
    "netease": '<blockquote id="isReplyContent">q</blockquote>',
    "spark": '<div name="messageReplySection">q</div>',
    "new outlook": '<div id="mail-editor-reference-message-container">q</div>',
    "proton": '<blockquote class="protonmail_quote">q</blockquote>',
    "border": '<blockquote style="border-left: 1px solid #ccc">q</blockquote>',
    "nested": '<blockquote type="cite"><div><p>q</p></div></blockquote>',
}


@pytest.mark.parametrize("source", MARKED.values(), ids=MARKED)
def test_quoting_containers_are_marked(source: str) -> None:
    lines = [line for line in render(f"<div>Yes</div>{source}<div>Bye</div>").text.split("\n") if line.strip(QUOTED)]
    assert lines == ["Yes", f"{QUOTED}q", "Bye"]


@pytest.mark.parametrize("source", ['<div id="divRplyFwdMsg">', '<div id="x_divRplyFwdMsg">', '<div id="appendonsend">', '<hr id="zwchr">', '<hr id="stopSpelling">'])  # fmt: skip
def test_where_the_answered_mail_begins(source: str) -> None:
    assert CUT in render(f"<div>Yes</div>{source}<div>We invite you</div>").text.split("\n")


def test_signature_containers_are_marked() -> None:
    assert f"{SIGNED}Nadia" in render('Yes<div class="gmail_signature">Nadia</div>').text.split("\n")


def test_an_indented_paragraph_is_no_quotation() -> None:
    assert render("<p>These come:</p><blockquote>Lena<br>Otto</blockquote>").text.split() == [
        "These",
        "come:",
        "Lena",
        "Otto",
    ]


def test_a_bare_blockquote_below_an_attribution_is_one() -> None:
    assert f"{QUOTED}q" in render("<p>On 4 May 2017, R wrote:</p><blockquote>q</blockquote>").text


def test_nobody_else_can_write_our_marks() -> None:
    assert QUOTED not in render(f"{QUOTED}yes &#xe003;yes").text


# --------------------------------------------------------------------------- whole mails

INVITE = "<p>We have the honour to invite you.</p><p>To confirm your attendance, reply to this e-mail.</p>"

MAILS = {
    "gmail": (
        f'<div dir="ltr"><div>Yes, gladly.</div></div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">On Tue, Apr 4, 2017'
        f' at 9:12 AM R &lt;<a href="mailto:r@s.example">r@s.example</a>&gt; wrote:<br></div><blockquote class="gmail_quote">{INVITE}</blockquote></div>'
    ),
    "gmail, old": (
        f'<div dir="ltr">Yes, gladly.</div><div class="gmail_extra"><br><div class="gmail_quote">On Tue, Apr 4, 2017 at 9:12 AM, R'
        f' <span dir="ltr">&lt;r@s.example&gt;</span> wrote:<br><blockquote class="gmail_quote">{INVITE}</blockquote></div></div>'
    ),
    "outlook": (
        '<div class=WordSection1><p class=MsoNormal>Yes, gladly.</p><p class=MsoNormal>&nbsp;</p><div style="border:none;border-top:solid">'
        "<p class=MsoNormal><b>From:</b> R &lt;r@s.example&gt;<br><b>Sent:</b> Tuesday, April 4, 2017 9:12 AM<br><b>To:</b> Nadia<br>"
        f"<b>Subject:</b> Invitation</p></div>{INVITE}</div>"
    ),
    "outlook on the web": (
        '<div>Yes, gladly.</div><div id="appendonsend"></div><hr style="display:inline-block;width:98%"><div id="divRplyFwdMsg">'
        f"<b>From:</b> R<br><b>Sent:</b> 4 April<br></div>{INVITE}"
    ),
    "outlook in Arabic": (
        '<div dir="rtl"><p class=MsoNormal>Yes, gladly.</p><p class=MsoNormal><b>من:</b> R &lt;r@s.example&gt;<br><b>تاريخ الإرسال:</b> ٤ أبريل ٢٠١٧'
        f" ٩:١٢ ص<br><b>إلى:</b> Nadia<br><b>الموضوع:</b> Invitation</p></div>{INVITE}"
    ),
    "apple": (
        '<html><body>Yes, gladly.<br><div><blockquote type="cite"><div>On 4 Apr 2017, at 09:12, R &lt;r@s.example&gt; wrote:</div><br>'
        f"<div>{INVITE}</div></blockquote></div></body></html>"
    ),
    "thunderbird": (
        f'<p>Yes, gladly.</p><div class="moz-cite-prefix">On 04/04/2017 09:12, R wrote:<br></div><blockquote cite="mid:1" type="cite">{INVITE}</blockquote>'
    ),
    "yahoo": f'<div>Yes, gladly.</div><div class="yahoo_quoted"><div>On Tuesday, April 4, 2017 9:12 AM, R wrote:</div>{INVITE}</div>',
    "yandex": f'<div>Yes, gladly.</div><div>04.04.2017, 09:12, "R" &lt;r@s.example&gt;:</div><blockquote type="cite">{INVITE}</blockquote>',
    "mail.ru": f"<p>Yes, gladly.</p><blockquote style='border-left:1px solid #0857A6'>Вторник, 4 апреля 2017, 9:12 +03:00 от R &lt;r@s.example&gt;:<br>{INVITE}</blockquote>",
    "zimbra": (
        '<div>Yes, gladly.</div><hr id="zwchr"><div><b>From: </b>"R" &lt;r@s.example&gt;<br><b>To: </b>"Nadia"<br><b>Sent: </b>Tuesday'
        f"<br><b>Subject: </b>Invitation</div>{INVITE}"
    ),
    "zoho": f'<div>Yes, gladly.</div><div class="zmail_extra">---- On Tue, 04 Apr 2017 09:12:00 R wrote ----<br>{INVITE}</div>',
    "qq": (
        "<div>Yes, gladly.</div><div><includetail><div>------------------ 原始邮件 ------------------</div><div>发件人: R;<br>主题: x</div>"
        f"{INVITE}</includetail></div>"
    ),
    "notes": (
        "<font size=2>Yes, gladly.</font><br><br><table><tr><td>From:<td>R &lt;r@s.example&gt;<tr><td>To:<td>nadia@b.example<tr><td>Date:"
        f"<td>04/04/2017 09:12 AM<tr><td>Subject:<td>Invitation</table><hr noshade><br>{INVITE}"
    ),
    "proton": (
        "<div>Yes, gladly.</div><div class='protonmail_quote'>On Tuesday, April 4th, 2017 at 9:12 AM, R &lt;r@s.example&gt; wrote:<br>"
        f"<blockquote class='protonmail_quote' type='cite'>{INVITE}</blockquote></div>"
    ),
    "spark": f'<div name="messageBodySection">Yes, gladly.</div><div name="messageReplySection">On 4 Apr 2017, R wrote:<br>{INVITE}</div>',
}  # fmt: skip


def read(source: str) -> NewText:
    nadia, us = Address("Nadia Brook", "nadia@brook.example"), Address("R", "r@s.example")
    return new_text(Message("", 0, "", "Re: Invitation", (nadia,), (us,), bodies=(Body("html", source),)))


@pytest.mark.parametrize("source", MAILS.values(), ids=MAILS)
def test_whole_mails(source: str) -> None:
    found = read(source)
    assert (found.text, found.source) == ("Yes, gladly.", "html")
    assert "To confirm your attendance" in found.quoted


def test_answers_between_quotations() -> None:
    source = (
        '<blockquote type="cite">Will you come?</blockquote><div>Yes.</div>'
        '<blockquote type="cite">And eat?</blockquote><div>No meat.</div>'
    )
    found = read(source)
    assert found.text == "Yes.\n\nNo meat."
    assert found.interleaved


def test_gmail_answer_inside_the_gmail_quote_division() -> None:
    source = (
        '<div class="gmail_quote">On 4 Apr 2017 at 9:12, R &lt;r@s.example&gt; wrote:<br><blockquote class="gmail_quote">Will you come?'
        '</blockquote><div>Yes, two of us.</div><blockquote class="gmail_quote">Any diet?</blockquote><div>Halal.</div></div>'
    )
    assert read(source).text == "Yes, two of us.\n\nHalal."


def test_signature_container_holds_the_name() -> None:
    found = read('<div>Yes.</div><div class="gmail_signature">Nadia Brook<br>River Trust</div>')
    assert (found.text, found.signature) == ("Yes.", "Nadia Brook\nRiver Trust")


def test_a_footer_in_a_signature_container_is_no_part_of_the_signature() -> None:
    found = read('<div>Yes.</div><div class="protonmail_signature_block">Nadia Brook<br>Sent with Proton Mail</div>')
    assert (found.text, found.signature, found.boilerplate) == ("Yes.", "Nadia Brook", "Sent with Proton Mail")


def test_a_mail_that_is_only_a_signature_container_is_not_lost() -> None:
    assert read('<div class="gmail_signature">I shall come.</div>').text == "I shall come."


HOSTILE = {
    "angles": "<" * 200_000,
    "open tags": "<a " * 66_000,
    "open comments": "<!--" * 50_000,
    "open values": '<a x="' * 33_000,
    "deep": "<div>" * 40_000,
    "deep and wrong": "<div>" * 20_000 + "</p>" * 20_000,
    "end tags": "</b>" * 50_000,
    "ampersands": "&#x" * 66_000,
    "scripts": "<script>" * 25_000,
    "long attribute": "<a " + "b" * 200_000 + ">",
    "cells": "<td>x" * 40_000,
    "breaks": "<br>" * 50_000,
    "spaces": "<p>" + " " * 200_000,
    "items": "<li>" * 50_000,
}


@pytest.mark.parametrize("source", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_ends(source: str) -> None:
    assert render(f"<div>Yes, I come.</div>{source}").text.startswith("Yes, I come.")
    assert "Yes, I come." in read(f"<div>Yes, I come.</div>{source}").text
