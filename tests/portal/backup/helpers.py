"""A backup's manifest as it could be."""

from django.utils import timezone

from portal.audit.chain import Head
from portal.backup import facts, programs
from portal.backup.archive import Manifest
from portal.core import sealing


def manifest(**fields):
    """Describe this very database, but for what is named."""
    defaults = {
        "made_at": timezone.now().isoformat(),
        "postgresql": programs.server_version(),
        "migrations": facts.migrations(),
        "extensions": [],
        "rows": {},
        "triggers": [],
        "log_head": str(Head()),
        "key_proofs": [proof.decode() for proof in sealing.proofs()],
    }
    return Manifest(**defaults | fields)
