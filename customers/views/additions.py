"""Add a customer in steps: account, agreement, review, confirmation (R5, reference 1.10).

What was typed waits in the session, so the browser's Back and a plain reload lose and repeat nothing.
"""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from customers import queries, rules
from customers.forms.additions import NewAgreementForm, NewCustomerForm
from customers.workflow import additions as workflow
from customers.workflow.agreements import Attestation
from portal.accounts.access import requires
from portal.accounts.actor import Actor
from portal.accounts.models import Partner
from portal.accounts.permissions import Permission
from portal.core.countries import country_name
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest

_SESSION_KEY = "new_customer"
_ACCOUNT, _AGREEMENT, _DONE = "account", "agreement", "done"


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_ADD)
def add_customer(request: PortalRequest) -> HttpResponse:
    """First step: the organization and its first administrator."""
    rules.check_may_add(kind=request.actor.organization_kind)
    partner = _partner(request.actor)
    rules.check_sells_directly(partner)
    form = _account_form(request, partner, posted=True)
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            rules.check_new_customer(partner, form.new_customer(), today=timezone.now().date())
        except Refusal as refused:
            refusal = _at_field(form, refused)
        else:
            _keep(request, _ACCOUNT, form)
            return redirect("customers:add_customer_agreement")
    return _step(request, "account.html", 0, {"form": form, "refusal": refusal})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_ADD)
def add_customer_agreement(request: PortalRequest) -> HttpResponse:
    """Second step: who accepts the customer agreement."""
    account = _account_form(request, _partner(request.actor))
    if not account.is_valid():
        return redirect("customers:add_customer")
    form = _agreement_form(request, posted=True)
    if request.method == "POST" and form.is_valid():
        if form.is_attested and form.cleaned_data["agreed_on"] > timezone.now().date():
            form.add_error("agreed_on", _("The date of the agreement cannot be in the future."))
        else:
            _keep(request, _AGREEMENT, form)
            return redirect("customers:add_customer_review")
    return _step(request, "agreement.html", 1, {"form": form, "why_not_attest": _why_not_attest(request.actor)})


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.CUSTOMER_ADD)
def add_customer_review(request: PortalRequest) -> HttpResponse:
    """Third step: all that was typed, with customers it may repeat; then add the customer."""
    partner = _partner(request.actor)
    account, agreement = _account_form(request, partner), _agreement_form(request)
    if not account.is_valid():
        return redirect("customers:add_customer")
    if not agreement.is_valid():
        return redirect("customers:add_customer_agreement")
    new, refusal = account.new_customer(), None
    attestation = Attestation(**agreement.attested_values()) if agreement.is_attested else None
    if request.method == "POST":
        try:
            added = workflow.add_customer(new=new, attestation=attestation, actor=request.actor, now=timezone.now())
        except Refusal as refused:
            refusal = refused
        else:
            request.session[_SESSION_KEY] = {_DONE: _confirmation(added)}
            return redirect("customers:add_customer_done")
    context = {
        "new": new,
        "attestation": attestation,
        "country": country_name(new.country),
        "language": dict(account.fields["language"].choices)[new.language],  # type: ignore[attr-defined]
        "reseller": next((one.organization.name for one in _resellers(request.actor) if one.pk == new.reseller_id), ""),
        "alike": queries.customers_like(request.actor, name=new.company_name, country=new.country),
        "refusal": refusal,
    }
    return _step(request, "review.html", 2, context)


@require_safe
@requires(Permission.CUSTOMER_ADD)
def add_customer_done(request: PortalRequest) -> HttpResponse:
    """Confirmation: the administrator's sign-in name, and that a link to choose a password is on its way."""
    done = request.session.get(_SESSION_KEY, {}).get(_DONE)
    if not done:
        return redirect("customers:list")
    return _step(request, "done.html", 3, {**done, "expires_at": parse_datetime(done["expires_at"])})


# --- what the steps share --------------------------------------------------------------------------------------------
def _partner(actor: Actor) -> Partner:
    return Partner.objects.select_related("organization").get(pk=actor.organization_id)


def _resellers(actor: Actor) -> list[Partner]:
    return queries.counterparts_of(actor)


def _account_form(request: PortalRequest, partner: Partner, *, posted: bool = False) -> NewCustomerForm:
    """Return the form of the first step with what is sent now, else with what the session holds."""
    return NewCustomerForm(
        _data(request, _ACCOUNT, posted=posted),
        countries=queries.countries_of_market(partner.market, on=timezone.now().date()),
        resellers=_resellers(request.actor),
        cloud=partner.organization.cloud,
        initial={"language": partner.organization.language, "include_admin_rights": True},
    )


def _agreement_form(request: PortalRequest, *, posted: bool = False) -> NewAgreementForm:
    may_attest = not _why_not_attest(request.actor)
    return NewAgreementForm(_data(request, _AGREEMENT, posted=posted), may_attest=may_attest)


def _why_not_attest(actor: Actor) -> str:
    """Say why the partner cannot attest the agreement of a customer it adds: its cloud, or the person's role."""
    try:
        rules.check_may_attest(kind=actor.organization_kind, cloud=_partner(actor).organization.cloud)
    except Refusal as refusal:
        return str(refusal)
    return actor.why_not(Permission.AGREEMENT_ATTEST)


def _data(request: HttpRequest, step: str, *, posted: bool) -> Any:
    if posted and request.method == "POST":
        return request.POST
    return request.session.get(_SESSION_KEY, {}).get(step)


def _keep(request: HttpRequest, step: str, form: forms.Form) -> None:
    """Remember a valid step as it was typed; the next start begins without the last confirmation."""
    kept = {name: value for name, value in request.session.get(_SESSION_KEY, {}).items() if name != _DONE}
    typed = {name: form.data[name] for name in form.fields if name in form.data}
    request.session[_SESSION_KEY] = {**kept, step: typed}


def _at_field(form: forms.Form, refusal: Refusal) -> Refusal | None:
    """Put a refusal at its field; one that leads somewhere, or has no field here, stands above the form."""
    field = refusal.field if isinstance(refusal, InvalidInput) and refusal.field in form.fields else None
    form.add_error(field, str(refusal))
    return refusal if refusal.next_url else None


def _confirmation(added: workflow.Addition) -> dict[str, str]:
    return {
        "customer_id": str(added.relationship.customer_id),
        "customer_name": added.relationship.customer_name,
        "sign_in_name": added.administrator.email,
        "expires_at": added.link_expires_at.isoformat(),
    }


def _step(request: PortalRequest, template: str, number: int, context: dict[str, Any]) -> HttpResponse:
    names = [_("Account"), _("Agreement"), _("Review"), _("Confirmation")]
    urls = [reverse(f"customers:{name}") for name in ("add_customer", "add_customer_agreement", "add_customer_review")]
    steps = [
        {
            "label": label,
            "state": "done" if place < number else "current" if place == number else "todo",
            "url": urls[place] if place < number < len(urls) else "",
        }
        for place, label in enumerate(names)
    ]
    refusal, form = context.get("refusal"), context.get("form")
    status = refusal.http_status if refusal else 422 if form is not None and request.method == "POST" else 200
    return render(request, f"customers/add/{template}", {"steps": steps, **context}, status=status)
