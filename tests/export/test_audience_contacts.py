"""Contacts as each platform matches them: vectors of its own pages, and others worked out by hand from its rules."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from northstar_explain.export.audiences import contact_rules
from northstar_explain.export.audiences.platforms import Platform, platform_named, platform_names
from northstar_explain.export.audiences.sensitive_names import forbidden
from northstar_explain.options import PLATFORMS

Vector = tuple[str, str, str]  # input, country of the customer or empty, what is matched or empty for nothing

# Rules that every platform has in common are checked with each of them.
PLAIN_EMAILS: list[Vector] = [
    ("mary@example.com", "", "mary@example.com"),
    ("  mary@example.com", "", "mary@example.com"),
    ("mary@example.com\t\n", "", "mary@example.com"),
    ("MARY@EXAMPLE.COM", "", "mary@example.com"),
    ("Mary.Smith@Example.Co.UK", "", "mary.smith@example.co.uk"),
    ("user.name+NYC@Example.com", "", "user.name+nyc@example.com"),  # Google's own
    ("\u200bmary@example.com\ufeff", "", "mary@example.com"),
    ("o'neil@example.ie", "", "o'neil@example.ie"),
    ("müller@bücher.example", "", "müller@bücher.example"),
    ("mu\u0308ller@example.de", "", "müller@example.de"),
    ("a_b-c@sub.example.org", "", "a_b-c@sub.example.org"),
    ("", "", ""),
    ("   ", "", ""),
    ("mary", "", ""),
    ("mary@", "", ""),
    ("@example.com", "", ""),
    ("mary@example", "", ""),
    ("mary@@example.com", "", ""),
    ("mary@example..com", "", ""),
    ("n/a", "", ""),
    # What a list, a link or a mail program puts around an address belongs to none.
    ("<mary@example.com>", "", ""),
    ("Mary <mary@example.com>", "", ""),
    ("mailto:mary@example.com", "", ""),
    ("mary@example.com;", "", ""),
    ("mary@example.com/", "", ""),
    ("mary,ann@example.com", "", ""),
    ("mary\0@example.com", "", ""),
    ("mary@example.com\u200e", "", "mary@example.com"),
    # A spreadsheet would compute these.
    ("=1+1@example.com", "", ""),
    ("=cmd|'/c'!a0@example.com", "", ""),
    ("-mary@example.com", "", ""),
]
GOOGLE_EMAILS: list[Vector] = [
    *PLAIN_EMAILS,
    ("cloudy.sanfrancisco+shopping@gmail.com", "", "cloudysanfrancisco@gmail.com"),  # Google's own
    ("John_Smith@gmail.com", "", "john_smith@gmail.com"),
    ("J.o.h.n@GoogleMail.com", "", "john@googlemail.com"),
    ("jane.doe+a+b@gmail.com", "", "janedoe@gmail.com"),
    ("jane+@gmail.com", "", "jane@gmail.com"),
    ("jane.doe@gmail.de", "", "jane.doe@gmail.de"),
    ("jane.doe@notgmail.com", "", "jane.doe@notgmail.com"),
    ("jane doe@gmail.com", "", "janedoe@gmail.com"),
    ("+tag@gmail.com", "", ""),
    ("...@gmail.com", "", ""),
]
KEPT_EMAILS: list[Vector] = [
    *PLAIN_EMAILS,
    ("John_Smith@gmail.com", "", "john_smith@gmail.com"),  # Meta's own
    ("cloudy.sanfrancisco+shopping@gmail.com", "", "cloudy.sanfrancisco+shopping@gmail.com"),
    ("J.o.h.n@GoogleMail.com", "", "j.o.h.n@googlemail.com"),
    ("jane doe@gmail.com", "", ""),
]
PHONES: list[Vector] = [
    ("(650)555-1212", "us", "+16505551212"),  # Meta's own
    ("(800)555-0100", "us", "+18005550100"),  # Google's own
    ("1-800-888-8888", "us", "+18008888888"),  # of Google's template
    ("1(800)888-8888", "US", "+18008888888"),
    ("1-234-567-8910", "us", "+12345678910"),  # of Meta's table of a customer list
    ("+44 844 412 4653", "", "+448444124653"),
    ("4155552671", "us", "+14155552671"),  # Braze's own, three
    ("2071838750", "gb", "+442071838750"),
    ("1155256325", "br", "+551155256325"),
    ("+1 (724) 123-4567", "", "+17241234567"),
    ("+12408884782", "", "+12408884782"),
    ("020 7183 8750", "gb", "+442071838750"),
    ("020 7183 8750", "UK", "+442071838750"),
    ("020 7183 8750", "zz", ""),
    ("0170 1234567", "de", "+491701234567"),
    ("0049 170 1234567", "de", "+491701234567"),
    ("+49 (0)170 1234567", "", "+491701234567"),
    ("06 12 34 56 78", "fr", "+33612345678"),
    ("++1", "us", ""),
    ("555-1212", "us", ""),  # without its area code
    ("123", "us", ""),
    ("0170 1234567", "", ""),  # nobody knows of which country
    ("no phone", "us", ""),
    ("", "us", ""),
]
GOOGLE_NAMES: list[Vector] = [
    ("  Joanna ", "", "joanna"),
    ("Zoë", "", "zoë"),  # of Google's template
    ("Pe\u0301rez", "", "pérez"),
    ("Mrs. Ann", "", "ann"),
    ("King, Jr.", "", "king"),
    ("Anna  Maria", "", "anna maria"),
    ("Dr", "", "dr"),
    ("", "", ""),
]
META_NAMES: list[Vector] = [
    ("Mary", "", "mary"),  # Meta's own, three
    ("정", "", "정"),
    ("Valéry", "", "valéry"),
    ("Vale\u0301ry", "", "valéry"),
    ("O'Neil", "", "oneil"),
    ("Smith-Jones", "", "smithjones"),
    ("  Anna  Maria ", "", "anna maria"),
    ("F.", "", "f"),
    ("...", "", ""),
    ("", "", ""),
]
ZIPS: dict[str, list[Vector]] = {
    "google": [("94016", "us", "94016"), ("94016-1234", "us", "94016-1234"), ("940161234", "us", "94016-1234"),
               ("WC2H 8LG", "gb", "WC2H 8LG"), (" 101300 ", "cn", "101300"), ("9401", "us", "")],
    "meta": [("94035", "us", "94035"), ("94035-1234", "us", "94035"), ("M1 1AE", "gb", "m11ae"),
             ("75 018", "fr", "75018"), ("1234-567", "pt", "1234567"), ("9403", "us", "")],
}  # fmt: skip
COUNTRIES: dict[str, list[Vector]] = {
    "google": [
        ("de", "", "DE"),
        (" US ", "", "US"),
        ("UK", "", "GB"),
        ("EL", "", "GR"),
        ("Germany", "", ""),
        ("", "", ""),
    ],
    "meta": [("DE", "", "de"), (" us ", "", "us"), ("UK", "", "gb"), ("Germany", "", ""), ("", "", "")],
}
# Platform, column of its files, column of contacts.
COLUMNS: list[tuple[str, str, str, list[Vector]]] = [
    ("google", "Email", "email", GOOGLE_EMAILS),
    ("google", "Phone", "phone", PHONES),
    ("google", "First Name", "first_name", GOOGLE_NAMES),
    ("google", "Last Name", "last_name", GOOGLE_NAMES),
    ("google", "Country", "country", COUNTRIES["google"]),
    ("google", "Zip", "zip", ZIPS["google"]),
    ("meta", "email", "email", KEPT_EMAILS),
    ("meta", "phone", "phone", [(given, region, want.removeprefix("+")) for given, region, want in PHONES]),
    ("meta", "fn", "first_name", META_NAMES),
    ("meta", "ln", "last_name", META_NAMES),
    ("meta", "country", "country", COUNTRIES["meta"]),
    ("meta", "zip", "zip", ZIPS["meta"]),
    ("klaviyo", "Email", "email", KEPT_EMAILS),
    ("klaviyo", "Phone Number", "phone", PHONES),
    ("braze", "email", "email", KEPT_EMAILS),
    ("braze", "phone", "phone", PHONES),
]
HASHED = {
    "google": {"Email", "Phone", "First Name", "Last Name"},
    "meta": {"email", "phone", "fn", "ln", "zip", "country"},
}
CASES = [(*case[:3], *vector) for case in COLUMNS for vector in case[3]]


@pytest.mark.parametrize(("platform", "column", "source", "given_text", "of", "matched"), CASES)
def test_a_contact_is_matched_as_the_platform_says(
    platform: str, column: str, source: str, given_text: str, of: str, matched: str
) -> None:
    contact = {"country": of or None, source: given_text}
    made = platform_named(platform).made(contact, None)[column]
    if column in HASHED.get(platform, ()) and matched:
        assert made == hashlib.sha256(matched.encode()).hexdigest()
    else:
        assert made == matched


def test_every_platform_has_forty_vectors_and_every_column_some() -> None:
    assert platform_names() == PLATFORMS
    for name in PLATFORMS:
        assert {case[1] for case in CASES if case[0] == name} == set(platform_named(name).contacts)
        assert sum(case[0] == name for case in CASES) >= 40 or name == "csv"  # which holds no contacts


@pytest.mark.parametrize(
    ("column", "source", "text", "digest"),
    [
        ("email", "email", "John_Smith@gmail.com", "62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f"),
        ("phone", "phone", "(650)555-1212", "e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176"),
        ("fn", "first_name", "Mary", "6915771be1c5aa0c886870b6951b03d7eafc121fea0e80a5ea83beb7c449f4ec"),
        ("ln", "last_name", "정", "8fa8cd9c440be61d0151429310034083132b35975c4bea67fdd74158eb51db14"),
        ("fn", "first_name", "Valéry", "08e1996b5dd49e62a4b4c010d44e4345592a863bb9f8e3976219bac29417149c"),
    ],
)
def test_hashes_are_those_that_meta_publishes(column: str, source: str, text: str, digest: str) -> None:
    assert platform_named("meta").made({source: text, "country": "US"}, None)[column] == digest


@pytest.mark.parametrize(
    "platform", [platform_named(name) for name in PLATFORMS if name != "csv"], ids=lambda p: p.name
)
@settings(max_examples=30)
@given(st.emails(), st.from_regex(r"[0-9 ()/-]{7,14}", fullmatch=True))
def test_normalizing_twice_changes_nothing(platform: Platform, address: str, number: str) -> None:
    # Of what is matched, before it is hashed.
    emails = contact_rules.google_email if platform.name == "google" else contact_rules.email
    once = emails(address)
    assert once is None or emails(once) == once
    phone = contact_rules.phone(number, "US")
    assert phone is None or contact_rules.phone(phone, None) == phone


def test_the_region_of_a_customer_goes_before_the_one_of_all() -> None:
    braze = platform_named("braze")
    assert braze.made({"phone": "0170 1234567", "country": "DE"}, "FR")["phone"] == "+491701234567"
    assert braze.made({"phone": "06 12 34 56 78", "country": None}, "fr")["phone"] == "+33612345678"
    assert braze.made({"phone": "06 12 34 56 78", "country": "  "}, "fr")["phone"] == "+33612345678"
    # In another country, the number is somebody else's: a country in words is no reason to take the region's.
    assert braze.made({"phone": "079 123 45 67", "country": "Switzerland"}, "DE")["phone"] == ""


# Names --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("platform", ["meta", "google"])
@pytest.mark.parametrize(
    "name",
    ["arthritis", "Diabetes 2", "credit-score", "high_income", "Low Income DE", "health club", "in debt", "Rich"],
)
def test_names_of_health_and_finances_are_refused_with_the_rule(platform: str, name: str) -> None:
    fault = forbidden(name, platform)
    assert fault is not None
    assert platform in fault.todo.casefold()
    assert name in fault.where
    assert forbidden(name, "klaviyo") is None  # which has no such rule


@pytest.mark.parametrize(
    "name", ["S3-deciles-8-9", "Richmond store", "enriched", "surge sale", "store credit", "Lapsed DE"]
)
def test_other_names_are_free(name: str) -> None:
    assert forbidden(name, "meta") is None
    assert forbidden(name, "google") is None
