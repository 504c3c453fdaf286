"""The table of words that mail programs write by themselves (mailclients.toml), made ready for looking up."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib import resources
from typing import Any

_WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*")
_CONTACT = re.compile(
    r"\+\d[\d\s().\-]{5,24}\d|\(\d{2,4}\) ?\d[\d\s.\-]{4,14}\d|(?<!\d)\d{3}[\s.\-]\d{3,4}[\s.\-]\d{2,4}"
    r"|\bwww\.|https?://|\b(?:tel|mob|fax|cell|phone|ph|tél|móvil|тел|моб|电话|هاتف)\b ?[.:+\d]",
    re.I,
)


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files("rsvpbot.reading").joinpath("mailclients.toml").read_text("utf-8"))


def _folded(words: list[str]) -> frozenset[str]:
    return frozenset(_fold(word) for word in words)


def _fold(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split())


@cache
def _roles() -> dict[str, str]:
    found: dict[str, str] = {}
    for role in ("other", "cc", "to", "sent", "subject", "from"):
        for word in _table()["headers"][role]:
            found[_fold(word)] = role
    return found


def role(label: str) -> str:
    """ "from", "sent", "to", "cc", "subject" or "other" of a header label in any client's language; "" if it is none."""
    return _roles().get(_fold(label.strip("* _")), "")


@cache
def _role_pattern() -> re.Pattern[str]:
    labels = sorted((re.escape(label) for label in _roles() if len(label) > 1), key=len, reverse=True)
    return re.compile(rf"(?<![^\W_])({'|'.join(labels)})\s{{0,2}}\*{{0,2}}[:：]", re.I)


def roles_in(line: str) -> list[str]:
    """The roles of all labels on one line, in order ("From: … Sent: … To: …")."""
    if line.count(":") < 3:
        return []
    found = [_roles().get(_fold(match.group(1)), "") for match in _role_pattern().finditer(line[:1000])]
    distinct = list(dict.fromkeys(name for name in found if name))
    return distinct if "from" in distinct else []


@cache
def _wrote() -> tuple[str, ...]:
    return tuple(sorted(_folded(_table()["attribution"]["wrote"]), key=len, reverse=True))


def ends_with_wrote(text: str) -> bool:
    """Does this text end in "wrote:" (or hold it just before a name and the colon, as German, Arabic and Hebrew do)?"""
    folded = _fold(text).rstrip(" -_*")
    colon = folded.endswith(":")
    folded = folded.rstrip(": ")
    if not folded:
        return False
    tail = folded[-40:]
    if any(tail.endswith(word) and _boundary(tail, word) for word in _wrote()):
        return True
    return colon and any(_holds(folded, word) for word in _wrote())


def _boundary(text: str, word: str) -> bool:
    if not word[0].isalpha() or not (word[0].islower() or word[0].isupper()):
        return True
    at = len(text) - len(word)
    return at == 0 or not text[at - 1].isalpha()


def _holds(text: str, word: str) -> bool:
    at = text.find(word)
    if at < 0:
        return False
    if not (word[0].islower() or word[0].isupper()) and ord(word[0]) > 0x2E80:
        return True
    before = text[at - 1] if at else " "
    after = text[at + len(word)] if at + len(word) < len(text) else " "
    return not before.isalpha() and not after.isalpha()


@cache
def _openers() -> tuple[str, ...]:
    return tuple(sorted(_folded(_table()["attribution"]["openers"]), key=len, reverse=True))


_STRICT_OPENERS = (
    "quoting ",
    "citando ",
    "citation de ",
    "zitat von ",
    "вы писали",
    "ви писали",
    "selon ",
    "cytat ",
    "citerar ",
)


def opens_attribution(text: str, strict: bool = False) -> bool:
    """Does it begin as an attribution does ("On …", "Le …", a weekday and a date, a figure)? Strict: "Quoting …" only."""
    folded = _fold(text).lstrip("-_* ‫>")
    if strict:
        return folded.startswith(_STRICT_OPENERS)
    if not folded:
        return False
    if folded[0].isdecimal():
        return True
    for opener in _openers():
        if folded.startswith(opener):
            after = folded[len(opener) :][:1]
            if not after or not after.isalpha() or ord(opener[-1]) > 0x0590:
                return True
    return False


