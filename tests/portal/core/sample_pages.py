"""A page of each kind in the real shell, with an invented person and no database: what the browser tests look at."""

from django import forms
from django.http import Http404, HttpResponse
from django.template import engines
from django.urls import path

from portal import urls
from portal.accounts.access import public
from portal.accounts.context import Menus, Rows, Shell, WorkspaceLinks

PAGE = """
{% extends "base.html" %}{% load components %}
{% block title %}Sample{% endblock %}
{% block breadcrumb %}
  {% breadcrumb %}{% crumb "Customers" "gallery" %}{% crumb "Sample" %}{% endbreadcrumb %}
{% endblock %}
{% block heading %}{% page_title "Sample" "Customers" %}{% endblock %}
{% block content %}
  <div class="cluster">
    <button class="button" hx-get="/sample/panel/" hx-target="#overlay">Panel</button>
    <button class="button" hx-get="/sample/missing/" hx-target="#part">Missing</button>
    <button class="button" hx-get="/sample/broken/" hx-target="#part">Broken</button>
    <button class="button" hx-get="/sample/told/" hx-target="#part">Tell</button>
  </div>
  {% include "components/message_bar.html" with tone="success" text="Stored." dismissible=True only %}
  {% include "components/copy_id.html" with value="8c1f6d2e" label="Copy Microsoft ID" only %}
  <div id="part">{% include "sample_form" %}</div>
  <form>
    {% command_bar %}
  {% include "components/command.html" with id="t" label="Tag" icon_name="tags" name="tag" value=1 needs="some" only %}
  {% include "components/command.html" with id="o" label="Buy" icon_name="cart" name="order" value=1 needs="one" only %}
      <span data-selected-count="%s selected" hidden></span>
    {% endcommand_bar %}
    {% detail_list "Customers" %}
      <thead><tr>{% include "components/select_all.html" only %}<th scope="col">Name</th></tr></thead>
      <tbody>{% for row in rows %}<tr>
        {% include "components/select_row.html" with value=row label=row only %}<th scope="row">{{ row }}</th>
      </tr>{% endfor %}</tbody>
    {% enddetail_list %}
  </form>
{% endblock %}
"""
FORM = """<form id="form" method="post" action="/sample/form/" novalidate
hx-post="/sample/form/" hx-target="#form" hx-swap="outerHTML">
{% csrf_token %}{{ form }}<button class="button">Send</button></form>"""
PANEL = """{% load components %}{% panel "Manage tags" id="tags" %}<p>Panel text</p>
<button class="button" hx-get="/sample/missing/" hx-target="#part">Missing too</button>{% endpanel %}"""


class NameForm(forms.Form):
    name = forms.CharField(label="Company name")


def _draw(source, request, **values):
    actor = {"name": "Elin Berg", "email": "elin@northwind.example", "initials": "EB", "organization_name": "Northwind"}
    actor |= {"organization_kind_label": "Direct bill partner"}
    space = WorkspaceLinks("customers", "Customers", "customers", "", "/sample/", ())
    items = [{"label": "Customer list", "url": "/sample/", "selected": True}]
    shell = Shell(
        product_name="Partner Portal",
        menus=Menus(actor, (space,)),
        memberships=Rows(
            ({"organization_id": "1", "organization_name": "Northwind", "role_labels": ["Admin"], "current": True},)
        ),
        workspace=space,
        navigation=Rows(({"label": "", "items": items},)),
        action_count=12,
        shortcuts_enabled="quiet" not in request.GET,
        demo=False,
    )
    template = engines["django"].from_string(source.replace('{% include "sample_form" %}', FORM))
    return HttpResponse(template.render({"shell": shell, "rows": ["Contoso", "Fabrikam"], **values}, request))


@public("a test page")
def page(request):
    return _draw(PAGE, request, form=NameForm())


@public("a test page")
def form(request):
    entered = NameForm(request.POST)
    if entered.is_valid():
        return HttpResponse('<section id="form"><h2>Request sent</h2></section>')
    response = _draw(FORM, request, form=entered)
    response.status_code = 422
    return response


@public("a test page")
def panel(request):
    return _draw(PANEL, request)


@public("a test page")
def told(request):
    return HttpResponse('<p data-announce="2 customers found">2</p>')


@public("a test page")
def search(request):
    links = '<a href="/sample/">First</a><a href="/sample/">Second</a>' if request.GET["q"] else ""
    return HttpResponse(f'<div id="suggestions">{links}</div>')


@public("a test page")
def missing(request):
    raise Http404


@public("a test page")
def broken(request):
    return HttpResponse("<!doctype html><title>Broken</title>", status=500)


urlpatterns = [
    path("sample/", page),
    path("sample/form/", form),
    path("sample/panel/", panel),
    path("sample/told/", told),
    path("sample/missing/", missing),
    path("sample/broken/", broken),
    path("search/", search),
    *urls.urlpatterns,
]
handler404 = urls.handler404
