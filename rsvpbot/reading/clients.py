"""The table of words that mail programs write by themselves (mailclients.toml), made ready for looking up."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Any

_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_CONTACT = re.compile(
    r"\bwww\.|https?://|\b(?:tel|mob|fax|cell|phone|ph|tél|móvil|тел|моб|电话|هاتف)\b ?[.:+\d]",
    re.I,
)
_FIGURES = re.compile(r"[\d+(][\d ().\-]{5,24}\d")


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("rsvpbot.reading").joinpath("mailclients.toml").read_text("utf-8"))


def _folded(words: list[str]) -> frozenset[str]:
    return frozenset(_fold(word) for word in words)


def _fold(text: str) -> str:
    """Without regard to case, to the form of apostrophes and to how much white space there is."""
    folded = text.casefold()
    if not folded.isascii():
        folded = folded.replace("’", "'").replace("i\u0307", "i")  # the second is what a Turkish capital I becomes
    return " ".join(folded.split())


@cache
def _roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for role in ("other", "cc", "to", "sent", "subject", "from"):
        for word in _table()["headers"][role]:
            found[_fold(word)] = role
    return found


def role(label: str) -> str:
    """One of "from", "sent", "to", "cc", "subject", "other" for a header label in any client's language; else ""."""
    return _roles().get(_fold(label.strip("* _")), "")


def roles_in(line: str) -> list[str]:
    """The roles of the labels on one line ("From: … Sent: … To: …"); none where From is not among them."""
    if line.count(":") < 3:
        return []
    found: dict[str, None] = {}
    for piece in line[:1000].split(":")[:-1][:20]:
        words = piece.split()
        for size in (1, 2, 3):
            name = role(" ".join(words[-size:])) if len(words) >= size else ""
            if name:
                found[name] = None
                break
    return list(found) if "from" in found else []


@cache
def _wrote() -> tuple[str, ...]:
    return tuple(sorted(_folded(_table()["attribution"]["wrote"]), key=len, reverse=True))


@cache
def _wrote_by_end() -> dict[str, tuple[str, ...]]:
    """The same by their last letter."""
    return {end: tuple(word for word in _wrote() if word[-1] == end) for end in {word[-1] for word in _wrote()}}


def is_wrote(line: str) -> bool:
    """The whole line is "wrote:" or its like."""
    return _fold(line).strip(_AROUND_WROTE) in _wrote()


_AROUND_WROTE = " :-_*"


def says_wrote(text: str) -> str:
    """ "last" for "… wrote:", "within" where a name or a date follows the word (as in German, Arabic), else ""."""
    folded = _fold(text)
    bare = folded.rstrip(_AROUND_WROTE)
    if any(bare.endswith(word) and _starts_word(bare, word) for word in _wrote_by_end().get(bare[-1:], ())):
        return "last"
    return "within" if ":" in folded[len(bare) :] and _holds_wrote(folded) else ""


def holds_wrote(text: str) -> bool:
    return _holds_wrote(_fold(text))


def _holds_wrote(folded: str) -> bool:
    return any(_holds(folded, word) for word in filter(folded.__contains__, _wrote()))


def wrote_colon(line: str) -> int:
    """The colon of "… wrote:" in the middle of a line, or -1."""
    folded = line.casefold()
    if len(folded) != len(line):
        return -1
    found = [folded.find(f"{word}{gap}:") + len(word) + len(gap) for word in _wrote() for gap in ("", " ")
             if f"{word}{gap}:" in folded]  # fmt: skip
    return min(found, default=-1)


def _cased(word: str) -> bool:
    return word[0].islower() or word[0].isupper()


def _starts_word(text: str, word: str) -> bool:
    """`text` ends with `word`: does the word begin there, or is it the tail of a longer one?"""
    at = len(text) - len(word)
    return not _cased(word) or at == 0 or not text[at - 1].isalpha()


