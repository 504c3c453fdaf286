"""Newly written text, told apart from what a mail quotes, signs and carries along."""

# Mails are written here as clients write them: long lines, marks of direction.
# ruff: noqa: E501, PLE2502

from __future__ import annotations

import pytest

from rsvpbot.model import Address, Attachment, Body, Message
from rsvpbot.reading.newtext import NewText, new_text, split

INVITATION = """Excellency, dear colleague,

We have the honour to invite you to the Round Table on Clean Rivers, which will be held on 4 May 2017 in Geneva.
To confirm your attendance, please reply to this e-mail. If you are unable to attend, kindly decline by return.

The Secretariat
rivers@secretariat.example"""

QUOTED = "\n".join(f"> {line}".rstrip() for line in INVITATION.split("\n"))


# --------------------------------------------------------------------------- what clients put between answer and quotation

MARKED = {
    "gmail en": "On Tue, Apr 4, 2017 at 9:12 AM, Clean Rivers <rivers@secretariat.example>\nwrote:\n\n",
    "gmail en, one line": "On Tue, 4 Apr 2017 at 09:12, Clean Rivers <rivers@secretariat.example> wrote:\n\n",
    "gmail fr": "Le mar. 4 avr. 2017 à 09:12, Clean Rivers <rivers@secretariat.example> a\nécrit :\n\n",
    "gmail es": "El mar., 4 abr. 2017 a las 9:12, Clean Rivers (<rivers@secretariat.example>)\nescribió:\n\n",
    "gmail pt": "Em ter, 4 de abr de 2017 às 09:12, Clean Rivers <\nrivers@secretariat.example> escreveu:\n\n",
    "gmail it": "Il giorno mar 4 apr 2017 alle ore 09:12 Clean Rivers <\nrivers@secretariat.example> ha scritto:\n\n",
    "gmail de": "Am Di., 4. Apr. 2017 um 09:12 Uhr schrieb Clean Rivers <\nrivers@secretariat.example>:\n\n",
    "gmail nl": "Op di 4 apr. 2017 om 09:12 schreef Clean Rivers <rivers@secretariat.example>:\n\n",
    "gmail ru": "вт, 4 апр. 2017 г. в 09:12, Clean Rivers <rivers@secretariat.example>:\n\n",
    "gmail uk": "вт, 4 квіт. 2017 о 09:12 Clean Rivers <rivers@secretariat.example> пише:\n\n",
    "gmail ar": "في ثلاثاء، 4 أبريل 2017 في 9:12 ص تمت كتابة ما يلي بواسطة Clean Rivers <\nrivers@secretariat.example>:\n\n",
    "gmail ar, Arabic-Indic": "في ٤ أبريل ٢٠١٧ ٩:١٢ ص، كتب Clean Rivers <rivers@secretariat.example>:\n\n",
    "gmail fa": "در تاریخ سه‌شنبه ۴ آوریل ۲۰۱۷،‏ ۹:۱۲ Clean Rivers <rivers@secretariat.example> نوشت:\n\n",
    "gmail he": "‫בתאריך יום ג׳, 4 באפר׳ 2017 ב-9:12 מאת ‪Clean Rivers‬‏ <‪rivers@secretariat.example‬‏>:‬\n\n",
    "gmail zh": "Clean Rivers <rivers@secretariat.example> 于2017年4月4日周二 上午9:12写道：\n\n",
    "gmail zh-TW": "Clean Rivers <rivers@secretariat.example> 於 2017年4月4日 週二 上午9:12寫道：\n\n",
    "gmail ja": "2017年4月4日(火) 9:12 Clean Rivers <rivers@secretariat.example>:\n\n",
    "gmail ko": "2017년 4월 4일 (화) 오전 9:12, Clean Rivers <rivers@secretariat.example>님이 작성:\n\n",
    "gmail pl": "wt., 4 kwi 2017 o 09:12 Clean Rivers <rivers@secretariat.example> napisał(a):\n\n",
    "gmail cs": "út 4. 4. 2017 v 9:12 odesílatel Clean Rivers <rivers@secretariat.example> napsal:\n\n",
    "gmail sv": "Den tis 4 apr. 2017 kl 09:12 skrev Clean Rivers <rivers@secretariat.example>:\n\n",
    "gmail tr": "Clean Rivers <rivers@secretariat.example>, 4 Nis 2017 Sal, 09:12 tarihinde şunu\nyazdı:\n\n",
    "gmail vi": "Vào Th 3, 4 thg 4, 2017 vào lúc 09:12 Clean Rivers <\nrivers@secretariat.example> đã viết:\n\n",
    "gmail id": "Pada tanggal Sel, 4 Apr 2017 pukul 09.12 Clean Rivers <\nrivers@secretariat.example> menulis:\n\n",
    "gmail el": "Στις Τρί, 4 Απρ 2017 στις 9:12 π.μ., ο χρήστης Clean Rivers <\nrivers@secretariat.example> έγραψε:\n\n",
    "gmail ro": "În mar., 4 apr. 2017 la 09:12, Clean Rivers <rivers@secretariat.example> a scris:\n\n",
    "apple en": "On 4 Apr 2017, at 09:12, Clean Rivers <rivers@secretariat.example> wrote:\n\n",
    "apple fr": "Le 4 avr. 2017 à 09:12, Clean Rivers <rivers@secretariat.example> a écrit :\n\n",
    "apple es": "El 4 abr 2017, a las 9:12, Clean Rivers <rivers@secretariat.example> escribió:\n\n",
    "apple ru": "4 апр. 2017 г., в 9:12, Clean Rivers <rivers@secretariat.example> написал(а):\n\n",
    "apple ar": "في ٤ أبريل ٢٠١٧، الساعة ٩:١٢ ص، كتب Clean Rivers <rivers@secretariat.example>:\n\n",
    "apple zh": "在 2017年4月4日，上午9:12，Clean Rivers <rivers@secretariat.example> 写道：\n\n",
    "apple da": "Den 4. apr. 2017 kl. 09.12 skrev Clean Rivers <rivers@secretariat.example>:\n\n",
    "thunderbird en": "On 04/04/2017 09:12, Clean Rivers wrote:\n",
    "thunderbird fr": "Le 04/04/2017 à 09:12, Clean Rivers a écrit :\n",
    "thunderbird es": "El 04/04/2017 a las 9:12, Clean Rivers escribió:\n",
    "thunderbird de": "Am 04.04.2017 um 09:12 schrieb Clean Rivers:\n",
    "thunderbird it": "Il 04/04/2017 09:12, Clean Rivers ha scritto:\n",
    "thunderbird pt": "Em 04/04/2017 09:12, Clean Rivers escreveu:\n",
    "thunderbird ru": "04.04.2017 09:12, Clean Rivers пишет:\n",
    "thunderbird zh": "在 2017/4/4 9:12, Clean Rivers 写道:\n",
    "thunderbird ar": "في 04/04/2017 09:12 ص, كتب Clean Rivers:\n",
    "the bat": "Вы писали 4 апреля 2017 г., 9:12:00:\n\n",
    "horde": "Quoting Clean Rivers <rivers@secretariat.example>:\n\n",
    "horde de": "Zitat von Clean Rivers <rivers@secretariat.example>:\n\n",
    "squirrel": "On Tue, April 4, 2017 9:12 am, Clean Rivers wrote:\n",
    "mail.ru": "Вторник, 4 апреля 2017, 9:12 +03:00 от Clean Rivers <rivers@secretariat.example>:\n",
    "netease": '在 2017-04-04 09:12:05，"Clean Rivers" <rivers@secretariat.example> 写道：\n',
    "mutt": "* Clean Rivers <rivers@secretariat.example> [2017-04-04 09:12 +0200]:\n\n",
    "gnus": "Clean Rivers <rivers@secretariat.example> writes:\n\n",
    "evolution": "On Tue, 2017-04-04 at 09:12 +0200, Clean Rivers wrote:\n",
    "no attribution at all": "",
}

