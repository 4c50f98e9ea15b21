"""Daily usage of Azure subscriptions through the API, for the programme operator (A7).

Not in the original, which gives usage and takes none. The records go the way of a file of usage.
"""

import csv
import io
from collections.abc import Sequence
from typing import Annotated, Any, NotRequired

from django.http import HttpResponse
from django.utils import timezone
from pydantic import BeforeValidator, Field
from pydantic.alias_generators import to_camel
from typing_extensions import TypedDict

from billing import usage_files
from billing.models import UsageImport
from billing.queries import usage as queries
from billing.workflow import usage
from portal.accounts.permissions import Permission
from portal.api.access import ApiRequest, api_requires
from portal.api.errors import json_answer
from portal.api.reading import Body, body_of
from portal.api.resources import Attributes, attributes

MOST_RECORDS = 1_000  # of one call; larger amounts come as a file
FIRST_ROW = 2  # what the first record is numbered, as below the header of a file
NAME = "API: {app}"


def _read_text(value: Any) -> str:
    """Return a text or number as a file would write it. Raises: ValueError."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither text nor number")
    return " ".join(str(value).splitlines())


Cell = Annotated[str, BeforeValidator(_read_text, json_schema_input_type=str | float)]


class UsageRecordBody(Body):
    """A record, its properties named as the columns of a file. What is wrong with it stands in the answer."""

    record_id: Cell = ""
    entitlement_id: Cell = ""
    subscription_id: Cell = ""
    usage_date: Cell = ""
    meter_id: Cell = ""
    meter_name: Cell = ""
    meter_category: Cell = ""
    meter_region: Cell = ""
    unit: Cell = ""
    resource_uri: Cell = ""
    quantity: Cell = ""
    publisher_type: Cell = ""
    unit_price: Cell = ""
    pricing_currency: Cell = ""


class UsageRecordsBody(Body):
    """The records of one call."""

    items: list[UsageRecordBody] = Field(min_length=1, max_length=MOST_RECORDS)


class RecordResult(TypedDict):
    """What became of the record at this place of the call, counted from 0."""

    position: int
    recordId: str
    status: str
    reason: NotRequired[str]
    description: NotRequired[str]


class UsageResult(TypedDict):
    id: str
    totalCount: int
    newCount: int
    changedCount: int
    unchangedCount: int
    refusedCount: int
    items: list[RecordResult]
    attributes: Attributes


@api_requires(Permission.PROGRAMME_OPERATE, body=UsageRecordsBody, answer=UsageResult, tag="Programme")
def import_records(request: ApiRequest) -> HttpResponse:
    """Keep up to 1,000 records of daily usage, each once: the same records again change nothing."""
    records = body_of(request, UsageRecordsBody).items
    run = usage.import_usage(
        stream=_file_of(records),
        file_name=NAME.format(app=request.caller.app_name),
        actor=request.actor,
        now=timezone.now(),
    )
    return json_answer(_answer(run, records))


def _file_of(records: Sequence[UsageRecordBody]) -> io.BytesIO:
    """Return the records as the file that the import reads."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(to_camel(name) for name in UsageRecordBody.model_fields)
    writer.writerows(record.model_dump().values() for record in records)
    return io.BytesIO(text.getvalue().encode())


def _answer(run: UsageImport, records: Sequence[UsageRecordBody]) -> UsageResult:
    reasons = dict(queries.wrong_rows(run).values_list("number", "reason"))
    return {
        "id": str(run.pk),
        "totalCount": run.row_count,
        "newCount": run.new_count,
        "changedCount": run.changed_count,
        "unchangedCount": run.same_count,
        "refusedCount": run.wrong_count,
        "items": [
            _result(position, record.record_id, reasons.get(position + FIRST_ROW, ""))
            for position, record in enumerate(records)
        ],
        "attributes": attributes("UsageImport"),
    }


def _result(position: int, record_id: str, reason: str) -> RecordResult:
    result: RecordResult = {
        "position": position,
        "recordId": record_id,
        "status": "refused" if reason else "accepted",
    }
    if reason:
        result |= {"reason": reason, "description": str(usage_files.REASONS[reason])}
    return result
