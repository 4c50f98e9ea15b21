"""Which partner holds which competency, as the operator records it by date (A3)."""

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from billing.forms.earnings import CompetencyEndForm, CompetencyForm, read_competencies
from billing.models import PartnerCompetency
from billing.queries import earnings as queries
from billing.views.earnings import competency_row, partner_url
from billing.views.ending import ask_last_day
from billing.workflow import competencies as workflow
from portal.accounts.access import requires, while_allowed
from portal.accounts.permissions import Permission
from portal.core.errors import InvalidInput
from portal.core.exports import csv_response
from portal.core.http import PortalRequest, page_or_fragment, posted, redirect_to
from portal.core.listing import ListAddress
from portal.core.pages import keyset_page, walk

EXPORT_BATCH = 1_000


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def competencies(request: PortalRequest) -> HttpResponse:
    """List who holds which competency, and record one."""
    known = queries.known_competencies()
    form = CompetencyForm(
        posted(request),
        competencies=known,
        initial={"partner": request.GET.get("partner", ""), "valid_from": timezone.now().date()},
    )
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        partner = values.pop("partner")
        try:
            workflow.record_competency(partner_id=partner.pk, **values, actor=request.actor, now=timezone.now())
        except InvalidInput as refusal:
            form.add_error(refusal.field, refusal.explanation)
        else:
            facts = {"competency": values["competency"], "partner": partner.organization.name}
            messages.success(request, _("%(competency)s is recorded for %(partner)s.") % facts)
            return redirect_to(request, ListAddress(request.path, {"q": str(partner.pk), "held": "all"}).url())
    return page_or_fragment(
        request,
        page="billing/earnings/competencies.html",
        fragment="billing/earnings/_competencies.html",
        context=_context(request) | {"form": form, "knows_any": bool(known)},
        status=422 if form.errors else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Permission.PROGRAMME_OPERATE)
def end_competency(request: PortalRequest, competency_id: UUID) -> HttpResponse:
    """Note from which day on a partner does not hold a competency any more."""
    rows = PartnerCompetency.objects.select_related("partner__organization")
    found = get_object_or_404(rows, pk=competency_id)
    return ask_last_day(
        request,
        partial(workflow.end_competency, competency_id=found.pk),
        done=_("The competency ends."),
        back="pricing:competencies",
        template="billing/earnings/end_competency.html",
        context={"row": _row(found)},
        form_class=CompetencyEndForm,
    )


@require_safe
@requires(Permission.PROGRAMME_OPERATE)
def competencies_export(request: PortalRequest) -> StreamingHttpResponse:
    """Give the list as a CSV file."""
    found = walk(_found(read_competencies(request)), order=queries.COMPETENCY_ORDER, size=EXPORT_BATCH)
    rows = while_allowed(request.actor, Permission.PROGRAMME_OPERATE, found, every=EXPORT_BATCH)
    header = (
        *(_("Partner"), _("Microsoft ID"), _("Competency"), _("Held as")),
        *(_("Held from"), _("First day without it"), _("Recorded by")),
    )
    return csv_response(f"competencies-{timezone.now():%Y-%m-%d}.csv", header, _export_rows(rows))


def _export_rows(found: Iterable[PartnerCompetency]) -> Iterator[tuple[object, ...]]:
    for one in found:
        names = (one.partner.organization.name, one.partner_id, one.competency, one.held_as)
        yield (*names, one.valid_from, one.valid_until, one.recorded_by_name)


def _found(address: ListAddress) -> Any:
    today = timezone.now().date()
    return queries.competencies(text=address.get("q"), held=address.get("held"), today=today)


def _context(request: PortalRequest) -> dict[str, Any]:
    address = read_competencies(request)
    page = keyset_page(_found(address), order=queries.COMPETENCY_ORDER, cursor=address.get("cursor"))
    return {
        "rows": [_row(one) for one in page],
        "pager": address.pager(page),
        "values": {name: address.get(name) for name in ("q", "held")},
        "options": [{"value": "", "label": _("Held today")}, {"value": "all", "label": _("All days")}],
        "chips": address.chips(
            {"q": _("Search: %(text)s") % {"text": address.get("q")}, "held": _("All days")},
        ),
        "list_url": address.path,
        "export_url": address.url(reverse("pricing:competencies_export"), cursor=""),
    }


def _row(one: PartnerCompetency) -> dict[str, Any]:
    is_over = one.valid_until is not None and one.valid_until <= timezone.now().date()
    return {
        **competency_row(one),
        "partner": one.partner.organization.name,
        "partner_url": partner_url(one.partner_id),
        "by": one.recorded_by_name,
        "end_url": "" if is_over else reverse("pricing:end_competency", args=[one.pk]),
    }
