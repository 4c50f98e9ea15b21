"""A new case, and what is written into one."""

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.models import User
from support.enums import SEVERITY_HELP, ServiceProduct, Severity, SupportTopic
from support.files import ENDINGS, NewFile
from support.workflow import NewCase

LONGEST_TEXT = 10_000
CHOICE = '<span class="choice__text">{}<span class="menu__hint">{}</span></span>'


class ManyFilesInput(forms.FileInput):
    """The browser's choice of several files."""

    allow_multiple_selected = True


class ManyFilesField(forms.FileField):
    """Any number of files; ``clean`` gives a list. How many and which is for the rules to say."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> Any:
        chosen: Sequence[UploadedFile] = data if isinstance(data, list | tuple) else [data] if data else []
        return [super(ManyFilesField, self).clean(one, initial) for one in chosen]


def _files() -> ManyFilesField:
    return ManyFilesField(
        label=gettext_lazy("Attachments"),
        required=False,
        widget=ManyFilesInput(attrs={"accept": ",".join(ENDINGS)}),
    )


class _WithFiles(forms.Form):
    """What comes with files: says in its help how many, how large and of which kinds."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "attachments" in self.fields:
            self.fields["attachments"].help_text = _(
                "Up to %(count)d files of %(size)d MB each: PDF, PNG, JPEG or plain text. No passwords or keys."
            ) % {
                "count": settings.SUPPORT_ATTACHMENTS_PER_MESSAGE,
                "size": settings.SUPPORT_ATTACHMENT_MAX_BYTES // (1024 * 1024),
            }
            if self.is_bound and self.files.get("attachments"):  # shown again only where something is to be mended
                again = _("Choose your files again: a browser does not keep them.")
                self.fields["attachments"].help_text += f" {again}"

    @property
    def new_files(self) -> list[NewFile]:
        """The files as the workflow takes them."""
        return [NewFile(name=one.name or "", content=one.read()) for one in self.cleaned_data["attachments"]]


class MessageForm(_WithFiles):
    """What one side writes to the other."""

    text = forms.CharField(
        label=gettext_lazy("Message"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 6})
    )
    attachments = _files()


class ReasonForm(forms.Form):
    """Why a case is opened again."""

    text = forms.CharField(
        label=gettext_lazy("What is still wrong?"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 5})
    )


class SeverityForm(forms.Form):
    """How much the problem hurts now."""

    severity = forms.ChoiceField(label=gettext_lazy("Severity"), widget=forms.RadioSelect)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(one), format_html(CHOICE, one.label, SEVERITY_HELP[one])) for one in Severity]
        self.fields["severity"].choices = choices  # type: ignore[attr-defined]


class AssignForm(forms.Form):
    """Who of the operator takes care of the case."""

    assignee = forms.ChoiceField(label=gettext_lazy("Assign to"))

    def __init__(self, *args: Any, people: Sequence[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["assignee"].choices = [(str(person.pk), person.name) for person in people]  # type: ignore[attr-defined]


class NewCaseForm(_WithFiles):
    """A new case: for whom, about what, how bad, and what happened."""

    case_id = forms.UUIDField(widget=forms.HiddenInput)
    topic = forms.ChoiceField(label=gettext_lazy("Topic"), choices=[("", "—"), *SupportTopic.choices])
    product = forms.ChoiceField(
        label=gettext_lazy("Product"), required=False, choices=[("", "—"), *ServiceProduct.choices]
    )
    severity = forms.ChoiceField(label=gettext_lazy("Severity"), choices=Severity.choices, widget=forms.RadioSelect)
    title = forms.CharField(label=gettext_lazy("Title"), max_length=200)
    text = forms.CharField(
        label=gettext_lazy("What happens, and what did you expect?"),
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy("Name times, ids and what you tried. The operator and your colleagues read it."),
    )
    attachments = _files()

    def new_case(self, customer_id: uuid.UUID | None) -> NewCase:
        """Return the case as the workflow takes it."""
        names = ("title", "text", "topic", "product", "severity")
        return NewCase(**{name: self.cleaned_data[name] for name in names}, customer_id=customer_id)
