"""A mail server on the loopback address that can be told to refuse, hang or cut the line."""

import asyncio
import email
import email.policy
import logging
import socket
import threading
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the library tells every command


class TestMailServer:
    """Keeps what it took in ``mails``. Set ``answers``, ``cut`` or ``hang_at`` to make it misbehave."""

    __test__ = False

    def __init__(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.mails: list[EmailMessage] = []
        self.connections = 0
        self.answers: dict[str, str] = {}  # command or recipient → answer in its place
        self.cut: str = ""  # "RCPT", "DATA": break off without an answer, after DATA with the mail kept
        self.hang_at: int = -1  # number of mails after which the server keeps the next one, but says nothing
        self.hanging = threading.Event()
        self.released = threading.Event()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, ready_timeout=20)

    def start(self):
        self._controller.start()

    def stop(self):
        self.released.set()
        if self._controller.server is not None:
            self._controller.stop()

    @property
    def recipients(self) -> list[str]:
        return [mail["To"] for mail in self.mails]

    async def handle_EHLO(self, server: SMTP, session, envelope, hostname, responses):
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(self, server: SMTP, session, envelope, address, options):
        if self.cut == "RCPT":
            server.transport.abort()
        answer = self.answers.get(address) or self.answers.get("RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session, envelope):
        if answer := self.answers.get("DATA"):
            return answer
        number = len(self.mails)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if self.cut == "DATA":
            server.transport.abort()
        if number == self.hang_at:
            self.hanging.set()
            while not self.released.is_set():
                await asyncio.sleep(0.05)
        return "250 2.0.0 Kept"
