"""What of a mail body its writer did not newly write: banners, legal notices, the telephone's footer, the signature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from rsvpbot.reading import clients
from rsvpbot.reading.names import may_sign
from rsvpbot.reading.sheet import LABEL, RULE, Part, Sheet, plain_text, segments

_FIRST_LINES = 6
"""Where a banner may stand."""


_BULLETS = ("-", "*", "•", "·", "–")


def mark_boilerplate(sheet: Sheet) -> None:
    for at in sheet.of_part(Part.SIGNATURE) if Part.SIGNATURE in sheet.parts else ():
        if clients.is_footer(sheet.lines[at]):
            sheet.parts[at] = Part.BOILERPLATE
    written = sheet.written()
    if not written:
        return
    folded = clients.fold_lines([sheet.plain[at] for at in written])
    if clients.holds_banner(" ".join(folded[:_FIRST_LINES])):
        _mark_banners(sheet, written[:_FIRST_LINES])
    for at, line in zip(written, folded, strict=True):
        if clients.is_folded_footer(line) or (line.startswith(("[", "<")) and clients.is_picture(line)):
            sheet.mark(at, at + 1, Part.BOILERPLATE)
    notices = clients.notices_in(" ".join(folded))
    for at in written if notices else ():
        following = "".join(sheet.plain[at + 1 : at + 2])
        if sheet.is_text(at) and clients.begins_notice(sheet.plain[at], following, notices):
            _mark_notice(sheet, at, first=at == written[0])
    _mark_lone_delimiters(sheet, written)


def _mark_banners(sheet: Sheet, first_lines: Sequence[int]) -> None:
    for at in first_lines:
        if sheet.parts[at] != Part.TEXT or not clients.is_banner(sheet.plain[at]):
            continue
        sheet.parts[at] = Part.BOILERPLATE
        for below in range(at + 1, min(len(sheet.lines), at + 5)):
            if sheet.blank(below) or not clients.goes_with_banner(sheet.plain[below]):
                break
            sheet.mark(below, below + 1, Part.BOILERPLATE)


def _mark_notice(sheet: Sheet, at: int, first: bool) -> None:
    """A legal notice runs to the end of its paragraph; glued on top of a letter, only to the first personal line."""
    sheet.parts[at] = Part.BOILERPLATE
    for below in range(at + 1, len(sheet.lines)):
        if sheet.blank(below) or (first and clients.first_person(sheet.plain[below], singular=True)):
            return
        sheet.mark(below, below + 1, Part.BOILERPLATE)


def _mark_lone_delimiters(sheet: Sheet, among: Sequence[int]) -> None:
    """A rule or "-- " with nothing of the person's below it (in its segment) says nothing."""
    if not any(sheet.lines[at] and _is_rule(sheet.lines[at]) for at in among):
        return
    above_nothing = True
    for at in range(len(sheet.lines) - 1, -1, -1):
        if sheet.parts[at] == Part.QUOTED:
            above_nothing = True
        elif above_nothing and sheet.is_text(at):
            above_nothing = _is_rule(sheet.lines[at])
            if above_nothing:
                sheet.parts[at] = Part.BOILERPLATE


def _is_rule(line: str) -> bool:
    return bool(line) and not line[0].isalnum() and (_is_delimiter(line) or bool(RULE.match(line)))


# --------------------------------------------------------------------------- signature


_LONGEST_SIGNATURE = 16
_MOST_SEGMENTS = 20
"""With answers between quoted lines; a signature stands in the last of more."""
_NAME_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-](?=[^\W\d_]))*\.?")
_PARTICLES = frozenset({
    "van", "der", "den", "de", "la", "le", "les", "da", "do", "dos", "das", "di", "del", "della", "von", "zu", "zur",
    "bin", "ibn", "al", "el", "bint", "y", "e", "i", "ter", "ten", "af", "av", "ben", "the", "of", "for", "and",
    "du", "des", "et", "pour", "para", "por", "und", "für", "и", "по", "o", "os", "a", "l'", "d'", "los", "las",
})  # fmt: skip
_ANSWERS = frozenset(["no", "ok", "si", "ja", "da", "oui", "non", "yes", "sim", "нет", "да", "ne", "na", "yep", "nah"])
_SIGNED_OFF = ("敬上", "謹上", "谨上", "敬启", "謹啟", "拜上", "上")
_ENDS_SENTENCE = (".", "!", "?", "。", "！", "？", "؟", "…")


