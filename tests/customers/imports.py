"""Files to import, and imports brought to where a test needs them."""

import io
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from customers.models import ImportRun
from customers.processing import imports as processing
from customers.workflow import imports as workflow
from customers.workflow.imports import ImportTerms
from portal.accounts.actor import Actor
from tests.factories import NOON

CUSTOMERS = ("Microsoft ID", "Company name", "Primary domain name", "Relationship", "Tags")
SUBSCRIPTIONS = ("Subscription ID", "Subscription", "Quantity", "Status", "Reseller ID")


def csv(header: Sequence[str], *rows: Iterable[object], delimiter: str = ",") -> str:
    """A file with quotation marks around each cell."""
    lines = [header, *rows]
    return "".join(delimiter.join('"' + str(cell).replace('"', '""') + '"' for cell in line) + "\r\n" for line in lines)


def customers(*rows: Iterable[object]) -> str:
    return csv(CUSTOMERS, *rows)


def many_customers(count: int) -> str:
    return customers(
        *((uuid.UUID(int=n), f"Shop {n}", f"shop{n}.example", "Cloud Reseller", "") for n in range(1, count + 1))
    )


def upload(actor: Actor, text: str | bytes, **terms: Any) -> ImportRun:
    """An uploaded file whose rows nobody has looked at yet."""
    raw = text if isinstance(text, bytes) else text.encode()
    return workflow.upload(
        stream=io.BytesIO(raw),
        file_name="export.csv",
        terms=ImportTerms(**{"country": "FR"} | terms),
        actor=actor,
        now=NOON,
    )


def work_off(run: ImportRun) -> ImportRun:
    """Do all that the background work has to do, with the clock of the tests."""
    processing.work_off(run_id=run.pk, clock=lambda: NOON)
    run.refresh_from_db()
    return run


def preview(actor: Actor, text: str | bytes, **terms: Any) -> ImportRun:
    """A checked file that waits for a yes."""
    return work_off(upload(actor, text, **terms))


def confirm(actor: Actor, run: ImportRun) -> ImportRun:
    return workflow.confirm(run_id=run.pk, actor=actor, now=NOON)


def imported(actor: Actor, text: str | bytes, **terms: Any) -> ImportRun:
    """A file that was imported to its last row."""
    run = preview(actor, text, **terms)
    return work_off(confirm(actor, run))


def results(run: ImportRun) -> list[tuple[str, str]]:
    """Result and reason of each row, in the order of the file."""
    return list(run.rows.order_by("number").values_list("result", "reason"))
