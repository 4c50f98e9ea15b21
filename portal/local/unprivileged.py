"""PostgreSQL refuses to run as root: how root starts it all the same, without making a user."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from portal.local.errors import LaunchError

NOBODY = 65534


@dataclass(frozen=True)
class Wrapper:
    """The command to put before a server's own, and the user who must own the server's files."""

    command: tuple[str, ...]
    user: int

    def own(self, folder: Path) -> None:
        """Hand a folder with all its files to the user, when another one had it."""
        if os.geteuid() != 0 or folder.stat().st_uid == self.user:
            return
        for path, _, names in os.walk(folder):
            for name in (".", *names):
                os.chown(Path(path, name), self.user, self.user, follow_symlinks=False)


# In a user namespace of its own root is somebody else, while the files stay root's.
NAMESPACE = Wrapper(("unshare", "--user", "--map-user=1", "--map-group=1"), 0)
# Where namespaces are denied: "nobody" who keeps root's right to walk through private folders, and no other right.
AS_NOBODY = Wrapper(
    (
        *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--pdeathsig=INT"),
        "--securebits=+no_setuid_fixup",  # else access(2), which PostgreSQL asks, would leave the right out
        *("--bounding-set=-all,+dac_override", "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override"),
    ),
    NOBODY,
)


CHOICES: Sequence[Wrapper] = (NAMESPACE, AS_NOBODY)


def wrapper_for(folder: Path, program: Path) -> Wrapper:
    """Return how this user starts ``program`` with its data below ``folder``.

    Raises: LaunchError when root has no way to do so.
    """
    if os.geteuid() != 0:
        return Wrapper((), os.geteuid())
    for wrapper in CHOICES:
        try:
            trial = [*wrapper.command, "sh", "-c", 'test -w "$1" && "$2" --version', "sh", str(folder), str(program)]
            if subprocess.run(trial, capture_output=True, check=False).returncode == 0:
                return wrapper
        except FileNotFoundError:  # util-linux is not installed
            continue
    raise LaunchError(
        "PostgreSQL refuses to run as root, and this machine lets root start it in no other way: "
        "start as an ordinary user, or set DATABASE_URL."
    )
