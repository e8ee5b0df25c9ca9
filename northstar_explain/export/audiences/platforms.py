"""What a file holds for each platform: its columns, what identifies a person in it, and how a field is emptied.

Braze: "CSV import" (https://www.braze.com/docs/user_guide/data/unification/user_data/import_users/csv/): blank values
do not overwrite. Klaviyo: "Bulk Import Profiles API"
(https://developers.klaviyo.com/en/docs/use_klaviyos_bulk_profile_import_api): null does not clear a field. So whoever
leaves an audience gets the word ``none`` in place of what was written before.
Google and Meta match by contacts alone: "Format your customer data file"
(https://support.google.com/google-ads/answer/7659867) and "How to format a customer list when creating a custom
audience" (https://www.facebook.com/business/help/2082575038703844) name the columns, and no other has a place there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from northstar_explain.export.audiences import contact_rules as rules

NONE = "none"
Contact = Mapping[str, str | None]  # the columns of a table of contacts, of one customer
Maker = Callable[[Contact, "str | None"], "str | None"]
_SINGLE = ("email", "phone", "phone number")  # each of them alone identifies a person


@dataclass(frozen=True)
class Attributes:
    """What an audience says of one member, beside contacts.

    Attributes
    ----------
    audience, segment, play, band, traits : str
        The band is one of deciles, such as ``8-9``; traits are joined by semicolons, empty for none.
    """

    audience: str
    segment: str
    play: str
    band: str
    traits: str


@dataclass(frozen=True)
class Platform:
    """A platform's files.

    Attributes
    ----------
    name : str
        One of `options.PLATFORMS`.
    contacts : mapping
        Column to how it is made of a customer's contacts and the region of numbers without a country code.
    id_column : str
        The column of the customer's id; empty where the platform does not take it. "id" stands for the contract's.
    attributes : mapping
        Column to the name of an attribute.
    keys : tuple of str
        Contact columns by which the platform knows a person; empty where it is the id.
    needs_contacts : bool
        Whether a person without any contact is of no use there.
    keeps_blank : bool
        Whether an empty cell leaves a field as it was, so that it must be overwritten.
    matching : mapping or None
        As `contacts`, of contacts that are compared and not written; None for those that are written.
    """

    name: str
    contacts: Mapping[str, Maker]
    id_column: str = ""
    attributes: Mapping[str, str] | None = None
    keys: tuple[str, ...] = ()
    needs_contacts: bool = False
    keeps_blank: bool = False
    matching: Mapping[str, Maker] | None = None

    def columns(self, id: str) -> tuple[str, ...]:
        """The header of a file, for the contract's name of the id."""
        own = (id if self.id_column == "id" else self.id_column,) if self.id_column else ()
        return (*own, *self.contacts, *(self.attributes or ()))

    def made(self, contact: Contact, region: str | None) -> dict[str, str]:
        """The contact columns of one customer; empty texts where nothing is known."""
        return {name: make(contact, region) or "" for name, make in self.contacts.items()}

    def identifiers(self, contact: Contact, region: str | None, made: Mapping[str, str]) -> tuple[str, ...]:
        """What a person can be recognized by, also under another id: each address, number, and name with its place.

        Parameters
        ----------
        contact, region
            As of `made`.
        made : mapping
            What `made` gives for them.
        """
        if self.matching is not None:
            made = {name: make(contact, region) or "" for name, make in self.matching.items()}
        rest = [text for name, text in made.items() if not is_contact(name)]
        whole = "\0".join(rest) if rest and all(rest) else ""
        single = (text for name, text in made.items() if is_contact(name))
        return tuple(one for one in (*single, whole) if one)

    def attribute_cells(self, member: Attributes) -> list[str]:
        """The attribute columns of one member."""
        blank = NONE if self.keeps_blank else ""
        return [getattr(member, name) or blank for name in (self.attributes or {}).values()]


def _region(contact: Contact, region: str | None) -> str | None:
    """The country of a customer's own column, else that of all numbers without a country code."""
    text = contact.get("country")
    # A country that cannot be read is still another one, where the number is somebody else's.
    return rules.country(text) if text and text.strip() else region


def _hashed(text: str | None) -> str | None:
    return text and rules.sha256_text(text)


_TEXTS: Mapping[str, Maker] = {
    "email": lambda contact, region: rules.email(contact.get("email")),
    "phone": lambda contact, region: rules.phone(contact.get("phone"), _region(contact, region)),
}
_ATTRIBUTES = {f"northstar_{name}": name for name in ("audience", "segment", "play", "band", "traits")}
_REGISTRY = (
    Platform(
        "csv", {}, "id", {name: name for name in ("audience", "segment", "play", "band", "traits")}, matching=_TEXTS
    ),
    Platform(
        "klaviyo",
        {"Email": _TEXTS["email"], "Phone Number": _TEXTS["phone"]},
        attributes=_ATTRIBUTES,
        keys=("Email", "Phone Number"),
        needs_contacts=True,
        keeps_blank=True,
    ),
    Platform("braze", _TEXTS, "external_id", _ATTRIBUTES, keeps_blank=True),
    Platform(
        "google",
        {
            "Email": lambda contact, region: _hashed(rules.google_email(contact.get("email"))),
            "Phone": lambda contact, region: _hashed(_TEXTS["phone"](contact, region)),
            "First Name": lambda contact, region: _hashed(rules.google_name(contact.get("first_name"))),
            "Last Name": lambda contact, region: _hashed(rules.google_name(contact.get("last_name"))),
            # Google matches these two as they are.
            "Country": lambda contact, region: rules.google_country(contact.get("country")),
            "Zip": lambda contact, region: rules.google_zip(contact.get("zip"), rules.country(contact.get("country"))),
        },
        keys=("Email", "Phone", "First Name", "Last Name", "Country", "Zip"),
        needs_contacts=True,
    ),
    Platform(
        "meta",
        {
            "email": lambda contact, region: _hashed(_TEXTS["email"](contact, region)),
            "phone": lambda contact, region: _hashed(rules.meta_phone(contact.get("phone"), _region(contact, region))),
            "fn": lambda contact, region: _hashed(rules.meta_name(contact.get("first_name"))),
            "ln": lambda contact, region: _hashed(rules.meta_name(contact.get("last_name"))),
            "zip": lambda contact, region: _hashed(
                rules.meta_zip(contact.get("zip"), rules.country(contact.get("country")))
            ),
            "country": lambda contact, region: _hashed(rules.country(contact.get("country"))),
        },
        keys=("email", "phone", "fn", "ln", "zip", "country"),
        needs_contacts=True,
    ),
)


def is_contact(column: str) -> bool:
    """Whether a column of a platform's files holds what alone identifies a person: an address or a phone number."""
    return column.casefold() in _SINGLE


def platform_named(name: str) -> Platform:
    """The platform of this name, one of `options.PLATFORMS`."""
    return next(one for one in _REGISTRY if one.name == name)


def platform_names() -> tuple[str, ...]:
    """The names of all platforms."""
    return tuple(one.name for one in _REGISTRY)
