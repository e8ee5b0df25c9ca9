
// ---------------------------------------------------------------------------------------------------------------
// The result: probability, reasons, segment, contributions, and a second customer beside them.

function showCustomer() {
  const faults = faultsOf(customer);
  markFaults(faults);
  // A probability that stays from before would be read as that of what is in the form now.
  byId("why").hidden = faults.length > 0;
  byId("outside").textContent = faults.length
    ? `No score. The contract would reject this row: ${faults.map((fault) => fault.text).join("; ")}.` : "";
  if (faults.length) {
    byId("probability").textContent = "–";
    for (const id of ["rank", "versus"]) byId(id).textContent = "";
    return;
  }
  const result = score(customer);
  const beside = other && !faultsOf(other.values).length ? score(other.values) : null;
  const segment = data.segments.find((one) => one.id === result.segment);
  byId("probability").textContent = percent(result.probability, 2);
  byId("rank").textContent =
    `percentile ${result.percentile.toFixed(1)}, decile ${result.decile} of 10 · ` +
    (result.likely ? "flagged as likely" : "not flagged") + ` (best F1: from ${percent(data.model.threshold)})` +
    (result.pays === null ? "" : ` · a contact ${result.pays ? "pays" : "does not pay"} (break-even: from ${percent(data.model.break_even)})`);
  byId("reasons").replaceChildren(...result.reasons.map((text) => make("li", {}, text)));
  byId("segment").textContent = `${segment.id}: ${segment.name}`;
  byId("path").replaceChildren(...result.path.map((text) => make("li", {}, text)));
  showVersus(result, beside);
  showSum(result, beside);
  showReach(result);
}

function showVersus(result, beside) {
  const gap = beside && 100 * (result.probability - beside.probability);
  byId("versus").textContent = !other ? "" : !beside
    ? `${capital(other.words)} would be rejected: ${faultsOf(other.values).map((fault) => fault.text).join("; ")}.`
    : `${capital(other.words)}: ${percent(beside.probability, 2)}, ${beside.segment}, decile ${beside.decile}; ` +
      `this customer ${signed(gap, 2)} percentage points.`;
}

/** All contributions, the largest first; beside another customer, the largest difference first. */
function showSum(result, beside) {
  const gaps = result.points.map((points, i) => (beside ? points - beside.points[i] : 0));
  const order = beside ? result.order.toSorted((a, b) => Math.abs(gaps[b]) - Math.abs(gaps[a])) : result.order;
  const most = Math.max(...result.points.map(Math.abs), 1e-9);
  const head = ["Term", "", "Points", ...(beside ? ["Other", "Difference"] : [])];
  byId("contributions").className = beside ? "compared" : "";
  byId("sum-head").replaceChildren(make("tr", {}, ...head.map((text) => make(text ? "th" : "td", text ? { scope: "col" } : { class: "bar" }, text))));
  byId("sum").replaceChildren(
    sumRow("Intercept: everything average", [data.model.intercept, beside && data.model.intercept], null),
    ...order.map((i) => sumRow(data.terms[i], [result.points[i], beside && beside.points[i]], most, result.places[i])),
    sumRow("Sum: log-odds", [result.logit, beside && beside.logit], null),
  );
}

function sumRow(what, [points, others], most, place = 0) {
  const bar = make("td", { class: "bar" });
  if (most) {
    const fill = make("span", { class: points < 0 ? "down" : "up" });
    fill.style.width = `${(50 * Math.abs(points)) / most}%`;
    fill.style.marginLeft = points < 0 ? `${50 - (50 * Math.abs(points)) / most}%` : "50%";
    bar.append(fill);
  }
  const name = typeof what === "string" ? what : make("a", { href: addressOf("shapes", { term: what.name, mark: "1" }), class: "to-shape" }, capital(what.words));
  const bin = typeof what === "string" ? "" : labelOf(what, place);
  const numbers = others === null ? [points] : [points, others, points - others];
  return make("tr", { class: most ? null : "total" }, make("th", { scope: "row" }, name, make("span", { class: "in" }, bin)), bar,
    ...numbers.map((number) => make("td", {}, signed(number, 4))));
}

function compareWith(values, words) {
  other = values && { values: { ...values }, words };
  byId("compare").value = values ? "kept" : "";
  byId("compare-kept").hidden = !values;
  byId("compare-kept").textContent = values ? words : "";
  showCustomer();
}

function chooseOther() {
  const choice = byId("compare").value;
  if (choice === "now") compareWith(customer, "the customer as it was");
  else if (choice !== "kept") compareWith(choice === "" ? null : golden[Number(choice)], `golden row ${Number(choice) + 1}`);
  keepState();
}

function copySum() {
  const result = score(customer);
  const beside = other && !faultsOf(other.values).length ? score(other.values) : null;
  const head = ["term", "bin", "points", ...(beside ? ["points of the other", "difference"] : [])];
  const rows = result.order.map((i) => [data.terms[i].name, labelOf(data.terms[i], result.places[i]), result.points[i],
    ...(beside ? [beside.points[i], result.points[i] - beside.points[i]] : [])]);
  rows.unshift(["intercept", "", data.model.intercept]);
  rows.push(["sum: log-odds", "", result.logit, ...(beside ? [beside.logit, result.logit - beside.logit] : [])],
    ["probability", "", result.probability, ...(beside ? [beside.probability, result.probability - beside.probability] : [])]);
  return copyText(csvOf([head, ...rows]), "contributions.csv", "All contributions");
}
