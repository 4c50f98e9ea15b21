"""Changes of one marketplace subscription: asked in a dialog that says what follows, then done or refused (M3, M4)."""

from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from customers.enums import BillingFrequency
from customers.fields import AnswerForm, NameForm
from customers.presentation import day, unit_price_text
from customers.queries.credited import creditable_locations
from customers.questions import Place, Question, answer
from marketplace import queries
from marketplace.enums import FulfillmentStatus, Wish
from marketplace.forms.changes import (
    AskForm,
    ChoiceForm,
    QuantityForm,
    ResellerForm,
    SwitchForm,
)
from marketplace.queries import Detail
from marketplace.rules import Price, unit_price_of
from marketplace.views.details import can_ask, cancel_text, role_reason
from marketplace.workflow import changes, endings
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.permissions import Permission
from portal.core.errors import Refusal
from portal.core.http import PortalRequest, posted
from portal.core.money import money_text

# Of Detail.refusals, where the address has another name.
ADDRESSES = {"billing_frequency": "billing", "partner_on_record": "reseller"}


def _answer(request: PortalRequest, detail: Detail, question: Question) -> HttpResponse:
    saas, now = detail.saas, timezone.now()
    may_ask = question.action != "ask" and can_ask(request, detail, role_reason(request, now))
    place = Place(
        url=reverse(f"marketplace:{ADDRESSES.get(question.action, question.action)}", args=[saas.pk]),
        detail_url=reverse("marketplace:subscription", args=[saas.pk]),
        parent=_("Marketplace subscriptions"),
        parent_url=reverse("marketplace:subscriptions"),
        ask_url=reverse("marketplace:ask", args=[saas.pk]) if may_ask else "",
    )
    return answer(request, saas.subscription, question, place, refusal=detail.refusals[question.action])


