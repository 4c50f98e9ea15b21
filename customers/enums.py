"""Statuses, kinds and event names of customers, relationships, invitations and subscriptions."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class RelationshipKind(models.TextChoices):
    """What the partner is to the customer."""

    DIRECT = "direct", _("Cloud Reseller")
    PROVIDER = "provider", _("Indirect provider")
    RESELLER = "reseller", _("Indirect reseller")


class RelationshipStatus(models.TextChoices):
    ACTIVE = "active", pgettext_lazy("relationship", "Active")
    REMOVED = "removed", _("Removed")


class InvitationStatus(models.TextChoices):
    """The stored states. "Sent" and "opened" are dates of a pending one."""

    PENDING = "pending", _("Pending")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    REVOKED = "revoked", _("Revoked")


class TagChange(models.TextChoices):
    """What happens to the tags of the chosen customers."""

    ADD = "add", _("Add these tags")
    REMOVE = "remove", _("Take these tags away")
    SET = "set", _("Leave exactly these tags")


class AgreementMethod(models.TextChoices):
    ATTESTED = "attested", _("Attested by the partner")
    DIRECT = "direct", _("Accepted by the customer")


class Qualification(models.TextChoices):
    NONE = "none", _("None")
    EDUCATION = "education", _("Education")
    NONPROFIT = "nonprofit", _("Nonprofit")
    GOVERNMENT_COMMUNITY_CLOUD = "government_community_cloud", _("Government Community Cloud")
    STATE_OWNED_ENTITY = "state_owned_entity", _("State-owned entity")


class ProductFamily(models.TextChoices):
    """What kind of thing a subscription is; decides what may be done with it (T5)."""

    LICENSE_BASED = "license_based", _("License-based")
    AZURE_PLAN = "azure_plan", _("Azure plan")
    AZURE_SUBSCRIPTION = "azure_subscription", _("Azure subscription")  # below an Azure plan
    AZURE_LEGACY = "azure_legacy", _("Azure (previous offer)")
    SHARED_SERVICES = "shared_services", _("Azure partner shared services")
    RESERVATION = "reservation", _("Azure reservation")
    SAVINGS_PLAN = "savings_plan", _("Azure savings plan")
    SOFTWARE = "software", _("Software subscription")
    PERPETUAL_SOFTWARE = "perpetual_software", _("Perpetual software")
    THIRD_PARTY = "third_party", _("Marketplace")


class ProductTab(models.TextChoices):
    """A tab of a customer's Subscriptions page; the first is shown by default (portal reference, section 1.6)."""

    LICENSE_BASED = "license-based", _("License-based")
    AZURE = "azure", _("Azure")
    RESERVATIONS = "reservations", _("Azure reservations")
    SAVINGS_PLANS = "savings-plans", _("Azure savings plans")
    SOFTWARE = "software", _("Software")
    MARKETPLACE = "marketplace", _("Marketplace")


TAB_FAMILIES: dict[ProductTab, tuple[ProductFamily, ...]] = {
    ProductTab.LICENSE_BASED: (ProductFamily.LICENSE_BASED,),
    ProductTab.AZURE: (
        ProductFamily.AZURE_PLAN,
        ProductFamily.AZURE_SUBSCRIPTION,
        ProductFamily.AZURE_LEGACY,
        ProductFamily.SHARED_SERVICES,
    ),
    ProductTab.RESERVATIONS: (ProductFamily.RESERVATION,),
    ProductTab.SAVINGS_PLANS: (ProductFamily.SAVINGS_PLAN,),
    ProductTab.SOFTWARE: (ProductFamily.SOFTWARE, ProductFamily.PERPETUAL_SOFTWARE),
    ProductTab.MARKETPLACE: (ProductFamily.THIRD_PARTY,),
}


class SubscriptionStatus(models.TextChoices):
    """The lifecycle of section 8 of the portal reference."""

    PENDING = "pending", _("Action needed")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", _("Suspended")
    EXPIRED = "expired", pgettext_lazy("subscription", "Expired")
    DISABLED = "disabled", _("Disabled")
    DELETED = "deleted", _("Deleted")
    TRANSFERRED = "transferred", _("Transferred")  # goes on under another identifier, billed to another partner (T13)


# What a Subscriptions page shows until asked for more; the rest stands in the export and the API (section 1.6).
CURRENT_STATUSES = frozenset({SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE, SubscriptionStatus.SUSPENDED})

# A partner cannot leave while one of these is billed to it (R11, section 4.9).
BILLED_STATUSES = frozenset({SubscriptionStatus.PENDING, SubscriptionStatus.ACTIVE})


class Term(models.TextChoices):
    NONE = "none", _("No term")
    MONTH = "P1M", _("1 month")
    YEAR = "P1Y", _("1 year")
    TWO_YEARS = "P2Y", _("2 years")
    THREE_YEARS = "P3Y", _("3 years")


class BillingFrequency(models.TextChoices):
    USAGE = "usage", _("By usage")
    MONTHLY = "monthly", _("Monthly")
    ANNUAL = "annual", _("Annual")
    UPFRONT = "upfront", _("Upfront for the whole term")
    ONE_TIME = "one_time", _("One time")


class ReservationScope(models.TextChoices):
    """What a reservation's discount applies to: one Azure subscription, or all of the customer's."""

    SINGLE = "single", _("Single scope")
    SHARED = "shared", _("Shared scope")


