"""Work off files of many transfers: check their rows batch by batch, carry them out one by one (X2).

A batch of a check is one transaction, and so is a row that is carried out: the request, its mails and what the row says
of it come together or not at all. A killed process repeats nothing; the sweep finds what is left in PostgreSQL.
"""

import datetime
import json
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from django.db import DataError, IntegrityError, connection, transaction
from django.http import Http404
from django.utils import timezone

from portal.accounts.actor import Actor
from portal.accounts.enums import OrganizationKind
from portal.accounts.models import Membership, Partner
from portal.accounts.queries import make_actor
from portal.core.errors import Refusal
from portal.core.queue import enqueue_after_commit
from transfers import rules
from transfers.enums import BulkKind, BulkResult, BulkStatus, Level
from transfers.models import BULK_PERMISSIONS, BULK_WORKING, BulkRow, BulkRun, Transfer
from transfers.queries.bulk import directory_of
from transfers.reasons import Finding, TransferRefused
from transfers.rules.bulk import Reading, read_request
from transfers.workflow import bulk as workflow
from transfers.workflow.requests import Request, create_transfer

CHECKED_AT_ONCE = 200
SECONDS = 120  # of one task; then others have their turn
LOST_AFTER = datetime.timedelta(seconds=30)
LOST_AT_ONCE = 100
_TELL = """
UPDATE transfers_bulkrow AS row
SET level = told.level, findings = told.findings::jsonb, plan = told.plan::jsonb, customer_id = told.customer_id
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::uuid[])
    AS told (id, level, findings, plan, customer_id)
WHERE row.id = told.id
"""
logger = structlog.get_logger(__name__)


def work_off(*, run_id: uuid.UUID, clock: Callable[[], datetime.datetime] = timezone.now) -> None:
    """Do what a file has to be done to at the moment, or hand the rest to the next task."""
    end = time.monotonic() + SECONDS
    while process_batch(run_id=run_id, now=clock()):
        if time.monotonic() > end:
            enqueue_after_commit(workflow.PROCESS, str(run_id))
            return


def resume_lost(*, now: datetime.datetime) -> None:
    """Queue the files again whose task was lost with its worker or its broker (quality rows 1 and 4)."""
    lost = BulkRun.objects.waiting(since=now - LOST_AFTER).order_by("touched_at", "pk")
    for run_id in lost.values_list("pk", flat=True)[:LOST_AT_ONCE]:
        enqueue_after_commit(workflow.PROCESS, str(run_id))


@transaction.atomic
def process_batch(*, run_id: uuid.UUID, now: datetime.datetime) -> bool:
    """Check the next rows, or carry out the next one; returns whether there may be more.

    A second worker finds the file taken and stops.
    """
    runs = BulkRun.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    run = runs.filter(pk=run_id, status__in=BULK_WORKING).first()
    if run is None:
        return False
    actor = _actor_of(run)
    if actor is None:
        workflow.close(run, actor=None, now=now)
        return False
    waiting = run.rows.filter(result=BulkResult.WAITING).order_by("number")
    if run.status == BulkStatus.CHECKING:
        rows = list(waiting.filter(level="")[:CHECKED_AT_ONCE])
        work = _check
    else:
        rows = list(waiting.exclude(level=Level.RED)[:1])
        work = _carry_out
    if not rows:
        workflow.finish(run, actor=actor, now=now)
        return False
    work(run, rows, actor, now)
    run.touched_at = now
    run.save()
    return True


def _actor_of(run: BulkRun) -> Actor | None:
    """Return the person in whose name the file runs, if person and partner still may (quality row 16)."""
    members = Membership.objects.active().filter(user_id=run.started_by_id, organization_id=run.partner_id)
    membership = members.select_related("user", "organization").first()
    actor = make_actor(membership, membership.user) if membership else None
    return actor if actor and actor.may(BULK_PERMISSIONS[BulkKind(run.kind)]) else None


# --- check -----------------------------------------------------------------------------------------------------------
def _check(run: BulkRun, rows: Sequence[BulkRow], actor: Actor, now: datetime.datetime) -> None:
    """Ask of each row what a single request is asked; the number of queries does not depend on the number of rows."""
    target = Partner.objects.select_related("organization").get(pk=run.partner_id)
    names_reseller = target.organization.kind == OrganizationKind.INDIRECT_PROVIDER
    directory = directory_of(
        target.pk,
        [row.values for row in rows],
        is_sandbox=target.organization.is_sandbox,
        names_reseller=names_reseller,
    )
    readings = [read_request(row.values, directory, names_reseller=names_reseller) for row in rows]
    findings = _with_prerequisites(readings, target, now.date())
    before = _rows_before(run, rows, readings)
    for row, reading, found in zip(rows, readings, findings, strict=True):
        row.plan = dict(reading.plan)
        row.customer_id = reading.relationship.customer_id if reading.relationship else None
        place = _place(row.plan)
        if place in before:
            found.append(Finding("bulk-row-repeated", {"number": before[place]}))
        row.level = _level(found)
        row.findings = [stored(one) for one in sorted(found, key=lambda one: not one.stops)]
        if row.level != Level.RED and place is not None:
            before[place] = row.number
    _tell(rows)
    counts = Counter(row.level for row in rows)
    run.green_count += counts[Level.GREEN]
    run.amber_count += counts[Level.AMBER]
    run.red_count += counts[Level.RED]