def _holds(text: str, word: str) -> bool:
    """Whether the word stands in the text, by itself (in scripts that part words)."""
    at = text.find(word)
    if at < 0:
        return False
    if not _cased(word) and ord(word[0]) > 0x2E80:
        return True
    while at >= 0:
        before = text[at - 1] if at else " "
        after = text[at + len(word)] if at + len(word) < len(text) else " "
        if not before.isalpha() and not after.isalpha():
            return True
        at = text.find(word, at + 1)
    return False


@cache
def _openers() -> tuple[str, ...]:
    return tuple(sorted(_folded(_table()["attribution"]["openers"]), key=len, reverse=True))


def opens_attribution(text: str, figure: bool = True) -> bool:
    """Does it begin as an attribution does: "On …", "Le …" (or a figure, where `figure`)?"""
    folded = _fold(text[:80]).lstrip("-_* \u202b>")
    if not folded:
        return False
    if folded[0].isdecimal():
        return figure
    if not folded.startswith(_openers()):
        return False
    for opener in _openers():
        if folded.startswith(opener):
            after = folded[len(opener) :][:1]
            if not after.isalpha() or not _cased(opener):
                return True
    return False


@cache
def _citations() -> tuple[str, ...]:
    return tuple(_folded(_table()["attribution"]["citations"]))


def opens_citation(text: str) -> bool:
    """ "Quoting X:", which has no date."""
    return _fold(text[:80]).startswith(_citations())


_OPENER_WITHIN = re.compile(
    r"(?<=[^\s,])\s{1,4}(?=(?:On|Le|El|Am|Em|Il|Op|Den|Dne|Dnia|W dniu|Pada|В|في|بتاريخ|在)\s"
    r"(?:[^\W\d_]{2,12}[.,،]{0,2}\s){0,2}\d)"
    r"|(?<=[。！？])\s{0,4}(?=在\s?\d)"
)


def opener_within(line: str) -> int:
    """Where an attribution begins in the middle of a line, behind words of the person; -1 if it does not."""
    if opens_attribution(line):
        return -1
    last = -1
    for match in _OPENER_WITHIN.finditer(line[:1000]):
        last = match.end()
    return last


@cache
def _separators(name: str) -> frozenset[str]:
    return _folded(_table()["separators"][name])


def is_original(words: str) -> bool:
    return _fold(words).strip(" :.") in _separators("original")


def heads_block(line: str) -> bool:
    """ "Message du 06/09/16 09:12", which stands above a header block."""
    return _fold(line).startswith(tuple(_separators("dated")))


def forwards(line: str, between: str) -> bool:
    """A line that introduces a forwarded mail."""
    words = _fold(between or line).strip(" :.->*_")
    if words in _separators("forwarded"):
        return bool(between) or line.rstrip().endswith(":")
    return bool(between) and any(words.startswith(start) for start in _separators("forwarded"))


@cache
def _footers() -> tuple[str, ...]:
    return tuple(sorted((start.casefold().replace("’", "'") for start in _table()["footers"]["lines"]), key=len)[::-1])


@cache
def _beginnings_of_footers() -> frozenset[str]:
    return frozenset(start[:2] for start in _footers())


_FOOTER_ENDS = ("から送信", "에서 보냄", "gesendet", "gesendet.", "gönderildi", "gönderildi.")


def is_footer(line: str) -> bool:
    """Whether the whole line is "Sent from my iPhone" or its like, in any language; it says nothing of the writer."""
    return len(line) <= 160 and _is_footer(_fold(line))


def fold_lines(lines: Sequence[str]) -> list[str]:
    """Each line as the functions want it that ask for folded text."""
    folded = "\n".join(lines).casefold().replace("’", "'").replace("i\u0307", "i").split("\n")
    return [line if "  " not in line else " ".join(line.split()) for line in folded]


def is_folded_footer(folded: str) -> bool:
    return len(folded) <= 160 and _is_footer(folded)


