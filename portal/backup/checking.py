"""What a restored portal must be: what its backup counted, an intact log, and all that must hold in any database."""

from collections.abc import Iterator

from cryptography.fernet import InvalidToken
from django.db import connection

from portal.audit.chain import Head
from portal.audit.checking import check_log
from portal.backup import facts
from portal.backup.archive import Manifest
from portal.core import invariants, sealing
from portal.notifications.enums import EmailStatus
from portal.notifications.models import OutgoingEmail
from portal.webhooks.models import DeliveryStatus, WebhookDelivery

SHOWN = 20
_MAY_WRITE = "SELECT has_table_privilege(rolname, 'audit_auditevent', 'INSERT') FROM pg_roles WHERE rolname = %s"


def differences(manifest: Manifest) -> list[str]:
    """Name what is not as the backup counted it; to be asked before newer migrations run."""
    counted, triggers = facts.rows(), set(facts.triggers())
    return [
        *(
            f"{table} has {counted.get(table, 0):,} rows, and had {manifest.rows.get(table, 0):,}"
            for table in sorted(counted.keys() | manifest.rows.keys())
            if counted.get(table) != manifest.rows.get(table)
        ),
        *(f"the trigger {name} is missing" for name in sorted(set(manifest.triggers) - triggers)),
    ][:SHOWN]


def faults(manifest: Manifest, *, portal_role: str) -> Iterator[str]:
    """Yield what is broken: the activity log (decision 0008), the registry INVARIANTS, the rights of the portal."""
    result = check_log(now=None, expected=Head.parse(manifest.log_head), progress=lambda position: None)
    if result.fault:
        yield f"The activity log is not intact: {result.fault}"
    yield from invariants.breaches()
    with connection.cursor() as cursor:
        cursor.execute(_MAY_WRITE, [portal_role])
        if cursor.fetchone() == (False,):
            yield f"The role {portal_role} may not write: see docs/operation.md for its rights."


def missing_keys(manifest: Manifest) -> int:
    """Count the keys of the portal that was saved which are not known here."""
    return sum(not _is_known(proof) for proof in manifest.key_proofs)


def waiting() -> tuple[int, int]:
    """Count the mails and the webhook notifications that go out as soon as a worker runs."""
    mails = OutgoingEmail.objects.filter(status=EmailStatus.WAITING)
    return mails.count(), WebhookDelivery.objects.filter(status=DeliveryStatus.WAITING).count()


def _is_known(proof: str) -> bool:
    try:
        sealing.unseal(proof.encode())
    except InvalidToken:
        return False
    return True