def _with_prerequisites(readings: Sequence[Reading], target: Partner, on: datetime.date) -> list[list[Finding]]:
    """Return what is wrong with the cells of each row, and what the checklist says of its request."""
    wanted = [reading.wanted(target) for reading in readings]
    known = iter(rules.with_facts(one for one in wanted if one is not None))
    findings = []
    for reading, one in zip(readings, wanted, strict=True):
        found = list(reading.findings)
        if one is not None:
            has_said_it = any(finding.code == "bulk-source-unknown" for finding in found)
            checks = rules.prerequisites(next(known), on=on)
            said = [finding for check in checks for finding in check.findings]
            found += [finding for finding in said if not (has_said_it and finding.code == "source-partner-missing")]
        findings.append(found)
    return findings


def _place(plan: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return whom a row asks for which customer: one file asks once."""
    place = (plan["customer_id"], plan["source_tenant_id"])
    return place if all(place) else None


def _rows_before(run: BulkRun, rows: Sequence[BulkRow], readings: Sequence[Reading]) -> dict[tuple[str, str], int]:
    """Return what good rows ask that stand before these, or were carried out already, with their numbers."""
    customers = {one.relationship.customer_id for one in readings if one.relationship}
    others = run.rows.filter(customer_id__in=customers).exclude(pk__in=[row.pk for row in rows])
    others = others.filter(level__in=(Level.GREEN, Level.AMBER)).order_by("-number")
    return {
        place: number for number, plan in others.values_list("number", "plan") if (place := _place(plan)) is not None
    }


def _level(findings: Sequence[Finding]) -> Level:
    levels = {finding.level for finding in findings}
    return next((level for level in (Level.RED, Level.AMBER) if level in levels), Level.GREEN)


def stored(finding: Finding) -> dict[str, Any]:
    """Return a reason as a row keeps it, to be told in the language of whoever reads it."""
    params = {name: str(getattr(value, "value", value)) for name, value in finding.params.items()}
    return {"code": finding.code, "params": params, "url": finding.url}


def _tell(rows: Sequence[BulkRow]) -> None:
    """Keep what the check says of the rows."""
    with connection.cursor() as cursor:
        cursor.execute(
            _TELL,
            [
                [row.pk for row in rows],
                [str(row.level) for row in rows],
                [json.dumps(row.findings) for row in rows],
                [json.dumps(row.plan) for row in rows],
                [row.customer_id for row in rows],
            ],
        )


# --- carry out -------------------------------------------------------------------------------------------------------
def _carry_out(run: BulkRun, rows: Sequence[BulkRow], actor: Actor, now: datetime.datetime) -> None:
    """Hand a row to the workflow of single requests, with its permission, locks, rules and announcements."""
    for row in rows:
        was = row.level
        transfer, findings = _done(run, row, actor, now)
        if transfer is not None:
            row.result, row.transfer = BulkResult.DONE, transfer
            run.done_count += 1
        else:
            row.result, row.findings = BulkResult.FAILED, [stored(finding) for finding in findings]
            run.failed_count += 1
            logger.info("bulk_row_failed", run_id=str(run.pk), row=row.number, code=findings[0].code)
        run.green_count -= was == Level.GREEN
        run.amber_count -= was == Level.AMBER
        row.save(update_fields=["result", "findings", "transfer"])


def _done(
    run: BulkRun, row: BulkRow, actor: Actor, now: datetime.datetime
) -> tuple[Transfer | None, Sequence[Finding]]:
    """Return the transfer that a row led to, or why it did not."""
    try:
        with transaction.atomic():
            return create_transfer(request=_request(row.plan), actor=actor, now=now), ()
    except TransferRefused as refusal:
        return None, refusal.findings
    except Refusal as refusal:
        return None, [Finding("bulk-row-refused", {"message": str(refusal)})]
    except Http404:  # the relationship, or the customer, is gone since the check
        return None, [Finding("no-relationship-with-customer")]
    except (IntegrityError, DataError):
        return None, [Finding("bulk-row-not-stored")]


def _request(plan: Mapping[str, Any]) -> Request:
    """Return the request as it was checked."""
    ids = {name: uuid.UUID(plan[name]) for name in ("customer_id", "source_tenant_id")}
    return Request(**{**plan, **ids})
