"""A mail server that keeps what it is given: ``python -m portal.local.mail_server --port N --folder DIR``.

Each mail becomes two files whose names sort by time: the message as it came (``.eml``), and its parts as one JSON
object (``.json``), which appears last and whole. Odd mails are kept as well as they can be read; none is lost.
"""

import argparse
import asyncio
import email
import email.policy
import json
import logging
import os
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

LARGEST_MAIL_BYTES = 30_000_000
LONGEST_LINE_BYTES = 1_000_000

logger = logging.getLogger("portal.local.mail_server")


class MailFolder:
    """Writes mails into a folder; aiosmtpd calls ``handle_DATA`` for each."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep one mail and answer as SMTP does."""
        content = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        try:
            mail_id = self.keep(content, sender=envelope.mail_from or "", recipients=envelope.rcpt_tos)
        except OSError:
            logger.exception("A mail could not be written.")
            return "452 4.3.1 No room to keep this mail"
        return f"250 2.0.0 Kept as {mail_id}"

    def keep(self, content: bytes, *, sender: str, recipients: list[str], now: datetime | None = None) -> str:
        """Write one mail and return its id.

        Raises: OSError when it cannot be written.
        """
        now = now or datetime.now(UTC)
        mail_id = f"{now:%Y%m%dT%H%M%S%f}-{uuid.uuid4().hex}"
        read = parts(content)
        mail = {
            "id": mail_id,
            "to": ", ".join(recipients),
            "from": read.pop("from") or sender,
            "sent_at": now.isoformat().replace("+00:00", "Z"),
            **read,
        }
        self._write(mail_id + ".eml", content)
        self._write(mail_id + ".json", json.dumps(mail, ensure_ascii=False, indent=1).encode())
        return mail_id

    def _write(self, name: str, content: bytes) -> None:
        draft = self.folder / f".{name}.draft"
        try:
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
            draft.replace(self.folder / name)
        finally:
            draft.unlink(missing_ok=True)


def parts(content: bytes) -> dict[str, str]:
    """Read sender, subject, language, event, text and HTML out of a message, whatever state it is in."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)  # the policy that forgives everything
    texts = {"text/plain": "", "text/html": ""}
    for part in _shown_parts(message):
        kind = part.get_content_type()
        if not texts[kind]:
            texts[kind] = _text(part)
    return {
        "from": _header(message, "From"),
        "subject": _header(message, "Subject"),
        "language": next(filter(None, (_header(part, "Content-Language") for part in message.walk())), ""),
        "event": _header(message, "X-Portal-Event"),
        "text": texts["text/plain"],
        "html": texts["text/html"],
    }


def _shown_parts(message: Message) -> Iterator[Message]:
    for part in message.walk():
        is_attached = (part.get_content_disposition() or "inline") != "inline" or part.get_filename()
        if part.get_content_type() in ("text/plain", "text/html") and not part.is_multipart() and not is_attached:
            yield part


def _header(message: Message, name: str) -> str:
    raw = str(message.get(name, ""))
    try:
        value = str(make_header(decode_header(raw)))
    except (LookupError, ValueError):  # an unknown or a wrong encoding
        value = raw
    return _clean(" ".join(value.split()))


def _text(part: Message) -> str:
    try:
        payload = part.get_payload(decode=True)
    except ValueError:
        payload = None
    if not isinstance(payload, bytes):
        return _clean(str(part.get_payload()))
    charset = part.get_content_charset() or "utf-8"
    try:
        text = payload.decode(charset, errors="replace")
    except (LookupError, ValueError):
        text = payload.decode("utf-8", errors="replace")
    return _clean(text.replace("\r\n", "\n"))


def _clean(text: str) -> str:
    """Leave out what JSON readers and browsers choke on: NUL and halves of characters."""
    return text.replace("\0", "").encode("utf-8", errors="replace").decode()


class PatientSMTP(SMTP):
    """The protocol with long lines allowed: what a mailer sends is kept, not judged."""

    line_length_limit = LONGEST_LINE_BYTES


async def serve(host: str, port: int, folder: Path) -> None:
    """Take mails until asked to stop by a signal."""
    mails = MailFolder(folder)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: PatientSMTP(
            mails,
            data_size_limit=LARGEST_MAIL_BYTES,
            enable_SMTPUTF8=True,
            hostname="localhost",
            ident="Partner Portal mailbox",
            loop=loop,
        ),
        host,
        port,
    )
    try:
        await stop.wait()
    finally:
        server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Keep every mail in a folder, on the loopback address.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve("127.0.0.1", options.port, options.folder))


if __name__ == "__main__":
    main()
