"""Names as they may be kept.

A name is taken over only if it looks like one: what a display name smuggles in (template syntax, formulas, markup,
addresses, control characters) never becomes an attendee's name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from rsvpbot.reading.pack import Pack
from rsvpbot.reading.tokens import Token, fold, tokenize

MOST_NAME_WORDS = 7
LONGEST_NAME = 80
LONGEST_ACRONYM = 8

_HOSTILE = re.compile(r"[{}<>$%=|\\@#~^*_\[\]\x00-\x1f\x7f-\x9f\u2028\u2029]|://|www\.|\d{3}", re.IGNORECASE)
_FORMULA = ("=", "+", "-", "@", "\t")
_INFLECTION = 3
"""Letters at most in which two forms of one Russian name differ."""


def clean_name(text: str, pack: Pack) -> str:
    """A name without honorifics, ranks and titles, given name first; "" where it is no name."""
    text = " ".join(text.split()).strip(" \"'“”‘’,;:-–()")
    if not text or len(text) > LONGEST_NAME or _HOSTILE.search(text) or text.startswith(_FORMULA):
        return ""
    tokens = [token for token in tokenize(text, pack.spelling) if token.word or token.norm in ",·•・"]
    tokens = [token for i, token in enumerate(tokens) if i == 0 or token.start != tokens[i - 1].start]
    start, end = 0, len(tokens)
    while start < end:
        length = title_at(tokens, start, pack)
        given = arabic(tokens[start].norm) and pack.has("given", tokens[start + length - 1].norm) if length else False
        behind = start + length
        if not length or (given and (end - behind < 2 or pack.has("particles", tokens[behind].norm))):
            break  # "شيخة المسلماني", "أميرة بن يوسف"
        start += length
    least = 1 if start < end and han(tokens[start].norm) else 2
    while end > start:
        if tokens[end - 1].norm == ",":
            end -= 1
            continue
        if arabic(tokens[end - 1].norm) and not any(token.norm == "," for token in tokens[start:end]):
            break  # "نسرين القاضي" is no judge
        length = _title_before(tokens, end, pack)
        if not length or end - start - length < least:
            break
        end -= length
    kept = tokens[start:end]
    if not kept or not any(c.isalpha() for c in text[kept[0].start : kept[-1].end]):
        return ""
    return _given_first(text[kept[0].start : kept[-1].end], pack)


def _given_first(name: str, pack: Pack) -> str:
    """ "Okello, Beatrice" and "OKELLO Beatrice" turned round."""
    left, comma, right = name.partition(",")
    if comma:
        left, right = left.strip(), right.strip()
        if not left or not right or "," in right:
            return name if "," not in right else left
        return left if " " in left and _trade(right, pack) else f"{right} {left}"  # "Jane Roe, school nurse"
    words = name.split()
    leading = 0
    while leading < len(words) and len(words[leading].strip(".'-")) > 1 and words[leading].isupper():
        leading += 1
    given = words[leading:]
    turned = 0 < leading < len(words) and all(w[:1].isupper() and not (w.isupper() and len(w) > 2) for w in given)
    return " ".join(given + words[:leading]) if turned else name


def display_name(raw: str, pack: Pack) -> str:
    """The person's name in a display name; "" for organisations, functions and anything that is no name."""
    raw = " ".join(raw.replace("\u200b", "").split())
    if not raw or len(raw) > 2 * LONGEST_NAME or _HOSTILE.search(raw) or raw.startswith(_FORMULA):
        return ""
    raw = re.sub(r"[(（][^)）]{0,60}[)）]", " ", raw).strip(" \"'“”‘’")
    raw = raw.partition("/")[0].partition(" - ")[0].partition(" via ")[0].strip(" \"'“”‘’")
    parts = [part.strip() for part in re.split("[,،，]", raw) if part.strip()]
    if len(parts) >= 2:
        if is_organisation(parts[0], pack):
            return ""
        rest = parts[1]
        if (
            len(parts) > 2
            or is_organisation(rest, pack)
            or _all_titles(rest, pack)
            or _looks_organisational(parts[0], rest)
        ):
            raw = parts[0]
        else:
            raw = f"{parts[0]}, {rest}"
    name = clean_name(raw, pack)
    if is_organisation(raw, pack) and not _with_title(raw, name, pack):
        return ""
    if not 1 <= len(name.split()) <= MOST_NAME_WORDS or any(c.isdigit() for c in name):
        return ""
    if len(name) == 1 and han(name) and not pack.has("surnames", name):
        return ""  # what is left of "小实习生"
    return name