def _is_footer(folded: str) -> bool:
    folded = folded.strip("*_-[]()<>~ ")
    if folded.endswith(_FOOTER_ENDS) and len(folded) < 60:
        return True
    if folded[:2] not in _beginnings_of_footers() or len(folded) > 140 or not folded.startswith(_footers()):
        return False
    start = next(start for start in _footers() if folded.startswith(start))
    rest = [word for word in _WORD.findall(folded[len(start) :]) if word not in _possessives()]
    return not first_person(" ".join(rest))


@cache
def _possessives() -> frozenset[str]:
    return _folded(_table()["first_person"]["possessive"])


@cache
def _banner_words() -> tuple[tuple[str, ...], frozenset[str]]:
    table = _table()["banners"]
    return tuple(_folded(table["phrases"])), _folded(table["tags"])


def is_banner(line: str) -> bool:
    """A gateway's warning that the mail came from outside."""
    folded = _fold(line)
    phrases, tags = _banner_words()
    if folded.strip("[]*()!<>-: ") in tags and len(folded) < 40:
        return True
    return any(map(folded.__contains__, phrases)) and not first_person(line, singular=True)


def holds_banner(folded: str) -> bool:
    """Whether it is worth looking for a banner in this text."""
    phrases, tags = _banner_words()
    return any(map(folded.__contains__, phrases)) or any(map(folded.__contains__, tags))


_PICTURE = re.compile(r"\[(?:cid:[^\]\s]{1,120}|image[^\]\n]{0,60}|logo)\]|<image\d{1,3}\.\w{3,4}>", re.I)


def is_picture(line: str) -> bool:
    """The whole line stands for a picture: "[cid:image001.png@01D2…]"."""
    return bool(_PICTURE.fullmatch(line))


@cache
def _beside_banners() -> tuple[str, ...]:
    return tuple(_folded(_table()["banners"]["more"]))


def goes_with_banner(line: str) -> bool:
    folded = _fold(line)
    return any(map(folded.__contains__, _beside_banners())) and not first_person(line, singular=True)


@cache
def _notices() -> tuple[str, ...]:
    return tuple(_folded(_table()["disclaimers"]["phrases"]))


def notices_in(folded: str) -> tuple[str, ...]:
    """The phrases of legal notices that stand anywhere in a text; most mails have none, and need no further look."""
    return tuple(filter(folded.__contains__, _notices()))


def begins_notice(line: str, following: str, phrases: tuple[str, ...]) -> bool:
    """One of the phrases begins on this line (it may wrap into the next)."""
    folded, below = _fold(line), _fold(following)
    joined = f"{folded} {below}"
    return any(phrase in folded or (phrase in joined and phrase not in below) for phrase in phrases)


def is_disclaimer(line: str) -> bool:
    folded = _fold(line)
    return any(map(folded.__contains__, _notices()))


def is_stub(text: str) -> bool:
    if len(text) > 800:
        return False
    folded = _fold(text)
    return len(folded) < 400 and any(map(folded.__contains__, _stubs()))


@cache
def _stubs() -> tuple[str, ...]:
    return tuple(_folded(_table()["stubs"]["phrases"]))


@cache
def _closings() -> tuple[frozenset[str], frozenset[str]]:
    table = _table()["closings"]
    return frozenset(word.strip(".") for word in _folded(table["sure"])), frozenset(
        word.strip(".") for word in _folded(table["thanks"])
    )


_AROUND_CLOSING = " ,.!;:،。，！-–—~*_"


def closing(line: str) -> str:
    """ "sure" for "Kind regards,", "thanks" for "Thank you,", "" for anything else."""
    if len(line) > 90 or (len(line) > 60 and line[-1] not in ",،，"):
        return ""
    folded = _fold(line).strip(_AROUND_CLOSING)
    sure, thanks = _closings()
    if folded in sure:
        return "sure"
    if folded in thanks:
        return "thanks"
    # "Thanks and best regards", "¡Cuenten conmigo! Un abrazo": the last words count.
    words = folded.split()
    for size in (6, 5, 4, 3, 2, 1):
        if len(words) > size and " ".join(words[-size:]) in sure and line.rstrip().endswith((",", "،", "，")):
            return "sure"
    return ""


