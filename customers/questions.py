"""A change of one subscription, asked in a dialog that says what follows, then done or refused (1.7, 8, M3, M4).

What can be changed is for the app that has the subscription; how it is asked is the same for all.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpResponse
from django.utils import timezone

from customers.models import ResellerRelationship, Subscription
from customers.navigation import show_customer
from customers.queries import customer_of
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment, redirect_to


@dataclass(frozen=True)
class Question:
    """What a dialog asks: its words, its form, what the answer does, and what follows from it."""

    action: str  # by which its app knows why it may not be done
    title: str
    button: str
    done: str
    form: Form
    save: Callable[[datetime.datetime], object]
    consequences: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)  # choices that there are not, each with the reason
    has_choice: bool = True
    input_of: dict[str, str] = field(default_factory=dict)  # field of a refusal -> field of the form


@dataclass(frozen=True)
class Place:
    """Where a question stands: its own address, the subscription's page, and the step above that on the way here."""

    url: str
    detail_url: str
    parent: str
    parent_url: str = ""
    ask_url: str = ""  # where somebody who may not do it asks who may


def answer(
    request: PortalRequest, subscription: Subscription, question: Question, place: Place, *, refusal: Refusal | None
) -> HttpResponse:
    """Ask the question, or do what was answered; what was typed stays where it cannot be done.

    ``refusal``: why it cannot be done, as far as is known before it is tried.
    """
    form = question.form
    is_answered = request.method == "POST" and form.is_valid()
    if is_answered:
        try:
            question.save(timezone.now())
        except InvalidInput as invalid:
            name = question.input_of.get(invalid.field or "", invalid.field or "")
            form.add_error(name if name in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            messages.success(request, question.done)
            return redirect_to(request, place.detail_url)
    show_its_customer(request, subscription.customer_id)
    context = {
        "name": subscription.friendly_name,
        "question": question,
        "place": place,
        "form": form,
        "refusal": refusal,
        "shows_form": question.has_choice and (refusal is None or is_answered),
    }
    status = 422 if form.errors else refusal.http_status if is_answered and refusal else 200
    return page_or_fragment(
        request, page="customers/change.html", fragment="customers/_change_dialog.html", context=context, status=status
    )


def show_its_customer(request: PortalRequest, customer_id: UUID) -> ResellerRelationship | None:
    """Let the page stand in the customer's navigation, if there still is a relationship with it."""
    try:
        relationship = customer_of(request.actor, customer_id)
    except Http404:
        return None
    show_customer(request, relationship)
    return relationship
