"""Words as the pack spells them: slips of the pen set right, and what is written in one parted."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rsvpbot.reading.names import han
from rsvpbot.reading.pack import Pack
from rsvpbot.reading.tokens import Token

_DRAWN_OUT = re.compile(r"([^\W\d_])\1\1+")

LETTERS_TORN_OFF = 2
"""So few letters may be the first of the next word: "un able"; but "asistir a" are two words."""

_ARTICLE = "ال"

MOST_BEGINNINGS = 3
"""So many small words may be written in one with the word behind them."""

SHORTEST_ADDRESSED = 3
"""Letters before an ending that says who is spoken to."""


def in_known_spelling(tokens: Sequence[Token], pack: Pack, names: frozenset[str]) -> tuple[Token, ...]:
    """Slips of the pen in key words set right, and words parted that are written in one ("والسيدة")."""
    beginnings, elisions = pack.spelling.beginnings, pack.spelling.elisions
    parted: list[Token] = []
    for written in _rejoined(tokens, pack):
        drawn_out = _DRAWN_OUT.search(written.norm) is not None and not pack.knows(written.norm)
        token = written._replace(norm=_at_its_length(written.norm, pack)) if drawn_out else written
        norm = token.norm
        meant = "" if token.capital else pack.slip_of(norm)
        meant = meant or (norm if drawn_out and norm in pack.spelling.variants else "")  # "cannnot" is two words
        if meant:
            parted.extend(_cut(token, pack.spelling.variants.get(meant, (meant,)), 0))
        elif elisions and "'" in norm and pack.knows(norm.partition("'")[2]) and norm.partition("'")[0] in elisions:
            parted.extend(_cut(token, [norm.partition("'")[0], norm.partition("'")[2]], 1))
        elif beginnings and parted and norm.startswith(_ARTICLE) and _begins_a_name(parted[-1].norm, pack):
            parted.append(token)  # "ابتسام الكعبي"
        elif beginnings and token.word and norm not in names and not pack.knows(norm):
            pieces = _as_to_all(norm, pack) or _beginnings(norm, pack, MOST_BEGINNINGS) or _before_a_name(norm, pack)
            parted.extend(_cut(token, pieces, 0))
        else:
            parted.append(token)
    return tuple(parted)


def _rejoined(tokens: Sequence[Token], pack: Pack) -> Iterator[Token]:
    """ "un-\nable": a word that was parted at the end of its line, or by a blank, where its parts make a key word."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        hyphen = at + 1 < len(tokens) and tokens[at + 1].norm == "-" and not tokens[at + 1].space
        behind = at + 1 + hyphen
        rest = tokens[behind] if behind < len(tokens) else token
        whole = token.norm + rest.norm
        parted = rest is not token and rest.start > tokens[behind - 1].end
        joined = parted and token.word and rest.word and not rest.capital
        torn = len(token.norm) <= LETTERS_TORN_OFF or hyphen
        if joined and torn and (whole in pack.key_words or (hyphen and whole in pack.spelling.variants)):
            yield token._replace(norm=whole, end=rest.end)
            at = behind
        else:
            yield token
        at += 1


def _begins_a_name(norm: str, pack: Pack) -> bool:
    return pack.has("given", norm) or pack.has("particles", norm)


def _at_its_length(norm: str, pack: Pack) -> str:
    """ "soooo", "مرحبااا": with each run of one letter cut to one, or to two, where that is a word."""
    once, twice = _DRAWN_OUT.sub(r"\1", norm), _DRAWN_OUT.sub(r"\1\1", norm)
    return next((word for word in (once, twice) if pack.knows(word)), norm)


def parted_by_space(tokens: tuple[Token, ...], text: str) -> tuple[Token, ...]:
    """Chinese with a comma for every space: on the phone "收到通知 我去 谢谢" is written without signs."""
    if not any(token.space and han(token.norm) for token in tokens):
        return tokens
    parted: list[Token] = []
    for token in tokens:
        before = parted[-1] if parted else None
        if before is not None and token.space and han(token.norm) and han(before.norm):
            gap = text[before.end : token.start]
            if gap and not gap.strip(" \t\u3000") and len(gap) == 1:
                parted.append(Token(",", before.end, token.start, False, False, False))
        parted.append(token)
    return tuple(parted)


def _as_to_all(norm: str, pack: Pack) -> list[str]:
    """A word that nobody knows as it is said to one ("ودعوتك"), in the pieces of the same word as it is said to all
    ("و دعوتكم"); [] for none."""
    for ending, meant in pack.spelling.addressed:
        if norm.endswith(ending) and len(norm) - len(ending) >= SHORTEST_ADDRESSED:
            said = norm[: -len(ending)] + meant
            pieces = [said] if pack.knows(said) else [] if pack.knows(norm) else _beginnings(said, pack, 1)
            if pieces:
                return pieces
    return []


def _beginnings(norm: str, pack: Pack, most: int) -> list[str]:
    """A word that nobody knows, cut into beginnings and a known rest, with as few cuts as can be; [] for none."""
    best: list[str] = []
    for beginning in pack.spelling.beginnings:
        rest = norm[len(beginning) :]
        if not norm.startswith(beginning) or len(rest) < 2:
            continue
        if pack.knows(rest):
            return [beginning, rest]
        if most > 1 and len(beginning) == 1:  # an article stands right before the word
            more = _beginnings(rest, pack, most - 1)
            if more and (not best or len(more) + 1 < len(best)):
                best = [beginning, *more]
    return best


def _before_a_name(norm: str, pack: Pack) -> list[str]:
    """ "وأيوب": "and" before what may be a name."""
    beginning = next((b for b in pack.spelling.always if norm.startswith(b) and len(norm) - len(b) >= 3), "")
    if not beginning or pack.has("given", norm):
        return [norm]
    return [beginning, norm[len(beginning) :]]


def _cut(token: Token, pieces: Sequence[str], sign: int) -> list[Token]:
    """A token in pieces; `sign`: characters between two of them."""
    found: list[Token] = []
    at = token.start
    for i, piece in enumerate(pieces):
        last = i == len(pieces) - 1
        end = token.end if last else min(at + len(piece) + sign, token.end)
        latin = i > 0 and piece[:1].isascii() and not token.norm[:1].isascii()  # "وOmar": surely a name
        capital = token.capital or latin
        found.append(token._replace(norm=piece, start=at, end=end, space=token.space and i == 0, capital=capital))
        at = end
    return found


__all__ = ["in_known_spelling"]
