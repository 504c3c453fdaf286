"""What no clause accounts for, and what gives it weight.

Most of a letter is about something else: how the writer is, what happened last year, why the answer comes late. Such
a sentence needs no understanding. It has weight where it holds a sign that it may change the answer or asks for
something: a question, a request, a condition, a negation, a turn, a word of coming or of somebody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from rsvpbot.reading.pack import ANSWERS, Pack
from rsvpbot.reading.people import Mentions, Person, Who, name_words
from rsvpbot.reading.said import Clause, Left
from rsvpbot.reading.tokens import Token

_WORD_SIGNS = ("not", "unsure", "come", "weighty", "against_yes", "you", "instead", "modal", "reversal")
_REFUSALS = frozenset({"no", "missed", "away", "withdraw", "substitute"})
_NEEDS = frozenset({"diet", "access", "pass"})


@dataclass(frozen=True, slots=True)
class Rest:
    """One sentence after its clauses were found."""

    text: str
    index: int
    tokens: Sequence[Token]
    covered: Sequence[bool]
    built: Sequence[Clause]
    question: bool
    mentions: Mentions
    pack: Pack
    not_names: frozenset[str]
    """Words of the event's own title and place."""
    known: Callable[[Person], bool]
    """Whether a person was spoken of in an answer, or is the writer."""


def left_of(rest: Rest) -> Iterator[Left]:
    """What nothing in a sentence accounts for, in the pieces between its answers."""
    loose = [i for i, token in enumerate(rest.tokens) if not rest.covered[i] and token.word]
    if not loose:
        return
    shared = _sentence_signs(rest, loose)
    for piece in [loose] if rest.question else _pieces(rest, loose):
        signs = _signs(rest, piece) | shared
        if any(clause.meaning in ANSWERS for clause in rest.built):
            signs.discard("come")
        if any(clause.meaning in _REFUSALS for clause in rest.built):
            signs.discard("against_yes")  # they say the same as the answer beside them
        if "not" in signs and (_before_refusal(rest, piece) or _behind_refusal(rest, piece[0])):
            signs.add("not again")
        start = rest.tokens[piece[0]].start
        yield Left(
            words=_runs(rest.text, rest.tokens, piece),
            start=start,
            sentence=rest.index,
            signs=frozenset(signs),
            length=len(piece),
            content=sum(_content(rest.tokens[i], rest) for i in piece),
            past=_told_in_the_past(rest, piece),
            need=any(c.meaning in _NEEDS for c in rest.built),
            apart=_apart(rest, piece[-1]),
        )


def _pieces(rest: Rest, loose: Sequence[int]) -> list[list[int]]:
    """The loose tokens before, between and after the answers of the sentence."""
    starts = sorted(clause.start for clause in rest.built if clause.meaning in ANSWERS)
    pieces: dict[int, list[int]] = {}
    for i in loose:
        place = sum(start <= rest.tokens[i].start for start in starts)
        pieces.setdefault(place, []).append(i)
    return list(pieces.values())


def _sentence_signs(rest: Rest, loose: Sequence[int]) -> frozenset[str]:
    """What is true of the whole sentence."""
    pack, tokens, built = rest.pack, rest.tokens, rest.built
    signs: set[str] = set()
    if any(pack.has("regret", tokens[i].norm) for i in loose):
        signs.add("regret")
        signs.update({"not"} if not built else ())
    if rest.question:
        signs.add("asked")
        expected = {"logistics", "request", "courtesy"} | ANSWERS
        if not any(clause.meaning in expected for clause in built):
            signs.add("question")
        logistics = any(clause.meaning == "logistics" for clause in built)
        if logistics and sum(_content(tokens[i], rest) for i in loose) > 1:
            signs.add("question")
    unknown = [i for i in loose if _unknown(tokens[i], pack)]
    words = [token for token in tokens if token.word and token.norm.isalpha()]
    if len(words) >= 4 and len(unknown) * 2 > len(words):
        signs.add("foreign")
    return frozenset(signs)


def _unknown(token: Token, pack: Pack) -> bool:
    return token.norm.isalpha() and token.norm not in pack.vocabulary and not token.capital