_INLINE_OPENER = re.compile(
    r"(?:(?<=[.!?…,;:)\]\"'»”。！？\w])\s+|(?<=[。！？]))(?=(?:On|Le|El|Am|Em|Il|Op|Den|Dne|Dnia|W dniu|В|في|بتاريخ|在)\s?(?:\w{2,12}[.,،，]{0,2}\s?){0,2}\d)"
)


def opener_within(line: str) -> int:
    """Where an attribution begins in the middle of a line, behind words of the person; -1 if it does not."""
    if opens_attribution(line):
        return -1
    last = -1
    for match in _INLINE_OPENER.finditer(line[:1000]):
        last = match.end()
    return last


@cache
def _separators(name: str) -> frozenset[str]:
    return _folded(_table()["separators"][name])


def is_original(words: str) -> bool:
    return _fold(words).strip(" :.") in _separators("original")


def forwards(line: str, between: str) -> bool:
    """A line that introduces a forwarded mail."""
    words = _fold(between or line).strip(" :.->*_")
    if words in _separators("forwarded"):
        return bool(between) or line.rstrip().endswith(":")
    return bool(between) and any(words.startswith(start) for start in _separators("forwarded"))


@cache
def _footers() -> tuple[str, ...]:
    return tuple(word for word in _folded_keep(_table()["footers"]["lines"]))


def _folded_keep(words: list[str]) -> list[str]:
    return [word.casefold().replace("’", "'") for word in words]


def is_footer(line: str) -> bool:
    """ "Sent from my iPhone" and its like, in any language: a short line, whole."""
    folded = _fold(line).strip("*_-[]()<> ")
    if len(folded) > 140 or not folded:
        return False
    return folded.startswith(_footers()) or (
        folded.endswith(("から送信", "에서 보냄", "gesendet", "gesendet.", "gönderildi")) and len(folded) < 60
    )


@cache
def _banner_words() -> tuple[tuple[str, ...], frozenset[str]]:
    table = _table()["banners"]
    return tuple(_folded(table["phrases"])), _folded(table["tags"])


_BANNER_MORE = re.compile(
    r"link|attachment|click|sender|verify|pièces? jointe|lien|enlace|adjunto|ссылк|вложени|отправител|رابط|روابط|مرفق|链接|附件|Anhäng|Links|Learn why|caution|suspicious",
    re.I,
)


def is_banner(line: str) -> bool:
    folded = _fold(line)
    phrases, tags = _banner_words()
    if any(phrase in folded for phrase in phrases):
        return True
    return folded.strip("[]*()!<>-: ") in tags and len(folded) < 40


def goes_with_banner(line: str) -> bool:
    return bool(_BANNER_MORE.search(line))


@cache
def _disclaimers() -> tuple[str, ...]:
    return tuple(_folded(_table()["disclaimers"]["phrases"]))


def is_disclaimer(line: str, following: str = "") -> bool:
    """A legal notice begins on this line (the phrase may wrap into the next)."""
    folded = _fold(line)
    if len(folded) < 12:
        return False
    if any(phrase in folded for phrase in _disclaimers()):
        return True
    if not following:
        return False
    joined = f"{folded} {_fold(following)}"
    below = _fold(following)
    return any(phrase in joined and phrase not in below for phrase in _disclaimers())


def is_stub(text: str) -> bool:
    folded = _fold(text[:2000])
    return len(folded) < 400 and any(phrase in folded for phrase in _folded(_table()["stubs"]["phrases"]))


@cache
def _closings() -> tuple[frozenset[str], frozenset[str]]:
    table = _table()["closings"]
    return frozenset(word.strip(".") for word in _folded(table["sure"])), frozenset(
        word.strip(".") for word in _folded(table["thanks"])
    )


