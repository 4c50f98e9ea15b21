"""States, topics and severities of support cases and of service health, and the names of their events."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseStatus(models.TextChoices):
    """Whose turn it is: the operator's while open, the partner's while waiting or resolved, nobody's when closed."""

    OPEN = "open", pgettext_lazy("support case", "Open")
    WAITING = "waiting", _("Information needed")
    RESOLVED = "resolved", pgettext_lazy("support case", "Resolved")
    CLOSED = "closed", pgettext_lazy("support case", "Closed")


UNRESOLVED = frozenset({CaseStatus.OPEN, CaseStatus.WAITING})


class Severity(models.TextChoices):
    """How much a problem hurts (API reference, section 9)."""

    CRITICAL = "critical", _("Critical")
    MODERATE = "moderate", _("Moderate")
    MINIMAL = "minimal", _("Minimal")


SEVERITY_HELP = {
    Severity.CRITICAL: _("Work has stopped for a customer or for your company, and there is no way around it."),
    Severity.MODERATE: _("Work is hindered, or stops for a few people."),
    Severity.MINIMAL: _("A question, or a fault that hinders nobody."),
}


class SupportTopic(models.TextChoices):
    """What a case is about."""

    BILLING = "billing", _("Invoices and prices")
    SUBSCRIPTIONS = "subscriptions", _("Orders and subscriptions")
    TRANSFERS = "transfers", _("Transfers of billing ownership")
    RELATIONSHIPS = "relationships", _("Customers and reseller relationships")
    AZURE = "azure", _("Azure plan and Azure subscriptions")
    MARKETPLACE = "marketplace", _("Marketplace offers")
    SIGN_IN = "sign_in", _("Sign-in, users and roles")
    API = "api", _("API and webhooks")
    PROGRAMME = "programme", _("Partner programme and agreements")
    OTHER = "other", _("Something else")


class ServiceProduct(models.TextChoices):
    """A part of what the programme offers, by which health is told and cases are sorted."""

    PORTAL = "portal", _("Partner portal")
    API = "api", _("Partner API")
    COMMERCE = "commerce", _("Orders and billing")
    AZURE = "azure", _("Azure")
    ONLINE_SERVICES = "online_services", _("License-based online services")
    MARKETPLACE = "marketplace", _("Marketplace")


class IncidentKind(models.TextChoices):
    """What the operator tells of a service; the worse first."""

    INCIDENT = "incident", _("Incident")
    ADVISORY = "advisory", _("Advisory")


class IncidentStatus(models.TextChoices):
    """How far an incident is. An advisory is announced, an incident investigated at first."""

    ANNOUNCED = "announced", _("Announced")
    INVESTIGATING = "investigating", _("Investigating")
    RESTORING = "restoring", _("Restoring service")
    RESOLVED = "resolved", pgettext_lazy("incident", "Resolved")


class CaseAction(models.TextChoices):
    """What can be done with a case; also the names of its addresses."""

    ANSWER = "answer", pgettext_lazy("command", "Answer")
    ASK = "ask", _("Ask for information")
    RESOLVE = "resolve", pgettext_lazy("command", "Resolve")
    REOPEN = "reopen", pgettext_lazy("command", "Reopen")
    CLOSE = "close", _("Close the case")
    SEVERITY = "severity", _("Change severity")
    ASSIGN = "assign", pgettext_lazy("command", "Assign")


class SupportEvent(models.TextChoices):
    """What happens to cases and to service health; the same names in log, mail and webhook.

    The original has no webhook event of support requests (API reference, section 7.5), so the names are ours.
    """

    OPENED = "support-case-opened", _("Support case opened")
    ANSWERED = "support-case-answered", _("Support case answered")
    ASKED = "support-case-information-requested", _("Information for a support case requested")
    RESOLVED = "support-case-resolved", _("Support case resolved")
    REOPENED = "support-case-reopened", _("Support case reopened")
    CLOSED = "support-case-closed", _("Support case closed")
    SEVERITY_CHANGED = "support-case-severity-changed", _("Severity of a support case changed")
    ASSIGNED = "support-case-assigned", _("Support case assigned")
    INCIDENT_PUBLISHED = "service-incident-published", _("Service incident published")
    INCIDENT_UPDATED = "service-incident-updated", _("Service incident updated")
    INCIDENT_RESOLVED = "service-incident-resolved", _("Service incident resolved")