def _with_title(raw: str, name: str, pack: Pack) -> bool:
    """ "Ambassador Lukas Meier": a title and a name, though the title is a word of an office's name too."""
    tokens = [token for token in tokenize(raw, pack.spelling) if token.word]
    title = title_at(tokens, 0, pack)
    of_somebody = title < len(tokens) and pack.has("of", tokens[title].norm)  # "Assistente da Dra. Regina Falcão"
    whole = len(name.split()) == len(tokens) - title > 1
    strange = not any(pack.knows(fold(word)) for word in name.split())  # but "Minister Foreign Affairs"
    return title > 0 and whole and strange and not of_somebody and not is_organisation(name, pack)


def _looks_organisational(left: str, right: str) -> bool:
    """ "Jane Doe, UNHCR" against "Doe, Jane"."""
    return len(left.split()) >= 2 and right.isupper() and len(right.split()) == 1


def _trade(text: str, pack: Pack) -> bool:
    """Whether what stands behind a comma is a trade and no given name: "school nurse", but "Maria de la Cruz"."""
    words = text.split()
    small = [word for word in words if word[:1].islower() and not pack.has("particles", fold(word))]
    small = [word for word in small if fold(word) not in _BETWEEN_NAMES]
    return bool(small) and (len(words) > 1 or pack.knows(fold(words[0])))


_BETWEEN_NAMES = frozenset(
    {"al", "ap", "bin", "bint", "binti", "da", "das", "de", "del", "della", "den", "der", "di", "do", "dos", "du", "e"}
    | {"el", "ibn", "la", "las", "le", "los", "ter", "van", "von", "y", "zu"}
)
"""What stands in lower case inside a name, whatever the language of the letter."""


def _all_titles(text: str, pack: Pack) -> bool:
    tokens = [token for token in tokenize(text, pack.spelling) if token.word]
    return not clean_name(text, pack) or any(pack.longest("roles", tokens, i) for i in range(len(tokens)))


def is_organisation(text: str, pack: Pack) -> bool:
    """Whether a word of the text is one of an office's name."""
    tokens = [token for token in tokenize(text, pack.spelling) if token.word]
    return any(pack.longest("organisation", tokens, i) for i in range(len(tokens)))


_FATHER_OR_MOTHER_OF = frozenset({"ابو", "ام", "بو", "abu", "abou", "umm", "oum"})


def by_name(name: str) -> bool:
    """Whether an address book holds what somebody is called among friends, which says little of how they sign: one
    word in small letters ("lucho"), or a kunya ("أبو محمد")."""
    words = name.split()
    return (len(words) == 1 and name.islower()) or (len(words) > 1 and fold(words[0]) in _FATHER_OR_MOTHER_OF)


def acronym(name: str) -> bool:
    """Whether a name is one word in capitals ("JRS"): an organisation's."""
    return 2 <= len(name) <= LONGEST_ACRONYM and name.isupper() and name.isalpha()


def title_at(tokens: Sequence[Token], at: int, pack: Pack) -> int:
    """How many tokens a title takes that stands here; 0 for none."""
    return 0 if elided(tokens, at, pack) else pack.longest("titles", tokens, at)


def elided(tokens: Sequence[Token], at: int, pack: Pack) -> bool:
    """Whether a token was cut off the word behind it: the "m'" of "m'accompagne" is no "M."."""
    if at >= len(tokens) or tokens[at].norm not in pack.spelling.elisions:
        return False
    return tokens[at].end - tokens[at].start > len(tokens[at].norm)  # its apostrophe


def _title_before(tokens: Sequence[Token], end: int, pack: Pack) -> int:
    """How many tokens a title takes that ends before a token; 0 for none."""
    return pack.title_before([token.norm for token in tokens[max(0, end - pack.longest_title) : end]])


def han(word: str) -> bool:
    """Whether a token is one Chinese character."""
    return word > "\u33ff" and len(word) == 1 and (word <= "\u9fff" or "\uf900" <= word <= "\ufaff")


def arabic(word: str) -> bool:
    """Whether a word is in Arabic letters."""
    return "\u0620" <= word[:1] <= "\u06ff"


