"""The demo publishers' site at every start: who it is at the portal."""

from collections.abc import Iterable
from uuid import UUID

from portal.api.tokens.audiences import PUBLISHER_RESOURCE
from portal.local.demo import apps
from portal.local.publisher_site.store import Site, Store


def write(publishers: Iterable[tuple[str, str, UUID]]) -> None:
    """Give the site the credentials of each publisher: its name in addresses, its title, its organization."""
    store = Store.of_this_run()
    if store is None:
        return
    for name, title, organization_id in publishers:
        client_id = apps.app_id(organization_id)
        store.write_site(
            Site(
                name=name,
                title=title,
                tenant_id=str(organization_id),
                client_id=str(client_id),
                client_secret=apps.secret_text(client_id),
                resource=PUBLISHER_RESOURCE,
            )
        )
