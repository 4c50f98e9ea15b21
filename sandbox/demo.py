"""The demo world's sandbox: its two direct bill partners share customers, clock and reset."""

import datetime
import uuid

from portal.accounts.models import Organization
from sandbox.models import Sandbox, SandboxPartner

DOMAINS = ("sandbox.belfortcloud.example", "sandbox.fjallvind.example")


def load(*, now: datetime.datetime) -> None:
    """Put the sandbox partners of the demo world into one sandbox."""
    pair = Organization.objects.filter(domain__in=DOMAINS, is_sandbox=True).order_by("pk")
    own_id = uuid.uuid5(uuid.NAMESPACE_DNS, DOMAINS[0])
    sandbox, _is_new = Sandbox.objects.get_or_create(pk=own_id, defaults={"created_at": now})
    for partner in pair:
        SandboxPartner.objects.get_or_create(partner_id=partner.pk, defaults={"sandbox": sandbox, "joined_at": now})
