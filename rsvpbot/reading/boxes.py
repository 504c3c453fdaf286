"""Ticked boxes: of "[x] will attend [ ] will not attend" only the first was said."""

from __future__ import annotations

import re

_CHOICES = re.compile(r"[(（][^()（）\n/]{1,8}/[^()（）\n/]{1,8}[)）](?=[ \t]*[:：])")

_EMPTY = r"\[[ _]{0,3}\]|\([ _]{1,3}\)|（[ _\u3000]{1,3}）|[☐□◻⬜▢○◯]"
_TICKED = r"[\[(（][xXхХ×✓✔√vV*][\])）]|[☑☒✅■◼✔✓√●◉⊠]"
_BOX = re.compile(rf"({_EMPTY})|({_TICKED})")


def only_ticked(text: str) -> str:
    """The text with what stands behind empty boxes blanked, and ticks too; as it is where no box is ticked.

    One character for one character, so that places in it stay.
    """
    if not any(match.group(2) for match in _BOX.finditer(text)) or not re.search(_EMPTY, text):
        return text
    lines = [_line(line) if _BOX.search(line) else line for line in text.split("\n")]
    return "\n".join(lines)


def without_choices(text: str) -> str:
    """The text with the choices that a form offers blanked: "Grounds pass (Y/N): N". Places in it stay."""
    return _CHOICES.sub(lambda match: " " * len(match.group()), text)


def _line(line: str) -> str:
    boxes = list(_BOX.finditer(line))
    kept = [line[: boxes[0].start()]]
    for i, box in enumerate(boxes):
        end = boxes[i + 1].start() if i + 1 < len(boxes) else len(line)
        option = line[box.end() : end]
        kept.append(" " * (box.end() - box.start()))
        kept.append(option if box.group(2) else " " * len(option))
    return "".join(kept)


__all__ = ["only_ticked", "without_choices"]
