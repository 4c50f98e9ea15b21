"""Changes of one first-party subscription: asked in a dialog that says what follows, then done or refused (1.7, 8)."""

from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from azure.enums import Refund
from azure.forms.changes import QuantityForm, ResellerForm
from azure.queries.subscriptions import Detail
from azure.rules.families import AZURE
from azure.rules.refunds import cap_of
from azure.views.questions import answer, detail_of, plan_lost
from azure.workflow import changes, resellers
from customers.enums import ProductFamily
from customers.fields import AnswerForm, NameForm
from customers.presentation import day, moment
from customers.queries.credited import creditable_locations
from customers.questions import Question
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, posted
from portal.core.money import money_text


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def rename(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Give the subscription another friendly name."""
    detail = detail_of(request, subscription_id)
    form = NameForm(posted(request), initial={"friendly_name": detail.subscription.friendly_name})
    question = Question(
        "rename",
        _("Change the friendly name"),
        _("Save"),
        _("The friendly name is changed."),
        form,
        lambda now: changes.rename(
            subscription_id=subscription_id,
            friendly_name=form.cleaned_data["friendly_name"],
            actor=request.actor,
            now=now,
        ),
        [_("Lists, mails and exports use the new name. Nothing changes for the customer.")],
    )
    return answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def quantity(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Add licenses, or take back those that are still in their window."""
    detail = detail_of(request, subscription_id)
    form = QuantityForm(posted(request), initial={"quantity": detail.subscription.quantity})
    windows = [
        _("%(count)d licenses can be taken back until %(until)s.")
        % {"count": one.left, "until": moment(one.reducible_until)}
        for one in detail.windows
    ]
    question = Question(
        "quantity",
        _("Change the quantity"),
        _("Submit"),
        _("The quantity is changed."),
        form,
        lambda now: changes.change_quantity(
            subscription_id=subscription_id, quantity=form.cleaned_data["quantity"], actor=request.actor, now=now
        ),
        [
            _("The days that are left of the running billing cycle are charged or given back."),
            _("Licenses that you add can be taken back for 7 days; then they are bound until the renewal."),
            *(windows or [_("No license can be taken back now.")]),
            *plan_lost(detail),
        ],
    )
    return answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def auto_renew(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Let the subscription go on at the end of its term, or stop there."""
    detail = detail_of(request, subscription_id)
    is_on = detail.subscription.auto_renew
    date = {"date": day(detail.subscription.ends_on) if detail.subscription.ends_on else "–"}
    question = Question(
        "auto_renew",
        _("Stop at the end of the term?") if is_on else _("Renew at the end of the term?"),
        _("Switch auto-renew off") if is_on else _("Switch auto-renew on"),
        _("Auto-renew is off.") if is_on else _("Auto-renew is on."),
        AnswerForm(posted(request)),
        lambda now: changes.set_auto_renew(
            subscription_id=subscription_id, auto_renew=not is_on, actor=request.actor, now=now
        ),
        [_("It ends on %(date)s. Nothing is given back for the running term.") % date, *plan_lost(detail)]
        if is_on
        else [_("On %(date)s the next term begins by itself, at the price of that day.") % date],
    )
    return answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def suspend(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Keep everybody from using it for a while."""
    detail = detail_of(request, subscription_id)
    usage = detail.subscription.product_family in AZURE
    question = Question(
        "suspend",
        _("Suspend this subscription?"),
        _("Suspend"),
        _("The subscription is suspended."),
        AnswerForm(posted(request)),
        lambda now: changes.suspend(subscription_id=subscription_id, actor=request.actor, now=now),
        [_("Nobody at the customer can use it until you reactivate it."), _stops_running()]
        if usage
        else [
            _("Nobody at the customer can use it until you reactivate it."),
            _("It is still billed, and auto-renew is switched off: it does not renew at the end of its term."),
            *plan_lost(detail),
        ],
    )
    return answer(request, detail, question)


def _stops_running() -> str:
    return _("What runs in it is stopped; what is stored in it still costs money.")


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def reactivate(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Let a suspended subscription run again."""
    detail = detail_of(request, subscription_id)
    question = Question(
        "reactivate",
        _("Reactivate this subscription?"),
        _("Reactivate"),
        _("The subscription is active again."),
        AnswerForm(posted(request)),
        lambda now: changes.reactivate(subscription_id=subscription_id, actor=request.actor, now=now),
        [_("The customer can use it at once. Auto-renew stays off until you switch it on.")],
    )
    return answer(request, detail, question)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def cancel(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """End the subscription at once; perpetual software goes back."""
    detail = detail_of(request, subscription_id)
    question = Question(
        "cancel",
        _("Cancel this subscription?"),
        _("Cancel subscription"),
        _("The subscription is canceled."),
        AnswerForm(posted(request)),
        lambda now: changes.cancel(subscription_id=subscription_id, actor=request.actor, now=now),
        [
            _("It ends at once, for everybody who uses it. This cannot be undone."),
            *_given_back(detail),
            *plan_lost(detail),
        ],
    )
    return answer(request, detail, question)


def _given_back(detail: Detail) -> list[str]:
    """Say what canceling gives back, less which fee, and what is left of the cap of reservations."""
    row, refund = detail.subscription, detail.refund
    if detail.lifecycle.refund == Refund.NONE:
        return [_("What was used until now stays due.")]
    facts = {
        "refund": money_text(refund.total, row.currency),
        "rest": money_text(refund.rest, row.currency),
        "fee": money_text(refund.fee, row.currency),
    }
    if row.product_family != ProductFamily.RESERVATION:
        return [_("You get back %(refund)s.") % facts]
    cap = cap_of(row, now=timezone.now())
    facts |= {"cap": money_text(cap.whole, row.currency), "left": money_text(cap.left, row.currency)}
    return [
        _("You get back %(refund)s: %(rest)s for the days that are left, less a fee of %(fee)s.") % facts,
        _("Reservations of one customer give back %(cap)s a year at most; before this one %(left)s is left.") % facts,
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.SUBSCRIPTION_VIEW)
def reseller(request: PortalRequest, subscription_id: UUID) -> HttpResponse:
    """Credit another reseller, or none."""
    detail = detail_of(request, subscription_id)
    locations = creditable_locations(request.actor) if detail.may("reseller") else []
    credited = detail.subscription.partner_on_record or ResellerForm.NOBODY
    form = ResellerForm(posted(request), locations=locations, initial={"credited": credited})
    question = Question(
        "reseller",
        _("Change the reseller"),
        _("Save"),
        _("The reseller is changed."),
        form,
        lambda now: resellers.change_reseller(
            subscription_id=subscription_id,
            reseller_id=form.reseller_id,
            number=form.number,
            actor=request.actor,
            now=now,
        ),
        [
            _("The new reseller sees this subscription from now on, and the former one sees it no more."),
            _("Charges from today on stand under the new reseller; those of earlier days under the former one."),
        ],
    )
    return answer(request, detail, question)
