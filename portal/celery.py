"""The Celery app and the beat schedule.

Beat only sweeps: whatever a task left behind stands as a row in PostgreSQL, and the sweeper finds it there
(quality row 4: an emptied Redis delays work by at most 60 s).
"""

import os

from celery import Celery
from celery.signals import setup_logging, worker_ready
from django_structlog.celery.steps import DjangoStructLogInitStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.steps["worker"].add(DjangoStructLogInitStep)


@setup_logging.connect
def _keep_the_logging_of_the_settings(**_: object) -> None:
    """Stop Celery from replacing the JSON logging that the settings configure."""


@worker_ready.connect
def _say_hello(**_: object) -> None:
    """Let /readyz see this worker at once instead of at the next beat."""
    app.send_task("core.heartbeat")


app.conf.beat_schedule = {
    "core.heartbeat": {"task": "core.heartbeat", "schedule": 15.0, "options": {"expires": 15}},
    "audit.seal": {"task": "audit.seal", "schedule": 20.0, "options": {"expires": 20}},
    "notifications.sweep": {"task": "notifications.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "customers.sweep_invitations": {
        "task": "customers.sweep_invitations",
        "schedule": 600.0,
        "options": {"expires": 600},
    },
    "customers.sweep_imports": {"task": "customers.sweep_imports", "schedule": 30.0, "options": {"expires": 30}},
    "transfers.sweep": {"task": "transfers.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "transfers.sweep_bulk": {"task": "transfers.sweep_bulk", "schedule": 30.0, "options": {"expires": 30}},
    "transfers.sweep_requests": {"task": "transfers.sweep_requests", "schedule": 600.0, "options": {"expires": 600}},
    "accounts.ask_for_agreements": {
        "task": "accounts.ask_for_agreements",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "marketplace.sweep_calls": {"task": "marketplace.sweep_calls", "schedule": 5.0, "options": {"expires": 5}},
    "marketplace.run_terms": {"task": "marketplace.run_terms", "schedule": 1800.0, "options": {"expires": 1800}},
    "azure.sweep_transitions": {"task": "azure.sweep_transitions", "schedule": 60.0, "options": {"expires": 60}},
    "azure.run_terms": {"task": "azure.run_terms", "schedule": 1800.0, "options": {"expires": 1800}},
    # Hourly, because beat may be away on the first of the month; it works once per month (INVOICE_CLOSING_HOURS).
    "billing.close_months": {"task": "billing.close_months", "schedule": 3600.0, "options": {"expires": 3600}},
    "billing.check_budgets": {"task": "billing.check_budgets", "schedule": 3600.0, "options": {"expires": 3600}},
    "billing.sweep_usage": {"task": "billing.sweep_usage", "schedule": 30.0, "options": {"expires": 30}},
    "billing.remind_of_payments": {
        "task": "billing.remind_of_payments",
        "schedule": 3600.0,
        "options": {"expires": 3600},
    },
    "support.close_resolved": {"task": "support.close_resolved", "schedule": 3600.0, "options": {"expires": 3600}},
    "webhooks.sweep": {"task": "webhooks.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "webhooks.forget_old": {"task": "webhooks.forget_old", "schedule": 3600.0, "options": {"expires": 3600}},
    "api.sweep": {"task": "api.sweep", "schedule": 600.0, "options": {"expires": 600}},
    "accounts.expire": {"task": "accounts.expire", "schedule": 3600.0, "options": {"expires": 3600}},
}