def _detail(request: PortalRequest, subscription_id: UUID) -> Detail:
    return queries.subscription_detail(request.actor, subscription_id, now=timezone.now())


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def rename(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Give the subscription another friendly name."""
    detail = _detail(request, subscription_id)
    form = NameForm(posted(request), initial={"friendly_name": detail.saas.subscription.friendly_name})
    question = Question(
        "rename",
        _("Change the friendly name"),
        _("Save"),
        _("The friendly name is changed."),
        form,
        lambda now: changes.rename_subscription(
            subscription_id=subscription_id,
            friendly_name=form.cleaned_data["friendly_name"],
            actor=request.actor,
            now=now,
        ),
        [_("Lists, mails and exports use the new name. The publisher and the customer's product do not change.")],
    )
    return _answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def quantity(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Ask the publisher for more or fewer licenses."""
    detail = _detail(request, subscription_id)
    saas, row = detail.saas, detail.saas.subscription
    form = QuantityForm(posted(request), plan=saas.plan, initial={"quantity": row.quantity})
    facts = {"publisher": saas.publisher.organization.name, "price": _unit_price(detail)}
    question = Question(
        "quantity",
        _("Change the quantity"),
        _("Submit"),
        _("%(publisher)s is asked for the new quantity.") % facts,
        form,
        lambda now: changes.change_quantity(
            subscription_id=subscription_id, quantity=form.cleaned_data["quantity"], actor=request.actor, now=now
        ),
        [
            _("%(publisher)s is told and can refuse; without an answer the change counts as accepted.") % facts,
            _("The days that are left of the running billing cycle are charged or given back: %(price)s.") % facts,
        ],
        has_choice=saas.plan.is_per_seat,
        impossible=[]
        if saas.plan.is_per_seat
        else [_("The plan %(plan)s has a flat rate: its quantity is 1.") % {"plan": saas.plan.name}],
    )
    return _answer(request, detail, question)


def _unit_price(detail: Detail) -> str:
    saas, row = detail.saas, detail.saas.subscription
    return unit_price_text(unit_price_of(saas), row.currency, row.billing_frequency, is_per_seat=saas.plan.is_per_seat)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def plan(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Ask the publisher for another plan of the same offer."""
    detail = _detail(request, subscription_id)
    saas = detail.saas
    others = queries.other_plans(saas, today=timezone.now().date())
    choices = [
        (str(one.plan.pk), f"{one.plan.name} · {_price_of(one.prices[0], one.plan.is_per_seat)}")
        for one in others
        if one.refusal is None
    ]
    form = ChoiceForm(posted(request), label=_("New plan"), choices=choices)
    facts = {"publisher": saas.publisher.organization.name}
    question = Question(
        "plan",
        _("Change the plan"),
        _("Submit"),
        _("%(publisher)s is asked for the new plan.") % facts,
        form,
        lambda now: changes.change_plan(
            subscription_id=subscription_id,
            plan_id=UUID(form.cleaned_data["choice"]),
            actor=request.actor,
            now=now,
        ),
        [
            _("%(publisher)s is told and can refuse; without an answer the change counts as accepted.") % facts,
            _("From that day the new price holds. The term stays, and the running cycle is settled by the day."),
        ],
        has_choice=bool(choices),
        impossible=[f"{one.plan.name}: {one.refusal.explanation}" for one in others if one.refusal]
        or ([] if choices else [_("The offer has no other plan.")]),
        input_of={"plan": "choice"},
    )
    return _answer(request, detail, question)


def _price_of(price: Price, is_per_seat: bool) -> str:
    return unit_price_text(price.unit_price, price.currency, price.billing_frequency, is_per_seat=is_per_seat)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def billing_frequency(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Bill the subscription another way."""
    detail = _detail(request, subscription_id)
    saas = detail.saas
    others = queries.other_frequencies(saas, today=timezone.now().date())
    per_seat = saas.plan.is_per_seat
    choices = [
        (str(name), f"{name.label} · {_price_of(price, per_seat)}")
        for name, price in others.items()
        if isinstance(price, Price)
    ]
    form = ChoiceForm(posted(request), label=_("New billing frequency"), choices=choices)
    question = Question(
        "billing_frequency",
        _("Change the billing frequency"),
        _("Submit"),
        _("The billing frequency is changed."),
        form,
        lambda now: changes.change_billing_frequency(
            subscription_id=subscription_id,
            billing_frequency=form.cleaned_data["choice"],
            actor=request.actor,
            now=now,
        ),
        [
            _("A new term begins today, at the list price of today."),
            _("What is left of the running billing cycle is given back."),
        ],
        has_choice=bool(choices),
        impossible=[
            f"{BillingFrequency(name).label}: {reason.explanation}"
            for name, reason in others.items()
            if isinstance(reason, Refusal)
        ]
        or ([] if choices else [_("A term of this length has no other billing frequency.")]),
    )
    return _answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def auto_renew(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Let the subscription go on at the end of its term, or stop there."""
    detail = _detail(request, subscription_id)
    row = detail.saas.subscription
    is_on = row.auto_renew
    form = SwitchForm(posted(request), initial={"to": "off" if is_on else "on"})
    date = day(row.ends_on) if row.ends_on else _("the end of the first term")
    question = Question(
        "auto_renew",
        _("Stop at the end of the term?") if is_on else _("Renew at the end of the term?"),
        _("Switch auto-renew off") if is_on else _("Switch auto-renew on"),
        _("Auto-renew is off.") if is_on else _("Auto-renew is on."),
        form,
        lambda now: changes.set_auto_renew(
            subscription_id=subscription_id, auto_renew=form.auto_renew, actor=request.actor, now=now
        ),
        [
            _("The subscription ends with its term: %(date)s. Nothing is given back for the running term.")
            % {"date": date},
            _("You can switch it on again until then."),
        ]
        if is_on
        else [
            _("The next term begins by itself: %(date)s, at the price of that day.") % {"date": date},
            _("You can switch it off again until then."),
        ],
    )
    return _answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def cancel(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """End the subscription at once, inside the window of its offer (M8)."""
    detail = _detail(request, subscription_id)
    saas, row, now = detail.saas, detail.saas.subscription, timezone.now()
    facts = {"publisher": saas.publisher.organization.name, "refund": money_text(detail.refund, row.currency)}
    if saas.status == FulfillmentStatus.PENDING:
        given_back = _("Nothing has been charged, and nothing will be.")
    else:
        given_back = _("You get back %(refund)s. Metered usage is not given back.") % facts
    question = Question(
        "cancel",
        _("Cancel this subscription?"),
        _("Cancel subscription"),
        _("The subscription is canceled."),
        AnswerForm(posted(request)),
        lambda moment_now: endings.cancel_subscription(
            subscription_id=subscription_id, actor=request.actor, now=moment_now
        ),
        [
            _("It ends at once, for everybody who uses it. This cannot be undone."),
            given_back,
            _("%(publisher)s is told, and keeps the customer's data for at least 7 days.") % facts,
            cancel_text(detail, now),
        ],
    )
    return _answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def reseller(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Credit another reseller, or another location."""
    detail = _detail(request, subscription_id)
    is_provider = request.actor.organization_kind == OrganizationKind.INDIRECT_PROVIDER
    form = ResellerForm(
        posted(request),
        locations=creditable_locations(request.actor),
        is_provider=is_provider,
        initial={"credited": detail.saas.subscription.partner_on_record},
    )
    question = Question(
        "partner_on_record",
        _("Change the reseller"),
        _("Save"),
        _("The reseller is changed."),
        form,
        lambda now: changes.change_partner_on_record(
            subscription_id=subscription_id,
            reseller_id=form.reseller_id,
            number=form.number,
            actor=request.actor,
            now=now,
        ),
        [_("It is credited from today on, and sees this subscription. Billing does not change.")],
        input_of={"partner_id": "credited", "reseller": "credited"},
    )
    return _answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def ask(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Put before the admin agents what the person may not change itself (M4)."""
    detail = _detail(request, subscription_id)
    form = AskForm(posted(request), initial={"wish": request.GET.get("wish", "")})
    question = Question(
        "ask",
        _("Ask an admin agent"),
        _("Send"),
        _("The admin agents of your company are asked."),
        form,
        lambda now: changes.ask_admin_agent(
            subscription_id=subscription_id,
            wish=Wish(form.cleaned_data["wish"]),
            note=form.cleaned_data["note"],
            actor=request.actor,
            now=now,
        ),
        [_("They find it in their Action Center and get a mail with your name and note.")],
    )
    return _answer(request, detail, question)
