"""The first chapters: the model's identity and purpose, data lineage, contract and method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from northstar_explain.contract.features import Contract, Feature
from northstar_explain.contract.outcomes import model_words
from northstar_explain.model.evaluation.data_facts import MissingShare
from northstar_explain.model.evaluation.limits import THIN_BIN_CUSTOMERS
from northstar_explain.model.folder_format import SEAL
from northstar_explain.model.learned_model import Model
from northstar_explain.model.wording import capital
from northstar_explain.report.audit import about as texts
from northstar_explain.report.audit.about import About
from northstar_explain.report.audit.shapes.bin_labels import percent, shortened, value_label
from northstar_explain.report.document.blocks import Chapter, ChapterBuilder, Facts, ItemList, Table, Text, table


def identity(model: Model, about: About, date: str) -> Chapter:
    """The model, the people responsible, its intended use and misuse."""
    page = ChapterBuilder()
    manifest = model.manifest
    page.add(
        Facts((
            ("Model", model.id),
            ("Trained on", str(manifest["date"])),
            ("Pack of", date),
            ("Owner", about.owner),
            ("Approver", about.approver),
            ("Table", model.contract.title),
            ("Outcome", capital(model.contract.outcome)),
            ("Made by", f"northstar-explain {manifest['libraries'].get('northstar-explain', 'unknown')}, format "
                        f"{manifest['format']}"),
            ("Seal of the model's manifest", str(manifest[SEAL])),
        ))
    )  # fmt: skip
    page.section("Intended use", ItemList(texts.intended_use(about, model)))
    page.section("Misuse", ItemList(texts.misuse(about, model)))
    return page.chapter("identity", "Identity and purpose", flows=True)


def data(model: Model, about: About | None = None) -> Chapter:
    """The origin of the rows, how they were split, and missing values."""
    page = ChapterBuilder()
    later = model.evaluation.purchase.out_of_time
    fitted = model_words(model.contract)
    sampled = _sampled(model.manifest["data"].get("fit_rows", {}), fitted)
    page.add(_origin(model, sampled))
    page.section("As stated by whoever made the table", _stated(model, about or About()))
    page.section("How the rows were split", _splits(model))
    page.paragraphs(_group_split(model))
    page.paragraphs(
        f"The label is used to split the rows for the {fitted}. Segments never use it: they are fitted to "
        f"{'a sample of all rows' if sampled else 'all rows'} and evaluated on a split made without it."
        + ("" if later else f" The holdout of the {fitted} is among these rows, without its label."),
        style="fine",
    )
    stored = model.evaluation.data.missing
    # A feature that is missing in the holdout only is listed too: it has no fitted points for missing values.
    missing = [item for item in stored if item.train or item.holdout]
    page.section(f"Missing values: {len(missing)} of {len(stored)} features have some", _missing(model, missing))
    return page.chapter("data", "Data lineage", flows=True)


def _stated(model: Model, about: About) -> Facts:
    implied = {
        "snapshot_date": texts.snapshot_date(about, model),
        "label_definition": texts.label_definition(about, model),
    }
    return Facts(tuple((_words(name), implied.get(name) or texts.stated(about, name)) for name in texts.DATA))


def _words(name: str) -> str:
    return capital(name.replace("_", " "))


def inventory(model: Model, about: About) -> Chapter:
    """The model's place in an inventory of models, as its owner states it."""
    page = ChapterBuilder()
    page.paragraphs("What no program can know. UNASSIGNED where nobody has said it (“explain audit --about”).")
    named = ((_words(name), texts.stated(about, name)) for name in texts.INVENTORY)
    page.add(Facts((("Model", model.id), *named)))
    return page.chapter("inventory", "Inventory", flows=True)


def simulated(model: Model) -> bool:
    """Whether the data are simulated, as far as it shows: of real customers no true probability is known."""
    return model.evaluation.purchase.gaps.true_probability is not None


