"""Relationship requests on the partner's side: list, new, message with the unique link, send again, revoke (R1-R3)."""

import base64
import datetime
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from customers import queries
from customers.forms.invitations import MessageForm, RequestForm
from customers.models import RelationshipInvitation
from customers.rules import LINK_PLACEHOLDER
from customers.workflow import invitations as workflow
from customers.workflow.messages import default_message
from portal.accounts.access import requires
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Organization
from portal.accounts.permissions import Permission
from portal.audit import queries as audit
from portal.audit.timeline import entries
from portal.core import sealing
from portal.core.errors import InvalidInput, Refusal
from portal.core.http import PortalRequest, page_or_fragment
from portal.core.listing import ListAddress
from portal.notifications.enums import UNDELIVERED

_SESSION_KEY = "invitation_tokens"
_COUNTERPART_LABELS = {
    OrganizationKind.INDIRECT_PROVIDER: gettext_lazy("Indirect reseller"),
    OrganizationKind.INDIRECT_RESELLER: gettext_lazy("Indirect provider"),
}


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def invitations(request: PortalRequest) -> HttpResponse:
    """List the requests of the partner with how far each has come."""
    now = timezone.now()
    address = ListAddress.read(request, {"q": None, "state": queries.STATES.keys(), "cursor": None})
    wanted = queries.InvitationFilter(text=address.get("q"), state=address.get("state"))
    page = queries.invitation_page(request.actor, wanted, cursor=address.get("cursor"), now=now)
    labels = {name: str(label) for name, (_tone, label) in queries.STATES.items()}
    options = {"": _("All states"), **labels}
    context = {
        "rows": _rows(page.rows, now=now),
        "values": {"q": wanted.text, "state": wanted.state},
        "states": [{"value": value, "label": label} for value, label in options.items()],
        "chips": address.chips({"q": wanted.text, "state": labels.get(wanted.state, "")}),
        "list_url": address.path,
        "pager": {
            "previous": address.url(cursor=page.previous_cursor) if page.previous_cursor else "",
            "next": address.url(cursor=page.next_cursor) if page.next_cursor else "",
        },
        "why_not": request.actor.why_not(Permission.RELATIONSHIP_REQUEST),
    }
    return page_or_fragment(
        request,
        page="customers/invitations.html",
        fragment="customers/_invitations.html",
        context=context,
    )


def _rows(found: Sequence[RelationshipInvitation], *, now: datetime.datetime) -> list[tuple[Any, tuple[str, Any]]]:
    """Return each request with its state in words; a mail that no mail server has taken is not called sent."""
    states = {row.pk: queries.state_of(row, now=now) for row in found}
    not_out = queries.with_mail_not_out((row for row in found if states[row.pk] == "sent"), now=now)
    words = {key: queries.MAIL_NOT_OUT if key in not_out else queries.STATES[state] for key, state in states.items()}
    return [(row, words[row.pk]) for row in found]


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RELATIONSHIP_REQUEST)
def new_relationship(request: PortalRequest) -> HttpResponse:
    """Ask for the terms of a request, create it, and go on to its message."""
    own = Organization.objects.get(pk=request.actor.organization_id)
    kind = request.actor.organization_kind
    form = RequestForm(
        request.POST or None,
        cloud=own.cloud,
        counterparts=queries.counterparts_of(request.actor),
        label=_COUNTERPART_LABELS.get(kind, gettext_lazy("Indirect provider")),
        initial={
            "language": own.language,
            "include_admin_rights": False,
            "counterpart": request.GET.get("counterpart", ""),
            "customer_label": request.GET.get("name", "")[:200],
            "expected_tenant_id": queries.as_uuid(request.GET.get("tenant", "")),
        },
    )
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        try:
            invitation, token = workflow.request_relationship(
                terms=_terms(form, own), actor=request.actor, now=timezone.now()
            )
        except InvalidInput as invalid:
            form.add_error(invalid.field if invalid.field in form.fields else None, str(invalid))
        except Refusal as refused:
            refusal = refused
        else:
            _keep_token(request, invitation.pk, token)
            return redirect("customers:invitation_message", invitation.pk)
    status = refusal.http_status if refusal else 422 if form.is_bound else 200
    needs_counterpart = kind in _COUNTERPART_LABELS and "counterpart" not in form.fields
    context = {"form": form, "refusal": refusal, "own": own, "needs_counterpart": needs_counterpart}
    return render(request, "customers/new_relationship.html", context, status=status)