def _signs(rest: Rest, piece: Sequence[int]) -> set[str]:
    """What makes these tokens weighty."""
    pack, tokens, covered = rest.pack, rest.tokens, rest.covered
    signs: set[str] = set()
    for i in piece:
        norm = tokens[i].norm
        pair = " ".join(token.norm for token in tokens[i : i + 2])
        for sign in _WORD_SIGNS:
            if pack.has(sign, norm) or pack.has(sign, pair):
                signs.add(sign)
        if i == 0 and pack.has("inverted", norm) and not rest.question:
            signs.add("if")
        if pack.has("if", norm) and not _no_condition(rest, i):
            signs.add("if")
        if pack.has("but", norm) and not any(clause.start > tokens[i].start for clause in rest.built):
            signs.add("but")
        following = tokens[i + 1] if i + 1 < len(tokens) and not covered[i + 1] else None
        asks = following is not None and (pack.has("ask", norm) or pack.has("ask", f"{norm} {following.norm}"))
        if asks and following is not None and following.word:
            signs.add("ask")
        if any(pack.has("weighty", words) and not pack.has("passing", words) for words in (norm, pair)):
            signs.add("grave")
    signs.update(_people_signs(rest, frozenset(piece)))
    return signs


def _no_condition(rest: Rest, at: int) -> bool:
    """ "even if the coffee was dreadful", "the subject is dear to me"."""
    tokens, pack = rest.tokens, rest.pack
    if at and pack.has("even", tokens[at - 1].norm):
        return True
    following = tokens[at + 1].norm if at + 1 < len(tokens) else ""
    return pack.has("needs_to", tokens[at].norm) and not pack.has("toward", following)


def _people_signs(rest: Rest, piece: frozenset[int]) -> Iterable[str]:
    """Who is spoken of: "me" (the writer alone), "they", "person" (a title or role), "name" (somebody not yet met)."""
    pack = rest.pack
    for mention in rest.mentions.all():
        if not piece.intersection(range(mention.start, mention.end)):
            continue
        for person in mention.people:
            if person.who is Who.SELF and pack.has("i", person.role):
                yield "me"
            elif person.who is Who.THEY:
                yield "they"
            elif person.who is Who.ROLE:
                yield "person"
        whole = all(rest.covered[i] for i in range(mention.start, mention.end))
        if whole or (mention.end - mention.start == 1 and _place_of_something(mention.start, rest)):
            continue
        named = [p for p in mention.people if p.who is Who.NAMED and (p.role or len(name_words(p.name)) > 1)]
        named = [
            p for p in named if not name_words(p.name) & pack.words["organisation"]
        ]  # "Kenya Paediatric Association"
        if any(not rest.known(person) for person in named):
            yield "name"


def _place_of_something(at: int, rest: Rest) -> bool:
    """ "of Zubrova", "to Geneva"."""
    if at == 0:
        return False
    before = rest.tokens[at - 1].norm
    return rest.pack.has("of", before) or rest.pack.has("determiners", before)


def _before_refusal(rest: Rest, piece: Sequence[int]) -> bool:
    """Whether the words stand before a no of the same sentence, with no stop between: they may turn it round."""
    after = [c for c in rest.built if c.meaning in {"no", "missed"} and c.start > rest.tokens[piece[0]].start]
    return bool(after) and not _apart(rest, piece[-1])


def _behind_refusal(rest: Rest, first: int) -> bool:
    """ "Not coming is not an option": whether the words follow a no, with no stop between."""
    if first == 0 or not rest.tokens[first - 1].word or rest.pack.has("turn", rest.tokens[first].norm):
        return False
    end = rest.tokens[first - 1].end
    return any(clause.meaning in {"no", "missed"} and clause.end == end for clause in rest.built)


def _apart(rest: Rest, last: int) -> bool:
    """Whether a stop or a word that begins a new clause stands between these words and what follows."""
    at = last + 1
    if at >= len(rest.tokens):
        return True
    return not rest.tokens[at].word or rest.pack.has("turn", rest.tokens[last].norm)


def _told_in_the_past(rest: Rest, piece: Sequence[int]) -> bool:
    """Whether the words tell what happened, and nothing of what is or will be."""
    pack = rest.pack
    words = [rest.tokens[i].norm for i in piece]
    if any(pack.has("present", word) for word in words):
        return False
    return any(pack.has("past", word) for word in words)


def _runs(text: str, tokens: Sequence[Token], loose: Sequence[int]) -> str:
    """The words at these places, with an ellipsis where others stand between."""
    runs: list[list[int]] = []
    for i in loose:
        if runs and all(not tokens[k].word for k in range(runs[-1][-1] + 1, i)):
            runs[-1].append(i)
        else:
            runs.append([i])
    return " … ".join(text[tokens[run[0]].start : tokens[run[-1]].end] for run in runs)


def _content(token: Token, rest: Rest) -> bool:
    norm, words = token.norm, rest.pack.words
    little = norm in words["ordinary"] or norm in words["fill"] or norm in words["self"]
    return not little and norm not in rest.not_names and token.number is None


__all__ = ["Rest", "left_of"]