def _origin(model: Model, sampled: tuple[tuple[str, str], ...]) -> Facts:
    manifest, later = model.manifest, model.evaluation.purchase.out_of_time
    origin = manifest["data"]
    made = (("Data", "simulated by “explain simulate”: no row is a real customer"),) if simulated(model) else ()
    return Facts((
        *made,
        ("Rows in the table", f"{origin['rows']:,}"),
        ("Valid rows", f"{origin['accepted']:,}"),
        ("Rejected rows", _rejected(origin["rejected"], origin["rows"])),
        *sampled,
        *((("Duplicate rows", f"{repeated:,}"),) if (repeated := origin.get("repeated")) else ()),
        ("Outcome window", model.contract.horizon),
        ("Holdout", "a later table" if later else "sampled from the same table, with the same share of outcomes"),
        ("SHA-256 of the table's values", origin["sha256"]),
        ("SHA-256 of the later table", origin["holdout_sha256"] or "no later table"),
        ("SHA-256 of the contract", manifest["contract_sha256"]),
    ))  # fmt: skip


def _splits(model: Model) -> Table:
    purposes = {
        "train": f"fit the {model_words(model.contract)}",
        "validation": "choose the threshold",
        "holdout": "final evaluation, nothing else",
    }
    rows = [
        (capital(one.split), purposes[one.split], f"{one.n:,}", f"{one.buyers:,}", percent(one.base_rate, 2))
        for one in model.evaluation.data.splits
    ]
    heads = ("Split", "Purpose", capital(model.contract.noun), "With the outcome", "Share")
    return table(heads, rows, words=2, alt_text="Splits of the data")


def _missing(model: Model, missing: Sequence[MissingShare]) -> Table | ItemList:
    if not missing:
        return ItemList(("No values are missing.",))
    features = model.contract
    rows = [
        (
            capital(features[item.feature].words),
            features[item.feature].missing or "",
            percent(item.train, 2),
            percent(item.holdout, 2),
        )
        for item in missing
    ]
    heads = ("Feature", "What missing means", "Training", "Holdout")
    return table(heads, rows, words=2, alt_text="Share of missing values")


def _group_split(model: Model) -> str:
    """How groups of rows were kept within one split; empty if the rows were split one by one."""
    groups = model.evaluation.purchase.group_split
    if not groups:
        return ""
    same = f"with the same {groups.column}" if groups.column else "that are equal in every feature"
    text = (
        f"Rows {same} form a group, and every group lies within one split: {groups.train:,} groups in training, "
        f"{groups.validation:,} in validation, {groups.holdout:,} in the holdout."
    )
    if groups.train_rows_excluded or groups.holdout_rows_excluded:
        text += (
            f" Therefore {groups.train_rows_excluded:,} rows of the table were excluded from training, as their groups "
            f"are in the later holdout, and {groups.holdout_rows_excluded:,} rows of the later table were excluded "
            "from the holdout, as their groups are in training."
        )
    return text


def _sampled(fitted: Mapping[str, Mapping[str, int]], purchase: str) -> tuple[tuple[str, str], ...]:
    """A line for each fit that used only a sample of the rows."""
    labels = {"purchase": f"{capital(purchase)} fitted to", "segments": "Segments fitted to"}
    return tuple(
        (labels[name], f"{one['used']:,} of {one['of']:,} rows, sampled at random")
        for name, one in fitted.items()
        if one["used"] < one["of"]
    )


def _rejected(count: int, rows: int) -> str:
    if not count:
        return "none"
    return f"{count:,} ({count / rows:.2%}), stored beside the model folder with their reasons"


def contract(model: Model) -> Chapter:
    """The feature dictionary."""
    page = ChapterBuilder()
    page.paragraphs(
        "The contract defines what the table holds. A row that violates it is rejected with every reason; "
        "nothing is guessed. The pack holds the file itself (model/contract.toml) and this table "
        "(tables/features.csv)."
    )
    rows = [_feature(feature, model) for feature in model.contract.features]
    heads = ("Feature", "Column", "Kind", "Allowed", "If missing", "Used for", "Effect")
    page.add(
        table(heads, rows, words=7, widths=(18, 23, 10, 11, 18, 12, 8), style="small", alt_text="Feature dictionary")
    )
    page.section("Relations between two values of a row", *_relations(model.contract))
    return page.chapter("contract", "Contract and feature dictionary", flows=True)


def _relations(of: Contract) -> list[Text | ItemList]:
    if not of.relations:
        return [Text("The contract states none.")]
    what = "A row that breaks one is rejected, in training and in scoring; a missing value breaks none."
    words = [(one.text, *(shortened(of[name].words, 60) for name in one.columns)) for one in of.relations]
    return [Text(what), ItemList(tuple(f"{text} ({first}; {second})" for text, first, second in words))]