UNMARKED = {
    "outlook en": """From: Clean Rivers <rivers@secretariat.example>
Sent: Tuesday, April 4, 2017 9:12 AM
To: Nadia Brook <nadia@brook.example>
Subject: Invitation: Round Table on Clean Rivers

""",
    "outlook en, ruled": """________________________________
From: Clean Rivers <rivers@secretariat.example>
Sent: Tuesday, April 4, 2017 9:12 AM
To: Nadia Brook
Cc: Registry
Subject: Invitation: Round Table on Clean Rivers

""",
    "outlook en, names only": """From: Clean Rivers
Sent: 04 April 2017 09:12
To: Brook, Nadia
Subject: Invitation: Round Table on Clean Rivers

""",
    "outlook in bold": """*From:* Clean Rivers [mailto:rivers@secretariat.example]
*Sent:* Tuesday, April 4, 2017 9:12 AM
*To:* Nadia Brook
*Subject:* Invitation: Round Table on Clean Rivers

""",
    "outlook on one line": "From: Clean Rivers <rivers@secretariat.example> Sent: Tuesday, April 4, 2017 9:12 AM"
    " To: Nadia Brook Subject: Invitation: Round Table on Clean Rivers\n\n",
    "outlook fr": """De : Clean Rivers <rivers@secretariat.example>
Envoyé : mardi 4 avril 2017 09:12
À : Nadia Brook
Objet : Invitation: Round Table on Clean Rivers

""",
    "outlook es": """De: Clean Rivers <rivers@secretariat.example>
Enviado el: martes, 4 de abril de 2017 9:12
Para: Nadia Brook
Asunto: Invitation: Round Table on Clean Rivers

""",
    "outlook pt": """De: Clean Rivers <rivers@secretariat.example>
Enviada em: terça-feira, 4 de abril de 2017 09:12
Para: Nadia Brook
Assunto: Invitation: Round Table on Clean Rivers

""",
    "outlook de": """Von: Clean Rivers <rivers@secretariat.example>
Gesendet: Dienstag, 4. April 2017 09:12
An: Nadia Brook
Betreff: Invitation: Round Table on Clean Rivers

""",
    "outlook it": """Da: Clean Rivers <rivers@secretariat.example>
Inviato: martedì 4 aprile 2017 09:12
A: Nadia Brook
Oggetto: Invitation: Round Table on Clean Rivers

""",
    "outlook ru": """От: Clean Rivers <rivers@secretariat.example>
Отправлено: 4 апреля 2017 г. 9:12
Кому: Nadia Brook
Тема: Invitation: Round Table on Clean Rivers

""",
    "outlook ar": """من: Clean Rivers <rivers@secretariat.example>
تاريخ الإرسال: الثلاثاء، ٤ أبريل، ٢٠١٧ ٩:١٢ ص
إلى: Nadia Brook
الموضوع: Invitation: Round Table on Clean Rivers

""",
    "outlook zh": """发件人: Clean Rivers <rivers@secretariat.example>
发送时间: 2017年4月4日 9:12
收件人: Nadia Brook
主题: Invitation: Round Table on Clean Rivers

""",
    "outlook zh, full width": """寄件者： Clean Rivers [mailto:rivers@secretariat.example]
傳送時間： 2017年4月4日 上午 9:12
收件者： Nadia Brook
主旨： Invitation: Round Table on Clean Rivers

""",
    "outlook nl": """Van: Clean Rivers <rivers@secretariat.example>
Verzonden: dinsdag 4 april 2017 09:12
Aan: Nadia Brook
Onderwerp: Invitation: Round Table on Clean Rivers

""",
    "outlook pl": """Od: Clean Rivers <rivers@secretariat.example>
Wysłano: wtorek, 4 kwietnia 2017 09:12
Do: Nadia Brook
Temat: Invitation: Round Table on Clean Rivers

""",
    "a language that the table does not have": """________________________________
Frå-ifrå: Clean Rivers <rivers@secretariat.example>
Sendande: tysdag 4. april 2017 09:12
Åt: Nadia Brook <nadia@brook.example>
Gjeld: Invitation: Round Table on Clean Rivers

""",
    "original message": """-----Original Message-----
From: Clean Rivers [mailto:rivers@secretariat.example]
Sent: Tuesday, April 4, 2017 9:12 AM
To: Nadia Brook
Subject: Invitation: Round Table on Clean Rivers

""",
    "original message, nothing below": "-------- Original message --------\n\n",
    "original message ru": "-------- Исходное сообщение --------\nОт: Clean Rivers\nДата: 04.04.2017 09:12\nКому: Nadia\nТема: Rivers\n\n",
    "samsung": """-------- Original message --------
From: Clean Rivers <rivers@secretariat.example>
Date: 04/04/2017 09:12 (GMT+01:00)
To: nadia@brook.example
Subject: Invitation: Round Table on Clean Rivers

""",
    "zimbra": """----- Original Message -----
From: "Clean Rivers" <rivers@secretariat.example>
To: "Nadia Brook" <nadia@brook.example>
Sent: Tuesday, April 4, 2017 9:12:00 AM
Subject: Invitation: Round Table on Clean Rivers

""",
    "zoho": "---- On Tue, 04 Apr 2017 09:12:00 +0200 Clean Rivers <rivers@secretariat.example> wrote ----\n\n",
    "yahoo": "On Tuesday, April 4, 2017, 9:12:00 AM GMT+1, Clean Rivers <rivers@secretariat.example> wrote:\n\n",
    "yahoo fr": "Le Mardi 4 avril 2017 9h12, Clean Rivers <rivers@secretariat.example> a écrit :\n\n",
    "yahoo ar": "في الثلاثاء، 4 أبريل، 2017 9:12 ص، كتب Clean Rivers <rivers@secretariat.example>:\n\n",
    "qq": """------------------ 原始邮件 ------------------
发件人: "Clean Rivers";<rivers@secretariat.example>;
发送时间: 2017年4月4日(星期二) 上午9:12
收件人: "Nadia"<nadia@brook.example>;
主题: Invitation: Round Table on Clean Rivers

""",
    "foxmail": "发件人： Clean Rivers\n发送时间： 2017-04-04 09:12\n收件人： nadia\n主题： Invitation\n\n",
    "notes": """From:     Clean Rivers <rivers@secretariat.example>
To:       nadia@brook.example
Date:     04/04/2017 09:12 AM
Subject:  Invitation: Round Table on Clean Rivers

""",
    "old notes": """Clean Rivers <rivers@secretariat.example>
04/04/2017 09:12 AM

To
nadia@brook.example
cc

Subject
Invitation: Round Table on Clean Rivers


""",
    "proton": """-------- Original Message --------
Subject: Invitation: Round Table on Clean Rivers
Local Time: April 4, 2017 9:12 AM
UTC Time: April 4, 2017 7:12 AM
From: rivers@secretariat.example
To: nadia@brook.example

""",
    "groupwise": ">>> Clean Rivers <rivers@secretariat.example> 04/04/17 09:12 AM >>>\n",
    "groupwise de": '>>> "Clean Rivers" <rivers@secretariat.example> schrieb am Dienstag, 4. April 2017 um 09:12 in Nachricht <58E3>:\n'
    ">>> Clean Rivers 04.04.17 09:12 >>>\n",
    "notes, dashed": """-----Clean Rivers/SECRETARIAT wrote: -----
To: nadia@brook.example
From: Clean Rivers/SECRETARIAT
Date: 04/04/2017 09:12AM
Subject: Invitation: Round Table on Clean Rivers

""",
    "mac outlook": """From: Clean Rivers <rivers@secretariat.example>
Date: Tuesday, 4 April 2017 at 09:12
To: Nadia <nadia@brook.example>
Subject: Invitation: Round Table on Clean Rivers

""",
    "yandex, unmarked": '04.04.2017, 09:12, "Clean Rivers" <rivers@secretariat.example>:\n\n',
    "no date": "On Tue, Clean Rivers <rivers@secretariat.example> wrote:\n\n",
    "zh numerals": "在二〇一七年四月四日上午九点，Clean Rivers <rivers@secretariat.example> 写道：\n\n",
}

