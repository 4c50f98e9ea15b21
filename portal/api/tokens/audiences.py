"""What a token is for: the names clients call the two APIs by, in ``resource`` and in ``scope``."""

from dataclasses import dataclass

from django.conf import settings

from portal.api.enums import AppKind

PARTNER_RESOURCE = "https://api.partnercenter.microsoft.com"
PUBLISHER_RESOURCE = "20e940b3-4c77-4b0b-9a53-9e16a1b010a7"
OLD_GRAPH = "https://graph.windows.net"  # asked for by old clients; a token for it is issued and refused by the API
DIRECTORY_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
APP_PERMISSIONS, USER_PERMISSION = ".default", "user_impersonation"


@dataclass(frozen=True)
class AskedScopes:
    """A v2 ``scope`` taken apart: the resource, its permissions, and what is asked of the directory itself."""

    audience: str
    permissions: tuple[str, ...]
    directory: tuple[str, ...]


def known(resource: str) -> str | None:
    """Return the audience as tokens name it, ``None`` for a resource this installation does not serve."""
    wanted = resource.strip().rstrip("/")
    names = {
        PARTNER_RESOURCE: PARTNER_RESOURCE,
        PUBLISHER_RESOURCE: PUBLISHER_RESOURCE,
        f"api://{PUBLISHER_RESOURCE}": PUBLISHER_RESOURCE,
        OLD_GRAPH: OLD_GRAPH,
        settings.BASE_URL: settings.BASE_URL,
    }
    return names.get(wanted.lower(), names.get(wanted))


def default_for(kind: str) -> str:
    """Return what a token is for when the client does not say."""
    return PUBLISHER_RESOURCE if kind == AppKind.PUBLISHER else PARTNER_RESOURCE


def read_scopes(scopes: list[str]) -> AskedScopes | None:
    """Take the words of a v2 ``scope`` apart; ``None`` when they name no resource, or two, or one not served."""
    directory = tuple(word for word in scopes if word.lower() in DIRECTORY_SCOPES)
    audiences, permissions = set(), []
    for word in scopes:
        if word in directory:
            continue
        resource, _, permission = word.rpartition("/")
        audience = known(resource)
        if audience is None or permission not in (APP_PERMISSIONS, USER_PERMISSION):
            return None
        audiences.add(audience)
        permissions.append(permission)
    if len(audiences) > 1:
        return None
    return AskedScopes(
        audience=audiences.pop() if audiences else "", permissions=tuple(permissions), directory=directory
    )


def partner_audiences() -> frozenset[str]:
    """Return the audiences the partner API takes."""
    return frozenset({PARTNER_RESOURCE, settings.BASE_URL})


def publisher_audiences() -> frozenset[str]:
    """Return the audiences the publisher API takes."""
    return frozenset({PUBLISHER_RESOURCE, settings.BASE_URL})
