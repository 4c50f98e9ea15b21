"""The documents lead somewhere: links, headings and files they name are there, and each says for whom it is."""

import re
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DOCS = sorted([ROOT / "README.md", *ROOT.glob("docs/**/*.md")])
NOT_A_PAGE = ("http://", "https://", "mailto:")
LINK = re.compile(r"\]\(([^)\s]+)\)")
NAMED = re.compile(r"`((?:[a-z_]+/)+[\w.]+\.(?:py|md|html|sh|txt|yaml))\b[^`]*`")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchors(text: str) -> set[str]:
    """The headings of a document as the usual viewers address them."""
    titles = HEADING.findall(FENCED.sub("", text))
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


def is_there(path: str, document: Path) -> bool:
    return any((start / path).exists() for start in (document.parent, ROOT, ROOT / "docs", ROOT / "templates"))


@pytest.mark.parametrize("document", DOCS, ids=name)
def test_every_link_of_a_document_leads_somewhere(document):
    dead = []
    for link in LINK.findall(FENCED.sub("", document.read_text())):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if link.startswith(NOT_A_PAGE):
            continue
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            dead.append(link)
    assert not dead


@pytest.mark.parametrize("document", [one for one in DOCS if "decisions" not in one.parts], ids=name)
def test_the_files_that_a_document_names_are_there(document):
    named = NAMED.findall(FENCED.sub("", document.read_text()))
    assert [path for path in named if not is_there(path, document)] == []


@pytest.mark.parametrize("document", sorted(ROOT.glob("docs/*.md")) + sorted(ROOT.glob("docs/api/*.md")), ids=name)
def test_a_document_says_at_once_for_whom_it_is(document):
    assert document.read_text().split("\n\n")[1].startswith("For ")


def test_every_document_is_found_from_the_readme():
    found, todo = set(), [ROOT / "README.md"]
    while todo:
        document = todo.pop()
        found.add(document)
        for link in LINK.findall(document.read_text()):
            target = (document.parent / link.partition("#")[0]).resolve()
            pages = sorted(target.glob("*.md")) if target.is_dir() else [target]
            todo += [page for page in pages if page.suffix == ".md" and page.is_file() and page not in found]
    assert set(DOCS) <= found
