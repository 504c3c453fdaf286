"""The letters as organisers see them: one Markdown file a letter a language, with a `Subject:` line on top.

    templates/en/accepted.md      a letter; its name is a LetterKind, or one that [[reminders]] names
    templates/en/_logistics.md    a piece that letters include
    templates/base.html           the layout of every HTML part

[replies] templates names an edited copy: what is missing there comes from the built-in folder, what is missing in a
language comes in English. A mistake is found when `Templates` is made, never when a letter is sent.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, fields
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from jinja2 import (
    FileSystemLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
    nodes,
    pass_context,
)
from jinja2.ext import Extension
from jinja2.runtime import Context
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup

from rsvpbot.config import Config, Problem, builtin_templates
from rsvpbot.letters.cases import cases
from rsvpbot.letters.page import Marks, to_html, to_text
from rsvpbot.letters.values import (
    AnswerValues,
    EventValues,
    Option,
    OrganiserValues,
    PaperValues,
    QuestionValues,
    Values,
    VenueValues,
    WasValues,
    is_right_to_left,
)
from rsvpbot.model import LetterKind

FALLBACK = "en"
LAYOUT = "base.html"
SUBJECT = "Subject:"
NO_SUBJECT = f"it must begin with a line '{SUBJECT} …' and an empty line"
PIECE_FOR_CALENDAR = "_calendar"
FROM_ELSEWHERE = frozenset({LetterKind.SUMMARY})
"""Kinds that have no template here."""

BUILT_IN_REMINDERS = ("reminder", "reminder-tentative", "day-before")
"""Letters that [[reminders]] may name and that come with rsvpbot."""

OF_AN_ANSWER = frozenset(
    {
        LetterKind.ACCEPTED.value,
        LetterKind.DECLINED.value,
        LetterKind.TENTATIVE.value,
        LetterKind.DELEGATED.value,
        LetterKind.WELCOME.value,
        LetterKind.CONFIRM_CHANGE.value,
        LetterKind.STANDBY.value,
        LetterKind.OFFER.value,
    }
)
"""Letters that are about an answer, so that they may speak of it without asking whether there is one."""

NAMES = MappingProxyType({field.name: field for field in fields(Values)})
"""What a letter may name, and what these have in turn."""

PARTS: MappingProxyType[str, type] = MappingProxyType(
    {
        "event": EventValues,
        "venue": VenueValues,
        "organisers": OrganiserValues,
        "answer": AnswerValues,
        "recorded": AnswerValues,
        "paper": PaperValues,
        "question": QuestionValues,
        "option": Option,
        "was": WasValues,
    }
)

OWN_FIELDS: MappingProxyType[type, frozenset[str]] = MappingProxyType(
    {part: frozenset(field.name for field in fields(part)) for part in PARTS.values()}
)
"""Plain data, all of it: nothing that the sandbox would keep from a template."""

SILENT = re.compile(r"\{%[-+]?(?!\s*include)[^%]*%\}|\{#.*?#\}")
"""Instructions and comments that put nothing out."""

_MARKS: ContextVar[Marks] = ContextVar("marks")
"""Those of the letter that is being rendered; macros that a letter imports must find them too."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter in words."""

    language: str
    """Of the template that was found; English where there is none in the language asked for."""
    subject: str
    text: str
    html: str