@cache
def _titles() -> frozenset[str]:
    return _folded(_table()["titles"]["words"])


@cache
def _caseless_titles() -> tuple[str, ...]:
    return tuple(word for word in _titles() if not (word[0].islower() or word[0].isupper()) and ord(word[0]) > 0x2E80)


def has_title(line: str) -> bool:
    folded = _fold(line)
    words = _WORD.findall(folded)
    titles = _titles()
    if not titles.isdisjoint(words) or any(word[-1] == "s" and word.rstrip("s") in titles for word in words):
        return True
    if any(f"{first} {second}" in titles for first, second in pairwise(words)):
        return True
    if folded.isascii():
        return False
    if any(word.startswith("ال") and word[2:] in titles for word in words):
        return True
    return any(word in folded for word in _caseless_titles())


@cache
def _honorifics() -> frozenset[str]:
    return frozenset(word.strip(".") for word in _folded(_table()["titles"]["honorifics"]))


def is_honorific(word: str) -> bool:
    """ "Dr", "Mme", "г-н" … before a name; lower case, without the dot."""
    return word in _honorifics()


@cache
def _contact_labels() -> frozenset[str]:
    return frozenset(_letters(word) for word in _table()["contacts"]["labels"])


def is_contact_label(label: str) -> bool:
    """ "Tel", "Fax", "E-mail" …, as they stand in signatures."""
    return _letters(label) in _contact_labels() or len(_letters(label)) == 1


def has_contact(line: str) -> bool:
    """A telephone number, a web or mail address, in a line whose signs are plain."""
    if "@" in line and len(line.split()) <= 4:
        return True
    return _has_telephone(line) or bool(_CONTACT.search(line))


def _has_telephone(line: str) -> bool:
    """Seven figures or more that are no date."""
    for match in _FIGURES.finditer(line):
        figures = match.group()
        digits = sum(sign.isdecimal() for sign in figures)
        if digits >= 7 and not _DATE.search(figures) and (figures[0] in "+(0" or digits >= 9 or "-" in figures):
            return True
    return False


_DATE = re.compile(r"(?<!\d)(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d\d|(?:19|20)\d\d[./-]\d{1,2}[./-]\d{1,2})(?!\d)")


@cache
def _first_person(singular: bool) -> frozenset[str]:
    table = _table()["first_person"]
    return _folded(table["singular"] if singular else [*table["singular"], *table["plural"]])


def speaks_of_self(line: str) -> bool:
    """The same of a line that may hold names: a capital "Ma" or "Mi" is no "my", but where a sentence begins."""
    words = _first_person(singular=False)
    for match in _WORD.finditer(line):
        word = match.group()
        begins = match.start() == 0 or line[match.start() - 2 : match.start()] in {". ", "! ", "? "}
        if (begins or word == "I" or not word[0].isupper()) and _fold(word) in words:
            return True
    return "我" in line


def first_person(line: str, singular: bool = False) -> bool:
    """Whether the writer speaks of themselves (`singular`: I, not we)."""
    folded = _fold(line)
    words = _first_person(singular)
    found = _WORD.findall(folded)
    if not words.isdisjoint(found) or ("'" in folded and any(word.startswith(("j'", "i'")) for word in found)):
        return True
    if folded.isascii():
        return False
    return "本人" in folded or ("我" in folded and not (singular and ("我们" in folded or "我們" in folded)))


@cache
def _postscripts() -> frozenset[str]:
    return frozenset(_letters(word) for word in _table()["postscript"]["marks"])


def _letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if sign.isalnum())


_FIRST_MARK = re.compile(r"[\[(]?([^\s:：,，]{1,13}(?: ?[^\W\d_]\.)?)[:：,，\])\s.]{1,3}(?=[^\W_])")


def is_postscript(line: str) -> bool:
    """ "PS: …", with something behind the mark."""
    match = _FIRST_MARK.match(line)
    return bool(match and _letters(match.group(1)) in _postscripts())


