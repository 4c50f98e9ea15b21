"""Which images and applications of publishers run in an Azure subscription bought through a partner (A11)."""

from django.urls import reverse
from django.utils.translation import gettext as _

from azure.enums import ImageKind
from azure.rules.families import AZURE
from customers.enums import ProductFamily
from customers.models import Subscription
from portal.core.errors import Refusal

HOSTS = AZURE - {ProductFamily.AZURE_PLAN}  # what something can be deployed in


class PaidImageRefused(Refusal):
    code = "paid-image-not-in-csp"


def check_can_deploy(kind: ImageKind, subscription: Subscription) -> None:
    """Free images and those with the customer's own license run everywhere, paid ones nowhere.

    Source: requirement A11; portal reference, section 9.6. Raises: PaidImageRefused.
    """
    if kind == ImageKind.PAID:
        raise PaidImageRefused(
            _("Applications that a publisher sells cannot be bought through an Azure subscription of a partner."),
            who=_("nobody: the programme's terms say so"),
            next_step=_("Use an image with the customer's own license, or buy an offer of the marketplace."),
            next_url=reverse("marketplace:catalogue", args=[subscription.customer_id]),
        )