def closing(line: str) -> str:
    """ "sure" for "Kind regards,", "thanks" for "Thank you,", "" for anything else."""
    if len(line) > 90:
        return ""
    folded = _fold(line).strip(" ,.!;:،。，！-–—~*_")
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
    if any(word in titles or word.rstrip("s") in titles for word in words):
        return True
    if any(f"{first} {second}" in titles for first, second in zip(words, words[1:], strict=False)):
        return True
    if any(word.startswith("ال") and word[2:] in titles for word in words):
        return True
    return any(word in folded for word in _caseless_titles())


def has_contact(line: str) -> bool:
    return bool(_CONTACT.search(line)) or ("@" in line and len(line.split()) <= 4)


@cache
def _first_person() -> frozenset[str]:
    return _folded(_table()["first_person"]["words"])


def first_person(line: str) -> bool:
    folded = _fold(line)
    words = _first_person()
    if any(word in words or word.split("'")[0] in {"j", "i"} for word in _WORD.findall(folded)):
        return True
    return any(word in folded for word in ("我", "本人"))


@cache
def _postscripts() -> frozenset[str]:
    return frozenset(word.strip(".:：") for word in _folded(_table()["postscript"]["marks"]))


_FIRST_MARK = re.compile(r"[\[(]?([^\s:：,，]{1,8}(?: ?[^\W\d_]\.)?)[:：,，\])\s]")


def is_postscript(line: str) -> bool:
    match = _FIRST_MARK.match(f"{line} ")
    return bool(match and _fold(match.group(1)).strip(".:：()[]") in _postscripts())


def _points(text: str, name: str) -> bool:
    folded = f" {_fold(text)} "
    for word in _folded(_table()["pointers"][name]):
        if not (word[0].islower() or word[0].isupper()):
            if word in folded:
                return True
        elif re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", folded):
            return True
    return False


def points_to_attachment(text: str) -> bool:
    return len(text) < 400 and _points(text, "attachment")


def points_below(text: str) -> bool:
    return len(text) < 400 and _points(text, "below")


def points_inside(text: str) -> bool:
    return len(text) < 600 and _points(text, "inside")


_GREETING = re.compile(
    r"(?:dear|hello|hi|hey|good (?:morning|afternoon|evening|day)|greetings|bonjour|bonsoir|madame|monsieur|mesdames|messieurs|chers?|chères?"
    r"|hola|estimad[oa]s?|buen[oa]s|querid[oa]s?|здравствуйте|добрый|доброе|уважаем|السلام عليكم|تحية|مرحبا|您好|你好|尊敬|各位|prezad|olá|caro|cara|guten|sehr geehrte|hallo|liebe|gentile|buongiorno|sir|excellenc)",
    re.I,
)


def only_courtesy(text: str) -> bool:
    """Nothing but a greeting and a closing."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return all(
        closing(line)
        or (_GREETING.match(line) and len(line.split()) <= 6 and line.endswith((",", ":", "،", "，", "：", "!", ".")))
        or not any(sign.isalnum() for sign in line)
        for line in lines
    )


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
    return any(_within(folded, verb) for verb in _calendar("verbs")) and any(
        _within(folded, thing) for thing in _calendar("objects")
    )


def _within(folded: str, phrase: str) -> bool:
    return phrase in folded if ord(phrase[0]) > 0x2E80 else _holds(folded, phrase)


def is_calendar_footer(line: str) -> bool:
    folded = _fold(line).lstrip("*-_ ")
    return any(folded.startswith(start) for start in _calendar("footers")) or any(
        start in folded for start in _calendar("footers") if "google" in start
    )


_EVENT_LABEL = re.compile(r"[ \t*_\-•]{0,6}([^\W\d_][^:：<>@]{0,24}?)[ \t*_]{0,4}[:：]")


def is_event_label(line: str) -> bool:
    match = _EVENT_LABEL.match(line)
    return bool(match and _fold(match.group(1)) in _calendar("labels"))
