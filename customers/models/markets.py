"""Which countries a partner may sell into."""

from django.db import models
from django.db.models import F, Q


class Market(models.Model):
    """A group of countries that a partner located in one of them may sell into (A8, section 10)."""

    code = models.CharField(max_length=40, primary_key=True)
    name = models.CharField(max_length=100)

    def __str__(self) -> str:
        return self.name


class MarketCountry(models.Model):
    """A country's place in a market, while it holds. Country sets change, so each row has dates."""

    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="countries")
    country = models.CharField(max_length=2)
    currency = models.CharField(max_length=3)  # what a partner located there is billed in
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)  # first day on which it no longer holds

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["country", "valid_from"], name="market_country_once_a_day"),
            models.CheckConstraint(
                name="market_country_dates_in_order",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.country} in {self.market_id}"
