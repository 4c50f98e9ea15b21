"""Files of many transfers, and runs brought to where a test needs them."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from portal.accounts.actor import Actor
from portal.accounts.models import Organization
from tests.customers.factories import make_agreement, make_customer, make_relationship
from tests.factories import NOON
from tests.transfers.factories import World
from transfers.models import BulkRow, BulkRun
from transfers.processing import bulk as processing
from transfers.workflow import bulk as workflow

HEADER = ("Microsoft ID of the customer", "Current partner", "E-mail address of the customer", "Note")


def text_of(header: Sequence[object], *rows: Iterable[object]) -> bytes:
    file = io.StringIO()
    csv.writer(file).writerows([header, *rows])
    return file.getvalue().encode()


def requests(*rows: Iterable[object]) -> bytes:
    return text_of(HEADER, *rows)


def row_of(world: World, customer: Any = None, **cells: object) -> tuple[object, ...]:
    """A row that can be sent."""
    return (
        (customer or world.customer).pk,
        world.source.pk,
        cells.get("email", "contact@customer.example"),
        cells.get("note", ""),
    )


def more_customers(source: Organization, target: Organization, count: int) -> list[Any]:
    """Customers of both partners, each ready to be asked for."""
    customers = []
    for _number in range(count):
        customer = make_customer(country="FR")
        make_relationship(source, customer)
        make_agreement(make_relationship(target, customer))
        customers.append(customer)
    return customers


def upload(actor: Actor, raw: bytes, **more: Any) -> BulkRun:
    """An uploaded file whose rows nobody has looked at yet."""
    return workflow.upload(stream=io.BytesIO(raw), file_name="merger.csv", actor=actor, now=NOON, **more)


def work_off(run: BulkRun) -> BulkRun:
    """Do all that the background work has to do, with the clock of the tests."""
    processing.work_off(run_id=run.pk, clock=lambda: NOON)
    run.refresh_from_db()
    return run


def checked(actor: Actor, raw: bytes, **more: Any) -> BulkRun:
    """A checked file that waits for a yes."""
    return work_off(upload(actor, raw, **more))


def confirm(actor: Actor, run: BulkRun, *, leave_out: bool = True) -> BulkRun:
    return workflow.confirm(run_id=run.pk, leave_out=leave_out, actor=actor, now=NOON)


def carried_out(actor: Actor, raw: bytes) -> BulkRun:
    """A file all of whose rows are dealt with."""
    run = checked(actor, raw)
    confirm(actor, run)
    return work_off(run)


def codes(row: BulkRow) -> list[str]:
    return [finding["code"] for finding in row.findings]


def rows_of(run: BulkRun) -> list[BulkRow]:
    return list(run.rows.order_by("number"))