def mark_signature(sheet: Sheet, sender: str) -> None:
    found = segments(sheet)
    names = name_words(sender)
    for segment in found if len(found) <= _MOST_SEGMENTS else found[-2:]:
        paragraphs = _paragraphs(sheet, segment)
        start = _signature_start(sheet, segment, paragraphs, names)
        if start < 0:
            continue
        below = [at for at in segment if at >= start]
        for at in below:
            sheet.parts[at] = Part.SIGNATURE
        _give_back(sheet, _paragraphs(sheet, below), delimited=_is_delimiter(sheet.lines[start]))
        _mark_lone_delimiters(sheet, segment)


def _paragraphs(sheet: Sheet, lines: Sequence[int]) -> list[list[int]]:
    blocks: list[list[int]] = []
    before = -2
    for at in lines:
        if sheet.blank(at):
            before = -2
            continue
        if at == before + 1:
            blocks[-1].append(at)
        else:
            blocks.append([at])
        before = at
    return blocks


def _is_delimiter(line: str) -> bool:
    """RFC 3676, section 4.3, and what clients that strip its trailing blank leave."""
    return line in {"--", "—", "––", "- --"}


def name_words(sender: str) -> frozenset[str]:
    return frozenset(word.strip(".").casefold() for word in _NAME_WORD.findall(sender))


def _signature_start(sheet: Sheet, segment: Sequence[int], paragraphs: list[list[int]], sender: frozenset[str]) -> int:
    """The line where the signature begins; -1 where there is none."""
    written = [at for block in paragraphs for at in block]
    for at in written[1:]:
        if _is_delimiter(sheet.lines[at]):
            rest = [line for line in written if line > at]
            personal = any(_personal(sheet.lines[line]) for line in rest)
            if rest and (not personal or _signs(sheet, rest[0], sender, sure=True)):
                return at
    start = _below_closing(sheet, written, sender)
    return start if start >= 0 else _from_below(sheet, paragraphs, sender)


def _below_closing(sheet: Sheet, written: Sequence[int], sender: frozenset[str]) -> int:
    """The line below "Kind regards," or its like, where it signs; -1 where there is none."""
    tail = written[-_LONGEST_SIGNATURE - 1 :]
    spoken = len(written) > len(tail)
    for at, following in pairwise(tail):
        closing = clients.closing(sheet.plain[at])
        if not closing:
            spoken = spoken or not clients.only_courtesy(sheet.plain[at])
            continue
        # Where only courtesy stands above, what stands below is rather the answer.
        signs = spoken and _signs(sheet, following, sender, sure=closing == "sure")
        if signs or _is_senders_name(sheet.lines[following], sender):
            return following
    return -1


def _from_below(sheet: Sheet, paragraphs: list[list[int]], sender: frozenset[str]) -> int:
    """No closing: from below, lines with the sender's name, blocks with titles and telephone numbers."""
    start = -1
    for order in range(len(paragraphs) - 1, -1, -1):
        block = paragraphs[order]
        if order and _names_somebody(sheet, block) and _names_somebody(sheet, paragraphs[order - 1]):
            break  # several people, each with a title: a list
        introduced = order > 0 and _introduces(sheet.plain[paragraphs[order - 1][-1]])
        above = paragraphs[order - 1] if order else []
        signed = len(above) == 1 and _is_senders_name(sheet.lines[above[0]], sender)
        at = _block_start(sheet, block, sender, introduced, signed)
        if at < 0 or (order == 0 and at == block[0]):
            break
        start = at
        if at != block[0]:
            break
    return start


def _introduces(line: str) -> bool:
    """ "These will come:", but not "Dear colleagues:"."""
    return line.endswith(":") and not clients.only_courtesy(line)


