"""The embedded default: `make run` on a fresh machine, with the demo world. Never used in production."""

import os
from pathlib import Path

from portal.local import environment

DATA = Path(os.environ.get("DATA", ".local"))
if "DATABASE_URL" not in os.environ:  # a command in another shell: find the servers that `make run` started
    os.environ.update(environment.load(DATA))

from portal.settings.base import *
from portal.settings.base import INSTALLED_APPS, env

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
INSTALLED_APPS = [*INSTALLED_APPS, "portal.local"]
DEMO = env.bool("DEMO", default=True)
OUTGOING_LOOPBACK = env.bool("OUTGOING_LOOPBACK", default=True)  # the demo publishers live on this machine
MAILBOX_DIR = env.str("MAILBOX_DIR", default="") or None
DEMO_PUBLISHER_STORE = str(DATA / "demo-publishers.sqlite3") if DEMO else ""