ANSWERS = {
    "en": "Dear Secretariat,\n\nI shall gladly take part, together with my deputy.\n\nKind regards,",
    "one word": "Yes",
    "two lines": "Yes.\nTwo of us.",
    "ends in a colon": "On 4 May 2017 at 9:30 these two will come:\n\nLena Ford\nOtto Ruiz",
    "fr": "Madame, Monsieur,\n\nJe serai des vôtres le 4 mai, à 9 h 30.\n\nCordialement,",
    "es": "Estimados señores:\n\n¡Cuenten con nosotros! Seremos tres.",
    "ru": "Уважаемые коллеги!\n\nК сожалению, 4 мая я в отъезде.",
    "ar": "تحية طيبة،\n\nيسعدني الحضور ومعي زميلان.",
    "zh": "您好：\n\n我会准时参加，另有两位同事同行。",
    "de": "Guten Tag,\n\nleider bin ich am 4. Mai verhindert.",
    "pt": "Prezados,\n\ninfelizmente não poderei comparecer.",
    "it": "Gentili signori,\n\npurtroppo sono in viaggio e non potrò esserci.",
    "form": "Name: Nadia Brook\nE-mail: nadia@brook.example\nDate: 4 May 2017\nAttending: yes\nGuests: 2",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("header", MARKED.values(), ids=MARKED)
def test_marked_quotation_under_any_header_leaves_the_answer(header: str, answer: str) -> None:
    found = split(f"{answer}\n\n{header}{QUOTED}\n")
    assert found.text == answer
    assert "To confirm your attendance" in found.quoted
    assert not found.interleaved


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("header", UNMARKED.values(), ids=UNMARKED)
def test_unmarked_quotation_under_any_header_leaves_the_answer(header: str, answer: str) -> None:
    found = split(f"{answer}\n\n{header}{INVITATION}\n")
    assert found.text == answer
    assert "To confirm your attendance" in found.quoted


@pytest.mark.parametrize("header", [name for name in MARKED if MARKED[name]], ids=str)
def test_answer_directly_above_the_attribution_is_not_swallowed(header: str) -> None:
    assert split(f"Yes, gladly\n{MARKED[header]}{QUOTED}").text == "Yes, gladly"


@pytest.mark.parametrize("header", MARKED.values(), ids=MARKED)
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_answer_below_the_quotation(header: str, answer: str) -> None:
    assert split(f"{header}{QUOTED}\n\n{answer}\n").text == answer


@pytest.mark.parametrize("header", [*MARKED.values(), *UNMARKED.values()], ids=[*MARKED, *UNMARKED])
def test_quoting_twice_changes_nothing(header: str) -> None:
    """A thread: the mail that is quoted quotes another."""
    earlier = f"I am not sure yet.\n\n{header}{INVITATION}"
    marked = "\n".join(f"> {line}" for line in earlier.split("\n"))
    assert split(f"Now I am: yes.\n\n{MARKED['gmail en']}{marked}").text == "Now I am: yes."
    assert split(f"Now I am: yes.\n\n{UNMARKED['outlook fr']}{earlier}").text == "Now I am: yes."


# --------------------------------------------------------------------------- other shapes of quotation

SHAPES = {
    "between the quoted lines": (
        "> Will you attend?\n\nYes.\n\n> Any dietary need?\n\nNone, thank you.\n\n> Kind regards",
        "Yes.\n\nNone, thank you.",
    ),
    "answer on the attribution line": (
        f"We both come. On Tue, Apr 4, 2017 at 9:12 AM, Rivers <rivers@secretariat.example> wrote:\n{QUOTED}",
        "We both come.",
    ),
    "flattened by a telephone": (
        "Yes I come On Tue, Apr 4, 2017 at 9:12 AM, Rivers <r@secretariat.example> wrote: Excellency, we have the honour",
        "Yes I come",
    ),
    "attribution broken in its date": (
        f"Count me in\n\nOn Tuesday, April 4,\n2017 at 9:12 AM, Rivers <rivers@secretariat.example>\nwrote:\n{QUOTED}",
        "Count me in",
    ),
    "attribution in a name that wraps three times": (
        f"Da\n\nOn Tue, Apr 4, 2017 at 9:12 AM, The Secretariat of the Round Table\non Clean Rivers and Lakes\n"
        f"<rivers@secretariat.example>\nwrote:\n{QUOTED}",
        "Da",
    ),
    "initials before the mark": ("Yes.\n\nCR> Will you come to\nCR> our round table?\n", "Yes."),
    "nested marks": ("No.\n\n> > > old\n>> older\n> new\n", "No."),
    "marks without a blank": (">Will you come?\n\nGladly", "Gladly"),
    "full-width colon and comma": (
        f"好的\n\n在 ２０１７年４月４日，Clean Rivers <rivers@secretariat.example> 写道：\n{QUOTED}",
        "好的",
    ),
    "blank line below the header block": (
        f"Fine.\n\nFrom: Clean Rivers <r@secretariat.example>\n\nSent: 4 April 2017 9:12\n\nTo: Nadia\n\nSubject: Rivers\n\n{INVITATION}",
        "Fine.",
    ),
    "wrapped subject in the header block": (
        f"Fine.\n\nFrom: Clean Rivers <r@secretariat.example>\nSent: 4 April 2017 9:12\nTo: Nadia Brook; Otto Ruiz;\n Lena Ford\n"
        f"Subject: Invitation to the Round Table on\n Clean Rivers\n\n{INVITATION}",
        "Fine.",
    ),
    "a journey is no header block": (
        "I arrive as follows.\nFrom: Geneva\nTo: New York\nDate: 19 September 2017, 14:05\nFlight: LX 22",
        "I arrive as follows.\nFrom: Geneva\nTo: New York\nDate: 19 September 2017, 14:05\nFlight: LX 22",
    ),
    "a participant list is no header block": (
        "Participant: Jane Doe <jane@doe.example>\nArrival: 3 May 2017 12:00\nDiet: vegan",
        "Participant: Jane Doe <jane@doe.example>\nArrival: 3 May 2017 12:00\nDiet: vegan",
    ),
    "a sentence that mentions who wrote": (
        "As I wrote on 3 May 2017, the following will come:\n\nLena Ford and Otto Ruiz",
        "As I wrote on 3 May 2017, the following will come:\n\nLena Ford and Otto Ruiz",
    ),
    "a sentence that breaks behind wrote": (
        "We refer to what the Ambassador on 3 May 2017 wrote\nto you, and confirm that he will come.",
        "We refer to what the Ambassador on 3 May 2017 wrote\nto you, and confirm that he will come.",
    ),
    "a sentence about what somebody wrote": (
        "The Ambassador wrote on 3 May 2017 at 10:00 that these would come:\nLena Ford\nOtto Ruiz",
        "The Ambassador wrote on 3 May 2017 at 10:00 that these would come:\nLena Ford\nOtto Ruiz",
    ),
    "what the writer's colleague wrote": (
        "Yes.\nMy colleague wrote on 3 May 2017 at 10:00 to Jane Doe:\nLena Ford comes",
        "Yes.\nMy colleague wrote on 3 May 2017 at 10:00 to Jane Doe:\nLena Ford comes",
    ),
    "an address and a time in a sentence with a colon": (
        "Please send the pass to Jane Doe <jane@doe.example>, who arrives on 3 May 2017 at 12:00:\nshe will come.",
        "Please send the pass to Jane Doe <jane@doe.example>, who arrives on 3 May 2017 at 12:00:\nshe will come.",
    ),
    "a form about a journey": (
        "Yes.\nFrom: Geneva\nTo: New York\nDate: 19 September 2016\nSubject: arrival",
        "Yes.\nFrom: Geneva\nTo: New York\nDate: 19 September 2016\nSubject: arrival",
    ),
    "yes between our lines": ("> Will you come to our round table?\nyes\n> Do you need a ramp?\nno", "yes\n\nno"),
    "a drawn line in a letter": ("Yes, we come.\n\n---------------\n\nMy colleague Otto comes too.", None),
    "less-than signs": ("We are <5 people, i.e. 4\n5 > 4, as they say", "We are <5 people, i.e. 4\n5 > 4, as they say"),
    "arrows": ("=> yes, for both of us", "=> yes, for both of us"),
    "carriage returns": ("Yes\r\rOn 4 Apr 2017, at 09:12, R <r@s.example> wrote:\r\r> Will you come?\r", "Yes"),
}


@pytest.mark.parametrize(("body", "text"), SHAPES.values(), ids=SHAPES)
def test_shapes(body: str, text: str | None) -> None:
    found = split(body).text
    assert found == text if text is not None else all(word in found for word in ("we come", "Otto"))


def test_answers_between_quoted_lines_are_told() -> None:
    assert split("> Will you come?\n\nYes.\n\n> And eat?\n\nNo.").interleaved
    assert not split("Yes.\n\n> Will you come?\n\n-- \nNadia").interleaved


def test_wrapped_quoted_lines_do_not_leak() -> None:
    wrapped = (
        "Gladly.\n\nOn 4 Apr 2017 at 09:12, R <r@s.example> wrote:\n"
        "> We have the honour to invite you to the Round Table on Clean Rivers, to be\nheld in Geneva\n"
        "> and hope that you will be able to come. If on the other hand you are\nunable to attend, kindly\n"
        "> decline by return, so that the seat can be given to somebody who can be\nwith us on that day\n> Thank you."
    )
    found = split(wrapped)
    assert found.text == "Gladly."
    assert found.doubts
    unwrapped = wrapped.partition("wrote:")[2].replace("\n> ", " ").replace("\n", " ")
    assert split(wrapped, known=[unwrapped]).doubts == ()


def test_one_unmarked_line_among_quoted_ones_is_doubtful() -> None:
    body = "> Could you tell us whether you will attend and whether anybody comes with\nyes and my wife\n> Thank you.\n\nNadia"
    assert any("no quote mark" in doubt for doubt in split(body).doubts)


def test_our_own_words_are_quotation_even_without_a_mark() -> None:
    found = split(f"Yes, two of us.\n\n{INVITATION}", known=[INVITATION])
    assert (found.text, found.doubts) == ("Yes, two of us.", ())
    below = split(f"{INVITATION}\n\nYes, two of us.", known=[INVITATION])
    assert below.text == "Yes, two of us."


def test_answers_between_our_unmarked_lines_stay() -> None:
    ours = "Will you be able to attend the Round Table on Clean Rivers and Lakes in Geneva on 4 May 2017?\nDo you need any help with access or with meals, an interpreter, or a parking space?"
    first, second = ours.split("\n")
    found = split(f"{first}\nyes\n{second}\nno", known=[ours])
    assert found.text == "yes\n\nno"
    assert found.quoted == f"{first}\n\n{second}"


def test_what_we_wrote_is_found_however_it_is_broken() -> None:
    broken = " ".join(INVITATION.split()).replace(". ", ".\n").replace("which will", "which\nwill")
    assert split(f"Yes.\n\n{broken}", known=[INVITATION]).text == "Yes."


def test_known_words_that_a_person_repeats_stay() -> None:
    answer = "I confirm my attendance.\n\nWith kind regards,\nNadia"
    assert (
        "I confirm my attendance." in split(answer, known=["Please confirm: I confirm my attendance.", INVITATION]).text
    )


def test_answer_below_an_unmarked_quotation_is_found_and_doubted() -> None:
    found = split(f"{UNMARKED['outlook en']}{INVITATION}\n\nI will be there.", known=[INVITATION])
    assert found.text == "I will be there."
    assert found.doubts


def test_answer_below_an_unmarked_quotation_with_a_greeting_above() -> None:
    found = split(f"Dear all,\n\n{UNMARKED['outlook en']}{INVITATION}\n\nI will be there.", known=[INVITATION])
    assert found.text == "Dear all,\n\nI will be there."
    assert found.doubts


def test_repetition_of_what_is_quoted_below_is_quotation() -> None:
    found = split(f"Yes.\n\n{INVITATION}\n\n{MARKED['gmail en']}{QUOTED}")
    assert found.text == "Yes."


# --------------------------------------------------------------------------- nothing may be lost


def test_nothing_outside_the_quotation_is_a_doubt() -> None:
    found = split(QUOTED)
    assert not found.text
    assert found.doubts


@pytest.mark.parametrize(
    "text",
    [
        "Answers in red below.", "Mes réponses en rouge ci-dessous.", "Respuestas en rojo, más abajo.",
        "Ответы красным, ниже.", "إجاباتي باللون الأحمر.", "我的答复用红色标出。",
    ],
)  # fmt: skip
def test_answers_inside_the_quotation_are_a_doubt(text: str) -> None:
    assert split(f"{text}\n\n{UNMARKED['outlook en']}{INVITATION}").doubts


MARKS_OF_DIRECTION = "\u202a\u202b\u202c\u200f"


@pytest.mark.parametrize("body", [*(f"{a}\n\n{h}{QUOTED}" for a in ANSWERS.values() for h in MARKED.values())][::7])
def test_every_line_comes_back(body: str) -> None:
    found = split(body)
    parts = f"{found.text}\n{found.signature}\n{found.quoted}\n{found.boilerplate}"
    for word in body.split():
        assert word.strip(MARKS_OF_DIRECTION) in parts


# --------------------------------------------------------------------------- signature and boilerplate

SIGNED = [
    ("Yes.\n\n-- \nNadia Brook\nHead of Unit", "Yes.", "-- \nNadia Brook"),
    ("Yes.\n--\nNadia Brook", "Yes.", "Nadia Brook"),
    ("We come.\n\nKind regards,\n\nNadia Brook\nHead of Unit | River Trust\n+41 22 555 01 01", "We come.\n\nKind regards,", "+41 22"),
    ("Non.\n\nCordialement,\nNadia BROOK\nConseillère", "Non.\n\nCordialement,", "Conseillère"),
    ("No podré ir.\n\nAtentamente,\n\nNadia Brook\nAsesora", "No podré ir.\n\nAtentamente,", "Asesora"),
    ("Буду.\n\nС уважением,\nНадежда Брук,\nсоветник", "Буду.\n\nС уважением,", "Надежда Брук"),
    ("سأحضر.\n\nمع أطيب التحيات\nنادية بروك\nمستشارة", "سأحضر.\n\nمع أطيب التحيات", "نادية بروك"),
    ("我会参加。\n\n此致\n敬礼\n\n李娜", "我会参加。\n\n此致\n敬礼", "李娜"),
    ("Ich komme.\n\nMit freundlichen Grüßen\nNadja Bach", "Ich komme.\n\nMit freundlichen Grüßen", "Nadja Bach"),
    ("Confirmed.\n\nNadia Brook\nPolicy Lead, River Trust\n+41 22 555 01 01", "Confirmed.", "Nadia Brook\nPolicy"),
    ("Estarei presente.\n\nAbraço,\nNádia", "Estarei presente.\n\nAbraço,", "Nádia"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "text", "signature"), SIGNED)
def test_signature_is_kept_apart(body: str, text: str, signature: str) -> None:
    found = split(body)
    assert found.text == text
    assert signature.replace("-- ", "--") in found.signature


@pytest.mark.parametrize(
    ("body", "sender", "text"),
    [
        ("Yes, gladly.\n\nNadia", "Nadia Brook", "Yes, gladly."),
        ("Yes, gladly.\nN. Brook", "Nadia Brook", "Yes, gladly."),
        ("Yes, gladly.\n\nNB", "Nadia Brook", "Yes, gladly."),
        ("我会去。\n李娜", "李娜", "我会去。"),
        ("我会去。\n\n李娜 敬上", "李娜", "我会去。"),
        ("Приеду.\nНадя Брук", "Надя Брук", "Приеду."),
        ("Sera là.\n\nLe Secrétariat", "Secrétariat, Mission", "Sera là."),
        ("سأحضر\n\nمع التحية،\nد. نادية بروك\nوزارة المياه", "نادية بروك", "سأحضر\n\nمع التحية،"),
        ("Yes.\n\n---\nNadia Brook\nHead of Unit", "Nadia Brook", "Yes."),
        ("Yes.\n\nDr. Nadia Brook", "Nadia Brook", "Yes."),
        # Not signatures, although they look a little like one.
        (
            "We send her.\n\nLena Ford\nlena@ford.example\n+1 212 555 0100",
            "Nadia Brook",
            "We send her.\n\nLena Ford\nlena@ford.example\n+1 212 555 0100",
        ),
        (
            "Not sure.\n\nPlease call +1 212 555 0100 soon",
            "Nadia Brook",
            "Not sure.\n\nPlease call +1 212 555 0100 soon",
        ),
        ("Dear all,\n\nYes", "Yesenia Brook", "Dear all,\n\nYes"),
        ("Dear all,\n\nNo", "Nora Olsen", "Dear all,\n\nNo"),
        ("Dear all,\n\nAccepted", "Nadia Brook", "Dear all,\n\nAccepted"),
        ("Nadia Brook - yes\nOtto Ruiz - no", "Nadia Brook", "Nadia Brook - yes\nOtto Ruiz - no"),
        ("Nadia will come", "Nadia Brook", "Nadia will come"),
        ("These will come:\nNadia Brook\nOtto Ruiz", "Nadia Brook", "These will come:\nNadia Brook\nOtto Ruiz"),
        ("These will come:\n\nNadia Brook\nOtto Ruiz", "Nadia Brook", "These will come:\n\nNadia Brook\nOtto Ruiz"),
        ("Thanks,\nWill attend", "Nadia Brook", "Thanks,\nWill attend"),
        ("Saludos\nNo podré asistir", "Nadia Brook", "Saludos\nNo podré asistir"),
        ("Best regards\nAttending: yes", "Nadia Brook", "Best regards\nAttending: yes"),
        (
            "Hello,\n\nName: Nadia Brook\nTel: +1 212 555 0100\nAttending: no",
            "Nadia Brook",
            "Hello,\n\nName: Nadia Brook\nTel: +1 212 555 0100\nAttending: no",
        ),
        (
            "We send two.\n\nLena Ford\nDirector\n\nOtto Ruiz\nCounsellor",
            "Registry",
            "We send two.\n\nLena Ford\nDirector\n\nOtto Ruiz\nCounsellor",
        ),
        (
            "We send two:\n\nLena Ford, Director\nOtto Ruiz, Counsellor",
            "Registry",
            "We send two:\n\nLena Ford, Director\nOtto Ruiz, Counsellor",
        ),
        ("Yes.\n\nNadia Brook\nOfficer\nTel: +1 212 555 0100\nE-mail: nadia@brook.example", "Nadia Brook", "Yes."),
    ],
)
def test_the_senders_name(body: str, sender: str, text: str) -> None:
    assert split(body, sender=sender).text == text


@pytest.mark.parametrize(
    "below",
    [
        "PS: I am a vegetarian.", "P.S. Je suis végétarienne.", "P. D.: Soy celíaca.", "З.Ы. Пропуск есть.",
        "ملاحظة: أنا نباتية.", "附言：我吃素。", "Can I bring my husband?", "I shall need a wheelchair ramp.",
        "Also: Otto Ruiz from our office would like to attend too.", "Attending: no", "Guests: 2",
    ],
)  # fmt: skip
def test_what_stands_below_the_name_is_not_lost(below: str) -> None:
    assert below in split(f"Yes.\n\nKind regards,\nNadia Brook\n\n{below}", sender="Nadia Brook").text


@pytest.mark.parametrize(
    "advertisement",
    [
        "SPRING GALA, 2 June: register at gala@trust.example. If you cannot attend, tell us by 1 May.",
        "Follow us on www.trust.example",
    ],
)
def test_advertisements_below_the_name_do_not_count(advertisement: str) -> None:
    found = split(f"Yes.\n\nKind regards,\nNadia Brook\nTrust Officer\n\n{advertisement}", sender="Nadia Brook")
    assert found.text == "Yes.\n\nKind regards,"


@pytest.mark.parametrize(
    "footer",
    [
        "Sent from my iPhone", "Sent from my Samsung Galaxy smartphone.", "Sent from Mail for Windows 10",
        "Get Outlook for Android<https://aka.example/x>", "Envoyé de mon iPhone", "Envoyé depuis mon smartphone Samsung",
        "Télécharger Outlook pour iOS", "Enviado desde mi iPad", "Enviado desde mi Huawei", "Enviado do meu iPhone",
        "Inviato da iPhone", "Von meinem iPhone gesendet", "Gesendet mit der WEB.DE Mail App", "Отправлено с iPhone",
        "Отправлено из мобильной Почты Mail.ru", "أُرسلت من الـ iPhone", "تم الإرسال من هاتفي", "发自我的iPhone",
        "从我的iPad发送", "iPhoneから送信", "나의 iPhone에서 보냄", "Wysłane z iPhone'a", "Skickat från min iPhone",
        "Verzonden vanaf mijn iPhone", "Sent from Yahoo Mail on Android", "Sent from Proton Mail mobile",
    ],
)  # fmt: skip
def test_telephone_footers_are_left_out(footer: str) -> None:
    found = split(f"See you there\n\n{footer}\n\n{MARKED['apple en']}{QUOTED}")
    assert found.text == "See you there"
    assert footer in found.boilerplate


@pytest.mark.parametrize(
    "line",
    [
        "Sent from Geneva with my best wishes: I will come.", "Von meinem Chef: er kommt gern.",
        "I am writing from outside New York and will come.", "Envoyé par la mission, je viendrai.",
    ],
)  # fmt: skip
def test_sentences_that_begin_like_a_footer_stay(line: str) -> None:
    assert split(line).text == line


@pytest.mark.parametrize(
    "banner",
    [
        "[EXTERNAL]", "EXTERNAL EMAIL", "CAUTION: This email originated from outside the organization. Do not click links.",
        "ATTENTION : courriel externe. Ne cliquez pas sur les liens.", "ATENCIÓN: correo externo.",
        "ВНИМАНИЕ: внешнее письмо. Не открывайте вложения.", "تنبيه: رسالة خارجية", "【外部邮件】请谨慎打开附件",
        "You don't often get email from nadia@brook.example. Learn why this is important",
    ],
)  # fmt: skip
def test_gateway_banners_are_left_out(banner: str) -> None:
    assert split(f"{banner}\n\nYes, I come.").text == "Yes, I come."
    assert split(f"{banner}\nYes, I come.").text == "Yes, I come."


@pytest.mark.parametrize(
    "notice",
    [
        "This e-mail is confidential and intended only for the addressee. If you cannot attend to it,\nplease decline it.",
        "Ce message est confidentiel. Si vous n'êtes pas le destinataire, merci de confirmer sa destruction.",
        "Este mensaje es confidencial. Si no puede asistir a su lectura, confirme su eliminación.",
        "Настоящее сообщение является конфиденциальным. Если вы не можете принять его, подтвердите удаление.",
        "هذه الرسالة سرية. إذا لم تكن المستلم المقصود، يرجى تأكيد حذفها.",
        "本邮件及其附件含有保密信息。如您不是收件人，请勿参加传播。",
        "Diese Nachricht ist vertraulich. Bestätigen Sie bitte die Löschung.",
        "Esta mensagem é confidencial. Se não puder confirmar, apague-a.",
        "Questo messaggio è riservato. Confermate la cancellazione.",
        "Please consider the environment before printing this e-mail.",
    ],
)
def test_legal_notices_are_left_out(notice: str) -> None:
    found = split(
        f"Yes, I come.\n\nNadia Brook\n\n{notice}\n\n{UNMARKED['outlook en']}{INVITATION}", sender="Nadia Brook"
    )
    assert found.text == "Yes, I come."
    assert notice in found.boilerplate


# --------------------------------------------------------------------------- forwards


@pytest.mark.parametrize(
    "line",
    [
        "---------- Forwarded message ---------", "Begin forwarded message:", "-------- Message transféré --------",
        "Début du message réexpédié :", "---------- Mensaje reenviado ----------", "Inicio del mensaje reenviado:",
        "-------- Пересылаемое сообщение --------", "Начало переадресованного сообщения:",
        "---------- رسالة معاد توجيهها ----------", "---------- 转发的邮件 ----------", "开始转发的邮件：",
        "---------- Mensagem encaminhada ---------", "Anfang der weitergeleiteten Nachricht:", "Inizio messaggio inoltrato:",
    ],
)  # fmt: skip
def test_forwards(line: str) -> None:
    found = split(
        f"For your kind attention, I cannot come myself.\n\n{line}\nFrom: A <a@b.example>\nDate: 4 April 2017 9:12\n\n{INVITATION}"
    )
    assert found.text == "For your kind attention, I cannot come myself."
    assert found.forwarded


# --------------------------------------------------------------------------- the message

US = Address("Clean Rivers", "rivers@secretariat.example")
NADIA = Address("Nadia Brook", "nadia@brook.example")


def message(*bodies: Body, subject: str = "Re: Invitation: Round Table on Clean Rivers", **more: object) -> Message:
    values = {"senders": (NADIA,), "recipients": (US,), **more}
    return Message("", 0, "", subject, bodies=bodies, **values)  # type: ignore[arg-type]


def plain(text: str, **more: object) -> Body:
    return Body("plain", text, **more)  # type: ignore[arg-type]


def html(text: str, **more: object) -> Body:
    return Body("html", text, **more)  # type: ignore[arg-type]


def test_plain_is_preferred_to_html() -> None:
    found = new_text(message(plain("Yes.", alternative=1), html("<p>Yes.</p>", alternative=1)))
    assert (found.text, found.source) == ("Yes.", "plain")


@pytest.mark.parametrize("stub", ["", "  \n", "Your e-mail client does not support HTML messages.", "Votre messagerie ne prend pas en charge le HTML."])  # fmt: skip
def test_html_where_the_plain_part_is_empty_or_a_stub(stub: str) -> None:
    found = new_text(message(plain(stub, alternative=1), html("<p>Yes.</p>", alternative=1)))
    assert (found.text, found.source) == ("Yes.", "html")


def test_html_where_something_is_struck_out() -> None:
    both = (plain("I will not come", alternative=1), html("I will <s>not</s> come", alternative=1))
    assert new_text(message(*both)).text == "I will come"


def test_parts_in_sequence_are_joined() -> None:
    assert new_text(message(plain("I come."), plain("With Otto."))).text == "I come.\n\nWith Otto."


@pytest.mark.parametrize(
    "note",
    ["Letter enclosed.", "Dear all,\n\nPlease see attached.", "Ci-joint notre réponse.", "Adjunto nuestra respuesta.",
     "Ответ во вложении.", "مرفق ردنا.", "回复见附件。", "Antwort anbei.", ""],
)  # fmt: skip
def test_attached_text(note: str) -> None:
    found = new_text(message(plain(note), plain("I shall attend.", attached=True, filename="letter.txt")))
    assert (found.text, found.source) == ("I shall attend.", "attachment")


def test_attached_text_beside_an_answer_is_left_alone() -> None:
    found = new_text(message(plain("Please find attached my CV. I will attend."), plain("CV", attached=True)))
    assert found.text == "Please find attached my CV. I will attend."


def test_answer_in_an_unreadable_attachment_is_a_doubt() -> None:
    found = new_text(
        message(plain("Please find our reply attached."), attachments=(Attachment("application/pdf", "r.pdf", 9),))
    )
    assert any("attachment" in doubt for doubt in found.doubts)


def test_enclosed_answer_of_somebody_else() -> None:
    ambassador = Address("Otto Ruiz", "ruiz@brook.example")
    inner = message(plain("Tell them that I come.\n\nOtto Ruiz"), senders=(ambassador,), recipients=(NADIA,))
    found = new_text(message(plain("Please see below what the Ambassador wrote.\n\nNadia Brook"), enclosed=(inner,)))
    assert (found.text, found.signature, found.source, found.forwarded) == (
        "Tell them that I come.",
        "Otto Ruiz",
        "enclosed",
        True,
    )
    assert found.writer == ambassador


def test_enclosed_answer_to_somebody_else_is_a_doubt() -> None:
    dinner = Address("Host", "host@dinner.example")
    inner = message(plain("Thank you, I will attend."), senders=(NADIA,), recipients=(dinner,))
    assert new_text(message(plain("See below."), enclosed=(inner,), senders=(NADIA,), recipients=(US,))).doubts
    inner = message(plain("Thank you, I will attend."), senders=(NADIA,), recipients=(US,))
    assert not new_text(message(plain("See below."), enclosed=(inner,), senders=(NADIA,), recipients=(US,))).doubts


def test_our_own_mail_enclosed_says_nothing() -> None:
    ours = message(plain(INVITATION), senders=(US,), recipients=(NADIA,))
    found = new_text(message(plain("See below."), enclosed=(ours,)))
    assert found.text == "See below."


def test_enclosed_mail_beside_an_answer_is_left_alone() -> None:
    inner = message(plain("No."), senders=(Address("Otto Ruiz", "o@brook.example"),), recipients=(NADIA,))
    assert new_text(message(plain("I will attend myself on that day."), enclosed=(inner,))).source == "plain"


QUOTED_BELOW = f"\n\n{UNMARKED['outlook en']}{INVITATION}"

SUBJECTS = [
    ("I will attend", "", "I will attend"),
    ("We come, two of us (Re: Invitation: Round Table on Clean Rivers)", QUOTED_BELOW, "We come, two of us"),
    ("Regrets - RE: Invitation: Round Table on Clean Rivers", QUOTED_BELOW, "Regrets"),
    ("RE: Sorry, cannot come (EOM)", QUOTED_BELOW, "Sorry, cannot come"),
    ("RE: Invitation: Round Table on Clean Rivers - YES", QUOTED_BELOW, "YES"),
    ("Rép : je viendrai", QUOTED_BELOW, "je viendrai"),
    ("Буду - Re: Invitation: Round Table on Clean Rivers", QUOTED_BELOW, "Буду"),
    ("我参加 回复: Invitation: Round Table on Clean Rivers", QUOTED_BELOW, "我参加"),
    ("سأحضر - رد: Invitation: Round Table on Clean Rivers", QUOTED_BELOW, "سأحضر"),
    ("Sí, iremos [k7f3abcd]", "", "Sí, iremos"),
]


@pytest.mark.parametrize(("subject", "body", "text"), SUBJECTS)
def test_answer_in_the_subject(subject: str, body: str, text: str) -> None:
    found = new_text(message(plain(body), subject=subject))
    assert (found.text, found.source) == (text, "subject")


def test_answer_in_the_subject_over_a_bare_name() -> None:
    assert new_text(message(plain("Nadia Brook"), subject="I will attend")).text == "I will attend"


@pytest.mark.parametrize("subject", ["RE: Invitation: Round Table on Clean Rivers", "AW: RE: Invitation: Round Table on Clean Rivers", "回复： Invitation: Round Table on Clean Rivers"])  # fmt: skip
def test_the_invitations_subject_is_no_answer(subject: str) -> None:
    found = new_text(message(plain(QUOTED_BELOW), subject=subject))
    assert (found.text, found.source) == ("", "none")
    assert found.doubts


def test_the_body_goes_before_the_subject() -> None:
    assert new_text(message(plain("No, sorry."), subject="I will attend")).text == "No, sorry."


def test_encrypted() -> None:
    found = new_text(message(encrypted=True))
    assert (found.text, found.source) == ("", "none")
    assert found.doubts


def test_a_display_name_that_is_none_does_not_hide_the_signature() -> None:
    formula = Address('=HYPERLINK("http://x.example","Confirm")', "nadia@brook.example")
    found = new_text(message(plain("Yes.\n\nNadia Brook\n+41 22 555 01 01"), senders=(formula,)))
    assert (found.text, found.signature) == ("Yes.", "Nadia Brook\n+41 22 555 01 01")


def test_no_body_at_all() -> None:
    assert new_text(message(subject="")).source == "none"


# --------------------------------------------------------------------------- hostile input

HOSTILE = {
    "On": "On " * 2_000,
    "spaces": " " * 30_000,
    "blank lines": " \n" * 10_000,
    "one line": "a" * 200_000,
    "quoted lines": "> line\n" * 10_000,
    "nested quotes": (">" * 80 + " x\n") * 2_400,
    "colons": "a:\n" * 66_000,
    "headers": "From: a@b.example\n" * 11_000,
    "attributions": "On 1 Jan 2016 at 3:14 PM, X <x@y.example> wrote:\n" * 4_000,
    "dashes": "-----\n" * 33_000,
    "delimiters": "--\n" * 66_000,
    "regards": "Regards,\n" * 22_000,
    "interleaved": "> q\nanswer\n" * 18_000,
    "signs": "".join(chr(33 + at % 90) for at in range(200_000)),
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_input_ends(body: str) -> None:
    answered = split(f"Yes, I come.\n\n{body}", known=[INVITATION], sender="Nadia Brook")
    assert isinstance(answered, NewText)
    assert "Yes, I come." in answered.text
    split(body)


def test_too_long_a_text_is_a_doubt() -> None:
    assert split("I come. " * 40_000).doubts
