"""Tenants that partners keep for themselves."""

from django.db import models

from customers.models import Customer
from portal.accounts.models import Partner


class SharedServicesTenant(models.Model):
    """A partner's own tenant for Azure partner shared services (section 9.7): a customer that is nobody else's."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, primary_key=True, related_name="+")
    partner = models.OneToOneField(Partner, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.customer_id)
