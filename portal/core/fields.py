"""Model fields that more than one app uses."""

import unicodedata
from typing import Any

from django.db import models

NAME_KEY_LENGTH = 200


def name_key(name: str) -> str:
    """Return a name as it sorts: without accents and case. The embedded PostgreSQL knows no language order.

    A typographic apostrophe counts as the one on the keyboard, so that "Centre d'actions" is found.
    """
    decomposed = unicodedata.normalize("NFKD", name.casefold().replace("’", "'"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))[:NAME_KEY_LENGTH]


class NameKeyField(models.CharField):  # type: ignore[type-arg]
    """The sorting form of another field, written whenever the row is (bulk inserts included)."""

    def __init__(self, *args: Any, source: str = "name", **kwargs: Any) -> None:
        self.source = source
        super().__init__(*args, **{"max_length": NAME_KEY_LENGTH, "editable": False} | kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"source": self.source}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = name_key(getattr(model_instance, self.source))
        setattr(model_instance, self.attname, key)
        return key