class PendingOperation(models.TextChoices):
    """Something that runs on a subscription and must end before it can be changed or moved."""

    RENEWAL = "renewal", _("Renewal")
    QUANTITY = "quantity", _("Change of quantity")
    PLAN = "plan", _("Change of plan")
    CANCELLATION = "cancellation", _("Cancellation")
    PROVISIONING = "provisioning", _("Provisioning")
    CONVERSION = "conversion", _("Conversion to the Azure plan")
    TRANSFER = "transfer", _("Transfer to another partner")


class MoveRestriction(models.TextChoices):
    """Why a marketplace product that runs inside an Azure subscription keeps it from moving (section 6.3)."""

    SPECIAL_DISCOUNT = "special_discount", _("bought with a special discount")
    REGION = "region", _("limited to certain regions")
    SUBSCRIPTION_BASED = "subscription_based", _("billed as a subscription of its own")
    PUBLISHER = "publisher", _("its publisher does not sell through the new partner")


class ImportKind(models.TextChoices):
    """What a file to import lists."""

    CUSTOMERS = "customers", _("Customers")
    SUBSCRIPTIONS = "subscriptions", _("Subscriptions")


class ImportStatus(models.TextChoices):
    """How far an import has come: its rows are checked, then a person looks at the result and lets it run."""

    READ = "read", pgettext_lazy("import", "Being checked")
    PREVIEWED = "previewed", pgettext_lazy("import", "Waiting for your yes")
    RUNNING = "running", pgettext_lazy("import", "Running")
    DONE = "done", pgettext_lazy("import", "Done")
    CANCELED = "canceled", pgettext_lazy("import", "Canceled")


class RowResult(models.TextChoices):
    """What becomes of a row of a file to import: first as it is foreseen, then as it was."""

    WAITING = "waiting", pgettext_lazy("import", "Not checked yet")
    NEW = "new", pgettext_lazy("import", "New")
    CHANGED = "changed", pgettext_lazy("import", "Changed")
    SAME = "same", pgettext_lazy("import", "Already here")
    WRONG = "wrong", pgettext_lazy("import", "Not imported")


class CustomerEvent(models.TextChoices):
    """What happens to customers and relationships; the same names in log, mail and webhook.

    ``reseller-relationship-accepted-by-customer`` and its indirect twin are the original's webhook names (API
    reference, section 7.5); the others follow their manner.
    """

    CUSTOMER_ADDED = "customer-added", _("Customer added")
    CUSTOMER_IMPORTED = "customer-imported", _("Customer imported")
    CUSTOMER_UPDATED = "customer-updated", _("Customer updated")
    BILLING_PROFILE_UPDATED = "customer-billing-profile-updated", _("Bill-to information changed")
    QUALIFICATION_UPDATED = "customer-qualification-updated", _("Customer qualification changed")
    CUSTOMER_PERMISSIONS_UPDATED = "customer-permissions-updated", _("Customer permissions changed")
    CUSTOMER_TAGGED = "customer-tagged", _("Customer tags changed")
    TAG_CREATED = "customer-tag-created", _("Tag created")
    TAG_DELETED = "customer-tag-deleted", _("Tag deleted")
    VIEW_SAVED = "customer-view-saved", _("View of the customer list saved")
    VIEW_DELETED = "customer-view-deleted", _("View of the customer list deleted")
    RELATIONSHIP_REQUESTED = "reseller-relationship-requested", _("Reseller relationship requested")
    RELATIONSHIP_REQUEST_SENT = "reseller-relationship-request-sent", _("Relationship request sent")
    RELATIONSHIP_REQUEST_RESENT = "reseller-relationship-request-resent", _("Relationship request sent again")
    RELATIONSHIP_REQUEST_REMINDED = "reseller-relationship-request-reminded", _("Relationship request reminder sent")
    RELATIONSHIP_REQUEST_REVOKED = "reseller-relationship-request-revoked", _("Relationship request revoked")
    RELATIONSHIP_REQUEST_EXPIRED = "reseller-relationship-request-expired", _("Relationship request expired")
    RELATIONSHIP_DECLINED = "reseller-relationship-declined-by-customer", _("Relationship declined by customer")
    RELATIONSHIP_QUESTION = "reseller-relationship-question-asked", _("Question about a relationship request")
    MAILBOX_CODE_SENT = "mailbox-code-sent", _("Code sent to the invited mailbox")
    CUSTOMER_REGISTERED = "customer-registered", _("Customer registered its organization")
    RELATIONSHIP_ACCEPTED = "reseller-relationship-accepted-by-customer", _("Relationship accepted by customer")
    INDIRECT_RELATIONSHIP_ACCEPTED = (
        "indirect-reseller-relationship-accepted-by-customer",
        _("Indirect relationship accepted by customer"),
    )
    RELATIONSHIP_REMOVED = "reseller-relationship-removed", _("Reseller relationship removed")
    MOVED_TO_PROVIDER = "customer-moved-to-indirect-provider", _("Customer moved to an indirect provider")
    ADMIN_RIGHTS_REMOVED = "admin-rights-removed-by-customer", _("Administration rights taken back")
    AGREEMENT_REQUESTED = "customer-agreement-requested", _("Customer agreement asked for")
    AGREEMENT_CREATED = "customer-agreement-created", _("Customer agreement recorded")
    COUNTRY_PLACED = "market-country-placed", _("Country put into a market")
    IMPORT_UPLOADED = "import-uploaded", _("File for an import uploaded")
    IMPORT_CANCELED = "import-canceled", _("Import canceled")
    CUSTOMERS_IMPORTED = "customers-imported", _("Customers imported")
    SUBSCRIPTIONS_IMPORTED = "subscriptions-imported", _("Subscriptions imported")
    SUBSCRIPTION_IMPORTED = "subscription-imported", _("Subscription imported")
