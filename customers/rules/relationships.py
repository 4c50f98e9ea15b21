"""When a relationship may end (R4, R11)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import BILLED_STATUSES, ProductFamily, ProductTab
from customers.models import ResellerRelationship, Subscription
from portal.core.errors import Refusal


class RelationshipNotActive(Refusal):
    code = "relationship-not-active"


class RelationshipInUse(Refusal):
    code = "relationship-in-use"


@dataclass(frozen=True)
class Blocker:
    """Something that must end first, in words, with a link to it."""

    code: str
    message: str
    url: str = ""


# In the order in which a person is told: the families, and the tab of the Subscriptions page that shows them.
_BLOCKING: tuple[tuple[str, tuple[ProductFamily, ...], str], ...] = (
    ("active-reservations", (ProductFamily.RESERVATION,), ProductTab.RESERVATIONS),
    ("active-software", (ProductFamily.SOFTWARE, ProductFamily.PERPETUAL_SOFTWARE), ProductTab.SOFTWARE),
)
_WORDS: dict[str, Callable[[int], str]] = {
    "active-subscriptions": lambda n: ngettext(
        "%(count)d active subscription is billed to you. Suspend or cancel it.",
        "%(count)d active subscriptions are billed to you. Suspend or cancel each.",
        n,
    ),
    "active-reservations": lambda n: ngettext(
        "%(count)d Azure reservation is active. Cancel it.",
        "%(count)d Azure reservations are active. Cancel each.",
        n,
    ),
    "active-software": lambda n: ngettext(
        "%(count)d software purchase is active. Cancel it.",
        "%(count)d software purchases are active. Cancel each.",
        n,
    ),
    "credited-subscriptions": lambda n: ngettext(
        "%(count)d active subscription is credited to you. Your indirect provider can cancel or reassign it.",
        "%(count)d active subscriptions are credited to you. Your indirect provider can cancel or reassign each.",
        n,
    ),
}


def removal_blockers(relationship: ResellerRelationship) -> list[Blocker]:
    """List all that keeps a relationship from being removed, each with where to mend it (R11, section 4.9)."""
    running = Subscription.objects.filter(customer_id=relationship.customer_id, status__in=BILLED_STATUSES)
    billed = running.filter(billing_owner_id=relationship.partner_id)
    counts = {code: (billed.filter(product_family__in=families).count(), tab) for code, families, tab in _BLOCKING}
    others = billed.count() - sum(count for count, _tab in counts.values())
    credited = running.filter(reseller_id=relationship.partner_id).exclude(billing_owner_id=relationship.partner_id)
    found = {"active-subscriptions": (others, ""), **counts, "credited-subscriptions": (credited.count(), "")}
    url = reverse("customers:subscriptions", args=[relationship.customer_id])
    own = [
        Blocker(code=code, message=_WORDS[code](count) % {"count": count}, url=f"{url}?tab={tab}" if tab else url)
        for code, (count, tab) in found.items()
        if count
    ]
    uses = (Blocker(*use) for name in settings.RELATIONSHIP_USES for use in import_string(name)(relationship))
    return [*own, *uses]


def check_can_remove(relationship: ResellerRelationship) -> None:
    """Raises: RelationshipInUse, naming every blocker."""
    blockers = removal_blockers(relationship)
    if blockers:
        raise RelationshipInUse(
            " ".join(blocker.message for blocker in blockers),
            who=_("an admin agent of your company"),
            next_step=_("End what is listed, or transfer it to another partner, then remove the relationship."),
            next_url=blockers[0].url,
        )
