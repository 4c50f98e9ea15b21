"""Where the bundles for one customer stand in the menus; the list of all stands among the prices."""

from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Permission
from portal.core.navigation import Item

CUSTOMER_ITEMS = (Item(_("Bundles"), "bundles:customer", Permission.PRICING_VIEW),)
