"""When a relationship may end (R4, R11)."""

from collections.abc import Callable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from customers.enums import BILLED_STATUSES, ProductFamily
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


def removal_blockers(relationship: ResellerRelationship) -> list[Blocker]:
    """List all that keeps a relationship from being removed, each with where to mend it (R11, section 4.9)."""
    billed = Subscription.objects.filter(
        customer_id=relationship.customer_id, billing_owner_id=relationship.partner_id, status__in=BILLED_STATUSES
    )
    counts = {
        "active-reservations": billed.filter(product_family=ProductFamily.RESERVATION).count(),
        "active-software": billed.filter(
            product_family__in=[ProductFamily.SOFTWARE, ProductFamily.PERPETUAL_SOFTWARE]
        ).count(),
    }
    counts["active-subscriptions"] = billed.count() - sum(counts.values())
    words: dict[str, Callable[[int], str]] = {
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
    }
    url = reverse("customers:subscriptions", args=[relationship.customer_id])
    return [
        Blocker(code=code, message=words[code](count) % {"count": count}, url=url)
        for code, count in counts.items()
        if count
    ]


def check_can_remove(relationship: ResellerRelationship) -> None:
    """Raises: RelationshipInUse, naming the first blocker."""
    blockers = removal_blockers(relationship)
    if blockers:
        raise RelationshipInUse(
            " ".join(blocker.message for blocker in blockers),
            who=_("an admin agent of your company"),
            next_step=_("End what is listed, or transfer it to another partner, then remove the relationship."),
            next_url=blockers[0].url,
        )
