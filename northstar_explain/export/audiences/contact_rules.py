"""Contacts brought to the form that each platform matches by, and hashed where it asks for that.

The rules are the platforms' own, as they publish them:

- Google: "Format user data" of the Data Manager API
  (https://developers.google.com/data-manager/api/devguides/concepts/formatting), and "Format your customer data file"
  of Google Ads (https://support.google.com/google-ads/answer/7659867).
- Meta: "Customer Information Parameters"
  (https://developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters).
- Klaviyo: "How to upload a list of SMS contacts" (https://help.klaviyo.com/hc/en-us/articles/360035428731).
- Braze: "User phone numbers"
  (https://www.braze.com/docs/user_guide/message_building_by_channel/sms_mms_rcs/user_phone_numbers).

Every function gives None for what identifies nobody, such as an address without an ``@``; nothing is guessed.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from northstar_explain.tables.csvs import harmless

# Signs that an address holds only between quotation marks (RFC 5322), which no shop takes: they come from a list, a
# link or a mail program, as in "<ann@x.example>" or "mailto:ann@x.example", and belong to no address.
_STRANGE = r"@\s\x00-\x1f\x7f\"(),:;<>\[\]\\"
_LABEL = rf"[^{_STRANGE}./!#$%&'*+=?^`{{|}}~]+"
_ADDRESS = re.compile(rf"[^{_STRANGE}]+@{_LABEL}(?:\.{_LABEL})+")
# What copying from a page or a mail leaves in an address, and nobody sees.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_BLANKS = re.compile(r"\s+")
_GMAIL = ("gmail.com", "googlemail.com")
_PREFIXES = frozenset(("mr", "mrs", "ms", "miss", "dr", "prof"))
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "phd"))
_COUNTRY = re.compile(r"[a-z]{2}")
# What the European Union writes in place of the code of ISO 3166-1.
_EUROPEAN = {"uk": "gb", "el": "gr"}


def sha256_text(text: str) -> str:
    """The SHA-256 of a text in UTF-8, as lower-case hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


def email(text: str | None) -> str | None:
    """An address without blanks around it, in lower case: what Meta, Klaviyo and Braze match by.

    Dots and a ``+suffix`` stay, as these platforms do not say that they ignore them. What a spreadsheet would take for
    a formula is none: a person opens these files.

    Examples
    --------
    >>> email("  John_Smith@gmail.com ")
    'john_smith@gmail.com'
    """
    whole = _INVISIBLE.sub("", _composed(text)).strip().lower()
    return whole if _ADDRESS.fullmatch(whole) and harmless(whole) == whole else None


def google_email(text: str | None) -> str | None:
    """An address as Google matches it: no blanks anywhere; of Gmail, no dots and no ``+suffix`` before the ``@``.

    Examples
    --------
    >>> google_email("cloudy.sanfrancisco+shopping@gmail.com")
    'cloudysanfrancisco@gmail.com'
    >>> google_email("user.name+NYC@Example.com")
    'user.name+nyc@example.com'
    """
    # Of "Ann <ann@x.example>" nothing is joined: the signs around the address refuse it.
    whole = email(_BLANKS.sub("", text or ""))
    if whole is None:
        return None
    local, _, domain = whole.rpartition("@")
    if domain in _GMAIL:
        local = local.partition("+")[0].replace(".", "")
    return f"{local}@{domain}" if local else None


def phone(text: str | None, region: str | None) -> str | None:
    """A phone number in E.164: ``+``, country code and number, digits only.

    Parameters
    ----------
    text : str or None
    region : str or None
        Two letters of the country whose numbers are written without a country code; None leaves those out.

    Returns
    -------
    str or None
        None where the number of digits cannot be that of a phone number in its country.

    Raises
    ------
    ImportError
        When `phonenumbers` is not installed.
    """
    import phonenumbers

    try:
        place = google_country(region)
        parsed = phonenumbers.parse(_INVISIBLE.sub("", _composed(text)), place)
    except phonenumbers.NumberParseException:
        return None
    # Possible rather than valid: ranges of numbers are opened all the time, and a list of them is soon out of date.
    # A number without its area code is one of a town only, and another person's elsewhere.
    if phonenumbers.is_possible_number_with_reason(parsed) != phonenumbers.ValidationResult.IS_POSSIBLE:
        return None
    return str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))


def meta_phone(text: str | None, region: str | None) -> str | None:
    """A phone number as Meta matches it: country code and number, digits only, no ``+`` and no leading zero."""
    whole = phone(text, region)
    return whole and whole.removeprefix("+")


def google_name(text: str | None) -> str | None:
    """A first or last name as Google matches it: lower case, single blanks, no ``Mrs.`` before and no ``Jr.`` after."""
    words = _composed(text).lower().split()
    while len(words) > 1 and words[0].rstrip(".") in _PREFIXES:
        del words[0]
    while len(words) > 1 and words[-1].strip(".,") in _SUFFIXES:
        del words[-1]
        words[-1] = words[-1].rstrip(",")
    return " ".join(words) or None


def meta_name(text: str | None) -> str | None:
    """A first or last name as Meta matches it: lower case without punctuation, in any alphabet."""
    lower = _composed(text).lower()
    letters = "".join(sign for sign in lower if unicodedata.category(sign)[0] not in "PSC" or sign.isspace())
    return " ".join(letters.split()) or None


def country(text: str | None) -> str | None:
    """The two letters of a country (ISO 3166-1 alpha-2), in lower case; None for anything else.

    ``UK`` and ``EL`` are read as GB and GR.
    """
    whole = _composed(text).strip().lower()
    return _EUROPEAN.get(whole, whole) if _COUNTRY.fullmatch(whole) else None


def google_country(text: str | None) -> str | None:
    """The two letters of a country, in upper case; Google takes them as they are."""
    whole = country(text)
    return whole and whole.upper()


def google_zip(text: str | None, of_country: str | None) -> str | None:
    """A postal code as Google takes it, not hashed; of the US five digits, with four more where they are known."""
    whole = " ".join(_composed(text).split())
    if of_country == "us":
        digits = re.fullmatch(r"(\d{5})(?:[ -]?(\d{4}))?", whole)
        return digits and "-".join(filter(None, digits.groups()))
    return whole or None


def meta_zip(text: str | None, of_country: str | None) -> str | None:
    """A postal code as Meta matches it: lower case without blanks and dashes; of the US the first five digits."""
    whole = re.sub(r"[\s-]", "", _composed(text).lower())
    if of_country == "us":
        return whole[:5] if re.fullmatch(r"\d{5}(\d{4})?", whole) else None
    return whole or None


def _composed(text: str | None) -> str:
    """The text with letters and their accents as one sign each: otherwise equal names have different hashes."""
    return unicodedata.normalize("NFC", text or "")
