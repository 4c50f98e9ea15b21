"""The codes of the decision table on the page of errors (API reference, section 1.11)."""

from azure.rules.offers import API_NUMBER, SHARED_ELSEWHERE
from azure.rules.table import TABLE
from portal.api.error_help import ErrorCode


def all_codes() -> list[ErrorCode]:
    """Return every row of the decision table as an error, with cause and remedy."""
    rows = [
        ErrorCode(row.code, *API_NUMBER, cause=str(row.why), remedy=str(row.next_step), area="azure") for row in TABLE
    ]
    shared = ErrorCode(
        SHARED_ELSEWHERE,
        *API_NUMBER,
        cause="Shared services are for the partner's own use.",
        remedy="Buy them in the partner's own tenant.",
        area="azure",
    )
    return [*rows, shared]
