"""A dialog that asks for a change of one first-party subscription and says what follows; its answer, or the refusal."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from azure.forms.changes import ConfirmForm
from azure.queries.subscriptions import Detail, subscription_detail
from azure.views.details import plan_text, show_its_customer
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to


@dataclass(frozen=True)
class Question:
    """What a dialog asks: its words, its form, what the answer does, and what follows from it."""

    action: str  # of Detail.refusals, and the name of the address
    title: str
    button: str
    done: str
    form: Form
    save: Callable[[datetime.datetime], object]
    consequences: list[str] = field(default_factory=list)


def answer(request: PortalRequest, detail: Detail, question: Question) -> HttpResponse:
    """Ask the question, or do what was answered; what was typed stays where it cannot be done."""
    row, form = detail.subscription, question.form
    detail_url = reverse("azure:subscription", args=[row.pk])
    refusal = detail.refusals[question.action]
    is_answered = request.method == "POST" and form.is_valid()
    if is_answered:
        try:
            question.save(timezone.now())
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, question.done)
            return redirect_to(request, detail_url)
    show_its_customer(request, row.customer_id)
    context = {
        "customer_name": row.customer.organization.name,
        "name": row.friendly_name,
        "question": question,
        "form": form,
        "refusal": refusal,
        "shows_form": refusal is None or is_answered,
        "action_url": reverse(f"azure:{question.action}", args=[row.pk]),
        "detail_url": detail_url,
    }
    status = 422 if form.errors else refusal.http_status if is_answered and refusal else 200
    return page_or_fragment(
        request, page="azure/change.html", fragment="azure/_change_dialog.html", context=context, status=status
    )


def detail_of(request: PortalRequest, subscription_id: UUID) -> Detail:
    """Return the subscription that a dialog is about. Raises: Http404."""
    return subscription_detail(request.actor, subscription_id, now=timezone.now())


def confirm(request: PortalRequest) -> ConfirmForm:
    """Return the form of a question that has one answer."""
    return ConfirmForm(posted(request), initial={"confirmed": "yes"})


def plan_lost(detail: Detail) -> list[str]:
    """Say what of the next term a change takes back, if anything is planned (section 8)."""
    if not detail.has_plans:
        return []
    return [_("What is planned for the next term is taken back: %(plan)s.") % {"plan": plan_text(detail)}]
