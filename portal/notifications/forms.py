"""The form of a person's mail preferences."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.core.navigation import MailTopic, Workspace
from portal.notifications.enums import ActionKind

OPTIONAL = (ActionKind.TRANSACTIONAL, ActionKind.PROMOTIONAL)


@dataclass(frozen=True)
class Choice:
    """One box of the table, with the heading of its column."""

    kind_label: str
    box: forms.BoundField


@dataclass(frozen=True)
class WorkspaceRow:
    """The choices of one workspace, as the table of the page shows them."""

    label: str
    fields: list[Choice]


class PreferencesForm(forms.Form):
    """Language, one box for each optional kind of mail in each workspace, and one for each topic to ask for."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy("Your mails and the pages of the portal are in this language."),
    )

    def __init__(
        self,
        *args: Any,
        workspaces: Iterable[Workspace],
        language: str,
        unwanted: Collection[tuple[str, str]],
        topics: Iterable[MailTopic] = (),
        asked_for: Collection[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = language
        self._workspaces = list(workspaces)
        for workspace in self._workspaces:
            for kind in OPTIONAL:
                self.fields[f"{workspace.key}:{kind}"] = forms.BooleanField(
                    label=_("%(kind)s mails about %(workspace)s") % {"kind": kind.label, "workspace": workspace.label},
                    required=False,
                    initial=(workspace.key, str(kind)) not in unwanted,
                )
        self._topics = list(topics)
        for topic in self._topics:
            self.fields[f"topic:{topic.key}"] = forms.BooleanField(
                label=str(topic.label), required=False, initial=topic.key in asked_for
            )

    @property
    def rows(self) -> Iterator[WorkspaceRow]:
        """Each workspace with its boxes, in the order of the kinds."""
        for workspace in self._workspaces:
            choices = [Choice(str(kind.label), self[f"{workspace.key}:{kind}"]) for kind in OPTIONAL]
            yield WorkspaceRow(str(workspace.label), choices)

    @property
    def wanted(self) -> dict[tuple[str, str], bool]:
        """What was chosen, by (workspace, kind)."""
        return {
            (workspace.key, str(kind)): self.cleaned_data[f"{workspace.key}:{kind}"]
            for workspace in self._workspaces
            for kind in OPTIONAL
        }

    @property
    def topic_fields(self) -> list[forms.BoundField]:
        """The boxes of the topics."""
        return [self[f"topic:{topic.key}"] for topic in self._topics]

    @property
    def topics(self) -> dict[str, bool]:
        """Which topics were asked for, of those that the person may ask for."""
        return {topic.key: self.cleaned_data[f"topic:{topic.key}"] for topic in self._topics}
