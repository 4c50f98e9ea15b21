"""Every mail of every app: three parts, in the common frame, saying the same."""

import re
from pathlib import Path

import pytest
from django.conf import settings

EMAILS = Path(settings.BASE_DIR) / "templates" / "emails"
MAILS = sorted(
    folder.relative_to(EMAILS).as_posix() for folder in EMAILS.glob("*/*") if folder.is_dir() and any(folder.iterdir())
)
EXTENDS = re.compile(r"{%\s*extends\s+\"([^\"]+)\"")
BLOCK = re.compile(r"{%\s*block\s+(\w+)\s*%}")


def read(mail, part):
    return (EMAILS / mail / part).read_text()


def chain(name):
    """The template and what it extends, up to the frame."""
    source = (EMAILS.parent / name).read_text()
    parent = EXTENDS.search(source)
    return [name, *(chain(parent[1]) if parent else [])]


@pytest.mark.parametrize("mail", MAILS)
class TestEveryMail:
    def test_has_a_subject_a_text_and_an_html_part(self, mail):
        assert {path.name for path in (EMAILS / mail).iterdir()} >= {"subject.txt", "body.txt", "body.html"}

    def test_stands_in_the_common_frame(self, mail):
        for part, frame in (("body.html", "emails/base.html"), ("body.txt", "emails/base.txt")):
            assert chain(f"emails/{mail}/{part}")[-1] == frame

    def test_fills_the_same_blocks_in_both_parts(self, mail):
        html, text = (set(BLOCK.findall(read(mail, part))) for part in ("body.html", "body.txt"))
        frames = chain(f"emails/{mail}/body.html")[1:]
        offered = {block for frame in frames for block in BLOCK.findall((EMAILS.parent / frame).read_text())}

        assert html == text
        assert html <= offered

    def test_keeps_the_secret_out_of_the_subject(self, mail):
        assert "secrets." not in read(mail, "subject.txt")


def test_there_are_mails_to_look_at():
    assert len(MAILS) > 10
