"""States of nominations, and the names of the operator's events."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class NominationStatus(models.TextChoices):
    """What became of a partner's wish to be an indirect provider (A10)."""

    REQUESTED = "requested", _("Requested")
    APPROVED = "approved", pgettext_lazy("nomination", "Approved")
    REFUSED = "refused", pgettext_lazy("nomination", "Refused")
    WITHDRAWN = "withdrawn", pgettext_lazy("nomination", "Withdrawn")


class AgreementState(models.TextChoices):
    """How a partner stands to the partner agreement in force."""

    CURRENT = "current", _("Signed")
    OLDER = "older", _("Signed in an older version")
    NONE = "none", _("Not signed")


class OperatorEvent(models.TextChoices):
    """What happens between partners and the programme; the same names in log, mail and webhook."""

    ENROLLED = "organization-enrolled", _("Organization enrolled")
    NOMINATED = "provider-nomination-requested", _("Nomination as indirect provider requested")
    APPROVED = "provider-nomination-approved", _("Nomination as indirect provider approved")
    REFUSED = "provider-nomination-refused", _("Nomination as indirect provider refused")
    WITHDRAWN = "provider-nomination-withdrawn", _("Nomination as indirect provider withdrawn")
