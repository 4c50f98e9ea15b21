"""Budgets: what a customer's usage may cost in a month, and how much of it is used (section 1.6)."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.own_prices import BudgetForm
from billing.models import Budget
from billing.presentation import month_in_sentence
from billing.queries import own_prices as queries
from billing.queries.own_prices import BudgetUse
from billing.workflow import budgets as workflow
from customers import queries as customers
from customers.navigation import show_customer
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.money import money_text, round_money
from portal.core.pages import keyset_page

FIRST_THRESHOLDS = (80, 100)


@require_safe
@requires(Permission.BILLING_VIEW)
def budgets(request: PortalRequest) -> HttpResponse:
    """List the budgets of all customers with what this month has used of them."""
    month = timezone.now().date().replace(day=1)
    address = ListAddress.read(request, {"cursor": None})
    rows = queries.budgets(request.actor, month=month)
    page = keyset_page(rows, order=queries.BUDGET_ORDER, cursor=address.get("cursor"), with_total=True)
    context = {
        "rows": [budget_shown(BudgetUse(row, row.spent)) for row in page],
        "pager": address.pager(page),
        "month": month_in_sentence(month),
    }
    return render(request, "billing/usage/budgets.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PRICING_MANAGE)
def budget(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Set the budget of a customer."""
    relationship = customers.customer_of(request.actor, customer_id)
    show_customer(request, relationship)
    found = Budget.objects.visible_to(request.actor).filter(customer_id=customer_id).first()
    first = {"amount": found.amount if found else None, "thresholds": found.thresholds if found else FIRST_THRESHOLDS}
    form = BudgetForm(posted(request), initial=first)
    if request.method == "POST" and form.is_valid():
        workflow.set_budget(
            customer_id=customer_id,
            amount=form.cleaned_data["amount"],
            thresholds=form.cleaned_data["thresholds"],
            actor=request.actor,
            now=timezone.now(),
        )
        messages.success(request, _("Budget set."))
        return redirect_to(request, reverse("pricing:customer_usage", args=[customer_id]))
    context = {"form": form, "customer": relationship, "has_budget": found is not None}
    return render(request, "billing/usage/budget.html", context, status=422 if form.errors else 200)


@require_POST
@requires(Permission.PRICING_MANAGE)
def remove_budget(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Let a customer have no budget."""
    customers.customer_of(request.actor, customer_id)
    get_object_or_404(Budget.objects.visible_to(request.actor), customer_id=customer_id)
    workflow.remove_budget(customer_id=customer_id, actor=request.actor, now=timezone.now())
    messages.success(request, _("Budget removed."))
    return redirect_to(request, reverse("pricing:customer_usage", args=[customer_id]))


def budget_shown(use: BudgetUse) -> dict[str, Any]:
    """Return what pages show of a budget and its use."""
    row = use.budget
    tone = "error" if use.percent >= 100 else "warning" if use.percent >= min(row.thresholds) else "success"
    labels = {
        "error": _("Over budget"),
        "warning": _("Near the budget"),
        "success": _("Within the budget"),
    }
    return {
        "customer": row.customer.organization.name,
        "url": reverse("pricing:customer_usage", args=[row.customer_id]),
        "amount": money_text(row.amount, row.currency),
        "spent": money_text(round_money(use.spent, row.currency), row.currency),
        "percent": f"{use.percent} %",
        "value": min(use.percent, 100),
        "tone": tone,
        "status": labels[tone],
        "thresholds": ", ".join(f"{percent} %" for percent in row.thresholds),
    }
