"""Carts of any products: filled by apps over the API (API reference, section 5.4), or by people on the order page."""

import uuid
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from customers.models.customers import Customer
from portal.accounts.actor import Actor
from portal.accounts.models import Partner


class WireCartQuerySet(models.QuerySet["WireCart"]):
    def visible_to(self, actor: Actor) -> Self:
        """The carts of the actor's partner, whoever of it began them."""
        return self.filter(partner_id=actor.organization_id)

    def of_person(self, actor: Actor) -> Self:
        """The carts that the person fills on the order page."""
        return self.visible_to(actor).filter(user_id=actor.user_id)

    def locked(self, cart_id: uuid.UUID) -> "WireCart":
        """The cart, its row locked until the open transaction ends."""
        return self.select_for_update(of=("self",), no_key=True).get(pk=cart_id)


class WireCart(models.Model):
    """Lines of any products for one customer. It is ordered once; ``lines`` are kept as they were read.

    ``user_id`` names the person whose cart it is on the order page; a cart of the API has none.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    partner = models.ForeignKey(Partner, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    lines = models.JSONField()
    is_attested = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    changed_by = models.CharField(max_length=254)
    expires_at = models.DateTimeField()
    ordered_at = models.DateTimeField(null=True, blank=True)
    user_id = models.UUIDField(null=True, blank=True)
    order_ids = ArrayField(models.UUIDField(), default=list, db_default=[], blank=True)  # what became of it

    objects = WireCartQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="wire_cart_expires_later", condition=Q(expires_at__gt=models.F("created_at"))),
            models.UniqueConstraint(
                fields=["partner", "customer", "user_id"],
                name="wire_cart_open_once_per_person",
                condition=Q(ordered_at__isnull=True, user_id__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["expires_at"], name="wire_cart_by_expiry")]

    def __str__(self) -> str:
        return str(self.pk)
