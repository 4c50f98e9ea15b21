"""Between which kinds of partners billing ownership moves (T3)."""

from portal.accounts.enums import OrganizationKind

_DIRECT, _PROVIDER = OrganizationKind.DIRECT_BILL, OrganizationKind.INDIRECT_PROVIDER

# (source, target). An indirect reseller is neither: its provider, the billing owner, sends and accepts for it.
PATHS = frozenset({(_DIRECT, _DIRECT), (_DIRECT, _PROVIDER), (_PROVIDER, _PROVIDER), (_PROVIDER, _DIRECT)})
