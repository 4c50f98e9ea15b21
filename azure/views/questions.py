"""A dialog that asks for a change of one first-party subscription and says what follows; its answer, or the refusal."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from azure.queries.subscriptions import Detail, subscription_detail
from azure.views.details import plan_text
from customers import questions
from customers.questions import Place, Question
from portal.core.http import PortalRequest


def answer(request: PortalRequest, detail: Detail, question: Question) -> HttpResponse:
    """Ask the question, or do what was answered. The action is of Detail.refusals, and the name of the address."""
    row = detail.subscription
    place = Place(
        url=reverse(f"azure:{question.action}", args=[row.pk]),
        detail_url=reverse("azure:subscription", args=[row.pk]),
        parent=row.customer.organization.name,
    )
    return questions.answer(request, row, question, place, refusal=detail.refusals[question.action])


def detail_of(request: PortalRequest, subscription_id: UUID) -> Detail:
    """Return the subscription that a dialog is about. Raises: Http404."""
    return subscription_detail(request.actor, subscription_id, now=timezone.now())


def plan_lost(detail: Detail) -> list[str]:
    """Say what of the next term a change takes back, if anything is planned (section 8)."""
    if not detail.has_plans:
        return []
    return [_("What is planned for the next term is taken back: %(plan)s.") % {"plan": plan_text(detail)}]
