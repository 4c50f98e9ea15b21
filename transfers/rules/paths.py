"""Between which kinds of partners billing ownership moves (T3)."""

from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Partner

_DIRECT, _PROVIDER = OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER

# (source, target). An indirect reseller is neither: its provider, the billing owner, sends and accepts for it.
PATHS = frozenset({(_DIRECT, _DIRECT), (_DIRECT, _PROVIDER), (_PROVIDER, _PROVIDER), (_PROVIDER, _DIRECT)})


def keeps_previous_offer(source: Partner, target: Partner) -> bool:
    """Say whether previous-offer Azure subscriptions move as they are: of a direct bill partner that becomes the
    target's reseller, to which phase 1 does not apply (A2; portal reference, section 9.3, row 8).
    """
    return bool(source.becoming_reseller_of_id == target.pk)
