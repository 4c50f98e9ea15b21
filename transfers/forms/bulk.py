"""A file of many transfers, and the answer to what its check found (X2)."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.core.forms import CsvField


class FileForm(forms.Form):
    """The file; ``replaces`` is the checked one that it corrects."""

    file = CsvField()
    replaces = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        limits = {
            "rows": number_format(settings.TRANSFER_BULK_MAX_ROWS, force_grouping=True),
            "size": number_format(settings.UPLOAD_MAX_BYTES // 1024**2),
        }
        self.fields["file"].help_text = (
            _("At most %(rows)s rows and %(size)s MB, in UTF-8, separated by commas, semicolons or tabs.") % limits
        )


class ConfirmForm(forms.Form):
    """Yes to the rows that can be sent; where others cannot, a yes to leaving them out as well."""

    leave_out = forms.BooleanField(required=False)

    def __init__(self, *args: Any, red_count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not red_count:
            del self.fields["leave_out"]
            return
        said = ngettext("Leave out the %(count)s red row", "Leave out the %(count)s red rows", red_count)
        self.fields["leave_out"].label = said % {"count": number_format(red_count, force_grouping=True)}

    @property
    def leaves_out(self) -> bool:
        return bool(self.cleaned_data.get("leave_out"))