def _feature(feature: Feature, model: Model) -> tuple[str, ...]:
    # What the contract allows, whether or not the model came to use it.
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
    "seed": "random seed",
    "date": "date in the manifest and the reports",
    "as_of": "day of the data",
    "max_rejected": "share of rejected rows from which training is refused",
    "validation": "share of the rows used to choose the threshold",
    "holdout": "share used for the final evaluation, unless a later table was given",
    "segments.k": "number of segments",
    "segments.rules": "maximum number of rules of a segment",
    "segments.conditions": "maximum number of conditions on the path to a segment",
    "segments.draws": "bootstrap resamples for stability, and shuffled copies for the null test",
    "segments.tries": "searches for the rules of each number of segments, of which the best is taken",
    "segments.resample_tries": "the same on each bootstrap resample",
    "segments.curve": "times as many rules as segments that the curve of rules goes to",
    "segments.effort": "share of the full search for the best rules that each of them does",
    "purchase.interactions": "number of pairs of features",
    "purchase.outer_bags": "number of EBM bags, each of half the rows, that are averaged; pairs have their spread",
    "purchase.learning_rate": "weight of each boosted tree",
    "purchase.max_bins": "maximum number of bins of a number",
    "purchase.pair_bins": "maximum number of bins of a number in a pair",
    "purchase.early_stopping_rounds": "rounds without improvement after which a bag stops",
    "purchase.min_samples_leaf": "fewest rows on either side of a split",
    "purchase.reg_lambda": "penalty that keeps each step small where rows are few",
    "fit_rows": "maximum number of rows of a fit; a larger table is sampled at random",
    "experiments": "whether segments and the model of the outcome were compared by experiment",
    "deep": "whether the black box was tuned over thirty settings, the rules certified, and the model fitted again",
    "draws": "bootstrap resamples for the confidence intervals",
    "accept_leakage": "features accepted although the leakage check flags them, because somebody has reviewed them",
    "margin": "earned per outcome, in place of the contract's",
    "contact_cost": "spent per contact, in place of the contract's",
}


def method(model: Model) -> Chapter:
    """The method in words, with every parameter, seed and version."""
    page = ChapterBuilder()
    manifest = model.manifest
    pairs = sum(len(term.axes) == 2 for term in model.scorecard.terms)
    maps = f"{pairs} {'heat map for a pair' if pairs == 1 else 'heat maps for pairs'}"
    page.paragraphs(
        f"{capital(model_words(model.contract))}. An Explainable Boosting Machine (Lou et al. 2013; Nori et al. 2019): "
        f"a sum of one curve for each feature and of {maps}, fitted by boosting many small trees on one feature or "
        "pair at a time, and averaged over bags. Bags come in pairs, each fitted to one half of the training rows: "
        f"bins with fewer than {THIN_BIN_CUSTOMERS} rows are merged where a "
        "feature has many, and a curve or heat map is smoothed as far as one half then predicts the other best. All "
        "points are scaled by one factor, chosen on rows that a bag was not fitted to. The result is compiled bin by "
        "bin into a scorecard; from then on, the score is the sum of its points.",
        f"Segments. KMeans on the behavior by which {model.contract.noun} may be compared, without the label; each "
        "cluster is then described by a short rule with round thresholds, and from then on the rule is the segment.",
        "Threshold. The flag of the likely begins at the probability with the highest F1 on the validation rows. "
        "Nothing is chosen on the holdout.",
    )
    rows = [(name, value, _MEANINGS.get(name, "")) for name, value in _parameters(manifest["options"])]
    heads = ("Parameter", "Value", "What it does")
    page.section("Parameters", table(heads, rows, words=3, widths=(33, 17, 50), style="small", alt_text="Parameters"))
    versions = ", ".join(f"{name} {version}" for name, version in manifest["libraries"].items())
    computer = manifest["machine"]
    page.section("Versions and computer", Facts((
        ("Libraries", versions),
        ("Python", str(computer["python"])),
        ("Processor and system", f"{computer['cpu']}, {computer['system']}"),
    )))  # fmt: skip
    page.paragraphs(
        "On the same computer, the same table, contract, options and versions give a byte-identical model; another "
        "processor may round the last digit differently.",
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
    rows = []
    for name, value in options.items():
        if isinstance(value, dict):
            rows += _parameters(value, f"{prefix}{name}.")
        else:
            rows.append((f"{prefix}{name}", _parameter(name, value)))
    return rows
