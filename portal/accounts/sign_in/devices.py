"""Which browser on which system, in words: what a person knows a session by."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

# The first part found in the User-Agent decides: most browsers also name those they descend from.
BROWSERS = (
    ("Edg", "Microsoft Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
    ("python", "Python"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Device:
    """What a User-Agent tells; empty where it tells nothing we know."""

    browser: str
    system: str

    @classmethod
    def of(cls, user_agent: str) -> "Device":
        return cls(browser=_first(BROWSERS, user_agent), system=_first(SYSTEMS, user_agent))

    def __str__(self) -> str:
        if self.browser and self.system:
            return _("%(browser)s on %(system)s") % {"browser": self.browser, "system": self.system}
        return self.browser or self.system or _("Unknown device")


@dataclass(frozen=True)
class Origin:
    """Where a request comes from, for the log."""

    address: str
    device: Device

    def as_details(self) -> dict[str, str]:
        """Return language-neutral facts: the log keeps them for ever and shows them in the reader's language."""
        return {"address": self.address, "browser": self.device.browser, "system": self.device.system}


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for part, name in table if part in text), "")
