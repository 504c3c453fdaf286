"""What stands around a text: the greeting above it, the closing and the name below it."""

from __future__ import annotations

from collections.abc import Sequence

from rsvpbot.reading.names import (
    MOST_NAME_WORDS,
    arabic,
    clean_name,
    cyrillic,
    han,
    is_organisation,
    name_words,
    same_person,
    title_at,
)
from rsvpbot.reading.pack import ANSWERS, INSTEAD, VERBS, Pack
from rsvpbot.reading.people import Mentions
from rsvpbot.reading.said import Writer
from rsvpbot.reading.tokens import Sentence, Token, fold

_NO_NAME_BEGINS = ("self", "they", "turn", "and")
"""Words with none of which a name begins."""

_STOPS = frozenset(".!。！")

LONGEST_SIGNED = 6
"""Words of a name with a degree or a post, at most."""

_ANSWERING = ANSWERS | VERBS | INSTEAD | {"not", "cannot", "fail"}
"""What words say that somebody comes, or does not."""

_NO_NAMES = ("organisation", "group", "places", "titles", "plural", "fill", "ordinary")
"""Words of several characters that are no part of a name."""

LONGEST_POST = 8
"""Words of a post with its office, in Arabic."""


def without_sign_off(
    found: list[Sentence], text: str, pack: Pack, writer: Writer
) -> tuple[list[Sentence], str, tuple[str, ...]]:
    """The sentences without the names and titles under the text; the name; those lines."""
    at, signed = _own_name_above(found, text, pack, writer)
    if signed:
        return found[:at], signed, tuple(text[s.start : s.end] for s in found[at:])
    last = len(found)
    lines: list[str] = []
    name = ""
    while last > 0 and len(lines) < 6:
        sentence = found[last - 1]
        words = text[sentence.start : sentence.end]
        kind = _sign_off_kind(sentence, words, pack, writer, first=last == 1)
        below_nothing = not lines or (not name and _names_somebody(found, last - 1, text, pack))
        if below_nothing and kind in {"", "title"} and _signed_with_title(found, last, text, pack, writer):
            kind = "name"
        if kind in {"", "title"} and not name and _signed_without_capitals(found, last, text, pack, writer):
            kind = "name"
        if not kind and last == len(found):
            signed = _closing_and_name(sentence, text, pack, writer)
            if signed:
                return found[: last - 1], clean_name(signed, pack), (words,)
        if not kind:
            break
        if kind == "name":
            name = text[_name_start(sentence, pack) : _closing_start(sentence, pack)]
        lines.insert(0, words)
        last -= 1
    closing_above = last > 0 and is_closing(found[last - 1], pack)
    if lines and not name and not closing_above:
        office = 0 < last < len(found) and _office_alone(found[last:], found[last - 1], text, pack)
        return (found[:last], "", tuple(lines)) if office else (found, "", ())
    if lines and not closing_above and not _own_name(name, writer) and not _short_signature(name, found, last):
        return found, "", ()
    return found[:last], clean_name(name, pack), tuple(lines)


def _office_alone(below: Sequence[Sentence], above: Sentence, text: str, pack: Pack) -> bool:
    """ "Registry", "Office of the Ombudsperson": only an office stands under the text, in a paragraph of its own."""
    if len(below) > 2 or below[0].paragraph == above.paragraph or any(_is_sentence(line, text, pack) for line in below):
        return False
    if text[above.end : above.end + 1] not in _STOPS:
        return False
    people = (p for line in below for m in Mentions(line.tokens, text, pack).all() for p in m.people)
    return not any(person.name for person in people) and is_organisation(text[below[0].start : below[-1].end], pack)


def _own_name_above(found: list[Sentence], text: str, pack: Pack, writer: Writer) -> tuple[int, str]:
    """The line with the writer's own name under the text, where only lines without a verb follow ("Jane Roe, MD",
    "Paediatrics, Paterson"), and the name; 0 and "" where there is none."""
    for at in range(len(found) - 2, max(0, len(found) - 6), -1):
        if any(_is_sentence(sentence, text, pack) for sentence in found[at + 1 :]):
            break
        line, above = found[at], found[at - 1]
        words = text[line.start : line.end]
        whole = clean_name(words.partition(",")[0], pack)
        name, other = in_one_script(whole, any(han(token.norm) for token in above.tokens))
        guests = any(_strange_name(part, pack) for part in words.split(",")[1:])
        parted = line.paragraph > above.paragraph or is_closing(above, pack)
        short = ":" not in words and len(words.split()) <= LONGEST_SIGNED and not line.bullet and line.own_line
        if (
            parted
            and short
            and not guests
            and (" " in name or han(name[:1]))
            and any(_own_name(form, writer) for form in (whole, name, other) if form)
        ):
            return at, name
    return 0, ""


