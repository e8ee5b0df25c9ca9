
// ---------------------------------------------------------------------------------------------------------------
// Shapes.

const THIN = data.thin;
let shown = data.terms.reduce((best, term) => (term.rank < best.rank ? term : best));
let marks = false; // whether the what-if customer is marked in the shape

const spanOf = (term) => Math.max(...term.points) - Math.min(...term.points);
const ORDERS = {
  importance: (a, b) => a.rank - b.rank,
  name: (a, b) => (a.words < b.words ? -1 : a.words > b.words ? 1 : 0),
  range: (a, b) => spanOf(b) - spanOf(a) || a.rank - b.rank,
};

function listTerms() {
  const query = byId("search").value;
  const matches = data.terms.filter((term) => finds(`${term.name} ${term.words}`, query)).sort(ORDERS[byId("order").value]);
  const most = Math.max(...data.terms.map((term) => term.share));
  byId("match-count").textContent = `${matches.length} of ${data.terms.length}`;
  const hadFocus = byId("terms").contains(document.activeElement);
  byId("terms").replaceChildren(
    ...matches.map((term) => {
      const bar = make("span", { class: "share" });
      const fill = make("span", { class: "fill" });
      fill.style.width = `${(100 * term.share) / most}%`;
      bar.append(fill);
      const button = make(
        "button",
        { type: "button", "aria-pressed": String(term === shown), onclick: () => chooseTerm(term) },
        make("span", { class: "words" }, capital(term.words)),
        make("span", { class: "amount" }, percent(term.share)),
        bar,
      );
      return make("li", {}, button);
    }),
  );
  // The list has been rebuilt; keyboard users keep their place in it.
  if (hadFocus) document.querySelector('#terms [aria-pressed="true"]')?.focus({ preventScroll: true });
}

/** What a tap on a term does: on a phone, the plot stands below the list. */
function chooseTerm(term) {
  marks = false;
  showTerm(term);
  keepState();
  if (isNarrow()) byId("term-name").scrollIntoView({ block: "start" });
}

function showTerm(term) {
  shown = term;
  listTerms();
  byId("term-name").textContent = capital(term.words);
  byId("term-code").textContent =
    `${term.name} · rank ${term.rank} of ${data.terms.length} · ${percent(term.share)} of all importance · ` +
    `mean absolute points ${term.importance.toFixed(3)}`;
  byId("term-sentences").replaceChildren(...term.sentences.map((text) => make("li", {}, text)));
  for (const key of document.querySelectorAll(".for-one")) key.hidden = term.axes.length === 2;
  for (const key of document.querySelectorAll(".for-two")) key.hidden = term.axes.length === 1;
  showMarked(term);
  drawTerm();
  tableOf(term);
}

function placeAt(term, at) {
  const bins = term.axes.map((axis, side) => axis.order[at[side]]);
  return bins.length === 1 ? bins[0] : bins[0] * term.axes[1].count + bins[1];
}

/** The words for a place in a term's points. */
const labelOf = (term, place) => term.axes.length === 1 ? term.axes[0].labels[place]
  : `${term.axes[0].labels[Math.floor(place / term.axes[1].count)]} with ${term.axes[1].labels[place % term.axes[1].count]}`;

/** The interval of a bin, at its points where it has none; the spread of a cell of a pair. */
function uncertaintyOf(term, place) {
  const points = term.points[place];
  if (term.spread) {
    const spread = term.spread[place];
    return { low: points - spread, high: points + spread, spread, sure: spread.toFixed(4) };
  }
  const low = term.low[place], high = term.high[place];
  if (low === null) return { low: points, high: points, sure: "–" };
  return { low, high, sure: `${signed(low, 4)} to ${signed(high, 4)}` };
}

function cellOf(term, at) {
  const place = placeAt(term, at);
  return {
    place,
    label: labelOf(term, place),
    points: term.points[place],
    ...uncertaintyOf(term, place),
    n: term.train_n[place],
    rate: ratio(term.train_buyers[place], term.train_n[place]),
    holdout: term.holdout_n[place],
    holdoutRate: ratio(term.holdout_buyers[place], term.holdout_n[place]),
  };
}

