"""The filter ``date`` of all templates, in place of Django's (setting TEMPLATES)."""

from django import template

from portal.core.dates import date_or_nothing

register = template.Library()
register.filter("date", date_or_nothing, expects_localtime=True, is_safe=False)
