"""States of bundles, and what happens to them (A13)."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class BundleStatus(models.TextChoices):
    """The stored states. Whether a bundle is sold today also depends on its days."""

    ACTIVE = "active", pgettext_lazy("bundle", "Active")
    WITHDRAWN = "withdrawn", pgettext_lazy("bundle", "Withdrawn")


class BundleState(models.TextChoices):
    """How a bundle stands today: what lists show and filter by."""

    ON_SALE = "on_sale", pgettext_lazy("bundle", "On sale")
    TO_COME = "to_come", pgettext_lazy("bundle", "Not on sale yet")
    OVER = "over", pgettext_lazy("bundle", "No longer on sale")
    WITHDRAWN = "withdrawn", pgettext_lazy("bundle", "Withdrawn")


class BundleEvent(models.TextChoices):
    """What happens to bundles; the same names in log and webhook."""

    DEFINED = "bundle-defined", _("Bundle defined")
    CHANGED = "bundle-changed", _("Bundle changed")
    WITHDRAWN = "bundle-withdrawn", _("Bundle withdrawn")
    SOLD = "bundle-sold", _("Bundle sold")
    PART_RELEASED = "bundle-part-released", _("Product taken out of a bundle")