def _terms(form: RequestForm, own: Organization) -> workflow.RequestTerms:
    """Put the form into terms: a reseller asks through its provider, a provider names its reseller."""
    data = form.cleaned_data
    counterpart = form.counterpart_id
    is_provider = own.kind == OrganizationKind.INDIRECT_PROVIDER
    partner_id, reseller_id = (counterpart, own.pk) if counterpart and not is_provider else (own.pk, counterpart)
    names = dict(Organization.objects.filter(pk__in=[partner_id, reseller_id]).values_list("pk", "name"))
    subject, text = default_message(
        partner_name=names[partner_id],
        reseller_name=names.get(reseller_id, "") if reseller_id else "",
        include_admin_rights=form.includes_admin_rights,
        language=data["language"],
    )
    return workflow.RequestTerms(
        partner_id=partner_id,
        reseller_id=reseller_id,
        cloud=own.cloud,
        include_admin_rights=form.includes_admin_rights,
        language=data["language"],
        customer_label=data["customer_label"],
        expected_tenant_id=data["expected_tenant_id"],
        expected_domain=data["expected_domain"],
        recipient_email=data["recipient_email"],
        message_subject=subject,
        message_text=text,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RELATIONSHIP_REQUEST)
def invitation_message(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Show the message with its unique link, to send from here, to open in a mail program or to copy."""
    invitation = queries.invitation_detail(request.actor, invitation_id)
    token = _kept_token(request, invitation_id)
    if not token:
        messages.info(request, _("The link is shown only once. Send the request again to get a new link."))
        return redirect("customers:invitation", invitation_id)
    link = workflow.invitation_link(invitation, token)
    form = MessageForm(request.POST or None, initial=_shown_message(invitation, link))
    refusal: Refusal | None = None
    if request.method == "POST" and form.is_valid():
        refusal = _send(request, invitation, form, link)
        if refusal is None:
            _forget_token(request, invitation_id)
            messages.success(
                request, _("The message is on its way to %(email)s.") % {"email": form.cleaned_data["recipient_email"]}
            )
            return redirect("customers:invitation", invitation_id)
    text = form["text"].value() or ""
    mail_url = f"mailto:{quote(form['recipient_email'].value() or '')}?" + urlencode(
        {"subject": form["subject"].value() or "", "body": text}, quote_via=quote
    )
    context = {"invitation": invitation, "form": form, "link": link, "mail_url": mail_url, "refusal": refusal}
    status = refusal.http_status if refusal else 422 if form.is_bound else 200
    return render(request, "customers/invitation_message.html", context, status=status)


def _shown_message(invitation: RelationshipInvitation, link: str) -> dict[str, str]:
    return {
        "recipient_email": invitation.recipient_email,
        "subject": invitation.message_subject,
        "text": invitation.message_text.replace(LINK_PLACEHOLDER, link),
    }


def _send(request: PortalRequest, invitation: RelationshipInvitation, form: MessageForm, link: str) -> Refusal | None:
    """Hand the message to the workflow; a refusal that belongs to the text goes to its field."""
    data = form.cleaned_data
    message = workflow.Message(
        recipient_email=data["recipient_email"],
        subject=data["subject"],
        text=data["text"].replace(link, LINK_PLACEHOLDER),
    )
    try:
        workflow.send_invitation(
            invitation_id=invitation.pk, link=link, message=message, actor=request.actor, now=timezone.now()
        )
    except InvalidInput as invalid:
        form.add_error("text", str(invalid))
        return invalid
    except Refusal as refused:
        return refused
    return None


@require_safe
@requires(Permission.CUSTOMER_VIEW)
def invitation(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Show one request: its terms, its state, its mails and what happened."""
    found = queries.invitation_detail(request.actor, invitation_id)
    return render(request, "customers/invitation.html", _detail(request, found))


def _detail(request: PortalRequest, found: RelationshipInvitation, refusal: Refusal | None = None) -> dict[str, Any]:
    now = timezone.now()
    state = queries.state_of(found, now=now)
    mails = queries.mails_of(found)
    not_out = mails[0] if mails and state == "sent" and queries.is_not_out(mails[0], now=now) else None
    tone, label = queries.MAIL_NOT_OUT if not_out else queries.STATES[state]
    return {
        "invitation": found,
        "refusal": refusal,
        "state": {"tone": tone, "label": label},
        "is_open": state in ("ready", "sent", "opened"),
        "has_link": bool(_kept_token(request, found.pk)),
        "mails": mails,
        "mail_not_out": not_out,
        "mail_is_lost": not_out is not None and not_out.status in UNDELIVERED,
        "entries": entries(audit.timeline(request.actor, "relationship-request", found.pk)),
        "why_not": request.actor.why_not(Permission.RELATIONSHIP_REQUEST),
    }


@require_POST
@requires(Permission.RELATIONSHIP_REQUEST)
def resend(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Make a new link, which kills the old one, and show the message with it."""
    found = queries.invitation_detail(request.actor, invitation_id)
    try:
        _invitation, token = workflow.resend_invitation(invitation_id=found.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return render(
            request, "customers/invitation.html", _detail(request, found, refusal), status=refusal.http_status
        )
    _keep_token(request, found.pk, token)
    messages.info(request, _("The request has a new link. The old one no longer works."))
    return redirect("customers:invitation_message", found.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.RELATIONSHIP_REQUEST)
def revoke(request: PortalRequest, invitation_id: UUID) -> HttpResponse:
    """Ask whether to take a request back, and do it."""
    found = queries.invitation_detail(request.actor, invitation_id)
    if request.method != "POST":
        return page_or_fragment(
            request,
            page="customers/revoke_invitation.html",
            fragment="customers/_revoke_invitation_dialog.html",
            context={"invitation": found},
        )
    try:
        workflow.revoke_invitation(invitation_id=found.pk, actor=request.actor, now=timezone.now())
    except Refusal as refusal:
        return render(
            request, "customers/invitation.html", _detail(request, found, refusal), status=refusal.http_status
        )
    _forget_token(request, found.pk)
    messages.success(request, _("The request is revoked. Its link no longer works."))
    return redirect("customers:invitation", found.pk)


# The token of a fresh link waits in the session, sealed, until the message is sent: the database keeps its hash only.
def _keep_token(request: PortalRequest, invitation_id: UUID, token: str) -> None:
    kept = request.session.get(_SESSION_KEY, {})
    kept[str(invitation_id)] = base64.b64encode(sealing.seal(token.encode())).decode()
    request.session[_SESSION_KEY] = dict(list(kept.items())[-10:])


def _kept_token(request: PortalRequest, invitation_id: UUID) -> str:
    sealed = request.session.get(_SESSION_KEY, {}).get(str(invitation_id), "")
    try:
        return sealing.unseal(base64.b64decode(sealed)).decode() if sealed else ""
    except InvalidToken:
        return ""


def _forget_token(request: PortalRequest, invitation_id: UUID) -> None:
    kept = request.session.get(_SESSION_KEY, {})
    if kept.pop(str(invitation_id), None) is not None:
        request.session[_SESSION_KEY] = kept
