"""Every change of support cases and of service health, one function each."""

from support.workflow.cases import (
    NewCase,
    answer_case,
    ask_for_information,
    assign_case,
    change_severity,
    close_case,
    close_resolved_cases,
    open_case,
    reopen_case,
    resolve_case,
)
from support.workflow.health import NewIncident, publish_incident, update_incident

__all__ = [
    "NewCase",
    "NewIncident",
    "answer_case",
    "ask_for_information",
    "assign_case",
    "change_severity",
    "close_case",
    "close_resolved_cases",
    "open_case",
    "publish_incident",
    "reopen_case",
    "resolve_case",
    "update_incident",
]
