"""States of a mail, kinds of Action Center items, and the names of what happens to both."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class EmailStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")  # the hand-over was cut off: never sent again by itself
    FAILED = "failed", _("Failed")


UNDELIVERED = frozenset({EmailStatus.UNCONFIRMED, EmailStatus.FAILED})


class Undelivered(models.TextChoices):
    """Why a mail is not with its recipient, or perhaps not."""

    REFUSED = "refused", _("The mail server refused it")
    SERVER_AWAY = "server-away", _("The mail server could not be reached")
    CUT_OFF = "cut-off", _("The connection broke before the mail server confirmed")
    PROCESS_ENDED = "process-ended", _("The portal stopped before the mail server confirmed")
    NO_MESSAGE = "no-message", _("The mail cannot be written for this address")
    UNREADABLE = "unreadable", _("Its secret part cannot be read: the key has changed")


class ActionKind(models.TextChoices):
    """The four kinds of section 11.2: two that ask for work, two that tell news."""

    MANDATORY = "mandatory", _("Mandatory")
    RECOMMENDED = "recommended", _("Recommended")
    TRANSACTIONAL = "transactional", _("Transactional")
    PROMOTIONAL = "promotional", _("Promotional")


ACTION_KINDS = frozenset({ActionKind.MANDATORY, ActionKind.RECOMMENDED})
OPTIONAL_KINDS = frozenset({ActionKind.TRANSACTIONAL, ActionKind.PROMOTIONAL})


class NotificationEvent(models.TextChoices):
    """What happens to mails and to what stands in the Action Center; the same names in log and webhook."""

    EMAIL_NOT_DELIVERED = "email-not-delivered", _("E-mail not delivered")
    EMAIL_SENT_AGAIN = "email-sent-again", _("E-mail sent again")
    EMAIL_SETTLED = "email-settled", _("Undelivered e-mail settled")
    MAIL_PREFERENCES_CHANGED = "mail-preferences-changed", _("Mail preferences changed")
    ACTION_ITEMS_ARCHIVED = "action-items-archived", _("Action Center items archived")
    ACTION_ITEMS_RESTORED = "action-items-restored", _("Action Center items restored")
