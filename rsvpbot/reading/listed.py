"""The names of a list: lines of their own, or behind a colon or an answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from rsvpbot.reading.clients import has_title
from rsvpbot.reading.names import arabic, han, name_words, same_person, title_at
from rsvpbot.reading.pack import FACTS
from rsvpbot.reading.people import SOMEBODY, Person, Who
from rsvpbot.reading.said import WHO_IS_MEANT, Clause, short
from rsvpbot.reading.sentence import Here, Reader
from rsvpbot.reading.stance import DENIALS
from rsvpbot.reading.tokens import tokenize

_ANNOUNCES = frozenset({"yes", "wish", "maybe", "substitute", "count", "list", "only", "together", "more", "bring"})
_BESIDE_NAMES = frozenset({*FACTS, "courtesy"})
"""What may stand on a line of names: "Jane Roe, Director (holds a grounds pass)"."""

_BEHIND_AN_ADDRESS = frozenset({":", ",", "!", "：", "，", "！"})

_COLON_BEHIND = re.compile(r"[^.!?;:：。！？؟\n]{0,80}[:：]")
"""The rest of a sentence that ends in a colon."""

_BEFORE_AN_ITEM = " \t\r\n-*•·–—().0123456789"
"""What stands between a colon and the first name of a list."""

_COLONS = frozenset({":", "："})

MOST_IN_LINE = 10
_LISTABLE = frozenset({Who.NAMED, Who.SELF})


def take_names(reader: Reader, here: Here) -> None:
    """Add the people whom a sentence lists to those of the text."""
    if {*(c.meaning for c in here.built), *(m.meaning for m in here.used)} <= _BESIDE_NAMES:
        if not _of_something_else(here, reader):
            reader.listed.extend(_whole_line(here, reader))
        return
    announcing = [c for c in here.built if c.meaning in _ANNOUNCES and c.value != "invited"]
    last = max((c.end for c in announcing), default=None)  # "Of the two whom you invited, Ana Lopez is on leave"
    if last is None:
        return
    tokens = here.tokens
    _take_us(reader, here)
    _named_before(last, reader, here)
    behind = next((i for i, token in enumerate(tokens) if token.start >= last), len(tokens))
    while behind < len(tokens) and reader.pack.longest("fill", tokens, behind):
        behind += reader.pack.longest("fill", tokens, behind)  # "put me down please, and my colleague Jane Roe"
    colon = next((i for i, token in enumerate(tokens) if token.norm == ":" and token.end >= last), None)
    if colon is not None:
        people, end = _names_from(colon + 1, here, reader, sure=True)
    elif any(c.meaning == "list" and c.end == last for c in here.built):
        people, end = _names_from(behind, here, reader, sure=True)
    elif behind < len(tokens) and tokens[behind].norm in ",-(":
        people, end = _names_from(behind + 1, here, reader, sure=False)
        if not any(person.who is Who.NAMED for person in people):
            return  # "somebody will come, I shall let you know who"
        another = len(people) == 1 and not same_person(people[0].name, reader.writer.name)
        if another and end == len(tokens) and _only_the_writer(here):
            return  # "I'll be there, Ana."
    else:
        return
    if people:
        here.cover(behind, end)
        reader.listed.extend(people)


def _of_something_else(here: Here, reader: Reader) -> bool:
    """ "Please send the paper also to:", and names below it: whether a line continues a list that a sentence announced
    which says nothing of coming. Whose names those are a person decides."""
    if any(mark.meaning in DENIALS for mark in here.marks.main):
        return True  # "Не смогут: Иван Петров"
    before = reader.text[: here.tokens[here.begin].start].rstrip(_BEFORE_AN_ITEM)
    if before.endswith((":", "：")):
        above = [c for c in reader.clauses if c.sentence == here.index - 1]
        unread = any(item.sentence == here.index - 1 for item in reader.left)
        other = unread and not any(c.meaning in _ANNOUNCES for c in above)
    else:
        other = reader.other_list == here.index - 1
    if other:
        reader.other_list = here.index
    return other


def of_the_list(clause: Clause, reader: Reader) -> Clause:
    """ "Asistirán las siguientes personas: Ana Lopez, Bert Meyer": a verb of the third person whose subject is who is
    listed behind the colon."""
    named = any(person.who is Who.NAMED for person in reader.listed)
    if not named or clause.meaning != "yes" or not clause.elided:
        return clause
    untold = clause.people == (SOMEBODY,) and clause.doubt.startswith(WHO_IS_MEANT)
    bare = reader.text[clause.end :].lstrip()[:1] in _COLONS
    if any(item.sentence == clause.sentence and "self" in item.signs for item in reader.left):
        bare = False  # "Attending:", but not "I and the following persons will attend:"
    if not bare and not (untold and _COLON_BEHIND.match(reader.text, clause.end)):
        return clause
    if any(c.meaning in {"no", "away"} and _COLON_BEHIND.match(reader.text, c.end) for c in reader.clauses):
        # Two lists: "Not attending: Ana Lopez. Attending: Bert Meyer"
        return replace(clause, doubt=clause.doubt or f"{WHO_IS_MEANT}: “{short(clause.words)}”")
    return replace(clause, people=tuple(p for p in reader.listed if p.who in _LISTABLE), doubt="")


def _named_before(last: int, reader: Reader, here: Here) -> None:
    """ "One of them is called Ana Lopez, the other is not chosen yet, three in all": names of which more follows."""
    for clause in here.built:
        if clause.meaning == "list" and clause.value == "named" and clause.end < last:
            behind = next((i for i, token in enumerate(here.tokens) if token.start >= clause.end), len(here.tokens))
            people, end = _names_from(behind, here, reader, sure=True)
            here.cover(behind, end)
            reader.listed.extend(people)


def _only_the_writer(here: Here) -> bool:
    """Whether all that a sentence says is that the writer comes: a name behind it is an address or a signature."""
    return all(
        c.meaning in {"yes", "wish", "maybe"} and c.people and all(p.who is Who.SELF for p in c.people)
        for c in here.built
    )


def _take_us(reader: Reader, here: Here) -> None:
    """ "We would like to come, Ana Lopez and I, but …": the writer and somebody named, between two commas."""
    for mention in here.mentions.all():
        start, end = mention.start, mention.end
        who = {person.who for person in mention.people}
        parted = start > here.begin and here.tokens[start - 1].norm in ",:(-"
        ends = end >= len(here.tokens) or not here.tokens[end].word
        if who == {Who.SELF, Who.NAMED} and parted and ends and not here.covered[start]:
            here.cover(start, end)
            reader.listed.extend(mention.people)


def _whole_line(here: Here, reader: Reader) -> list[Person]:
    """The names of a line on which nothing else stands."""
    if not here.bullet and _is_office(here, reader):
        return []
    people, end = _names_from(here.begin, here, reader, sure=True, whole=True)
    people = _without_posts(people, here)
    if not any(person.who is Who.NAMED for person in people) and end < len(here.tokens):
        return []
    something = _goes_on(end, here, reader) or _says_something(range(end, len(here.tokens)), here)
    if something and not here.bullet and not _with_a_post(end, here, reader):
        return []
    if not here.bullet and _no_line_of_names(here, reader):
        return []
    if len(people) == 1 and not here.bullet and len(name_words(people[0].name)) == 1 and not han(people[0].name[:1]):
        return []  # one word is as easily a farewell, a degree or slang
    if people:
        here.cover(here.begin, len(here.tokens))
    return [] if here.begin or _addressed(here, people, reader) else people  # "Hello Ana Lopez" greets her


def _addressed(here: Here, people: Sequence[Person], reader: Reader) -> bool:
    """ "安娜：", "Ana Lopez," on a line above the letter: nothing has announced a list, so it is whom one writes to;
    without a mark, where the line below begins with "I"."""
    last = max((token.end for token in here.tokens if token.word), default=0)
    line, _, below = reader.text[last:].partition("\n")
    if here.index or here.bullet or not below.strip():
        return False
    if line.strip():
        return line.strip() in _BEHIND_AN_ADDRESS
    following = tokenize(below.strip().partition("\n")[0], reader.pack.spelling)
    other = bool(reader.writer.name) and not any(same_person(p.name, reader.writer.name) for p in people)
    return other and len(people) == 1 and reader.pack.longest("self", following, 0) > 0


def _is_office(here: Here, reader: Reader) -> bool:
    """ "司办公室" under a text: what ends in a word for an office, without a title, names nobody."""
    tokens, pack = here.tokens, reader.pack
    office = any(
        pack.longest(name, tokens, i) == len(tokens) - i
        for name in ("organisation", "group")
        for i in range(max(here.begin, len(tokens) - 4), len(tokens))
    )
    return office and han(tokens[-1].norm) and not any(title_at(tokens, i, pack) for i in range(len(tokens)))


def _with_a_post(end: int, here: Here, reader: Reader) -> bool:
    """ "Gulzat Isamatova - Deputy Minister"."""
    tokens, pack = here.tokens, reader.pack
    if end + 1 >= len(tokens) or tokens[end].norm not in ",-(" or reader.text[here.tokens[-1].end :][:1] == ".":
        return False
    at = end + 1 + pack.longest("determiners", tokens, end + 1)
    return pack.longest_of(("titles", "roles", "plural"), tokens, at) > 0


def _goes_on(end: int, here: Here, reader: Reader) -> bool:
    """ "Rita Sousa is in copy.", "Dr. Luís Alves, our president, thanks you.": a sentence and no line of names."""
    rest = [t for i, t in enumerate(here.tokens[end:], end) if t.word and not t.capital and not here.covered[i]]
    cased = [token for token in rest if token.norm.upper() != token.norm.lower()]
    stop = reader.text[here.tokens[-1].end : here.tokens[-1].end + 1] in (".", "!")
    at_once = end < len(here.tokens) and here.tokens[end].word and here.tokens[end] in cased
    return bool(cased) and (at_once or stop)


def _no_line_of_names(here: Here, reader: Reader) -> bool:
    """In a script without capitals: a line with a word that is never in a name, or with one that is no name."""
    tokens, pack = here.tokens[here.begin :], reader.pack
    if not tokens or not arabic(tokens[0].norm) or any(title_at(tokens, i, pack) for i in range(len(tokens))):
        return False
    return any(pack.has("never_names", t.norm) or t.norm in pack.verbs for t in tokens) or len(tokens) > MOST_IN_LINE


def _says_something(places: Sequence[int], here: Here) -> bool:
    tokens = here.tokens
    return any(
        tokens[i].word and not tokens[i].capital and not here.marks.little(i) and not here.covered[i] for i in places
    )


def _names_from(start: int, here: Here, reader: Reader, sure: bool, whole: bool = False) -> tuple[list[Person], int]:
    """The names one after another from a token on, and the end of the last. `sure`: names must stand here, so that
    in Chinese any two to four characters are one; `whole`: what other phrases hold may stand between."""
    tokens, pack = here.tokens, reader.pack
    people: list[Person] = []
    at, end = start, start
    while at < len(tokens):
        found = here.mentions.expected(at)
        named = [person for person in found[0].people if person.who in _LISTABLE] if found else []
        segment = sure and han(tokens[at].norm) and (at == start or not tokens[at - 1].word or tokens[at].space)
        line = here.mentions.han_name_line(at, whole) if segment and not named and not here.covered[at] else at
        if line > at:
            people.append(Person(Who.NAMED, name=reader.text[tokens[at].start : tokens[line - 1].end]))
            at = end = here.mentions.tail(line)
        elif named and not here.covered[at]:
            people.extend(named)
            at = end = found[0].end
        elif not tokens[at].word or tokens[at].number is not None or (whole and here.covered[at]):
            at += 1
        elif pack.longest("and", tokens, at):
            at += pack.longest("and", tokens, at)
        else:
            break
    return _without_place(people, reader), at if whole else end


def _without_posts(people: list[Person], here: Here) -> list[Person]:
    """ "Ivan Petrov, Chief Specialist, Migration Service": in a letter whose words are in another script, as posts in
    English stand below names, and its pack knows none of them."""
    if not people or here.marks.pack.latin:
        return people
    post = (at for at, p in enumerate(people) if p.name[:1].isascii() and has_title(p.name))
    return people[: next(post, len(people))]


def _without_place(people: list[Person], reader: Reader) -> list[Person]:
    """ "Maricruz Obando, Heredia": what single word follows the writer's own name is no second person."""
    own = [person for person in people if person.name and same_person(person.name, reader.writer.name)]
    if not own:
        return people
    return [p for p in people if p in own or p.who is not Who.NAMED or len(name_words(p.name)) > 1 or han(p.name[:1])]


__all__ = ["of_the_list", "take_names"]
