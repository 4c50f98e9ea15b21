"""The own profile: name, language, keys."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.access import signed_in
from portal.accounts.workflow import profile as workflow
from portal.core.forms import Toggle
from portal.core.http import PortalRequest


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        help_text=gettext_lazy("Of the pages, and of the mails to you."),
        # Each by its own name: who reads no word of the present language still finds the own one.
        choices=[(code, get_language_info(code)["name_local"]) for code, _name in settings.LANGUAGES],
    )
    shortcuts_enabled = forms.BooleanField(
        label=gettext_lazy("Single-key shortcuts"),
        widget=Toggle,
        required=False,
        help_text=gettext_lazy('"/" for the search and "?" for help. Switch them off if you use speech input.'),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in("one's own profile", without_organization=True)
def profile(request: PortalRequest) -> HttpResponse:
    """Show and change how one is called and in which language the portal speaks; the language applies at once."""
    user = request.user
    values = {"name": user.name, "language": user.language, "shortcuts_enabled": user.shortcuts_enabled}
    form = ProfileForm(request.POST or None, initial=values)
    if request.method == "POST" and form.is_valid():
        changed = workflow.update_profile(user_id=user.pk, now=timezone.now(), **form.cleaned_data)
        with translation.override(changed.language):
            messages.success(request, _("Your profile has been saved."))
        return redirect("accounts:profile")
    return render(request, "accounts/profile.html", {"form": form}, status=422 if form.errors else 200)