def name_words(name: str) -> frozenset[str]:
    """The words of a name, folded."""
    return frozenset(fold(word.strip(".,'")) for word in re.split(r"[\s\-]+", name) if word.strip(".,'"))


def same_person(one: str, other: str) -> bool:
    """Whether two names may be one person's: equal words, or one holds the other; "周启明" and "周", "Анны Ли" and
    "Анна Ли"."""
    a, b = name_words(one), name_words(other)
    if not a or not b:
        return False
    if all(map(_all_han, a | b)):
        first, second = fold(one), fold(other)
        return first.startswith(second) or first.endswith(second) or second.startswith(first) or second.endswith(first)
    return _within(a, b) or _within(b, a)


def _within(words: frozenset[str], other: frozenset[str]) -> bool:
    """Whether every word is one of the other name's, in some form, or the initial of one ("F. Dunbar")."""
    initials = {word for word in words if len(word) == 1}
    if not all(any(_same_word(w, o) for o in other) for w in words - initials):
        return False
    first = [word for word in initials if any(o.startswith(word) for o in other)]
    patronymic = len(initials) > 1 and len(words) > len(initials)  # "Е. В. Дорофеева" is Елена Дорофеева
    return bool(first) if patronymic else len(first) == len(initials)


def may_sign(signed: frozenset[str], name: frozenset[str]) -> bool:
    """Whether the words under a letter may be those of its writer's name, in some form or in Latin letters: "Erlan" for
    "Ерлан"; of an Arabic or Chinese name the sounds are not compared."""
    unlike = any(arabic(word) or han(word[:1]) for word in name) and all(word.isascii() for word in signed)
    return unlike or any(_same_word(one, other) for one in signed for other in name)


def _same_word(one: str, other: str) -> bool:
    if one == other:
        return True
    if cyrillic(one) != cyrillic(other) and (one + other)[:1].isalpha():
        skeletons = _skeleton(one), _skeleton(other)
        return len(skeletons[0]) >= 2 and skeletons[0] == skeletons[1]
    if not ("а" <= one[:1] <= "я" and "а" <= other[:1] <= "я"):
        return False
    shared = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        shared += 1
    longest = max(len(one), len(other))
    return shared >= max(3, longest - _INFLECTION) and longest - shared <= _INFLECTION


_SOUNDS = (
    ("shch", "s"), ("sch", "s"), ("kh", "x"), ("zh", "z"), ("ch", "c"), ("sh", "s"), ("ts", "s"), ("tz", "s"),
    ("w", "v"), ("q", "k"), ("ck", "k"), ("ph", "f"),
)  # fmt: skip
_LETTERS = str.maketrans("бвгдзжклмнпрстфхцчшщ", "bvgdzzklmnprstfxscss")


def cyrillic(word: str) -> bool:
    """Whether a word begins in Cyrillic letters."""
    return "\u0400" <= word[:1] <= "\u04ff"


def _skeleton(word: str) -> str:
    """What a name keeps when it goes from Cyrillic to Latin letters, or back: its consonants, roughly."""
    if cyrillic(word):
        sounds = word.translate(_LETTERS)
    else:
        sounds = word
        for written, sound in _SOUNDS:
            sounds = sounds.replace(written, sound)
    kept = [letter for letter in sounds if letter in "bcdfgklmnprstvxz"]
    return "".join(letter for i, letter in enumerate(kept) if i == 0 or kept[i - 1] != letter)


def _all_han(word: str) -> bool:
    return all(map(han, word))


def _written_out(name: str) -> int:
    """How many words of a name are more than an initial."""
    return sum(len(word) > 1 for word in name_words(name))


def merge_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names without repetition; of two forms of one name the fuller stays."""
    kept: list[str] = []
    for name in names:
        if not name:
            continue
        for i, other in enumerate(kept):
            if same_person(name, other):
                if _written_out(name) > _written_out(other) or (_all_han(name) and len(name) > len(other)):
                    kept[i] = name
                break
        else:
            kept.append(name)
    return tuple(kept)


__all__ = [
    "acronym",
    "arabic",
    "by_name",
    "clean_name",
    "cyrillic",
    "display_name",
    "elided",
    "han",
    "is_organisation",
    "merge_names",
    "name_words",
    "same_person",
    "title_at",
]