class TemplateError(Exception):
    """All that is wrong with the templates."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class _Lines(Extension):
    """Lets organisers write without thinking of line ends.

    A line that holds nothing but an instruction (`{% if … %}`) leaves no trace. Any other line keeps its end, also
    where an instruction stands last in it, which Jinja's trim_blocks would take for the first case.
    """

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        return "\n".join(map(_keep_end, source.splitlines()))


def _keep_end(line: str) -> str:
    bare = line.rstrip()
    if not bare.endswith("%}") or bare.endswith(("-%}", "+%}")):
        return line
    puts_out = SILENT.sub("", bare).strip()
    return f"{bare[:-2]}+%}}" if puts_out else line


class _Letters(SandboxedEnvironment):
    """A sandbox in which each value that a template puts out is hidden behind a mark."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        super().__init__(
            loader=FileSystemLoader(folders, encoding="utf-8-sig"),
            undefined=StrictUndefined,
            autoescape=True,
            finalize=_hide,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            cache_size=-1,  # all: a bounded cache is a list that is searched for each letter
            extensions=(_Lines,),
        )

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What the sandbox lets through. A field of our own values is plain data, and is most of what is asked for."""
        if attribute in OWN_FIELDS.get(type(obj), ()):
            return getattr(obj, attribute)
        return super().getattr(obj, attribute)

    def join_path(self, template: str, parent: str) -> str:
        """A piece is sought in the folder of the letter that includes it."""
        return f"{parent.rpartition('/')[0]}/{template}"


@pass_context
def _hide(_context: Context, value: object) -> object:
    # `pass_context` keeps Jinja from doing this to constants while it compiles. Markup is what templates themselves
    # wrote (macros, blocks); everything else is a value.
    if isinstance(value, Markup):
        return value
    if isinstance(value, StrictUndefined):
        str(value)  # raises, and names the variable
    return Markup(_MARKS.get().hide(value))  # noqa: S704 (a mark, and no value)


class Templates:
    """Every letter in every language.

    Raises TemplateError, which lists every mistake with its file and line. Where the organisers changed anything, that
    language and English are tried out at once; the letters that are as they were built in have been, by the tests.
    """

    def __init__(self, config: Config, *, tried: bool = False) -> None:
        """`tried`: they have been, a moment ago."""
        self._config = config
        own = config.replies.templates
        self._folders = (own, builtin_templates()) if own else (builtin_templates(),)
        self._environment = _Letters(self._folders)
        # The layout is the organisers' to change too.
        self._layouts = SandboxedEnvironment(
            loader=FileSystemLoader(self._folders, encoding="utf-8-sig"), undefined=StrictUndefined, autoescape=True
        )
        self._inlined = lru_cache(maxsize=256)(self._lay_out)
        changed = () if tried else self._changed()
        problems = tuple(problem for problem in self._check(changed, changed) if problem.fatal) if changed else ()
        if problems:
            raise TemplateError(problems)

    # -------------------------------------------------------------- rendering

    def render(self, name: str, language: str, values: Values) -> Rendered:
        """Put a letter into words.

        `name` is that of its file without ".md", most often a LetterKind. Raises jinja2.TemplateError only for what
        `check` reports.
        """
        template, found = self._find(name, language)
        return self._render(template, found, values)

    def text(self, name: str, language: str, values: Values) -> str:
        """The text part of a letter alone."""
        template, found = self._find(name, language)
        marks = Marks()
        _, rest = _split(self._fill(template, values, marks))
        return to_text(rest, marks, isolate=is_right_to_left(found))

    def render_piece(self, name: str, language: str, values: Values) -> str:
        """The plain text of a piece that has no Subject, such as "_calendar"."""
        template, found = self._find(name, language)
        marks = Marks()
        return to_text(self._fill(template, values, marks), marks, isolate=is_right_to_left(found)).strip("\n")

    def language(self, name: str, language: str) -> str:
        """In which language a letter comes for somebody who reads this one."""
        return self._find(name, language)[1]

    def _find(self, name: str, language: str) -> tuple[Template, str]:
        wanted = dict.fromkeys((language, language.partition("-")[0], FALLBACK))
        for candidate in wanted:
            if candidate and self._exists(f"{candidate}/{name}.md"):
                return self._environment.get_template(f"{candidate}/{name}.md"), candidate
        raise TemplateNotFound(f"{FALLBACK}/{name}.md")

    def _exists(self, path: str) -> bool:
        return any((folder / path).is_file() for folder in self._folders)

    def _fill(self, template: Template, values: Values, marks: Marks) -> str:
        names = {name: getattr(values, name) for name in NAMES}
        # The words of a link's mail may be a phrase that a piece put together, with values in it.
        names["mailto"] = lambda words: values.mailto(marks.plain(str(words)))
        before = _MARKS.set(marks)
        try:
            return template.render(names)
        finally:
            _MARKS.reset(before)

    def _render(self, template: Template, language: str, values: Values) -> Rendered:
        marks = Marks()
        first, rest = _split(self._fill(template, values, marks))
        subject = " ".join(marks.plain(first).split())
        rtl = is_right_to_left(language)
        title = marks.hide(values.event.title)
        page = marks.markup(self._inlined(rest, language, title), isolate=rtl)
        return Rendered(language, subject, to_text(rest, marks, isolate=rtl), page)

    def _lay_out(self, source: str, language: str, title: str) -> str:
        """The whole HTML part, still with marks; the same for every invitee who gets the same wording."""
        return self.lay_out(Markup(to_html(source)), language, title)  # noqa: S704 (to_html escapes; values are still marks)

    def lay_out(self, body: Markup, language: str, title: str) -> str:
        """An HTML page in the common layout, with its styles inlined. `body` must be escaped already."""
        import css_inline

        direction = "rtl" if is_right_to_left(language) else "ltr"
        page = self._layouts.get_template(LAYOUT).render(body=body, language=language, direction=direction, title=title)
        # At-rules stay in the style element: dark mode and telephones need them.
        return css_inline.CSSInliner(keep_style_tags=False, keep_at_rules=True, load_remote_stylesheets=False).inline(
            page
        )

    # -------------------------------------------------------------- checking

    def check(self, *, every_case: bool = False) -> tuple[Problem, ...]:
        """Everything wrong with the templates. Where the organisers changed anything of a language, or everywhere
        (`every_case`), the names in its letters are compared with those that there are, and each letter is tried on
        every case; the letters of a language as it was built in are tried on one."""
        languages = self._languages()
        return self._check(languages, languages if every_case else self._changed())

    def _check(self, languages: Sequence[str], thoroughly: Collection[str]) -> tuple[Problem, ...]:
        problems = list(self._check_layout())
        for language in thoroughly:
            for file in self._files(language):
                problems += self._check_file(f"{language}/{file.name}", file)
        if not any(problem.fatal for problem in problems):
            problems += self._try_out(languages, thoroughly)
        return tuple(dict.fromkeys(problems))

    def _changed(self) -> tuple[str, ...]:
        """Each language with a letter or piece that is not the built-in one, and English, which stands in for what the
        others lack; () where all is as it was built in."""
        own, built_in = self._folders[0], self._folders[-1]

        def is_new(file: Path) -> bool:
            model = built_in / file.relative_to(own)
            return not model.is_file() or model.read_bytes() != file.read_bytes()

        changed = [tag for tag in self._languages() if own != built_in and any(map(is_new, (own / tag).glob("*.md")))]
        named = (built_in / FALLBACK / f"{reminder.letter}.md" for reminder in self._config.reminders)
        laid_out = own != built_in and any(map(is_new, own.glob(LAYOUT)))
        if not changed and not laid_out and all(file.is_file() for file in named):
            return ()
        return tuple(dict.fromkeys((FALLBACK, *changed)))

    def _languages(self) -> tuple[str, ...]:
        found = (path.name for folder in self._folders for path in sorted(folder.iterdir()) if path.is_dir())
        return tuple(dict.fromkeys(name for name in found if not name.startswith(("_", "."))))

    def _files(self, language: str) -> tuple[Path, ...]:
        """The letters and pieces of a language, each from the first folder that has it."""
        files: dict[str, Path] = {}
        for folder in self._folders:
            for path in sorted((folder / language).glob("*.md")):
                files.setdefault(path.name, path)
        return tuple(files.values())

    def _letter_names(self) -> tuple[str, ...]:
        kinds = [kind.value for kind in LetterKind if kind not in FROM_ELSEWHERE]
        named = (reminder.letter for reminder in self._config.reminders)
        return tuple(dict.fromkeys((*kinds, *BUILT_IN_REMINDERS, *named)))

    def _check_layout(self) -> Iterator[Problem]:
        try:
            self.lay_out(Markup("<p>x</p>"), FALLBACK, "x")
        except Exception as error:
            path = next(folder / LAYOUT for folder in self._folders if (folder / LAYOUT).is_file())
            yield _problem(path, _line_of(error), str(error), "the built-in one shows what a layout holds")

    def _check_file(self, name: str, file: Path) -> Iterator[Problem]:
        try:
            source = file.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            yield _problem(file, 1, f"cannot be read: {error}", "save it as UTF-8")
            return
        try:
            tree = self._environment.parse(source, name, str(file))
            self._environment.get_template(name)
        except TemplateSyntaxError as error:
            yield _problem(file, error.lineno, error.message or "is no template", "compare the built-in letter")
            return
        yield from _check_names(file, tree)
        if file.stem in self._letter_names() and _lacks_subject(source):
            yield _problem(file, 1, NO_SUBJECT, "compare the built-in letter")
        if not file.stem.startswith("_") and file.stem not in self._letter_names():
            right = f"letters are called {', '.join(self._letter_names())}"
            yield _problem(file, 1, "is the name of no letter, so it is never sent", right, fatal=False)

    def _try_out(self, languages: Sequence[str], thoroughly: Collection[str]) -> Iterator[Problem]:
        for language in languages:
            tried = tuple(cases(language, self._config))
            for name in (*self._letter_names(), PIECE_FOR_CALENDAR):
                possible = [values for values in tried if values.answer or name not in OF_AN_ANSWER]
                yield from self._try(name, language, possible if language in thoroughly else possible[:1])
        for language in self._config.replies.languages:
            if language not in self._languages():
                wrong = f"there are no letters in {language!r}"
                right = "they are sent in English; write a folder of letters for it"
                yield Problem(str(self._config.path), "replies.languages", wrong, right, fatal=False)

    def _try(self, name: str, language: str, tried: Sequence[Values]) -> Iterator[Problem]:
        try:
            template, found = self._find(name, language)
            if name == PIECE_FOR_CALENDAR:
                self.render_piece(name, language, tried[0])
            else:
                self._render(template, found, tried[0])
            for values in tried[1:]:
                source = self._fill(template, values, Marks())
                if name != PIECE_FOR_CALENDAR:
                    _split(source)
        except Exception as error:
            yield self._failure(error, f"{language}/{name}.md")

    def _failure(self, error: Exception, name: str) -> Problem:
        """What went wrong when a letter was tried, at the last line of a template that the error passed."""
        if isinstance(error, TemplateNotFound):
            missing = str(error)
            path = self._folders[0] / missing
            return _problem(path, 1, "there is no such letter or piece", "write it, or correct the name")
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(".md")]
        where = Path(frames[-1].filename) if frames else self._path(name)
        line = (frames[-1].lineno or 1) if frames else 1
        return _problem(where, line, str(error) or type(error).__name__, "compare the built-in letter")

    def _path(self, name: str) -> Path:
        wanted = (name, f"{FALLBACK}/{name.rpartition('/')[2]}")
        return next(folder / path for path in wanted for folder in self._folders if (folder / path).is_file())


def _split(source: str) -> tuple[str, str]:
    """The subject and the body of a letter."""
    first, _, rest = source.lstrip("\n").partition("\n")
    subject = first.removeprefix(SUBJECT)
    if subject == first or not subject.strip() or rest.partition("\n")[0].strip():
        raise ValueError(NO_SUBJECT)
    return subject, rest


def _lacks_subject(source: str) -> bool:
    """Whether a letter plainly has none, whatever its instructions put out: that is seen when it is tried, which is not
    done where another letter cannot be."""
    first = SILENT.sub("", source).lstrip().partition("\n")[0]
    return not first.startswith((SUBJECT, "{"))


def _check_names(file: Path, tree: nodes.Template) -> Iterator[Problem]:
    """Names that no letter has, also in branches that no case takes."""
    unknown = meta.find_undeclared_variables(tree) - NAMES.keys()
    for node in tree.find_all(nodes.Name):
        if node.name in unknown:
            right = f"there are {', '.join(sorted(NAMES))}"
            yield _problem(file, node.lineno, f"{node.name!r} is nothing that a letter knows", right)
    for access in tree.find_all(nodes.Getattr):
        if not isinstance(access.node, nodes.Name) or access.node.name not in PARTS:
            continue
        known = [field.name for field in fields(PARTS[access.node.name])]
        if access.attr not in known:
            whole = f"{access.node.name}.{access.attr}"
            yield _problem(file, access.lineno, f"there is no {whole!r}", f"it has {', '.join(known)}")


def _line_of(error: Exception) -> int:
    if isinstance(error, TemplateSyntaxError):
        return error.lineno
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.endswith(LAYOUT)]
    return (frames[-1].lineno or 1) if frames else 1


def _problem(file: Path, line: int, wrong: str, right: str, *, fatal: bool = True) -> Problem:
    return Problem(str(file), f"line {line}", wrong, right, fatal)
