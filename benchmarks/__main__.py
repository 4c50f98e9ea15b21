"""Run the benchmarks, or one of them, and print their tables: exit status 1 if a limit is missed."""

import argparse
import importlib
import logging
import os
import sys
from pathlib import Path

NAMES = (
    "api",
    "audit_log",
    "audit_seal",
    "azure",
    "billing",
    "customers",
    "marketplace",
    "pages",
    "transfers",
    "usage",
    "webhooks",
)


def main() -> int:
    """Set Django up as the tests have it, with the floors mounted and the log lines thrown away."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=NAMES, metavar="NAME", help=f"one of: {', '.join(NAMES)}")
    only = parser.parse_args().only

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
    from django.conf import settings

    settings.ROOT_URLCONF = "benchmarks.floors"
    importlib.import_module("portal.wsgi")  # sets Django up, and this process as a web server has it
    nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - open until the end
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(nowhere)
    reports = []
    for name in [only] if only else NAMES:
        report = importlib.import_module(f"benchmarks.{name}").run()
        report.print()
        reports.append(report)
    return 0 if all(report.is_met for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
