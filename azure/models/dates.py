"""The days from which other rules hold for Azure offers, as far as the operator has set them."""

from django.db import models

from azure.enums import Milestone


class OfferDate(models.Model):
    """A milestone's day as the operator set it; without a row the day of the settings holds (A3)."""

    milestone = models.CharField(max_length=20, choices=Milestone.choices, primary_key=True)
    starts_on = models.DateField(null=True, blank=True)  # empty: not decided
    set_by_name = models.CharField(max_length=200)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.milestone}: {self.starts_on}"
