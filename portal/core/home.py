"""What apps add to Home: a card each, named in the setting HOME_CARDS (portal reference, section 1.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from portal.core.http import PortalRequest


@dataclass(frozen=True)
class HomeCard:
    """A part of Home: a template, which needs ``card`` alone, and what it shows."""

    template: str
    values: Mapping[str, Any]


def cards_for(request: PortalRequest) -> list[HomeCard]:
    """Return the cards that concern the person; an app whose card does not returns ``None``."""
    makers: list[Callable[[PortalRequest], HomeCard | None]] = [import_string(name) for name in settings.HOME_CARDS]
    return [card for make in makers if (card := make(request))]
