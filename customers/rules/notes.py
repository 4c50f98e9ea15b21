"""What a partner notes about its customers: tags, views, qualifications (sections 1.4, 1.9)."""

from django.utils.translation import gettext as _

from customers.enums import Qualification
from customers.models import MAX_TAG_LENGTH, MAX_TAGS, Customer
from portal.core.errors import InvalidInput, Refusal


class QualificationNotAllowed(InvalidInput):
    code = "qualification-not-allowed"


class TooManyTags(InvalidInput):
    code = "too-many-tags"


class TagInUse(Refusal):
    code = "tag-in-use"


class TooManyViews(InvalidInput):
    code = "too-many-views"


PARTNER_TAGS = 500  # words one partner can sort its customers by; our choice: the filter of the list offers all of them


SAVED_VIEWS = 30  # of one person in one organization; our choice


TAG_SEPARATORS = frozenset(",;\n\r\t")


def check_can_qualify(customer: Customer, qualification: Qualification) -> None:
    """Nonprofit is given and taken by the programme; the community cloud of the government is for the US only.

    Source: API reference, section 3.7; requirement A2. Raises: QualificationNotAllowed.
    """
    if Qualification.NONPROFIT in (qualification, customer.qualification):
        raise QualificationNotAllowed(
            _("A partner can neither give nor take the qualification Nonprofit."),
            who=_("the programme operator"),
            field="qualification",
        )
    if qualification == Qualification.GOVERNMENT_COMMUNITY_CLOUD and customer.organization.country != "US":
        raise QualificationNotAllowed(
            _("The Government Community Cloud is for customers in the United States."), field="qualification"
        )


def clean_tag(name: str) -> str:
    """Return a tag as it is kept, without spaces around and between. Raises: InvalidInput."""
    if TAG_SEPARATORS & set(name.strip()):
        raise InvalidInput(_("A tag holds no comma and no semicolon: these separate tags in files."), field="name")
    cleaned = " ".join(name.split())
    if not 0 < len(cleaned) <= MAX_TAG_LENGTH:
        raise InvalidInput(
            _("A tag has at least one and at most %(limit)d characters.") % {"limit": MAX_TAG_LENGTH}, field="name"
        )
    return cleaned


def check_tag_count(count: int) -> None:
    """Raises: TooManyTags."""
    if count > MAX_TAGS:
        raise TooManyTags(_("A customer can have %(limit)d tags at most.") % {"limit": MAX_TAGS}, field="tags")
