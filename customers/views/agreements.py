"""The customer agreement on the partner's side: attested on the customer's word (R7, section 5.1)."""

from uuid import UUID

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from customers import queries, rules
from customers.forms.account import AttestationForm
from customers.views.updates import update
from customers.workflow import agreements as workflow
from portal.accounts.access import requires
from portal.accounts.permissions import Permission
from portal.core.http import PortalRequest, posted, redirect_to


@require_POST
@requires(Permission.AGREEMENT_ATTEST)
def ask_agreement(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask the customer to accept the agreement in force itself (decision 0023)."""
    relationship = queries.customer_of(request.actor, customer_id)
    workflow.ask_for_agreement(relationship_id=relationship.pk, actor=request.actor, now=timezone.now())
    messages.success(request, _("The customer's administrators are asked to accept the customer agreement."))
    return redirect_to(request, reverse("customers:account", args=[customer_id]))


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.AGREEMENT_ATTEST)
def agreement(request: PortalRequest, customer_id: UUID) -> HttpResponse:
    """Ask who of the customer agreed and when, and record it on the partner's word."""
    relationship = queries.customer_of(request.actor, customer_id)
    rules.check_may_attest(kind=request.actor.organization_kind, cloud=relationship.customer.organization.cloud)

    def save(form: Form) -> None:
        workflow.attest_agreement(
            relationship_id=relationship.pk,
            attestation=workflow.Attestation(**form.cleaned_data),
            actor=request.actor,
            now=timezone.now(),
        )

    title = _("Customer agreement")
    form = AttestationForm(posted(request))
    return update(request, relationship, form, save, title=title, done=_("The customer agreement is recorded."))
