"""What must be there before the portal starts: the text of the customer agreement in force (decision 0023)."""

from typing import Any

from django.conf import settings
from django.core.checks import Error, register
from django.template import TemplateDoesNotExist
from django.template.loader import get_template


@register
def agreement_text_exists(**_options: Any) -> list[Error]:
    """Refuse a version of the customer agreement that nobody could read."""
    name = f"agreements/customer/{settings.CUSTOMER_AGREEMENT_VERSION}.html"
    try:
        get_template(name)
    except TemplateDoesNotExist:
        hint = f"Put the text into templates/{name}, or name a version whose text is there."
        return [Error("The customer agreement in force has no text.", hint=hint, id="customers.E001")]
    return []