def in_one_script(name: str, chinese: bool) -> tuple[str, str]:
    """ "吴薇玲 Goh Wei Ling": one person, in the script of the letter and in the other; else the name and "".
    `chinese`: the letter is in Chinese characters."""
    parts = name.split()
    own = " ".join(part for part in parts if han(part[:1]))
    other = " ".join(part for part in parts if not han(part[:1]))
    if len(own) < 2 or not other:
        return name, ""
    return (own, other) if chinese else (other, own)


def _is_sentence(sentence: Sentence, text: str, pack: Pack) -> bool:
    """Whether a line is more than a post, an office or a place: an answer, or somebody else's name."""
    tokens = sentence.tokens
    if sentence.bullet or sentence.question or any(pack.has("self", token.norm) for token in tokens):
        return True
    if any(token.norm in pack.verbs and not token.capital for token in tokens):
        return True
    if _strange_name(text[sentence.start : sentence.end].partition(",")[0], pack):
        return True
    found = pack.lexicon.find(tokens, 0, lambda _: (), lambda at: (at, 0))
    return any(mark.meaning in _ANSWERING | {"bring", "list"} for mark in found)


def _strange_name(part: str, pack: Pack) -> bool:
    """Whether two words or more, none of which the language has, may be somebody's name ("Ben Okri")."""
    words = [fold(word).strip(".") for word in part.split()]
    strange = all(
        word.isalpha() and (pack.has("given", word) or pack.has("particles", word) or not pack.knows(word))
        for word in words
    )
    return 1 < len(words) <= MOST_NAME_WORDS and strange


def _signed_with_title(found: list[Sentence], last: int, text: str, pack: Pack, writer: Writer) -> bool:
    """ "Marcelo Pintos, secretario": the last line is a name with a title, and no list of such lines ends there."""
    sentence = found[last - 1]
    if last < 2 or not sentence.own_line or sentence.bullet:
        return False
    return _name_alone(sentence, text, pack, writer) and not _name_alone(found[last - 2], text, pack, writer)


def _names_somebody(found: list[Sentence], end: int, text: str, pack: Pack) -> bool:
    """Whether the sentence above a name and its post names people itself, and announces no list."""
    above = found[end - 1] if end else None
    if above is None or found[end].paragraph == above.paragraph:
        return False
    people = (person for mention in Mentions(above.tokens, text, pack).all() for person in mention.people)
    return text[above.end : above.end + 1] in _STOPS and any(person.name for person in people)


def _signed_without_capitals(found: list[Sentence], last: int, text: str, pack: Pack, writer: Writer) -> bool:
    """ "小王" or "هالة رمزي" alone on the last line, whatever the address book says: two to four Chinese characters or
    Arabic words that are no other words, and no list of such lines ends there."""
    sentence = found[last - 1]
    if last < 2 or not sentence.own_line or sentence.bullet or sentence.question or sentence.exclaimed:
        return False
    above = text[found[last - 2].end : sentence.start].lstrip()[:1]
    if above in {":", "："} or _bare_name(found[last - 2], text, pack):
        return False
    if _behind_office(sentence.tokens, pack) and above not in _STOPS:
        return False  # "请由下面的同事代替", and below it "副局长 王小明"
    known_otherwise = bool(writer.name) and arabic(sentence.tokens[0].norm) and arabic(writer.name[:1])
    return _bare_name(sentence, text, pack) and not known_otherwise


def _bare_name(sentence: Sentence, text: str, pack: Pack) -> bool:
    """Whether a line is nothing but what may be a name in a script without capitals."""
    tokens = sentence.tokens
    closing = next((i for i in range(1, len(tokens)) if pack.longest("closings", tokens, i) == len(tokens) - i), 0)
    tokens = tokens[:closing] if closing else tokens  # "卢娟 敬上"
    tokens = tokens[_behind_office(tokens, pack) :]
    if not 2 <= len(tokens) <= 4 or text[sentence.end : sentence.end + 1] in {".", "。", "！", "!", "،", "，"}:
        return False
    if any(pack.longest("never_names", tokens, i) for i in range(len(tokens))):
        return False
    if all(arabic(token.norm) for token in tokens):
        return Mentions(tokens, text, pack).bare_name_end(0) == len(tokens)
    if not all(han(token.norm) for token in tokens) or any(token.space for token in tokens[1:]):
        return False
    other_words = any(
        pack.longest(name, tokens, i) > (name not in _NO_NAME_BEGINS or i > 0)
        for name in (*_NO_NAME_BEGINS, *_NO_NAMES)
        for i in range(len(tokens))
    )
    return not other_words and not pack.lexicon.in_phrases(tokens)


