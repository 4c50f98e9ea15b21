"""The CSV files of customers and subscriptions that the original and this portal export (R12).

What makes a whole file unusable is told when it is read; what is wrong with one row is left to ``rules.imports``.
"""

from django.utils.translation import gettext_lazy as _

from customers.enums import ImportKind
from portal.core.csv_files import Layout

# Our name of a column -> what its header can be. The first stands in the exports, so its translations count as well.
_SHARED = {
    "tenant_id": ("Microsoft ID", "Customer Microsoft ID", "Tenant ID", "Customer tenant ID", "Customer ID"),
    "reseller": ("Reseller ID", "Indirect reseller ID", "PartnerID", "Partner ID", "MPN ID"),
}
_NEXT_STEP = _(
    "A file of customers has Microsoft ID, Company name and Primary domain name; a file of subscriptions has"
    " Subscription ID, Subscription, Quantity and Status. Export it again, or add what is missing."
)
LAYOUTS = {
    ImportKind.CUSTOMERS: Layout(
        {
            **_SHARED,
            "name": ("Company name", "Company", "Customer name", "Customer", "Name"),
            "domain": ("Primary domain name", "Primary domain", "Domain name", "Domain"),
            "relationship": ("Relationship", "Relationship to partner", "Relationship type"),
            "tags": ("Tags", "Tag"),
            "country": ("Country", "Country/region", "Country code"),
        },
        required=("tenant_id", "name", "domain"),
        next_step=_NEXT_STEP,
        kind=ImportKind.CUSTOMERS,
    ),
    ImportKind.SUBSCRIPTIONS: Layout(
        {
            **_SHARED,
            "subscription_id": ("Subscription ID",),
            "name": ("Subscription", "Subscription name", "Product name", "Product"),
            "quantity": ("Quantity", "Licenses"),
            "status": ("Status", "State"),
            "family": ("Product family", "Product type"),
        },
        required=("subscription_id", "name", "quantity", "status"),
        next_step=_NEXT_STEP,
        kind=ImportKind.SUBSCRIPTIONS,
    ),
}
