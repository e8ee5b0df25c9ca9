"""`playbook.toml`: decisions of marketing are on the page; faults and contradictions to the data are reported."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import explain

from northstar_explain.errors import PlanError
from northstar_explain.model import Model
from northstar_explain.report.document.fonts import without_font
from northstar_explain.report.playbook import check_plan, read_plan, write_playbook
from northstar_explain.report.playbook.last_pages import files_beside
from northstar_explain.report.playbook.plan import Plan
from northstar_explain.report.playbook.playbook_facts import book_of

# One grey pixel.
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==")
PLAN = """
[playbook]
title = "Spring programme"
owner = "Ada Lovelace"
logo = "logo.png"
control_group = 0.2
review = 2026-06-30

[segments.S1]
name = "The quiet ones"
color = "#123456"
owner = "Grace Hopper"
offer = "Nothing but news"
do = ["Write <b>less</b>", "Ask why"]
avoid = ["Shout"]
channels = ["Post"]
cadence = "Once a quarter"
kpi = "Visits"
"""


def plan_file(folder: Path, text: str = PLAN) -> Path:
    folder.joinpath("logo.png").write_bytes(PNG)
    path = folder / "playbook.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_decisions_are_on_the_page(model: Model, tmp_path: Path) -> None:
    import docx
    import pypdf

    done = write_playbook(model, tmp_path / "out", plan=read_plan(plan_file(tmp_path), model))
    reader = pypdf.PdfReader(done.pdf)
    cover, sheet = ("".join(reader.pages[number].extract_text().split()) for number in (0, 2))
    for words in ("Spring programme", "Ada Lovelace", "The quiet ones"):
        assert words.replace(" ", "") in cover
    shown = ("The quiet ones", "Grace Hopper", "Nothing but news", "Write <b>less</b>", "Ask why", "Shout", "Post",
             "Once a quarter", "Visits", "30 June 2026", "20%")  # fmt: skip
    for words in shown:
        assert words.replace(" ", "") in sheet, words
    assert "Toconfirm" not in sheet
    assert "To confirm: KPI" in reader.pages[3].extract_text()  # S2 has no owner and no KPI
    band = docx.Document(str(done.word)).sections[0].header
    assert band.paragraphs[0].text.endswith("Spring programme")
    assert 'descr="Logo"' in band._element.xml and "<img" not in docx.Document(str(done.word)).element.xml
    assert len(reader.pages[0].images) == 1
    book = book_of(model, read_plan(tmp_path / "playbook.toml", model))
    assert book.colors["S1"] == "#123456"
    assert len(set(book.colors.values())) == len(book.segments)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[playbook]", "[playbok]", "playbok: expected one of playbook, segments; got an unknown key"),
        ('owner = "Ada', 'ower = "Ada', "playbook.ower: expected one of title, owner"),
        ("[segments.S1]", "[segments.S77]", "segments.S77: expected the id of a segment: S1, S2"),
        ("#123456", "blue", 'segments.S1.color: expected a colour such as "#00578a"; got'),
        ("#123456", "#ffee00", "a colour on which white text is readable"),
        ("2026-06-30", '"30 June"', "playbook.review: expected a day without quotes, such as 2026-06-30"),
        ("0.2", "20", "playbook.control_group: expected a share above 0, up to 0.5"),
        ("0.2", "true", "playbook.control_group: expected a share above 0, up to 0.5"),
        ("logo.png", "nowhere.png", "playbook.logo: expected a picture that can be read; got No such file"),
        ("logo.png", "playbook.toml", "playbook.logo: expected a PNG or JPEG of at most 300,000 bytes"),
        ('"Visits"', f'"{"V" * 300}"', "segments.S1.kpi: expected 1 to 80 characters; got 300 characters"),
        ('"Visits"', "7", "segments.S1.kpi: expected text in quotes; got 7"),
        ('["Post"]', '"Post"', "segments.S1.channels: expected a list of 1 to 5 texts"),
        ('["Post"]', '["a\\nb"]', "segments.S1.channels: expected text without line breaks"),
        ('"Visits"', "", "playbook.toml: file: expected a playbook's plan in TOML"),
    ],
)
def test_an_invalid_value_is_one_clear_error(old: str, new: str, expected: str, model: Model, tmp_path: Path) -> None:
    path = plan_file(tmp_path, PLAN.replace(old, new, 1))
    with pytest.raises(PlanError) as raised:
        read_plan(path, model)
    text = " ".join(str(raised.value).split())
    assert expected in text
    assert str(path) in text


def test_all_faults_are_reported_at_once_each_with_its_line(model: Model, tmp_path: Path) -> None:
    text = PLAN.replace("#123456", "blue").replace("0.2", "2").replace('"Visits"', "7")
    with pytest.raises(PlanError) as raised:
        read_plan(plan_file(tmp_path, text), model)
    places = [fault.where for fault in raised.value.faults]
    lines = {key: number for number, line in enumerate(text.splitlines(), 1) for key in [line.split(" =")[0]]}
    assert f"line {lines['color']}, segments.S1.color" in places
    assert f"line {lines['kpi']}, segments.S1.kpi" in places
    assert any(place.startswith("line 6, playbook.control_group") for place in places)


def test_two_segments_cannot_share_a_name_or_a_colour(model: Model, tmp_path: Path) -> None:
    second = '\n[segments.S2]\nname = "The quiet ones"\ncolor = "#123456"\n'
    with pytest.raises(PlanError) as raised:
        read_plan(plan_file(tmp_path, PLAN + second), model)
    assert {fault.where.split(", ")[1] for fault in raised.value.faults} >= {"segments.S2.color", "segments.S2.name"}


def test_check_lists_what_is_unassigned(model: Model) -> None:
    places = {finding.where for finding in check_plan(model) if finding.kind == "unassigned"}
    segments = [segment.id for segment in model.segmentation.segments]
    assert places == {"playbook.owner"} | {
        f"segments.{id}.{key}" for id in segments for key in ("kpi", "owner", "control_group", "review")
    }


def test_check_finds_what_contradicts_the_data(model: Model, tmp_path: Path) -> None:
    text = PLAN.replace("2026-06-30", "2026-01-31").replace('"Ask why"', '"shout."')
    findings = {f.where: f.message for f in check_plan(model, read_plan(plan_file(tmp_path, text), model))}
    assert "is not after 1 March 2026, when the model was made" in findings["segments.S1.review"]
    assert 'is under "avoid", too' in findings["segments.S1.do"]
    assert "segments.S1.owner" not in findings or "stability" in findings["segments.S1.owner"]


def test_a_name_that_says_the_opposite_is_found(model: Model, tmp_path: Path) -> None:
    contract = model.contract
    segment, item, word = next(
        (segment, item, word)
        for segment in model.segmentation.segments
        for item in segment.profile
        for word in [contract[item.feature].low if item.effect > 1 else contract[item.feature].high]
        if word and abs(item.effect) > 1
    )
    path = plan_file(tmp_path, f'[segments.{segment.id}]\nname = "{word.capitalize()} people"\n')
    messages = [
        f.message for f in check_plan(model, read_plan(path, model)) if f.where == f"segments.{segment.id}.name"
    ]
    assert any(f'"{word}"' in message and contract[item.feature].words in message for message in messages)


def test_characters_without_a_font_are_named(model: Model, model_dir: Path, tmp_path: Path) -> None:
    # Of a plane in which Unicode has assigned nothing that fonts show, beside one that every font has.
    text = '[segments.S1]\nname = "Guests \U0001fae9 é"\n'
    path = plan_file(tmp_path, text)
    if not without_font("\U0001fae9"):
        pytest.skip("this machine has a font with the newest emoji")
    (found,) = [one for one in check_plan(model, read_plan(path, model)) if one.kind == "cannot be printed"]
    assert found.where == "segments.S1" and "U+1FAE9" in found.message and "é" not in found.message
    result = explain("playbook", "--model", model_dir, "--plan", path, "--out", tmp_path / "pb", "--quiet")
    assert result.exit_code == 0 and "U+1FAE9" in result.stderr


def test_check_from_the_command_line(model_dir: Path, tmp_path: Path) -> None:
    result = explain("playbook", "--model", model_dir, "--check")
    assert result.exit_code == 1
    assert "unassigned: playbook.owner: nobody owns the playbook" in result.stdout
    bad = explain("playbook", "--model", model_dir, "--check", "--plan", plan_file(tmp_path, "[playbok]\n"))
    assert bad.exit_code == 1
    assert "playbook.toml: line 1, playbok: expected" in " ".join(bad.stderr.split())
    assert "Traceback" not in bad.stderr


def test_the_book_says_of_files_only_what_is_true(model: Model) -> None:
    proposed = dict(files_beside(book_of(model)))
    assert "Not there yet" in proposed["playbook.toml"]
    # Segments keep their ids, so that the first of a later model may not be S1.
    book = book_of(model)
    later = replace(model, segmentation=replace(model.segmentation, segments=model.segmentation.segments[1:]))
    assert f"playbook-{book.segments[1].id}.pdf and so on" in dict(files_beside(replace(book, model=later)))
    decided = dict(files_beside(book_of(model, Plan(files=(Path("plans/spring.toml"),)))))
    assert "playbook.toml" not in decided
    assert "decided" in decided["spring.toml"]