def _block_start(sheet: Sheet, block: list[int], sender: frozenset[str], introduced: bool, signed: bool) -> int:
    """Where in this last paragraph the signature begins, or -1. After "… the following:" names are a list.

    `signed`: the sender's name stands alone above it.
    """
    if introduced:
        return -1
    tail = block[-_LONGEST_SIGNATURE:]
    for order, at in enumerate(tail):
        listed = order > 0 and _introduces(sheet.plain[tail[order - 1]])
        if listed or not _is_senders_name(sheet.lines[at], sender):
            continue
        below = tail[order + 1 :]
        if not any(_personal(sheet.lines[line]) for line in below) or _evidence(sheet.lines[below[0]]):
            return at
    if len(block) > 10 or any(_personal(sheet.lines[at]) or sheet.plain[at].startswith(_BULLETS) for at in block[:2]):
        return -1
    if any(_fills_in(sheet.plain[at]) for at in block):
        return -1
    named, above = name_words(" ".join(sheet.lines[at] for at in block)), name_words(sheet.lines[block[0]])
    if sender and not signed and not sender & named and not may_sign(above, sender):
        return -1  # somebody else's name and number: the writer tells who comes
    first = sheet.lines[block[0]]
    evidence = [at for at in block if _evidence(sheet.lines[at])]
    contact = any(clients.has_contact(sheet.plain[at]) for at in block)
    short = all(len(sheet.lines[at]) <= 160 for at in block) and (len(block) > 1 or len(first.split()) <= 4)
    if contact and evidence and short and not first.endswith((*_ENDS_SENTENCE, ":", ",")):
        return block[0]
    return block[0] if _names_somebody(sheet, block) else -1


def _names_somebody(sheet: Sheet, block: list[int]) -> bool:
    """A name, and below it nothing but titles and the like."""
    if not 2 <= len(block) <= 10:
        return False
    first = sheet.lines[block[0]]
    return (
        len(first.split()) >= 2
        and _name_like(first)
        and not _evidence(first)
        and all(_evidence(sheet.lines[at]) for at in block[1:])
    )


def _fills_in(plain: str) -> bool:
    """ "Attending: no": a line of a form, which a signature does not hold; "Tel.: …" it does."""
    match = LABEL.match(plain) if ":" in plain[:40] else None
    if match is None or match.end() >= len(plain):
        return False
    label = match.group(1)
    figures = any(sign.isdecimal() for sign in label)
    words = label.split()
    return len(words) <= 4 and not figures and not any(map(clients.is_contact_label, (label, words[-1])))


def _evidence(line: str) -> bool:
    """A job title, an organisation, a telephone number: what stands under a name."""
    return (
        len(line) <= 160 and (clients.has_title(line) or clients.has_contact(plain_text(line))) and not _personal(line)
    )


def _is_senders_name(line: str, sender: frozenset[str]) -> bool:
    """Only words (or initials) of the sender's name; a title may follow behind a comma, a bar or a dash."""
    if not sender or len(line) > 100:
        return False
    if len(line) > 12 and not any(name in line.casefold() for name in sender):
        return False
    for suffix in _SIGNED_OFF:
        line = line.removesuffix(suffix) if len(line) > len(suffix) + 1 else line
    head, _, tail = line.strip().partition(" - ")
    for sign in ",|/;–—(":
        head, found, more = head.partition(sign)
        tail = f"{more} {tail}" if found else tail
    tail = tail.strip(" ,|/;–—-()")
    if tail and not clients.has_title(tail) and not only_names(tail, sender):
        return False
    return only_names(head, sender)


def only_names(text: str, sender: frozenset[str]) -> bool:
    """Nothing but words (or initials) of the sender's name, honorifics and particles."""
    if len(text) > 80 or text.endswith(("?", "!", "。")):
        return False
    words = [word.strip(".").casefold() for word in _NAME_WORD.findall(text)]
    words = [
        word for word in words if word in sender or not (word in _PARTICLES or clients.is_honorific(word))
    ] or words
    if not words or len(words) > 6 or any(sign.isdecimal() for sign in text):
        return False
    initials = {name[0] for name in sender}
    if any(_is_name(word, sender) for word in words):
        return all(_is_name(word, sender) or (len(word) == 1 and word in initials) for word in words)
    compact = "".join(words)
    return (
        len(compact) <= 3
        and all(letter in initials for letter in compact)
        and (len(compact) == 1 or "." in text or text.strip().isupper())
        and compact not in _ANSWERS
    )


