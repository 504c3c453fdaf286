"""What `rsvpbot init` writes: a configuration, a list of invitees, and a copy of the letters, all to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from rsvpbot.config import builtin_templates

EXAMPLE: Final = "config.example.toml"
LIST: Final = "invitees.csv"
LETTERS: Final = "templates"
_COMMENTED_OUT: Final = f'# templates = "{LETTERS}"'


class AlreadyThere(Exception):
    """Something that init would write exists. Nothing was written."""

    def __init__(self, paths: tuple[Path, ...]) -> None:
        super().__init__(
            f"{', '.join(map(str, paths))}: there already, and not overwritten. Name another folder, or move it away."
        )
        self.paths = paths


def write(folder: Path) -> tuple[Path, ...]:
    """Write the files into the folder, which is made if need be; returns them.

    Raises AlreadyThere, before anything is written, and OSError.
    """
    files = _files()
    there = tuple(folder / name for name in ("config.toml", LIST, LETTERS) if (folder / name).exists())
    if there:
        raise AlreadyThere(there)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(content)
    return tuple(folder / name for name in files)


def _files() -> dict[str, bytes]:
    """By name below the folder, what is written."""
    source = builtin_templates()
    example = (source / EXAMPLE).read_text(encoding="utf-8").replace(_COMMENTED_OUT, _COMMENTED_OUT.removeprefix("# "))
    files = {"config.toml": example.encode(), LIST: (source / LIST).read_bytes()}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source)
        if path.is_file() and str(name) not in {EXAMPLE, LIST} and "__pycache__" not in name.parts:
            files[f"{LETTERS}/{name}"] = path.read_bytes()
    return files


def next_steps(folder: Path) -> str:
    """What to do after `write`, for a person."""
    return f"""\
Wrote config.toml, {LIST} and the letters ({LETTERS}/) into {folder}.

Next:
  1. Describe your event, your servers and yourselves in {folder / "config.toml"}.
  2. Put the mailbox's password into a file that nobody else may read:
       (umask 077; cat > {folder / "imap-password"})
  3. Put your invitees into {folder / LIST}; change the letters if you like.
  4. rsvpbot check --config {folder / "config.toml"}
  5. rsvpbot run --config {folder / "config.toml"}
     Letters go to the Drafts folder until you write mode = "send" below [replies].
"""
