"""What stands around a text: the greeting above it, the closing and the name below it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rsvpbot.reading import clients
from rsvpbot.reading.names import (
    MOST_NAME_WORDS,
    arabic,
    by_name,
    clean_name,
    cyrillic,
    han,
    is_organisation,
    name_words,
    same_person,
    title_at,
)
from rsvpbot.reading.pack import ANSWERS, FACTS, INSTEAD, VERBS, Pack
from rsvpbot.reading.people import Mentions
from rsvpbot.reading.phrases import Mark
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

MOST_IN_CLOSING = 10
"""Words of a closing, or Chinese characters, at most."""

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
        below_nothing = not lines or (not name and _names_somebody(found, last - 1, text, pack, writer))
        below_nothing = below_nothing or (not name and _opens_a_block(found, last, text, pack, writer))
        if below_nothing and kind in {"", "title"} and _signed_with_title(found, last, text, pack, writer):
            kind = "name"
        if kind in {"", "title"} and not name and _signed_without_capitals(found, last, text, pack, writer):
            kind = "name"
        if kind == "title" and text[sentence.end : sentence.end + 1] in _STOPS and _tells_a_fact(sentence, pack):
            kind = ""  # "Mr. Fifita holds a grounds pass.", and below it who signs
        if kind == "name" and is_closing(sentence, pack) and not _own_name(words, writer):
            kind = ""  # "敬禮！", "公綏": a wish, though it may be a surname and a given name
        if not kind and not name:
            signed = _closing_and_name(sentence, text, pack, writer)
            if signed:  # "Best, Jane", and her office below it
                return found[: last - 1], clean_name(signed, pack), (words, *lines)
        if not kind:
            break
        if kind == "name":
            name = _without_remark(text[_name_start(sentence, pack) : _closing_start(sentence, pack)])
        lines.insert(0, words)
        last -= 1
    closing_above = last > 0 and is_closing(found[last - 1], pack)
    if lines and not closing_above and _announced(found, last, text):
        named = sum(_name_alone(line, text, pack, writer) for line in found[last:])
        if named > 1 or not _own_name(name, writer):
            return found, "", ()
    if lines and not name and not closing_above:
        office = 0 < last < len(found) and _office_alone(found[last:], found[last - 1], text, pack)
        return (found[:last], "", tuple(lines)) if office else (found, "", ())
    if lines and not closing_above and not _own_name(name, writer) and not _short_signature(found, last, text, pack):
        return found, "", ()
    return found[:last], clean_name(name, pack), tuple(lines)


def _announced(found: Sequence[Sentence], at: int, text: str) -> bool:
    """ "The following will attend:", and names below it to the end: whether the line above promises what is here."""
    return 0 < at < len(found) and text[found[at - 1].start : found[at].start].rstrip().endswith((":", "："))


def _office_alone(below: Sequence[Sentence], above: Sentence, text: str, pack: Pack) -> bool:
    """ "Registry", "Office of the Ombudsperson": only an office stands under the text, in a paragraph of its own."""
    if len(below) > 2 or below[0].paragraph == above.paragraph or text[above.end : above.end + 1] not in _STOPS:
        return False
    if not is_organisation(text[below[0].start : below[-1].end], pack):
        return False
    if any(_is_sentence(line, text, pack) for line in below):
        return False
    people = (p for line in below for m in Mentions(line.tokens, text, pack).all() for p in m.people)
    return not any(person.name for person in people)


def _own_name_above(found: list[Sentence], text: str, pack: Pack, writer: Writer) -> tuple[int, str]:
    """The line with the writer's own name under the text, where only lines without a verb follow ("Jane Roe, MD",
    "Paediatrics, Paterson"), and the name; 0 and "" where there is none."""
    for at in range(len(found) - 2, max(0, len(found) - 6), -1):
        line, above = found[at], found[at - 1]
        words = text[line.start : line.end]
        whole = clean_name(words.partition(",")[0], pack)
        name, other = in_one_script(whole, any(han(token.norm) for token in above.tokens))
        guests = any(_strange_name(part, pack) for part in words.split(",")[1:])
        guests = guests or (
            _announced(found, at, text) and any(_name_alone(s, text, pack, writer) for s in found[at + 1 :])
        )
        parted = line.paragraph > above.paragraph or is_closing(above, pack)
        short = ":" not in words and len(words.split()) <= LONGEST_SIGNED and not line.bullet and line.own_line
        if (
            parted
            and short
            and not guests
            and (" " in name or han(name[:1]))
            and any(_own_name(form, writer) for form in (whole, name, other) if form)
        ):
            below = found[at + 1 :]  # looked at last, since it costs most; what holds of it holds for every line above
            return (0, "") if any(_is_sentence(sentence, text, pack) for sentence in below) else (at, name)
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
    if any(_says_something(token, pack) for token in tokens):
        return True
    if _strange_name(text[sentence.start : sentence.end].partition(",")[0], pack):
        return True
    found = pack.lexicon.find(tokens, 0, lambda _: (), lambda at: (at, 0))
    return any(mark.meaning in _ANSWERING | {"bring", "list"} for mark in found)


def _says_something(token: Token, pack: Pack) -> bool:
    """Whether a word is a verb and no name: in a script without capitals "سعيد" is "glad", and many a man."""
    named = token.capital or (arabic(token.norm) and pack.has("given", token.norm))
    return token.norm in pack.verbs and not named


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


def _names_somebody(found: list[Sentence], end: int, text: str, pack: Pack, writer: Writer) -> bool:
    """Whether the sentence above a name and its post names people itself, and announces no list; where an office
    writes, whose clerk signs, any sentence above."""
    above = found[end - 1] if end else None
    if above is None or found[end].paragraph == above.paragraph:
        return False
    ends = text[above.start : found[end].start].rstrip()[-1:]
    if ends not in _STOPS and not (writer.organisation and ends == ","):
        return False
    told = found[:end] if writer.organisation else [above]
    return any(p.name for s in told for m in Mentions(s.tokens, text, pack).all() for p in m.people)


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
    known_otherwise = (
        bool(writer.name) and not by_name(writer.name) and arabic(sentence.tokens[0].norm) and arabic(writer.name[:1])
    )
    return _bare_name(sentence, text, pack) and not known_otherwise


def _opens_a_block(found: list[Sentence], last: int, text: str, pack: Pack, writer: Writer) -> bool:
    """ "孙永强 副教授", with the office below it and nobody else: whether a line opens a paragraph of its own, which
    nothing announces, where somebody writes who is known."""
    sentence, above = found[last - 1], found[last - 2]
    announced = text[above.end : sentence.start].lstrip()[:1] in {":", "："}
    parted = last > 1 and sentence.paragraph > above.paragraph and not announced and han(sentence.tokens[0].norm)
    return bool(writer.name) and parted and not any(_name_alone(s, text, pack, writer) for s in found[last:])


def _bare_name(sentence: Sentence, text: str, pack: Pack) -> bool:
    """Whether a line is nothing but what may be a name in a script without capitals."""
    tokens = sentence.tokens
    closing = next((i for i in range(1, len(tokens)) if pack.longest("closings", tokens, i) == len(tokens) - i), 0)
    tokens = tokens[:closing] if closing else tokens  # "卢娟敬上"
    tokens = tokens[:-1] if closing and not tokens[-1].word else tokens  # "许文清 敬上": a space stands as a comma
    tokens = tokens[_behind_office(tokens, pack) :]
    if tokens and arabic(tokens[0].norm):
        tokens = tokens[title_at(tokens, 0, pack) :]  # "د. عبد الإله بنجلون"
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
    names = ("organisation", "group", "modifiers", "titles", "roles", "self")  # "學生 張小凡", "後學 張小凡"
    office = any(pack.longest(name, tokens, i) == end - i for name in names for i in range(max(0, end - 5), end))
    return at if office else 0


def _name_start(sentence: Sentence, pack: Pack) -> int:
    end = _closing_start(sentence, pack)
    tokens = [token for token in sentence.tokens if token.start < end]
    while len(tokens) > 1 and not tokens[-1].word:
        tokens.pop()
    return sentence.tokens[_behind_office(tokens, pack)].start


def _closing_start(sentence: Sentence, pack: Pack) -> int:
    """Where the closing behind a name begins ("顏文樹 頓首"), or the end of the sentence."""
    tokens = sentence.tokens
    for i in range(1, len(tokens)):
        if pack.longest("closings", tokens, i) == len(tokens) - i:
            return tokens[i].start
    return sentence.end


def _short_signature(found: list[Sentence], last: int, text: str, pack: Pack) -> bool:
    """A name on a line of its own after the text, with a post and an office at most, the date, and how to reach it."""
    below = [s for s in found[last:] if not _is_date_or_contact(s, text[s.start : s.end], pack)]
    return 0 < last < len(found) and found[last].own_line and len(below) <= 3 and not found[last].bullet


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


def _without_remark(name: str) -> str:
    """ "Jane Roe (administrator, not attending)": the name without what is said of it; but "Mother Mary (Roe)"."""
    before, _, remark = name.partition(" (")
    return before if remark[:1].islower() else name


def _nickname(word: str, writer: Writer) -> bool:
    """ "Maca" for Macarena."""
    return len(word) >= 3 and any(name.startswith(word[:3]) for name in name_words(writer.name))


def _sign_off_kind(sentence: Sentence, words: str, pack: Pack, writer: Writer, first: bool) -> str:
    tokens = [token for token in sentence.tokens if token.word]
    if sentence.bullet or not tokens or len(tokens) > 14 or sentence.question:
        return ""
    if not first and sentence.own_line and (_is_place(sentence, pack) or _is_date_or_contact(sentence, words, pack)):
        return "title"
    name = _without_remark(words)
    if _own_name(name, writer) and (len(tokens) <= 5 or name != words):
        return "name"
    if first or not sentence.own_line:
        return ""
    if len(tokens) == 1 and _nickname(tokens[0].norm, writer):
        return "name"
    named = _in_an_office(sentence.tokens, pack)
    free = [token for i, token in enumerate(sentence.tokens) if token.word and i not in named]
    if any(_says_something(token, pack) or token.norm in pack.words["self"] for token in free):
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


def _in_an_office(tokens: Sequence[Token], pack: Pack) -> frozenset[int]:
    """Where characters stand in the name of an office and mean nothing by themselves: the 会 of "社会学系"."""
    found: set[int] = set()
    for i, token in enumerate(tokens):
        if han(token.norm):
            found.update(range(i, i + pack.longest_of(("organisation", "group", "titles"), tokens, i)))
    return frozenset(found)


def _is_place(sentence: Sentence, pack: Pack) -> bool:
    """Whether a line is nothing but the name of a place ("新加坡")."""
    at, tokens = 0, sentence.tokens
    while at < len(tokens) and pack.longest("places", tokens, at):
        at += pack.longest("places", tokens, at)
    return at == len(tokens)


_FIGURE = "[\\d〇○零一二三四五六七八九十廿]"
_CHINESE_DATE = re.compile(rf"(?:{_FIGURE}{{4}}\s*年\s*)?{_FIGURE}{{1,3}}\s*月\s*{_FIGURE}{{1,3}}\s*[日号號]?")
_DATE_IN_FIGURES = re.compile(r"\d{4}\s*([./-])\s*\d{1,2}\s*\1\s*\d{1,2}")


def _is_date_or_contact(sentence: Sentence, words: str, pack: Pack) -> bool:
    """ "二〇一六年九月五日", "电话：010-12345678": whether a line holds only a day, or how to reach somebody."""
    line = words.strip(" .。")
    if _CHINESE_DATE.fullmatch(line) or _DATE_IN_FIGURES.fullmatch(line):
        return True
    label = pack.longest("labels", sentence.tokens, 0)
    labelled = 0 < label < len(sentence.tokens) and sentence.tokens[label].norm == ":"
    return clients.has_contact(line) and (labelled or not any(character.isspace() for character in line))


def _capital(token: Token) -> bool:
    return token.capital or token.norm.upper() == token.norm.lower()


def _closing_and_name(sentence: Sentence, text: str, pack: Pack, writer: Writer) -> str:
    """The name of "Best, Jane", all in one line."""
    if is_closing(sentence, pack):
        return ""
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
    """Whether a sentence is nothing but closings and what they wish: "Thanks, best regards", "順頌 公綏"."""
    tokens = [token for token in sentence.tokens if token.word]
    at = 0
    while at < len(tokens) <= MOST_IN_CLOSING and (length := pack.longest_of(("closings", "wishes"), tokens, at)):
        at += length
    return 0 < at == len(tokens)


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
            address = all(_of_address(tokens, k, pack, shouted=False) for k in range(length, i))
            if not address or _answers_in(tokens[length:i], pack):
                break  # "Hi I can't come, sorry", "Bonjour nous serons quatre : …"
            return i + 1
    shouted = len(tokens) > length and text[sentence.start : sentence.end].isupper()
    answers = any(token.norm in pack.verbs and not token.capital for token in tokens[length:])
    answers = answers or _answers_in(tokens[length:], pack)  # "Hello I Will Attend The Meeting"
    answers = answers or (len(tokens) == length + 1 and _says_it_all(tokens[length], pack, shouted))
    answers = answers or not all(_of_address(tokens, i, pack, shouted) for i in range(length, len(tokens)))
    cased = any(token.norm.upper() != token.norm.lower() for token in tokens)
    told = not cased and "." in text[sentence.end - 1 : sentence.end + 1]  # "سعادة السفيرة تقبل الدعوة."
    ends = sentence.own_line or sentence.exclaimed  # "Dear Ms Holm! I will come."
    if len(tokens) <= 14 and ends and not answers and not told and not han(tokens[0].norm):
        return len(tokens)
    while length < len(tokens) and length < 6 and pack.longest("addressees", tokens, length):
        length += pack.longest("addressees", tokens, length)
    name = length
    while name < min(len(tokens), 6) and tokens[name].capital and _only_a_name(tokens[name].norm, pack):
        name += 1
    if name > length and pack.longest("self", tokens, name):
        length = name  # "Hi Ana I can't come"; but "Hola No iré"
    return length if not pack.longest("dear", tokens, 0) or length == len(tokens) else 0


_SAYS = ("self", "my", "our", "determiners", "fill", "ordinary")


def _only_a_name(word: str, pack: Pack) -> bool:
    """Whether a word with a capital begins nothing that a letter may say."""
    return not any(pack.has(name, word) for name in _SAYS) and not pack.lexicon.root.after(word)


def _titled(tokens: Sequence[Token], at: int, pack: Pack) -> bool:
    """Whether a word is among the three behind a title, where names stand that are words too: "MS GRACE HOPE"."""
    return not any(pack.has(name, tokens[at].norm) for name in _SAYS) and any(
        title_at(tokens, i, pack) for i in range(max(0, at - 3), at)
    )


def _answers_in(tokens: Sequence[Token], pack: Pack) -> bool:
    """Whether words say that somebody comes or does not: then no comma parts them from a greeting before them, and
    they are no line of a signature. A single word says too little."""
    if len(tokens) < 2:
        return False
    found = pack.lexicon.find(tokens, 0, lambda _: (), lambda at: (at, 0))
    harmless = [mark for mark in found if mark.meaning in {"aside", "courtesy"} and not mark.rule.alone]
    named = _in_an_office(tokens, pack)
    return any(
        mark.meaning in _ANSWERING
        and not mark.rule.alone
        and not _title_of(mark, tokens, pack)
        and not named.issuperset(range(mark.start, mark.end))
        and not any(h.start <= mark.start and mark.end <= h.end for h in harmless)
        for mark in found
    )


def _title_of(mark: Mark, tokens: Sequence[Token], pack: Pack) -> bool:
    """ "Dear Miss Petrakis": who is addressed so, and not what is missed."""
    behind = tokens[mark.end : mark.end + 1]
    return title_at(tokens, mark.start, pack) == mark.end - mark.start and any(token.capital for token in behind)


def _tells_a_fact(sentence: Sentence, pack: Pack) -> bool:
    """Whether a line speaks of a need or a pass: no post does, but an office may ("Halal Council")."""
    found = pack.lexicon.find(sentence.tokens, 0, lambda _: (), lambda at: (at, 0))
    return any(mark.meaning in FACTS for mark in found)


def _says_it_all(token: Token, pack: Pack, shouted: bool) -> bool:
    """Whether one word behind a greeting is the whole answer: "hello yes", "ДОБРЫЙ ДЕНЬ ДА"; but "Dear May"."""
    if token.capital and not shouted:
        return False
    found = pack.lexicon.find((token,), 0, lambda _: (), lambda at: (at, 0))
    return any(mark.meaning in ANSWERS for mark in found)


_ADDRESS = ("addressees", "titles", "roles", "plural", "group", "modifiers", "of", "and", "determiners", "particles")


def _of_address(tokens: Sequence[Token], at: int, pack: Pack, shouted: bool) -> bool:
    """Whether a word may stand in an address ("Madame la Ministre"). A capital makes a name, but not where all is in
    capitals (`shouted`: "BONJOUR JE PARTICIPE"); there, and in a script without them, a name is what says nothing."""
    token = tokens[at]
    cased = token.norm.upper() != token.norm.lower()
    name = token.capital if cased and not shouted else _only_a_name(token.norm, pack) or _titled(tokens, at, pack)
    given = not cased and pack.has("given", token.norm)  # "دكتورة ليلى", which is "my night" too
    if not token.word or name or given or pack.has("fill", token.norm):
        return True
    return any(
        pack.longest(name, tokens, i) > at - i
        for name in (*_ADDRESS, "greetings")
        for i in range(max(0, at - 3), at + 1)
    )


__all__ = ["greeting_end", "in_one_script", "is_closing", "without_sign_off"]
