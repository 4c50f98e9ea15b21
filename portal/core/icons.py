"""Our icons: one name per meaning, drawn by the package ``lucide``, shipped as one small SVG sprite (decision 0004).

``python -m portal.core.icons`` writes the sprite of the icons in use into the git-ignored build folder.
"""

import sys
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree
from zipfile import ZipFile

SPRITE = "img/icons.svg"
BUILD_FOLDER = Path(__file__).resolve().parents[2] / ".build" / "static"
SVG = "{http://www.w3.org/2000/svg}"

# Our name -> its name in the package. Pages say what an icon means; only this table says how it looks.
ICONS = {
    "account": "building-2",
    "action": "circle-dot",
    "activity": "history",
    "add": "plus",
    "agreement": "file-check",
    "api": "braces",
    "archive": "archive",
    "azure": "cloud",
    "back": "arrow-left",
    "bell": "bell",
    "billing": "receipt-text",
    "blocked": "ban",
    "calendar": "calendar",
    "cart": "shopping-cart",
    "catalog": "store",
    "check": "check",
    "chevron-down": "chevron-down",
    "chevron-left": "chevron-left",
    "chevron-right": "chevron-right",
    "close": "x",
    "copy": "copy",
    "customers": "users",
    "delete": "trash-2",
    "demo": "flask-conical",
    "edit": "pencil",
    "empty": "inbox",
    "error": "circle-x",
    "export": "download",
    "external": "external-link",
    "eye": "eye",
    "file": "file-text",
    "filter": "list-filter",
    "help": "circle-question-mark",
    "home": "house",
    "info": "info",
    "invoice": "file-spreadsheet",
    "key": "key-round",
    "keyboard": "keyboard",
    "language": "globe",
    "link": "link",
    "lock": "lock",
    "mail": "mail",
    "menu": "menu",
    "more": "ellipsis",
    "neutral": "circle-minus",
    "order": "package",
    "passkey": "fingerprint-pattern",
    "pause": "circle-pause",
    "pending": "clock",
    "person": "user",
    "person-add": "user-plus",
    "phone": "smartphone",
    "play": "circle-play",
    "price": "tag",
    "progress": "loader",
    "refresh": "refresh-cw",
    "remove": "minus",
    "report": "chart-column",
    "retry": "rotate-ccw",
    "search": "search",
    "send": "send",
    "settings": "settings",
    "shield": "shield-check",
    "sign-out": "log-out",
    "sort-ascending": "arrow-up",
    "sort-descending": "arrow-down",
    "star": "star",
    "subscription": "layers",
    "success": "circle-check",
    "support": "life-buoy",
    "switch": "arrow-left-right",
    "tags": "tags",
    "transfers": "arrow-right-left",
    "upload": "upload",
    "warning": "triangle-alert",
    "webhook": "webhook",
}


class UnknownIcon(LookupError):
    """A name that stands in no row of ICONS, or a row the package does not know."""


def build_sprite(folder: Path = BUILD_FOLDER) -> Path:
    """Write the sprite of all ICONS below ``folder`` and return its path. Raises: UnknownIcon."""
    ElementTree.register_namespace("", SVG.strip("{}"))
    sprite = ElementTree.Element(f"{SVG}svg")
    with files("lucide").joinpath("lucide.zip").open("rb") as packed, ZipFile(packed) as drawings:
        for name, drawing in sorted(ICONS.items()):
            sprite.append(_symbol(drawings, name, drawing))
    target = folder / SPRITE
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(ElementTree.tostring(sprite))
    return target


def _symbol(drawings: ZipFile, name: str, drawing: str) -> ElementTree.Element:
    """Return one drawing as a symbol. Stroke and fill are left out: the style sheet gives them."""
    try:
        svg = ElementTree.fromstring(drawings.read(f"{drawing}.svg"))  # noqa: S314  # a file of a hash-pinned package
    except KeyError as error:
        raise UnknownIcon(f"The icon package has no {drawing!r}, which ICONS names for {name!r}.") from error
    symbol = ElementTree.Element(f"{SVG}symbol", {"id": name, "viewBox": svg.attrib["viewBox"]})
    symbol.extend(svg)
    for part in symbol.iter():
        part.text = part.tail = None
    return symbol


if __name__ == "__main__":
    sys.stdout.write(f"{build_sprite()}\n")