const atOf = (datum) => (datum.j === undefined ? [datum.i] : [datum.i, datum.j]);

/** What a bin or a cell says when it is pointed at. */
function describe(term, datum) {
  const cell = cellOf(term, atOf(datum));
  return {
    Bin: cell.label,
    Points: signed(cell.points, 4) + (term.spread ? ` ± ${cell.sure} over the bags` : `, 95% interval ${cell.sure}`),
    "All else average": percent(sigmoid(data.model.intercept + cell.points), 2),
    Training: `${count(cell.n)} rows, actual ${percent(cell.rate)}${cell.n < THIN ? " (thin)" : ""}`,
    Holdout: `${count(cell.holdout)} rows, actual ${percent(cell.holdoutRate)}`,
  };
}

/** The what-if customer's place in the shown term; null where none is marked, or the customer would be rejected. */
const markedPlace = (term) => (marks && !faultsOf(customer).length ? placeOf(term, customer) : null);

function showMarked(term) {
  const place = markedPlace(term);
  byId("marked").hidden = place === null;
  if (place !== null) byId("marked-words").textContent = `${labelOf(term, place)}, ${signed(term.points[place], 4)} points.`;
}

/** The specification of a term's chart on the chosen scale, its rows with what the term's tables hold. */
function chartOf(term) {
  const { own, common } = term.chart;
  const spec = byId("scale").value === "common" ? { ...own, ...common } : own;
  const rows = spec.data.values.map((row) => {
    const { points, low, high, n } = cellOf(term, atOf(row));
    return { ...row, p: points, low, high, n };
  });
  return { ...spec, data: { values: rows } };
}

function drawTerm() {
  const term = shown; // another one may be shown before this one is drawn
  const place = markedPlace(term);
  northstarCharts.draw(byId("plot"), chartOf(term), (datum) => describe(term, datum), (datum) => placeAt(term, atOf(datum)) === place);
}

/** Every bin or cell of a term, in the order of its chart. */
function cellsOf(term) {
  const places = term.axes[0].order.flatMap((_, i) => (term.axes.length === 1 ? [[i]] : term.axes[1].order.map((_, j) => [i, j])));
  return places.map((at) => cellOf(term, at));
}

const MOST_ROWS = 400;

function tableOf(term) {
  let cells = cellsOf(term);
  const note = byId("table-note");
  note.textContent = "";
  if (cells.length > MOST_ROWS) {
    note.textContent = `The ${MOST_ROWS} cells with the most rows; all ${count(cells.length)} are in tables/pairs.csv.gz.`;
    cells = cells.sort((a, b) => b.n - a.n).slice(0, MOST_ROWS);
  }
  byId("uncertainty").textContent = term.spread ? "Spread" : "95% interval";
  const place = markedPlace(term);
  byId("bins").replaceChildren(
    ...cells.map((cell) =>
      make("tr", { class: cell.n < THIN ? "thin" : null, "aria-current": cell.place === place ? "true" : null },
        make("th", { scope: "row" }, cell.label),
        ...[signed(cell.points, 4), cell.sure, count(cell.n), percent(cell.rate), count(cell.holdout), percent(cell.holdoutRate)]
          .map((text) => make("td", {}, text)),
      ),
    ),
  );
}

function copyBins() {
  const sure = shown.spread ? ["spread"] : ["95% interval from", "to"];
  const head = ["bin", "points", ...sure, "training rows", "actual rate in training", "holdout rows", "actual rate in the holdout"];
  const rows = cellsOf(shown).map((cell) => [cell.label, cell.points, ...(shown.spread ? [cell.spread] : intervalOf(cell)), cell.n, cell.rate, cell.holdout, cell.holdoutRate]);
  return copyText(csvOf([head, ...rows]), fileName(shown.name, "csv"), "All bins");
}

const intervalOf = (cell) => (cell.sure === "–" ? ["", ""] : [cell.low, cell.high]);

async function copyChart() {
  await handOver(await pictureOf(byId("plot").querySelector(".drawn svg")), fileName(shown.name, "png"), "The chart");
}
