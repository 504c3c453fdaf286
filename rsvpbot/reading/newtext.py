"""What a person has newly written, apart from what the mail quotes, signs and carries along.

The rule is structural and needs no language: quote marks, lines that end in a colon and hold a date and an address,
blocks of header-like lines, separators between dashes. A table of words (mailclients.toml) helps where structure is
thin.

Losing what was written is worse than keeping a quoted line. So nothing is dropped: every line of the body comes back
as text, signature, quotation or boilerplate, and where an answer may stand among the quotation, `doubts` says so.

All scans are linear: 200,000 characters and 2,000 characters a line at most, no nested quantifiers.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from rsvpbot.model import Address, Body, Message
from rsvpbot.reading import clients
from rsvpbot.reading.calendar import client_words, find_reply
from rsvpbot.reading.html import may_hide, render, without_marks
from rsvpbot.reading.quotation import mark_quotation
from rsvpbot.reading.repetition import inserted, repeats
from rsvpbot.reading.sheet import VERY_LONG, Part, Sheet
from rsvpbot.reading.signature import mark_boilerplate, mark_signature, name_words, only_names
from rsvpbot.reading.subject import of_subject


@dataclass(frozen=True, slots=True)
class NewText:
    """The parts of one message's body. `text`, `signature`, `quoted` and `boilerplate` together hold every line."""

    text: str
    """Newly written: greeting and closing included; without quotation, signature, banner, disclaimer."""
    signature: str
    """The lines of the signature block, where they were told apart."""
    quoted: str
    """What was cut as quotation."""
    forwarded: bool
    interleaved: bool
    """Answers stand between quoted lines."""
    doubts: tuple[str, ...]
    """Reasons for review, in plain words."""
    source: str
    """"plain", "html", "attachment", "enclosed", "subject", "none"."""
    boilerplate: str = ""
    """Banners, disclaimers, the telephone's footer; of a calendar answer the program's own sentences (the language of a
    bare answer is theirs); of an enclosed or attached text the note around it."""
    writer: Address | None = None
    """Who wrote it, where that is not the sender of the message: the From of the enclosed mail."""
    asked: tuple[tuple[str, str], ...] = ()
    """Questions that are quoted, and not ours, each with what stands right below it."""
    inserted: str = ""
    """Lines that stand among our own quoted words and repeat none: they may have been written into them."""


# --------------------------------------------------------------------------- one text


_NOTHING_OUTSIDE = "nothing stands outside the quotation"
_NOT_TO_US = "the answer stands in a mail that was written to somebody else"


def split(text: str, known: Collection[str] = (), sender: str = "") -> NewText:
    """Split a plain text. `known`: texts of our own, to be taken for quotation; `sender`: the writer's display name."""
    return _kept(_split(without_marks(text), known, sender, "plain"))


def _split(text: str, known: Collection[str], sender: str, source: str) -> NewText:
    sheet = Sheet.of(text)
    mark_quotation(sheet, known)
    mark_boilerplate(sheet)
    mark_signature(sheet, sender)
    return _result(sheet, known, source)


def _result(sheet: Sheet, known: Collection[str], source: str) -> NewText:
    text, quoted = _joined_lines(sheet, Part.TEXT), _joined_lines(sheet, Part.QUOTED)
    doubts = list(sheet.doubts)
    if not text and quoted:
        doubts.append(_NOTHING_OUTSIDE)
    if quoted and text and clients.points_inside(text):
        doubts.append("the answers seem to stand inside the quoted text")
    return NewText(
        text=text,
        signature=_joined_lines(sheet, Part.SIGNATURE),
        quoted=quoted,
        forwarded=sheet.forwarded,
        interleaved=bool(text and quoted) and _stands_between(sheet),
        doubts=tuple(doubts),
        source=source if text else "none",
        boilerplate=_joined_lines(sheet, Part.BOILERPLATE),
        asked=tuple(islice(_asked(sheet, known), _MOST_ASKED)) if text and quoted else (),
        inserted="\n".join(inserted(sheet, known)) if known and quoted else "",
    )


_QUESTION_MARKS = str.maketrans("？؟", "??")
_MOST_ASKED = 20
_LONGEST_BELOW = 200
"""Characters below a quoted question; a bare yes or no is shorter."""


