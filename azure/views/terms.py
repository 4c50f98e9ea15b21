"""The term of one first-party subscription: longer at once, billed another way, and what comes after it (1.7, 8)."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from azure.forms.changes import NextTermForm, WayForm
from azure.forms.ways import way_choices
from azure.prices import Way
from azure.queries.subscriptions import Detail
from azure.rules import next_terms as rules
from azure.rules.families import LICENSED
from azure.rules.money import rate_on
from azure.rules.next_terms import NextTermPlan
from azure.views.details import plan_text
from azure.views.questions import answer, detail_of, plan_lost
from azure.workflow import next_terms
from customers.fields import AnswerForm
from customers.presentation import day
from customers.questions import Question
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, posted
from portal.core.money import money_text


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def term(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Begin a longer term at once."""
    detail = detail_of(request, subscription_id)
    row = detail.subscription
    choices = way_choices(rules.longer_ways(row, detail.ways), family=row.product_family)
    form = WayForm(posted(request), label=_("New term"), choices=choices)
    question = Question(
        "term",
        _("Change the term"),
        _("Submit"),
        _("A new term has begun."),
        form,
        lambda now: next_terms.change_term(
            subscription_id=subscription_id,
            term=form.way[0],
            billing_frequency=form.way[1],
            actor=request.actor,
            now=now,
        ),
        [
            _("A new term begins today, at the list price of today. It cannot become shorter again."),
            *_left(detail),
            _("No new time to cancel or to take licenses back begins with it."),
            *plan_lost(detail),
        ],
    )
    return answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def billing_frequency(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Bill the running term another way from today on."""
    detail = detail_of(request, subscription_id)
    row = detail.subscription
    choices = way_choices(rules.other_frequencies(row, detail.ways), family=row.product_family)
    form = WayForm(posted(request), label=_("New billing frequency"), choices=choices)
    question = Question(
        "billing_frequency",
        _("Change the billing frequency"),
        _("Submit"),
        _("The billing frequency is changed."),
        form,
        lambda now: next_terms.change_billing_frequency(
            subscription_id=subscription_id, billing_frequency=form.way[1], actor=request.actor, now=now
        ),
        [
            _("The price becomes the list price of today. The end of the term stays: %(date)s.")
            % {"date": day(row.ends_on) if row.ends_on else "–"},
            *_left(detail),
            _("The days from today to the end of the new billing cycle are charged at once."),
        ],
    )
    return answer(request, detail, question)


def _left(detail: Detail) -> list[str]:
    """Say what is given back of the running billing cycle."""
    row, today = detail.subscription, timezone.now().date()
    rate = rate_on(row, today)
    if rate is None:
        return []
    amount = money_text(rate.rest(today, row.currency), row.currency)
    return [_("What is left of the running billing cycle is given back: %(amount)s.") % {"amount": amount}]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def next_term(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Manage the renewal: say with what the next term begins."""
    detail = detail_of(request, subscription_id)
    row, planned = detail.subscription, detail.next_term
    form = NextTermForm(
        posted(request),
        choices=way_choices(_sold_next(detail), family=row.product_family),
        is_counted=detail.lifecycle.is_counted,
        is_licensed=row.product_family in LICENSED,
        initial={"quantity": planned.quantity, "way": ":".join(planned.way)},
    )
    question = Question(
        "next_term",
        _("Manage renewal"),
        _("Save"),
        _("The plan for the next term is saved."),
        form,
        lambda now: next_terms.plan_next_term(
            subscription_id=subscription_id,
            plan=NextTermPlan(form.cleaned_data.get("quantity", row.quantity), *form.way),
            actor=request.actor,
            now=now,
        ),
        [
            _("It holds from %(date)s on, at the list price of that day; until then everything stays as it is.")
            % {"date": day(row.ends_on) if row.ends_on else "–"},
            _(
                "Canceling, suspending, switching auto-renew off, or changing quantity or term before that day "
                "takes it back."
            ),
        ],
    )
    return answer(request, detail, question)


def _sold_next(detail: Detail) -> list[Way]:
    """Return the ways in which the next term can be had: as now, and those of the list with no shorter term."""
    row = detail.subscription
    months = rules.months_of(row.term)
    ways = [way for way in detail.ways if rules.months_of(way.term) >= months]
    is_listed = any((way.term, way.billing_frequency) == (row.term, row.billing_frequency) for way in ways)
    if is_listed or row.unit_price is None:
        return ways
    return [Way(row.term, row.billing_frequency, row.unit_price, row.currency), *ways]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def drop_next_term(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Let the next term begin as the running one is."""
    detail = detail_of(request, subscription_id)
    question = Question(
        "drop_next_term",
        _("Take the plan back?"),
        _("Take it back"),
        _("Nothing is planned for the next term any more."),
        AnswerForm(posted(request)),
        lambda now: next_terms.drop_next_term(subscription_id=subscription_id, actor=request.actor, now=now),
        [
            _("The next term then begins as the running one is, and not with %(plan)s.") % {"plan": plan_text(detail)},
        ],
    )
    return answer(request, detail, question)
