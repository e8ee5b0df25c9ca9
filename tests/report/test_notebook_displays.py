"""What a notebook shows of a model, a segment and a shape: the facts, escaped, and pictures that stand by themselves."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from northstar_explain import api
from northstar_explain.model import Model
from northstar_explain.report.notebook import SegmentDisplay, ShapeDisplay, model_html

KNOWN = {"strong", "br", "table", "caption", "thead", "tbody", "tr", "th", "td", "img"}


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.names.add(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(html: str) -> _Tags:
    parser = _Tags()
    parser.feed(html)
    return parser


def test_a_model_shows_its_segments_and_most_important_terms(model: Model) -> None:
    shown = parsed(api.Model(model)._repr_html_())
    assert shown.names <= KNOWN
    assert model.id in shown.text
    for segment in model.segmentation.segments:
        assert segment.definition in shown.text
    most = max(model.scorecard.terms, key=lambda term: term.importance)
    assert most.name in shown.text


def test_a_segment_shows_its_definition_and_what_is_furthest_from_the_average(model: Model) -> None:
    segment = model.segmentation.segments[0]
    display = api.Model(model).segment(segment.id)
    shown = parsed(display._repr_html_())
    furthest = max(segment.profile, key=lambda one: abs(one.effect))
    for text in (segment.name, segment.definition, f"{segment.customers:,} customers", furthest.feature):
        assert text in shown.text
    assert repr(display) == f"<Segment {segment.id} {segment.name}: {segment.definition}>"
    with pytest.raises(KeyError, match="segment 'S99': expected one of S1"):
        api.Model(model).segment("S99")


def test_every_term_has_a_picture_that_is_svg(model: Model) -> None:
    for term in model.scorecard.terms:
        html = api.Model(model).shape(term.name)._repr_html_()
        assert parsed(html).names <= KNOWN
        (data,) = re.findall(r'src="data:image/svg\+xml;base64,([^"]+)"', html)
        assert base64.b64decode(data).decode().startswith("<svg")
        assert re.search(r'<img alt="[^"]+"', html)
    with pytest.raises(KeyError, match="term 'none': expected one of "):
        api.Model(model).shape("none")


def test_hostile_names_are_shown_as_text(model: Model) -> None:
    name, definition = '<script>alert("x")</script>', "a < b & c > d"
    segments = tuple(replace(one, name=name, definition=definition) for one in model.segmentation.segments)
    changed = replace(model, segmentation=replace(model.segmentation, segments=segments))
    for html in (model_html(changed), SegmentDisplay(changed, segments[0].id)._repr_html_()):
        shown = parsed(html)
        assert "script" not in shown.names
        assert name in shown.text
        assert definition in shown.text


def test_a_model_of_hostile_words_keeps_to_its_tags(hostile: Model) -> None:
    pages = [
        model_html(hostile),
        *(SegmentDisplay(hostile, one.id)._repr_html_() for one in hostile.segmentation.segments),
    ]
    pages += [ShapeDisplay(hostile, term.name)._repr_html_() for term in hostile.scorecard.terms]
    for page in pages:
        assert parsed(page).names <= KNOWN


def test_a_segment_is_described_with_the_contracts_noun(model: Model) -> None:
    visits = replace(model, contract=replace(model.contract, noun="visits"))
    shown = parsed(SegmentDisplay(visits, model.segmentation.segments[0].id)._repr_html_()).text
    assert "Furthest from the average of all visits" in shown
    assert " visits, " in shown
