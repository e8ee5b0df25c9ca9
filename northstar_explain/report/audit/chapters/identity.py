"""Who, what and from where: the model's identity, its data, its contract, its method."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from northstar_explain.contract import Feature
from northstar_explain.model import Model
from northstar_explain.model.folder import SEAL
from northstar_explain.model.wording import capital
from northstar_explain.report.audit import about as texts
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, value_label
from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, Facts, ItemList, table


def identity(model: Model, about: About, date: str) -> Chapter:
    """The model, the people, and what it is for."""
    page = ChapterBuilder()
    manifest = model.manifest
    page.add(
        Facts((
            ("Model", model.id),
            ("Made on", str(manifest["date"])),
            ("Pack of", date),
            ("Owner", about.owner),
            ("Approver", about.approver),
            ("Table", model.contract.title),
            ("Outcome", f"{capital(model.contract.outcome)}, {model.contract.horizon}"),
            ("Made by", f"northstar-explain {manifest['libraries'].get('northstar-explain', 'unknown')}, format "
                        f"{manifest['format']}"),
            ("Seal of the model's manifest", str(manifest[SEAL])),
        ))
    )  # fmt: skip
    page.section("What it is for", ItemList(texts.intended_use(about, model)))
    page.section("What it is not for", ItemList(texts.misuse(about, model)))
    return page.chapter("identity", "Identity and purpose", flows=True)


def data(model: Model) -> Chapter:
    """Where the rows come from, how they were parted, what is missing in them."""
    page = ChapterBuilder()
    manifest, facts = model.manifest, model.evaluation.data
    later = model.evaluation.purchase.out_of_time
    origin = manifest["data"]
    drawn = _drawn(origin.get("fit_rows", {}))
    page.add(
        Facts((
            ("Rows in the table", f"{origin['rows']:,}"),
            ("Kept the contract", f"{origin['accepted']:,}"),
            ("Rejected", _rejected(origin["rejected"], origin["rows"])),
            *drawn,
            *((("Rows that repeat another", f"{repeated:,}"),) if (repeated := origin.get("repeated")) else ()),
            ("Outcome's window", model.contract.horizon),
            ("Holdout", "a later table" if later else "drawn from the same table, with the same share of buyers"),
            ("SHA-256 of the table's values", origin["sha256"]),
            ("SHA-256 of the later table's", origin["holdout_sha256"] or "none was given"),
            ("SHA-256 of the contract", manifest["contract_sha256"]),
        ))
    )  # fmt: skip
    used = {
        "train": "fit the purchase model",
        "validation": "choose the threshold",
        "holdout": "evaluate it, and nothing else",
    }
    rows = [
        (
            capital(part.split),
            used[part.split],
            f"{part.n:,}",
            f"{part.buyers:,}",
            percent(part.base_rate, 2),
        )
        for part in facts.splits
    ]
    page.section(
        "How the rows were split",
        table(("Split", "They", "Customers", "Buyers", "Share"), rows, words=2, alt_text="Splits of the data"),
    )
    page.paragraphs(_together(model))
    page.paragraphs(
        "The label decides how rows are parted for the purchase model and nothing about the segments: these are "
        f"found in {'rows drawn from all' if drawn else 'all rows'}, without the label, and checked on a part drawn "
        "without it.",
        style="fine",
    )
    missing = [item for item in facts.missing if item.train or item.holdout]
    absent = [
        (
            capital(model.contract[item.feature].words),
            model.contract[item.feature].missing or "",
            percent(item.train, 2),
            percent(item.holdout, 2),
        )
        for item in missing
    ]
    heads = ("Feature", "What missing means", "Training", "Holdout")
    note = (
        table(heads, absent, words=2, alt_text="Share of missing values")
        if absent
        else ItemList(("No value is missing.",))
    )
    page.section(f"What is missing: {len(missing)} of {len(facts.missing)} features", note)
    return page.chapter("data", "Data lineage", flows=True)


def _together(model: Model) -> str:
    """What was done so that no rows that belong together are in two parts; nothing where the contract names none."""
    kept = model.evaluation.purchase.group_split
    if not kept:
        return ""
    alike = f"with one {kept.column}" if kept.column else "that are equal in every feature"
    said = (
        f"Rows {alike} belong together, and none of these is in two parts: {kept.train:,} taught, "
        f"{kept.validation:,} chose the threshold, {kept.holdout:,} were judged on."
    )
    if kept.train_rows_excluded or kept.holdout_rows_excluded:
        said += (
            f" So {kept.train_rows_excluded:,} rows of the table taught nothing, as theirs are judged at a "
            "later date, and "
            f"{kept.holdout_rows_excluded:,} rows of the later table were not judged, as theirs taught."
        )
    return said


def _drawn(fitted: Mapping[str, Mapping[str, int]]) -> tuple[tuple[str, str], ...]:
    """A line for each fit that used but a sample of the rows."""
    heads = {"purchase": "Purchase model fitted to", "segments": "Segments fitted to"}
    return tuple(
        (heads[name], f"{one['used']:,} of {one['of']:,} rows, drawn by chance")
        for name, one in fitted.items()
        if one["used"] < one["of"]
    )


def _rejected(count: int, rows: int) -> str:
    if not count:
        return "none"
    return f"{count:,} ({count / rows:.2%}), kept beside the model folder with every reason"


def contract(model: Model) -> Chapter:
    """The feature dictionary."""
    page = ChapterBuilder()
    page.paragraphs(
        "The contract says what a customer table holds. A row that breaks it is rejected with every reason; nothing is "
        "guessed. The file itself is in the pack (model/contract.toml), as is this table (tables/features.csv)."
    )
    rows = [_feature(feature, model) for feature in model.contract.features]
    heads = ("Feature", "Column", "Kind", "Allowed", "If missing", "Used for", "May push")
    page.add(
        table(heads, rows, words=7, widths=(20, 23, 8, 12, 19, 10, 8), style="small", alt_text="Feature dictionary")
    )
    return page.chapter("contract", "Contract and feature dictionary", flows=True)


def _feature(feature: Feature, model: Model) -> tuple[str, ...]:
    uses = [name for name in ("segments", "model") if feature.may_serve(name)]
    purpose = " and ".join(uses) if uses else "group checks" if feature.sensitive else "nothing"
    return (
        capital(feature.words),
        feature.name,
        str(feature.kind) + (f", {feature.unit}" if feature.unit and feature.unit not in feature.words else ""),
        _bounds(feature, model),
        shortened(feature.missing, 90) if feature.missing else "rejected",
        purpose + (" (sensitive)" if feature.sensitive else ""),
        {"up": "up only", "down": "down only"}.get(feature.monotone or "", "either way" if "model" in uses else "–"),
    )


def _bounds(feature: Feature, model: Model) -> str:
    if feature.order:
        return shortened(", ".join(feature.order), 60)
    if not feature.kind.numeric:
        return "any text"
    low, high = (None if x is None else value_label(feature, x, model.contract.currency)
                 for x in (feature.minimum, feature.maximum))  # fmt: skip
    if low is None and high is None:
        return "any number"
    return f"up to {high}" if low is None else f"from {low}" if high is None else f"{low} to {high}"


_MEANINGS = {
    "seed": "decides every random choice",
    "date": "the day that the manifest and the reports carry",
    "validation": "share of the customers on whom the threshold is chosen",
    "holdout": "share kept for the figures, where no later table was given",
    "segments.k": "how many segments",
    "segments.rules": "the most rules that a segment may have",
    "segments.conditions": "the most conditions on the way to a segment",
    "segments.draws": "draws for stability, and shuffled copies for the null test",
    "segments.effort": "share of the full search for the best rules",
    "purchase.interactions": "how many pairs of features",
    "purchase.outer_bags": "machines that are averaged; their spread is the one shown",
    "purchase.learning_rate": "how much of each small tree is kept",
    "purchase.max_bins": "the most bins of a number",
    "purchase.pair_bins": "the most bins of a number in a pair",
    "purchase.early_stopping_rounds": "rounds without a gain after which a machine stops",
    "fit_rows": "the most rows that a fit uses; of more, so many are drawn by chance",
    "experiments": "whether segments and purchase model were compared by experiment",
    "draws": "bootstrap draws for the intervals of the figures",
    "accept_leakage": "features that may rank buyers suspiciously well, since somebody has looked into them",
    "margin": "earned per purchase, for the profit curve",
    "contact_cost": "spent per contact, for the profit curve",
}


def method(model: Model) -> Chapter:
    """How it was made: in words, with every parameter, seed and version."""
    page = ChapterBuilder()
    manifest = model.manifest
    page.paragraphs(
        f"Purchase model. An Explainable Boosting Machine (Lou et al. 2013; Nori et al. 2019): a sum of one curve for "
        f"each feature and of {sum(len(t.axes) == 2 for t in model.scorecard.terms)} heat maps for pairs, found by "
        "boosting many small trees on one feature or pair at a time, and averaged over bags. It is compiled bin by bin "
        "into a scorecard; from then on, the score is the sum of its points.",
        "Segments. KMeans on few features that stand for the others, found without the label; each group is then "
        "told by "
        "a short rule with thresholds that people say, and from then on the rule is the segment.",
        "Threshold. The likely-buyer flag begins at the probability with the highest F1 on the validation rows. "
        "Nothing "
        "is chosen on the holdout.",
    )
    rows = [(name, value, _MEANINGS.get(name, "")) for name, value in _parameters(manifest["options"])]
    heads = ("Parameter", "Value", "What it does")
    page.section("Parameters", table(heads, rows, words=3, widths=(28, 18, 54), style="small", alt_text="Parameters"))
    versions = ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items())
    machine = manifest["machine"]
    page.section("Versions and machine", Facts((
        ("Libraries", versions),
        ("Python", str(machine["python"])),
        ("Processor and system", f"{machine['cpu']}, {machine['system']}"),
    )))  # fmt: skip
    page.paragraphs(
        "The same table, contract, options and versions give the same model to the byte on the same machine; another "
        "processor may round the last digit otherwise.",
        style="fine",
    )
    return page.chapter("method", "Method and every parameter", flows=True)


def _parameter(name: str, value: Any) -> str:
    if value is None:
        return "chosen from the data" if name == "k" else "not given"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _parameters(options: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    found = []
    for name, value in options.items():
        if isinstance(value, dict):
            found += _parameters(value, f"{prefix}{name}.")
        else:
            found.append((f"{prefix}{name}", _parameter(name, value)))
    return found
