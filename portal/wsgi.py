"""The WSGI entry for granian, or any other WSGI server."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings.production")

application = get_wsgi_application()

# All code is loaded now and stays: the collector of reference cycles need not look at it again and again.
get_resolver().url_patterns  # noqa: B018 - imports every view
gc.collect()
gc.freeze()
