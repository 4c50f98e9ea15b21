"""What search finds of support cases: one by its number or its id (quality row 35)."""

from collections.abc import Iterator

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.accounts.actor import Actor
from portal.accounts.permissions import Permission
from portal.core.search import Result, as_uuid
from support import queries


def find(actor: Actor, text: str) -> Iterator[Result]:
    """Find the case whose number or id was typed, for those who may see it."""
    number, case_id = queries.as_number(text), as_uuid(text)
    if not actor.may(Permission.SUPPORT_VIEW) or (number is None and case_id is None):
        return
    for case in queries.rows_of(actor).filter(Q(pk=case_id) if case_id else Q(number=number)):
        yield Result(
            label=f"{case.reference} {case.title}",
            url=reverse("support:case", args=[case.pk]),
            kind=_("Support cases"),
            icon="support",
            description=case.get_status_display(),
            is_exact=True,
        )
