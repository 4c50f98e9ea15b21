"""The catalogues are complete and fit the texts, and no template says anything past them (P9, quality row 43)."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings

from portal.local.messages import LANGUAGES, extract

TEMPLATES = settings.BASE_DIR / "templates"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%?[sd]|\{\w*\}")
TAG = re.compile(r"</?\w[^>]*>")
EDGES = re.compile(r"\A(\s*).*?(\s*)\Z", re.DOTALL)

# What French needs and a typewriter has not: no-break spaces, guillemets, the curved apostrophe.
NOT_FRENCH = re.compile(r"""'|"| [:;!?»]|« |[^\W\d_][;!?]""")

UNSAID_IN_TEMPLATES = [
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r"\{%\s*comment\b.*?\{%\s*endcomment\s*%\}",
        r"\{%\s*block \w*class\s*%\}.*?\{%\s*endblock\b.*?%\}",
        r"\{%\s*blocktranslate\b.*?\{%\s*endblocktranslate\s*%\}",
        r"\{#.*?#\}",
        r"\{\{.*?\}\}",
        r"\{%.*?%\}",
        r"\{\w+\}",
        r"<!.*?>",
        r"<(style|script|kbd)\b.*?</\1>",
        r"&\w+;",
    )
]
SAID_BY_ATTRIBUTES = re.compile(r'\s(?:aria-\w+label|aria-label|title|placeholder|alt|data-label)="([^"]*)"')
OTHER_TAGS = re.compile(r"\{%\s*(?!translate|blocktranslate|comment)(\w.*?)%\}", re.DOTALL)
WORDS_IN_QUOTES = re.compile(r"""(["'])([A-Z][a-z]{2}.*?)\1""")
WORD = re.compile(r"[^\W\d_]{3,}")
# Names of formats and of HTTP; "signature" is the end of x-ms-signature.
SAME_IN_EVERY_LANGUAGE = {"UTC", "CSV", "PDF", "POST", "Partner Portal", "signature", "Authorization"}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> polib.POFile:
    """Every text of the sources as they are now, whatever `make messages` collected before."""
    template = tmp_path_factory.mktemp("messages") / "django.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(settings.BASE_DIR)
        extract(template)
    return polib.pofile(str(template))


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(settings.BASE_DIR / "locale" / language / "LC_MESSAGES" / "django.po"))


def key(entry: polib.POEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def translations(entry: polib.POEntry) -> dict[int, str]:
    return dict(entry.msgstr_plural) if entry.msgid_plural else {0: entry.msgstr}


def marks(text: str) -> Counter[str]:
    """Placeholders and HTML tags, each as often as it stands there."""
    return Counter([*PLACEHOLDER.findall(text), *TAG.findall(text)])


def edges(text: str) -> tuple[str, ...]:
    found = EDGES.match(text)
    return found.groups() if found else ()


def test_there_are_texts_to_translate(texts: polib.POFile) -> None:
    assert len(texts) > 1000
    assert ("relationship", "Active", "") in {key(entry) for entry in texts}


def test_every_text_has_a_translation(texts: polib.POFile, catalogue: polib.POFile) -> None:
    translated = {key(entry) for entry in catalogue if entry.translated() and not entry.fuzzy}
    missing = [f"{entry.msgid!r} ({entry.occurrences[0][0]})" for entry in texts if key(entry) not in translated]
    assert not missing, f"{len(missing)} texts, run `make messages`:\n" + "\n".join(missing)


def test_no_catalogue_holds_texts_that_are_gone(texts: polib.POFile, catalogue: polib.POFile) -> None:
    known = {key(entry) for entry in texts}
    gone = [entry.msgid for entry in catalogue if entry.obsolete or key(entry) not in known]
    assert not gone, "Run `make messages`:\n" + "\n".join(gone)


def test_every_plural_form_is_there(catalogue: polib.POFile) -> None:
    found = re.search(r"nplurals=(\d+)", catalogue.metadata["Plural-Forms"])
    assert found
    forms = set(range(int(found[1])))
    incomplete = [
        entry.msgid
        for entry in catalogue
        if entry.msgid_plural and any(entry.msgstr_plural.values())
        if set(entry.msgstr_plural) != forms or not all(entry.msgstr_plural.values())
    ]
    assert not incomplete, "\n".join(incomplete)


def test_translations_keep_placeholders_tags_and_line_breaks(catalogue: polib.POFile) -> None:
    wrong = []
    for entry in catalogue:
        for form, translation in translations(entry).items():
            # The first form may leave the number out where English does: "One entry …".
            sources = [entry.msgid_plural or entry.msgid, *([entry.msgid] if form == 0 else [])]
            fits = any((marks(text), edges(text)) == (marks(translation), edges(translation)) for text in sources)
            if translation and not fits:
                wrong.append(f"{entry.msgid!r}: {translation!r}")
    assert not wrong, "\n".join(wrong)


def test_french_has_its_typography() -> None:
    french = polib.pofile(str(settings.BASE_DIR / "locale/fr/LC_MESSAGES/django.po"))
    wrong = [text for entry in french for text in translations(entry).values() if NOT_FRENCH.search(TAG.sub("", text))]
    assert not wrong, "\n".join(wrong)


def spoken(template: str) -> Iterator[str]:
    """Words of a template that stand there as they are, in its text, its attributes or the arguments of its tags."""
    for arguments in OTHER_TAGS.findall(template):
        yield from (text for _quote, text in WORDS_IN_QUOTES.findall(arguments))
    for pattern in UNSAID_IN_TEMPLATES:
        template = pattern.sub(" ", template)
    for text in (*SAID_BY_ATTRIBUTES.findall(template), TAG.sub(" ", template)):
        yield from WORD.findall(text)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (
            '<p class="muted">{% translate "Yes" %} Nobody knows &nbsp; {{ name|default:"–" }} {name}</p>',
            ["Nobody", "knows"],
        ),
        ('<button aria-label="Close" class="button">{% icon "close" %}</button>', ["Close"]),
        ('{% include "a.html" with label="Close it" icon_name="close" only %}', ["Close it"]),
        ("{% blocktranslate trimmed with a=b %}Kept {{ a }}{% endblocktranslate %}{# Words #}<kbd>Esc</kbd>", []),
        (
            "{% block body_class %}canvas{% endblock body_class %}"
            '{{ at|date:"SHORT_DATE_FORMAT" }}<style>a{color:red}</style>',
            [],
        ),
    ],
)
def test_words_past_the_catalogues_are_found(template: str, expected: list[str]) -> None:
    assert list(spoken(template)) == expected


def test_no_template_speaks_past_the_catalogues() -> None:
    said = [
        f"{path.relative_to(TEMPLATES)}: {text}"
        for path in sorted([*TEMPLATES.rglob("*.html"), *TEMPLATES.rglob("*.txt")])
        if not _is_for_builders(path)
        for text in spoken(path.read_text())
        if text not in SAME_IN_EVERY_LANGUAGE
    ]
    assert not said, "\n".join(said)


def _is_for_builders(path: Path) -> bool:
    """The gallery shows components to those who build pages; nobody else sees it."""
    return "gallery" in path.relative_to(TEMPLATES).parts