def _name_alone(sentence: Sentence, text: str, pack: Pack, writer: Writer) -> bool:
    mentions = Mentions(sentence.tokens, text, pack, writer.known_words).at(0)
    return (
        bool(mentions)
        and mentions[0].end == len(sentence.tokens)
        and len(mentions[0].people) == 1
        and bool(mentions[0].people[0].name)
    )


def _behind_office(tokens: Sequence[Token], pack: Pack) -> int:
    """ "法务处 赵慧娟": the token with which the name behind an office and a space begins; 0 where there is none."""
    at = max((i for i, token in enumerate(tokens) if token.space), default=0)
    end = at if at and tokens[at - 1].word else at - 1  # a space within a line of Chinese stands as a comma
    if end <= 0 or not all(han(token.norm) for token in (*tokens[:end], *tokens[at:])):
        return 0
    names = ("organisation", "group", "modifiers", "titles", "roles")
    office = any(pack.longest(name, tokens, i) == end - i for name in names for i in range(max(0, end - 5), end))
    return at if office else 0


def _name_start(sentence: Sentence, pack: Pack) -> int:
    return sentence.tokens[_behind_office(sentence.tokens, pack)].start


def _closing_start(sentence: Sentence, pack: Pack) -> int:
    """Where the closing behind a name begins ("顏文樹 頓首"), or the end of the sentence."""
    tokens = sentence.tokens
    for i in range(1, len(tokens)):
        if pack.longest("closings", tokens, i) == len(tokens) - i:
            return tokens[i].start
    return sentence.end


def _short_signature(name: str, found: list[Sentence], last: int) -> bool:
    """A name on a line of its own after the text, one or two words."""
    return 0 < last < len(found) and found[last].own_line and len(found) - last <= 3 and not found[last].bullet


def _own_name(name: str, writer: Writer) -> bool:
    words = name_words(name)
    own = name_words(writer.name) | writer.known_words
    initials = {word[0] for word in own}
    if name and han(name[:1]):
        return bool(writer.name) and same_person(name, writer.name)
    forms = cyrillic(name) != cyrillic(writer.name) or len(words) == len(name_words(writer.name))
    if len(words) > 1 and forms and same_person(name, writer.name):
        return True  # in another script; "Salimata K."
    short = {word for word in words - own if len(word) <= 3 and set(word) <= initials}
    return bool(words) and words <= own | short  # "Abega", "MC Abega", "MCA"


def _nickname(word: str, writer: Writer) -> bool:
    """ "Maca" for Macarena."""
    return len(word) >= 3 and any(name.startswith(word[:3]) for name in name_words(writer.name))


def _sign_off_kind(sentence: Sentence, words: str, pack: Pack, writer: Writer, first: bool) -> str:
    tokens = [token for token in sentence.tokens if token.word]
    if sentence.bullet or not tokens or len(tokens) > 14 or sentence.question:
        return ""
    if not first and sentence.own_line and _is_place(sentence, pack):
        return "title"
    if _own_name(words, writer) and len(tokens) <= 5:
        return "name"
    if first or not sentence.own_line:
        return ""
    if len(tokens) == 1 and _nickname(tokens[0].norm, writer):
        return "name"
    if any((token.norm in pack.verbs and not token.capital) or token.norm in pack.words["self"] for token in tokens):
        return ""
    initials = len(tokens) <= 3 and all(len(token.norm) <= 2 and token.capital for token in tokens)
    if initials:
        return "name"
    mentions = Mentions(sentence.tokens, "", pack, writer.known_words)
    written_as_name = len(tokens) <= 5 and all(_capital(t) or pack.has("particles", t.norm) for t in tokens)
    if written_as_name and mentions.name_end(0) == len(sentence.tokens):
        return "name"
    titled = any(
        pack.longest(name, sentence.tokens, i)
        for name in ("titles", "roles", "group", "organisation")
        for i in range(len(sentence.tokens))
    )
    # Where there are no capitals, a sentence that names an embassy begins as a post does; but no post is so long.
    prose = len(tokens) > LONGEST_POST and arabic(tokens[0].norm)
    if titled and not prose and _capital(tokens[0]) and not _answers_in(sentence.tokens, pack):
        return "title"  # but "本人將準時出席", though it holds a word of an office
    return ""


def _is_place(sentence: Sentence, pack: Pack) -> bool:
    """Whether a line is nothing but the name of a place ("新加坡")."""
    at, tokens = 0, sentence.tokens
    while at < len(tokens) and pack.longest("places", tokens, at):
        at += pack.longest("places", tokens, at)
    return at == len(tokens)


def _capital(token: Token) -> bool:
    return token.capital or token.norm.upper() == token.norm.lower()


