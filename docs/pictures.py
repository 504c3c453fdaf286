"""Draw the pictures of the README from the templates: `python docs/pictures.py [NAME …]`, with chromium installed.

Each is drawn on a desktop in light colours (NAME.png) and on a telephone in dark ones (NAME-dark.png). With
`--all FOLDER`, every page in both widths and both colours goes there instead, for a look at them.

To add a page, write a function that returns its HTML and name it in PAGES.
"""

from __future__ import annotations

import argparse
import html
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sample_day

from rsvpbot.config import Config, load
from rsvpbot.letters.sample import sample_values
from rsvpbot.letters.templates import Templates
from rsvpbot.mail.tokens import Tokens
from rsvpbot.model import LetterKind
from rsvpbot.organisers import summary
from rsvpbot.organisers.decisions import Decisions
from rsvpbot.organisers.figures import Figures

HERE = Path(__file__).resolve().parent
EXAMPLE = HERE.parent / "config.example.toml"

Page = Callable[[Config], str]


def letter(kind: LetterKind, language: str = "en") -> Page:
    """The HTML part of a sample letter."""

    def page(config: Config) -> str:
        values = sample_values(kind, config, language=language)
        return Templates(config).render(kind.value, language, values).html

    return page


def day(figures: Callable[[Config], Figures]) -> Page:
    """The HTML part of a sample summary."""

    def page(config: Config) -> str:
        decisions = Decisions(Tokens((b"only for the pictures",), config.event.uid), config)
        return summary.render(figures(config), config, decisions).html

    return page


PAGES: dict[str, Page] = {
    "accepted": letter(LetterKind.ACCEPTED),
    "unclear": letter(LetterKind.UNCLEAR),
    **{
        f"{kind}-{language}": letter(kind, language)
        for kind in (LetterKind.ACCEPTED, LetterKind.UNCLEAR)
        for language in ("ar", "es", "fr", "ru", "zh")
    },
    "summary": day(sample_day.busy),
    "summary-quiet": day(sample_day.quiet),
    "summary-alarm": day(sample_day.alarm),
}
IN_README = ("accepted", "summary")


@dataclass(frozen=True, slots=True)
class Screen:
    width: int
    dark: bool

    @property
    def name(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}"


DESKTOP = Screen(720, dark=False)
TELEPHONE = Screen(390, dark=True)
EVERY = tuple(Screen(width, dark) for width in (1000, 375) for dark in (False, True))

NARROWEST = 500
"""Pixels; no window of chromium is narrower. So a page stands in a frame of the width that is wanted, and the frame
tells how high the page is once it has loaded."""

FRAME = """<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark"><style>
html, body {{ margin: 0; background: light-dark(#dfe4e9, #05070a); }}
iframe {{ display: block; border: 0; margin: 0 auto; width: {width}px; height: {height}px; }}
</style></head><body><iframe srcdoc="{page}"
onload="document.title = this.contentDocument.documentElement.scrollHeight"></iframe></body></html>"""


def draw(page: str, screen: Screen, picture: Path) -> None:
    """Draw a page as high as it is. Raises CalledProcessError where chromium fails."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        height = _height(page, screen, file)
        file.write_text(FRAME.format(width=screen.width, height=height, page=html.escape(page)), encoding="utf-8")
        _chromium(file, screen, f"--window-size={max(NARROWEST, screen.width)},{height}", f"--screenshot={picture}")


def _height(page: str, screen: Screen, file: Path) -> int:
    """Ask the page itself."""
    file.write_text(FRAME.format(width=screen.width, height=10, page=html.escape(page)), encoding="utf-8")
    dumped = _chromium(file, screen, "--window-size=1000,1000", "--dump-dom")
    return int(dumped.partition("<title>")[2].partition("</title>")[0])


def _chromium(file: Path, screen: Screen, *arguments: str) -> str:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        sys.exit("chromium is not installed")
    with tempfile.TemporaryDirectory() as profile:
        result = subprocess.run(  # noqa: S603 (no shell; our own arguments)
            [
                program,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--hide-scrollbars",
                f"--blink-settings=preferredColorScheme={0 if screen.dark else 1}",
                f"--user-data-dir={profile}",
                *arguments,
                file.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
    return result.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[*PAGES, []], metavar="NAME")
    parser.add_argument("--all", type=Path, metavar="FOLDER")
    arguments = parser.parse_args()
    config = load(EXAMPLE, frozenset({"event", "organisers"}))
    for name in arguments.names or (PAGES if arguments.all else IN_README):
        page = PAGES[name](config)
        if arguments.all:
            for screen in EVERY:
                draw(page, screen, arguments.all / f"{name}-{screen.name}.png")
        else:
            draw(page, DESKTOP, HERE / f"{name}.png")
            draw(page, TELEPHONE, HERE / f"{name}-dark.png")


if __name__ == "__main__":
    main()
