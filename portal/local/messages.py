"""Collect the texts to translate into ``locale/``: ``python -m portal.local.messages`` (no gettext tools needed)."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages.frontend import CommandLineInterface
from enmerkar.extract import extract_django

from portal.local.build import BUILD_FOLDER, PROJECT

LANGUAGES = ("fr", "sv")
SOURCES = (
    "portal",
    "customers",
    "billing",
    "marketplace",
    "transfers",
    "azure",
    "bundles",
    "support",
    "sandbox",
    "operators",
    "templates",
)
KEYWORDS = ("gettext_lazy", "gettext_noop", "ngettext_lazy:1,2", "pgettext_lazy:1c,2", "npgettext_lazy:1c,2,3")
LONE_PERCENT = re.compile(r"%(?!\([^)]+\)s)")


def extract_template(
    file: IO[bytes], keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str | None, Any, list[str]]]:
    """Yield the texts of a Django template, as Babel's extractors do.

    Django looks a text up with its percent signs doubled; the extractor of ``enmerkar`` leaves them single.
    """
    for line, function, found, comments in extract_django(file, keywords, comment_tags, options):
        if isinstance(found, str):
            yield line, function, _doubled(found), comments
        else:
            yield line, function, tuple(_doubled(text) for text in found), comments


def extract(template: Path) -> None:
    """Write every text of the sources into a template of catalogues; run in the project's folder."""
    sources = [name for name in SOURCES if (PROJECT / name).is_dir()]
    keywords = [part for keyword in KEYWORDS for part in ("--keyword", keyword)]
    project = ("--project", "Partner Portal", "--version", "1")
    where = ("--mapping", "babel.cfg", "--add-location", "file", "--output", str(template))
    _babel("extract", *project, *where, *keywords, *sources)


def collect() -> None:
    """Write every text of the sources into the catalogue of each language; translations stay."""
    BUILD_FOLDER.mkdir(exist_ok=True)
    template = BUILD_FOLDER / "django.pot"
    extract(template)
    for language in LANGUAGES:
        catalogue = Path("locale", language, "LC_MESSAGES", "django.po")
        common = (
            "--input-file",
            str(template),
            "--locale",
            language,
            "--output-file",
            str(catalogue),
            "--width",
            "120",
        )
        if (PROJECT / catalogue).exists():
            _babel("update", *common, "--ignore-obsolete", "--no-fuzzy-matching", "--ignore-pot-creation-date")
        else:
            (PROJECT / catalogue).parent.mkdir(parents=True, exist_ok=True)
            _babel("init", *common)


def _doubled(text: str) -> str:
    return LONE_PERCENT.sub("%%", text)


def _babel(*arguments: str) -> None:
    CommandLineInterface().run(["pybabel", "--quiet", *arguments])  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    collect()
    sys.stdout.write(f"Texts collected into locale/ for {', '.join(LANGUAGES)}.\n")
