"""The names of a list: lines of their own, or behind a colon or an answer."""

from __future__ import annotations

from rsvpbot.reading.names import han, name_words, same_person
from rsvpbot.reading.pack import FACTS
from rsvpbot.reading.people import Person, Who
from rsvpbot.reading.sentence import Here, Reader


def take_names(reader: Reader, here: Here) -> None:
    """The names of a list: a line of its own, or behind a colon or an answer."""
    speaks = {"yes", "wish", "maybe", "substitute", "count", "list", "only", "together", "more", "bring"}
    ends = [c.end for c in here.built if c.meaning in speaks]
    if all(c.meaning in {*FACTS, "courtesy"} for c in here.built) and not here.used:
        reader.listed.extend(_listed(here, reader, here.begin, whole=True))
    elif ends:
        last = max(ends)
        after = next((i for i, t in enumerate(here.tokens) if t.norm == ":" and t.end >= last), None)
        listing = next((c for c in here.built if c.meaning == "list" and c.end == last), None)
        if after is None and listing is not None:
            after = next((i for i, t in enumerate(here.tokens) if t.start >= last), len(here.tokens)) - 1
        if after is None:
            after = next((i for i, t in enumerate(here.tokens) if t.start >= last), len(here.tokens))
            if after < len(here.tokens) and here.tokens[after].norm not in ",-(":
                return
        reader.listed.extend(_listed(here, reader, after + 1, whole=False))


def _listed(here: Here, reader: Reader, start: int, whole: bool) -> list[Person]:
    """The people of a list of names that begins at a token. `whole`: nothing else may stand in the sentence."""
    tokens, pack = here.tokens, reader.pack
    while start < len(tokens) and (not tokens[start].word or tokens[start].number is not None):
        start += 1
    people: list[Person] = []
    i, end = start, start
    while i < len(tokens):
        found = here.mentions.expected(i)
        named = found and any(p.who in {Who.NAMED, Who.SELF} for p in found[0].people)
        line = (
            here.mentions.han_name_line(i)
            if not named and han(tokens[i].norm) and (start == i or not tokens[i - 1].word or tokens[i].space)
            else i
        )
        if line > i:
            people.append(Person(Who.NAMED, name=reader.text[tokens[i].start : tokens[line - 1].end]))
            i = end = here.mentions.tail(line)
        elif named and not here.covered[i]:
            people.extend(p for p in found[0].people if p.who in {Who.NAMED, Who.SELF})
            i = end = found[0].end
        elif (
            not tokens[i].word
            or tokens[i].number is not None
            or pack.has("and", tokens[i].norm)
            or (whole and here.covered[i])
        ):
            i += 1
        else:
            break
    own = [p for p in people if p.name and same_person(p.name, reader.writer.name)]
    if own:  # "Maricruz Obando, Heredia"
        people = [p for p in people if p in own or len(name_words(p.name)) > 1 or p.who is not Who.NAMED]
    if whole:
        if i < len(tokens) and not any(p.who is Who.NAMED for p in people):
            return []
        if (
            i < len(tokens)
            and any(
                tokens[k].word and not tokens[k].capital and not here.marks.little(k) and not here.covered[k]
                for k in range(i, len(tokens))
            )
            and not here.bullet
        ):
            return []
        if len(people) == 1 and len(name_words(people[0].name)) == 1 and not here.bullet:
            return []  # one word is as easily a farewell, a degree or slang
    if not people:
        return []
    here.cover(start, len(tokens) if whole else end)
    return people


__all__ = ["take_names"]