def _closing_and_name(sentence: Sentence, text: str, pack: Pack, writer: Writer) -> str:
    """The name of "Best, Jane", all in one line."""
    tokens = sentence.tokens
    for i, token in enumerate(tokens[:6]):
        if token.norm == "," and i + 1 < len(tokens):
            words = " ".join(t.norm for t in tokens[:i] if t.word)
            name = text[tokens[i + 1].start : sentence.end]
            if (
                words in pack.words["closings"]
                and len(tokens) - i <= 6
                and (_own_name(name, writer) or _name_to_the_end(sentence, i + 1, text, pack))
            ):
                return name.partition(",")[0]
    return ""


def _name_to_the_end(sentence: Sentence, at: int, text: str, pack: Pack) -> bool:
    """Whether nothing but a name, with its office behind it, stands from a token on."""
    mentions = Mentions(sentence.tokens, text, pack).at(at)
    return bool(mentions) and mentions[0].end == len(sentence.tokens) and bool(mentions[0].people[0].name)


def is_closing(sentence: Sentence, pack: Pack) -> bool:
    words = [token.norm for token in sentence.tokens if token.word]
    return 0 < len(words) <= 6 and " ".join(words) in pack.words["closings"]


def greeting_end(sentence: Sentence, pack: Pack, text: str = "") -> int:
    """The token after a greeting with which the sentence begins; 0 for none. `text`: whole, to see how it ends."""
    tokens = sentence.tokens
    length = pack.longest("greetings", tokens, 0)
    if not length or (title_at(tokens, 0, pack) and ":\n" in text[: sentence.start]):
        return 0  # "… will be represented by:\nMr. Jan Novak, Second Secretary"
    for i, token in enumerate(tokens[:16]):
        if (
            not token.word
            and token.norm in ",-:"
            and not (i + 2 < len(tokens) and title_at(tokens, i + 1, pack) and len(tokens) <= 14)
        ):
            if _answers_in(tokens[length:i], pack):
                break  # "Hi I can't come, sorry"
            return i + 1
    answers = any(token.norm in pack.verbs and not token.capital for token in tokens[length:])
    answers = answers or not all(_of_address(tokens, i, pack) for i in range(length, len(tokens)))
    cased = any(token.norm.upper() != token.norm.lower() for token in tokens)
    told = not cased and "." in text[sentence.end - 1 : sentence.end + 1]  # "سعادة السفيرة تقبل الدعوة."
    if len(tokens) <= 14 and sentence.own_line and not answers and not told and not han(tokens[0].norm):
        return len(tokens)
    while length < len(tokens) and length < 6 and pack.longest("addressees", tokens, length):
        length += pack.longest("addressees", tokens, length)
    name = length
    while name < min(len(tokens), 6) and tokens[name].capital and _only_a_name(tokens[name].norm, pack):
        name += 1
    if name > length and pack.longest("self", tokens, name):
        length = name  # "Hi Ana I can't come"; but "Hola No iré"
    return length if not pack.longest("dear", tokens, 0) or length == len(tokens) else 0


def _only_a_name(word: str, pack: Pack) -> bool:
    """Whether a word with a capital begins nothing that a letter may say."""
    sets = ("self", "my", "our", "determiners", "fill", "ordinary")
    return not any(pack.has(name, word) for name in sets) and not pack.lexicon.root.after(word)


def _answers_in(tokens: Sequence[Token], pack: Pack) -> bool:
    """Whether words say that somebody comes or does not: then no comma parts them from a greeting before them, and
    they are no line of a signature. A single word says too little."""
    if len(tokens) < 2:
        return False
    found = pack.lexicon.find(tokens, 0, lambda _: (), lambda at: (at, 0))
    harmless = [mark for mark in found if mark.meaning in {"aside", "courtesy"} and not mark.rule.alone]
    return any(
        mark.meaning in _ANSWERING
        and not mark.rule.alone
        and not any(h.start <= mark.start and mark.end <= h.end for h in harmless)
        for mark in found
    )


_ADDRESS = ("addressees", "titles", "roles", "plural", "group", "modifiers", "of", "and", "determiners", "particles")


def _of_address(tokens: Sequence[Token], at: int, pack: Pack) -> bool:
    """Whether a word may stand in an address ("Madame la Ministre"); in a script without capitals, any."""
    token = tokens[at]
    cased = token.norm.upper() != token.norm.lower()
    if not token.word or token.capital or not cased or pack.has("fill", token.norm):
        return True
    return any(
        pack.longest(name, tokens, i) > at - i
        for name in (*_ADDRESS, "greetings")
        for i in range(max(0, at - 3), at + 1)
    )


__all__ = ["greeting_end", "in_one_script", "is_closing", "without_sign_off"]