def _asked(sheet: Sheet, known: Collection[str]) -> Iterable[tuple[str, str]]:
    """Each quoted question that does not repeat a letter of ours, and the lines right below it."""
    above = -1
    for at, line in enumerate(sheet.lines):
        if line and sheet.parts[at] == Part.TEXT and sheet.quoted(above):
            question = _paragraph_above(sheet, above)
            if question.translate(_QUESTION_MARKS).endswith("?") and not repeats(question, known):
                end = next((i for i in range(at, len(sheet.lines)) if sheet.quoted(i)), len(sheet.lines))
                below = "\n".join(sheet.lines[i] for i in range(at, end) if sheet.parts[i] == Part.TEXT)
                yield question, below[:_LONGEST_BELOW].strip()
        above = at if line else above


def _paragraph_above(sheet: Sheet, last: int) -> str:
    """A quoted line, with those that it goes on."""
    first = last
    while first and last - first < _LINES_OF_A_QUESTION and sheet.quoted(first - 1):
        above = sheet.lines[first - 1].lstrip("> ")
        if not above or above.endswith((".", "!", "?", ":", ",", "。", "！", "？", "؟", "：", "，")):
            break
        first -= 1
    return " ".join(sheet.lines[at].lstrip("> ") for at in range(first, last + 1))


_LINES_OF_A_QUESTION = 4


def _joined_lines(sheet: Sheet, part: int) -> str:
    """The lines of one part; where others stood between, an empty line."""
    if part not in sheet.parts:
        return ""
    out: list[str] = []
    gap = False
    for line, kind in zip(sheet.lines, sheet.parts, strict=True):
        if kind != part or not line:
            gap = True
            continue
        if gap and out:
            out.append("")
        gap = False
        out.append(line)
    return "\n".join(out)


def _stands_between(sheet: Sheet) -> bool:
    """Text with quotation above and below it."""
    quoted = [at for at, part in enumerate(sheet.parts) if part == Part.QUOTED]
    return any(sheet.is_text(at) for at in range(quoted[0], quoted[-1]))


def _kept(found: NewText) -> NewText:
    """Where nothing but a signature stands, it may be the answer; it is given back as text."""
    if found.text or not found.signature:
        return found
    return replace(
        found, text=found.signature, signature="", source=found.source if found.source != "none" else "plain"
    )


# --------------------------------------------------------------------------- the message


_NO_NAME = frozenset("{}<>=$%\\|@[]^`")


def _sender(message: Message) -> str:
    """The display name, where it may be one; markup, formulas and templates are nobody's name."""
    name = message.sender.name
    return name if _NO_NAME.isdisjoint(name) else ""


_EMPTY = NewText("", "", "", forwarded=False, interleaved=False, doubts=(), source="none")


def new_text(message: Message, known: Collection[str] = ()) -> NewText:
    """The newly written text of a message. Never raises.

    `known`: texts of our own (invitation, letters, the event's title), whose repetition is quotation.
    """
    return _kept(_new_text(message, tuple(known), depth=0))


def _new_text(message: Message, known: tuple[str, ...], depth: int) -> NewText:
    if message.encrypted:
        return replace(_EMPTY, doubts=("the message is encrypted: nobody here can read it",))
    found = _of_bodies([body for body in message.bodies if not body.attached], known, message)
    if _says_little(found.text, _sender(message)):
        found = _elsewhere(message, found, known, depth)
    return found


def _of_bodies(bodies: Sequence[Body], known: tuple[str, ...], message: Message) -> NewText:
    """The bodies that are shown, alternatives once, in the order of the message."""
    pieces: list[str] = []
    source = "plain"
    cut = False
    for body in _shown(bodies):
        if body.subtype == "html":
            source = "html"
            rendered = render(body.text)
            cut = cut or rendered.cut
            pieces.append(rendered.text)
        else:
            pieces.append(without_marks(body.text))
    if not pieces:
        return _EMPTY
    text = "\n\n".join(pieces)
    human, program = _by_program(text, message) if message.calendars else (text, "")
    found = _split(human, known, _sender(message), source)
    if cut and VERY_LONG not in found.doubts:
        found = replace(found, doubts=(*found.doubts, VERY_LONG))
    return replace(found, boilerplate=_joined(program, found.boilerplate)) if program else found


def _by_program(text: str, message: Message) -> tuple[str, str]:
    """The person's words beside a calendar answer, and the program's."""
    name = _sender(message)
    human, program = client_words(text, name)
    if program and any(clients.standing_sentence(line) for line in program.split("\n")):
        reply = find_reply(message)
        human, program = client_words(text, name, reply.partstat if reply else None)
    return human, program