@cache
def _pointers(name: str) -> tuple[str, ...]:
    return tuple(_folded(_table()["pointers"][name]))


def _points(text: str, name: str) -> bool:
    folded = _fold(text)
    return any(_within(folded, word) for word in filter(folded.__contains__, _pointers(name)))


def points_to_attachment(text: str) -> bool:
    return len(text) < 400 and _points(text, "attachment")


def points_below(text: str) -> bool:
    return len(text) < 400 and _points(text, "below")


def points_inside(text: str) -> bool:
    return len(text) < 600 and _points(text, "inside")


@cache
def _greetings() -> tuple[str, ...]:
    return tuple(_folded(_table()["greetings"]["starts"]))


def only_courtesy(text: str) -> bool:
    """Nothing but greetings and closings, or nothing at all."""
    lines = [line.strip() for line in text.split("\n") if any(sign.isalnum() for sign in line)]
    return all(len(line) <= 90 and (_whole_closing(line) or _greets(line)) for line in lines)


def _whole_closing(line: str) -> bool:
    sure, thanks = _closings()
    folded = _fold(line).strip(_AROUND_CLOSING)
    return folded in sure or folded in thanks


def _greets(line: str) -> bool:
    """A greeting and nothing behind it: one short clause that ends as an address does."""
    inner = line.rstrip(",:!.،，：！。")
    if not inner:
        return False
    if (
        len(inner) > (50 if _cased(line) else 16)
        or len(inner.split()) > 6
        or any(sign in ",.!?:;،，。！？：" for sign in inner)
    ):
        return False
    addressed = line != inner and line[-1] not in ".。" and (line[-1] not in "!！" or len(inner.split()) <= 2)
    return _fold(inner).startswith(_greetings()) and (addressed or len(inner.split()) == 1)


@cache
def _prefixes() -> frozenset[str]:
    table = _table()["subjects"]
    return _folded([*table["reply"], *table["forward"]])


def is_subject_prefix(word: str) -> bool:
    return _fold(word).strip("[]() ") in _prefixes()


# --------------------------------------------------------------------------- calendar programs


@cache
def _calendar(name: str) -> tuple[str, ...]:
    return tuple(sorted(_folded(_table()["calendar"][name]), key=len, reverse=True))


@cache
def _standing() -> dict[str, str]:
    return {_fold(sentence): meaning for sentence, meaning in _table()["calendar"]["standing"]}


def standing_sentence(line: str) -> str:
    """PARTSTAT in lower case of a ready-made sentence (Zimbra's "Yes, I will attend."), or ""."""
    return _standing().get(_fold(line), "")


def is_response_sentence(line: str) -> bool:
    """ "… has accepted this invitation", in any of the table's languages."""
    folded = _fold(line)
    if len(folded) > 300:
        return False
    return all(
        any(_within(folded, word) for word in filter(folded.__contains__, _calendar(name)))
        for name in ("objects", "verbs")
    )


def _within(folded: str, phrase: str) -> bool:
    return phrase in folded if ord(phrase[0]) > 0x2E80 else _holds(folded, phrase)


def is_calendar_footer(line: str) -> bool:
    folded = _fold(line).lstrip("*-_ ")
    return folded.startswith(_calendar("footers")) or any(phrase in folded for phrase in _calendar("within"))


_EVENT_LABEL = re.compile(r"[ \t*_\-•]{0,6}([^\W\d_][^:：<>@]{0,24}?)[ \t*_]{0,4}[:：]")


def is_event_label(line: str) -> bool:
    """ "When: …", as programs name an event's particulars."""
    match = _EVENT_LABEL.match(line)
    return bool(match and _fold(match.group(1)) in _calendar("labels"))


def event_value(line: str) -> str:
    """What stands behind such a label; "" where there is none."""
    return line[line.replace("：", ":").find(":") + 1 :].strip() if is_event_label(line) else ""
