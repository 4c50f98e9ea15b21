"""Offers, dates and event names of first-party products."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AzureOffer(models.TextChoices):
    """The Azure offers of the programme, by their codes (portal reference, section 9.1)."""

    AZURE_PLAN = "azure-plan", _("Azure plan")
    PREVIOUS = "MS-AZR-0145P", _("Azure, previous offer (MS-AZR-0145P)")
    SHARED_SERVICES = "MS-AZR-0159P", _("Azure partner shared services (MS-AZR-0159P)")


class Milestone(models.TextChoices):
    """A day from which other rules hold for Azure offers (section 9.2; A1 to A3)."""

    PHASE_1 = "phase-1", _("Phase 1: new business on the Azure plan")
    PHASE_2 = "phase-2", _("Phase 2: no incentives and list price for the previous offer")
    PHASE_3 = "phase-3", _("Phase 3: the previous offer is not sold any more")
    GOVERNMENT_PLAN = "government-plan", _("The Azure plan for the Government Community Cloud")


class Refund(models.TextChoices):
    """What comes back for canceling inside the window of a family (section 7.7)."""

    FULL = "full", _("Everything")
    PRORATED = "prorated", _("The days that are left")
    NONE = "none", _("Nothing")


class AccessRole(models.TextChoices):
    """What somebody may do inside an Azure subscription (A4; section 9.5)."""

    OWNER = "owner", _("Owner")
    CONTRIBUTOR = "contributor", _("Contributor")
    READER = "reader", _("Reader")


class PrincipalKind(models.TextChoices):
    """Whom a role inside an Azure subscription is for."""

    GROUP = "group", _("Group")
    USER = "user", _("User")


ADMIN_AGENTS_GROUP = "AdminAgents"  # the original's name of the group of a partner's admin agents; not translated


class ImageKind(models.TextChoices):
    """How an image or application of a publisher is paid (A11)."""

    FREE = "free", _("Free")
    BRING_YOUR_OWN = "byol", _("The customer's own license")
    PAID = "paid", _("Sold by the publisher")


class TransitionStatus(models.TextChoices):
    """How far a transition to the Azure plan, or one subscription of it, has come."""

    RUNNING = "running", _("In progress")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Not converted")


class AzureEvent(models.TextChoices):
    """What happens with first-party products; the same names in log, mail and webhook."""

    DATE_SET = "azure-offer-date-set", _("Date of Azure offers set")
    PURCHASED = "subscription-purchased", _("Subscription purchased")
    RENAMED = "subscription-renamed", _("Subscription renamed")
    QUANTITY_CHANGED = "subscription-quantity-changed", _("Quantity of a subscription changed")
    TERM_CHANGED = "subscription-term-changed", _("Term of a subscription changed")
    FREQUENCY_CHANGED = "subscription-billing-frequency-changed", _("Billing frequency of a subscription changed")
    NEXT_TERM_SET = "subscription-next-term-set", _("Changes for the next term of a subscription planned or dropped")
    AUTO_RENEW_CHANGED = "subscription-auto-renew-changed", _("Auto-renew of a subscription changed")
    SUSPENDED = "subscription-suspended", _("Subscription suspended")
    REACTIVATED = "subscription-reactivated", _("Subscription reactivated")
    CANCELED = "subscription-canceled", _("Subscription canceled")
    RENEWED = "subscription-renewed", _("Subscription renewed")
    RESELLER_CHANGED = "subscription-reseller-changed", _("Reseller of a subscription changed")
    RENEWAL_NEAR = "subscription-renewal-near", _("Renewal or end of a subscription is near")
    ENDED = "subscription-ended", _("Subscription ended with its term")
    TENANT_KEPT = "shared-services-tenant-set", _("Tenant for shared services set")
    TRANSITION_STARTED = "azure-plan-transition-started", _("Transition to the Azure plan started")
    CONVERTED = "azure-subscription-converted", _("Subscription converted to the Azure plan")
    TRANSITION_FINISHED = "azure-plan-transition-finished", _("Transition to the Azure plan finished")
    ACCESS_GIVEN = "azure-access-given", _("Access to an Azure subscription given")
    ACCESS_TAKEN = "azure-access-taken", _("Access to an Azure subscription taken away")