def _shown(bodies: Sequence[Body]) -> list[Body]:
    shown: list[Body] = []
    seen: set[int] = set()
    for body in bodies:
        if not body.alternative:
            shown.append(body)
        elif body.alternative not in seen:
            seen.add(body.alternative)
            shown += _choose([other for other in bodies if other.alternative == body.alternative])
    return shown


def _choose(alternatives: Sequence[Body]) -> list[Body]:
    """The plain version, unless it is empty or a stub, or cannot show what the HTML strikes out."""
    plain = [body for body in alternatives if body.subtype != "html"]
    html = [body for body in alternatives if body.subtype == "html"]
    if not html:
        return plain
    text = "\n".join(body.text for body in plain)
    if not text.strip() or clients.is_stub(text) or any(may_hide(body.text) for body in html):
        return html
    return plain


def _says_little(text: str, sender: str) -> bool:
    """Empty, only a greeting or a name, or a note that only points elsewhere."""
    return _says_nothing(text, sender) or (len(text) <= _LONGEST_NOTE and _only_points(text))


def _says_nothing(text: str, sender: str) -> bool:
    if not text:
        return True
    lines = text.split("\n")
    if len(max(lines, key=len)) > _LONGEST_COURTESY:
        return False
    names = name_words(sender)
    return all(clients.only_courtesy(line) or only_names(line, names) for line in lines if line)


_LONGEST_COURTESY = 90
"""No greeting and no name is a longer line."""
_LONGEST_NOTE = 400
_SENTENCE_END = re.compile(r"(?<=[.!?。！？؟])\s+|\n")


def _only_points(text: str) -> bool:
    """Every sentence points to an attachment or to a mail below, or is courtesy."""
    if not clients.points_to_attachment(text) and not clients.points_below(text):
        return False
    sentences = [piece for piece in _SENTENCE_END.split(text) if piece.strip()]
    pointing = [piece for piece in sentences if clients.points_to_attachment(piece) or clients.points_below(piece)]
    return bool(pointing) and all(piece in pointing or clients.only_courtesy(piece) for piece in sentences)


def _elsewhere(message: Message, found: NewText, known: tuple[str, ...], depth: int) -> NewText:
    """The body says nothing by itself: an attached text, an enclosed mail, the subject."""
    nothing = _says_nothing(found.text, _sender(message))
    to_attachment = clients.points_to_attachment(found.text)
    if nothing or to_attachment:
        for body in message.bodies:
            if body.attached and body.text.strip():
                inner = _of_bodies([replace(body, attached=False, alternative=0)], known, message)
                if inner.text:
                    return _taken(inner, found, "attachment")
    written_to = {address.email for address in message.recipients}
    for enclosed in message.enclosed if depth < 2 else ():
        # A mail of ours that was attached says nothing about the person who attached it.
        if enclosed.sender.email and enclosed.sender.email in written_to:
            continue
        inner = _new_text(enclosed, known, depth + 1)
        if inner.text:
            own = enclosed.sender.email == message.sender.email
            meant = written_to if own else written_to | {message.sender.email}
            to_us = any(address.email in meant for address in enclosed.recipients)
            taken = replace(_taken(inner, found, "enclosed"), forwarded=True, writer=inner.writer or enclosed.sender)
            return taken if to_us else replace(taken, doubts=(*taken.doubts, _NOT_TO_US))
    if nothing and not message.calendars:
        subject, sure = of_subject(message.subject, found.quoted, known)
        if subject:
            doubts = tuple(doubt for doubt in found.doubts if not sure or doubt != _NOTHING_OUTSIDE)
            note = _joined(found.text, found.boilerplate)
            return replace(found, text=subject, source="subject", doubts=doubts, boilerplate=note)
    return replace(found, doubts=(*found.doubts, *_more_doubts(message, found, nothing)))


def _more_doubts(message: Message, found: NewText, nothing: bool) -> Iterable[str]:
    if clients.points_to_attachment(found.text) and (message.attachments or not nothing):
        yield "the answer may stand in an attachment that is not read"
    if found.forwarded and len(found.text.split()) <= 15:
        yield "a forwarded mail with hardly a word above it"
    elif nothing and found.text and found.quoted:
        yield "nothing but courtesy stands outside the quotation"


def _taken(inner: NewText, outer: NewText, source: str) -> NewText:
    """The text found elsewhere, with the parts of the note around it."""
    return replace(
        inner,
        source=source,
        forwarded=inner.forwarded or outer.forwarded,
        boilerplate=_joined(outer.text, outer.signature, outer.boilerplate, inner.boilerplate),
        quoted=_joined(inner.quoted, outer.quoted),
    )


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)
