"""What may be attached to a case: the kind is read from the content, whatever the name claims (quality row 27)."""

from dataclasses import dataclass
from pathlib import PurePath

from django.conf import settings
from django.utils.text import get_valid_filename
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core.errors import InvalidInput

LONGEST_NAME = 120
SIGNATURES = (
    (b"%PDF-", "application/pdf", frozenset({".pdf"})),
    (b"\x89PNG\r\n\x1a\n", "image/png", frozenset({".png"})),
    (b"\xff\xd8\xff", "image/jpeg", frozenset({".jpg", ".jpeg"})),
)
TEXT_ENDINGS = frozenset({".txt", ".log", ".csv", ".json"})
ENDINGS = sorted({ending for _start, _kind, endings in SIGNATURES for ending in endings} | TEXT_ENDINGS)


class AttachmentRefused(InvalidInput):
    """A file that is too large, of another kind than allowed, or one too many."""

    code = "attachment-refused"


@dataclass(frozen=True)
class NewFile:
    """A file as it was sent: what it is called and what is in it."""

    name: str
    content: bytes


@dataclass(frozen=True)
class CheckedFile(NewFile):
    """A file that may be kept, with the kind its content showed."""

    content_type: str


def checked(file: NewFile) -> CheckedFile:
    """Return the file with a harmless name and its true kind. Raises: AttachmentRefused."""
    name = _safe_name(file.name)
    limit = settings.SUPPORT_ATTACHMENT_MAX_BYTES
    if not file.content:
        raise _refused(_("The file %(name)s is empty.") % {"name": name}, _("Attach the file that you meant."))
    if len(file.content) > limit:
        raise _refused(
            _("The file %(name)s is larger than %(limit)s MB.") % {"name": name, "limit": limit // (1024 * 1024)},
            _("Make the picture smaller, or attach only the part of the file that matters."),
        )
    kind = _kind_of(PurePath(name).suffix.lower(), file.content)
    if not kind:
        raise _refused(
            _("The file %(name)s is of a kind that cannot be attached, or its content is not what its name says.")
            % {"name": name},
            _("Attach one of these kinds: %(kinds)s.") % {"kinds": ", ".join(ENDINGS)},
        )
    return CheckedFile(name=name, content=file.content, content_type=kind)


def check_count(new: int, *, already: int) -> None:
    """Raises: AttachmentRefused, for more files than a message or a case can have."""
    if new > settings.SUPPORT_ATTACHMENTS_PER_MESSAGE:
        most = settings.SUPPORT_ATTACHMENTS_PER_MESSAGE
        words = ngettext("A message takes %(count)d file.", "A message takes up to %(count)d files.", most)
        raise _refused(words % {"count": most}, _("Attach the others to a further message."))
    if new + already > settings.SUPPORT_ATTACHMENTS_PER_CASE:
        most = settings.SUPPORT_ATTACHMENTS_PER_CASE
        words = ngettext("A case takes %(count)d file.", "A case takes up to %(count)d files.", most)
        raise _refused(words % {"count": most}, _("Write what matters into the message."))


def _refused(message: str, next_step: str) -> AttachmentRefused:
    return AttachmentRefused(message, field="attachments", next_step=next_step)


def _kind_of(ending: str, content: bytes) -> str:
    for start, kind, endings in SIGNATURES:
        if ending in endings:
            return kind if content.startswith(start) else ""
    return "text/plain" if ending in TEXT_ENDINGS and _is_text(content) else ""


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _safe_name(name: str) -> str:
    plain = PurePath(name.replace("\\", "/")).name
    ending = PurePath(plain).suffix[:10]
    stem = plain.removesuffix(ending)[: LONGEST_NAME - len(ending)]
    try:
        return get_valid_filename(stem + ending)
    except ValueError:  # nothing of it is left
        return f"file{ending}"