def _is_name(word: str, sender: frozenset[str]) -> bool:
    if word in sender:
        return True
    caseless = not (word[0].islower() or word[0].isupper())
    return caseless and len(word) >= 2 and any(word in name for name in sender)


def _signs(sheet: Sheet, at: int, sender: frozenset[str], sure: bool) -> bool:
    """May this line, which follows a closing, be the name of the one who signs?"""
    line = sheet.lines[at]
    if _personal(line) or clients.closing(line):
        return False
    if _is_senders_name(line, sender):
        return True
    if line.endswith(("?", "!", ":", "。", "？", "！", "؟", ";")) or len(line) > 90 or clients.is_event_label(line):
        return False
    if not sure:
        return _name_like(line) and len(line.split()) >= 2 and any(sign.islower() for sign in line)
    if _evidence(line) and len(line.split()) <= 10:
        return True
    return _name_like(line.rstrip("."), strict=any(_caseless(name) == _caseless(line) for name in sender))


def _caseless(text: str) -> bool:
    return not any(sign.islower() or sign.isupper() for sign in text)


def _name_like(line: str, strict: bool = True) -> bool:
    """One to six capitalised words; where it need not be strict, a few signs of a script without capitals."""
    line = line.rstrip(" ,،，")
    words = line.split()
    if not 1 <= len(words) <= 6 or any(sign.isdecimal() or sign in ",:;?!" for sign in line):
        return False
    letters = [sign for sign in line if sign.isalpha()]
    if not letters or line[0] in "-*•·–":
        return False
    if _caseless(line):
        return not strict and len(letters) <= (5 if ord(letters[0]) > 0x2E80 else 24)
    if words[0].casefold().strip(".") in _ANSWERS:
        return False
    return all(word[0].isupper() or word.lower() in _PARTICLES for word in words if word[0].isalpha())


def _personal(line: str) -> bool:
    """A sentence in the first person, or a question: a person wrote this, not a letterhead."""
    if "***" in line or line.count("|") > 1:
        return False
    if len(line) >= 12 and line.endswith(("?", "？", "؟")):
        return True
    return (not line.isascii() or line.count(" ") >= 2) and clients.first_person(line)


def _sentence(line: str) -> bool:
    """Ends as a sentence does and is long enough for one."""
    if not line.endswith(_ENDS_SENTENCE):
        return False
    # A slogan is short and ends in an exclamation mark.
    return len(line.split()) >= (4 if line[-1] == "." else 5) or (
        not line[0].islower() and not line[0].isupper() and len(line) >= 10
    )


def _advertises(line: str) -> bool:
    """An address, or words in capitals, and nobody who says "I"."""
    if clients.first_person(line, singular=True):
        return False
    capitals = sum(len(word) > 3 and word.isupper() for word in line.split())
    return (
        capitals >= 2 or any(sign in line for sign in ("@", "://", "***", "|")) or clients.has_contact(plain_text(line))
    )


def _says_more(line: str) -> bool:
    return (_personal(line) or _sentence(line) or _fills_in(plain_text(line))) and not _advertises(line)


def _speaks(line: str) -> bool:
    """A sentence in which the writer says "I"."""
    return _personal(line) and clients.first_person(line, singular=True)


def _give_back(sheet: Sheet, paragraphs: list[list[int]], delimited: bool) -> None:
    """A postscript, or a paragraph of sentences below the name, is no part of the signature. `delimited`: it stands
    below a "-- ", where programs put mottoes and notices too; so only what its writer says of themselves is given
    back."""
    says_more = _speaks if delimited else _says_more
    for order, block in enumerate(paragraphs):
        if clients.is_postscript(sheet.plain[block[0]]):
            for later in paragraphs[order:]:
                _return(sheet, later)
            return
        if order and any(says_more(sheet.lines[at]) for at in block):
            _return(sheet, block)
        elif not order:
            for place, at in enumerate(block[1:], 1):
                if clients.is_postscript(sheet.plain[at]) or (
                    not delimited
                    and (_personal(sheet.lines[at]) or _fills_in(sheet.plain[at]))
                    and not any(_evidence(sheet.lines[above]) for above in block[:place])
                ):
                    _return(sheet, block[place:])
                    break


def _return(sheet: Sheet, block: Iterable[int]) -> None:
    for at in block:
        sheet.parts[at] = Part.TEXT
