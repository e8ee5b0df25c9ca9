// A budget to try: sliders for money and uplift fill in, segment by decile, whom the budget pays for. The same formula and
// order as northstar_explain/model/campaign/fill_budget.py, and a test compares the two. Without it, the table above stays.
{
  const data = JSON.parse(document.getElementById("budget-data").textContent);
  const section = document.getElementById("money");
  const DECILES = [10, 9, 8, 7, 6, 5, 4, 3, 2, 1];

  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };

  const amount = (value) => {
    const rounded = Math.round(value);
    return (rounded < 0 ? "−" : "") + data.currency + Math.abs(rounded).toLocaleString("en-US");
  };
  const count = (value) => value.toLocaleString("en-US");

  /** Value and spend of a contact in a cell, and the uplift limited to what can be. */
  function contact(cell, uplift, money) {
    const added = Math.max(Math.min(uplift, 1 - cell.probability), -cell.probability);
    const value = added * (money.margin - money.voucher) - money.voucher * cell.probability - money.contactCost;
    const spend = money.contactCost + money.voucher * Math.min(Math.max(cell.probability + added, 0), 1);
    return { added, value, spend, gain: spend > 0 ? value / spend : Infinity };
  }

  /** How many of each cell the budget pays for: cells by money earned per money spent. */
  function fill(money, uplifts) {
    const cells = data.cells.map((cell) => ({ ...cell, ...contact(cell, uplifts[cell.segment] / 100, money), contacted: 0 }));
    const order = cells.map((_, place) => place);
    order.sort((a, b) => {
      const [one, other] = [cells[a], cells[b]];
      if (one.gain !== other.gain) return one.gain > other.gain ? -1 : 1;
      return other.decile - one.decile || a - b;
    });
    let left = money.budget ?? Infinity;
    for (const place of order) {
      const cell = cells[place];
      if (cell.value <= 0) continue;
      const most = cell.spend > 0 ? Math.floor(Math.min(left / cell.spend, 1e15)) : cell.contactable;
      cell.contacted = Math.min(cell.contactable, most);
      left -= cell.contacted * cell.spend;
    }
    return cells;
  }

  const needed = (probability, money) => {
    const kept = money.margin - money.voucher;
    const uplift = kept > 0 ? (money.voucher * probability + money.contactCost) / kept : Infinity;
    return uplift <= 1 - probability ? `+${(100 * uplift).toFixed(1)}` : "never";
  };

  const fields = {};
  /** A slider and a number that follow one another; the number may exceed the slider. */
  function field(key, label, value, most, step, least = 0) {
    const id = `budget-${key}`;
    const limits = { step, min: least };
    const slider = make("input", { type: "range", id, max: most, ...limits });
    const number = make("input", { type: "number", "aria-label": `${label}, exactly`, ...limits, step: "any" });
    slider.value = number.value = value;
    fields[key] = number;
    slider.addEventListener("input", () => { number.value = slider.value; show(); });
    number.addEventListener("input", () => { slider.value = number.value; show(); });
    return make("div", { class: "budget-field" }, make("label", { for: id }, label), slider, number);
  }

  const read = (key, least = 0) => {
    const value = fields[key].valueAsNumber;
    return Number.isFinite(value) ? Math.max(value, least) : least;
  };

  const start = data.start;
  // Without a budget: enough for everybody, were every voucher redeemed.
  const everything = data.cells.reduce((sum, cell) => sum + cell.contactable, 0) * Math.max(start.contactCost + start.voucher, 1);
  const budget = start.budget ?? everything;
  const per = (text) => `${text}, ${data.currency}`;
  const form = make("form", { class: "budget-form", "aria-label": "Amounts and uplifts" },
    make("fieldset", {}, make("legend", {}, "Money"),
      field("margin", per("Margin"), start.margin, Math.ceil(4 * start.margin), 0.5),
      field("contactCost", per("A contact"), start.contactCost, Math.max(2, Math.ceil(4 * start.contactCost)), 0.05),
      field("voucher", per("Voucher"), start.voucher, Math.max(10, Math.ceil(start.margin)), 0.5),
      field("budget", per("Budget"), budget, Math.ceil(5 * budget), Math.max(1, Math.round(budget / 100)))),
    make("fieldset", {}, make("legend", {}, "A contact adds, in points"),
      ...data.segments.map((one) => field(`uplift-${one.id}`, `${one.id} ${one.name}`, one.uplift, 10, 0.1, -5))));
  form.addEventListener("submit", (event) => event.preventDefault());

  const row = (name, cells) => make("tr", {}, make("th", { scope: "row" }, ...[name].flat()), ...cells);
  const heads = (texts) => make("thead", {}, make("tr", {}, ...texts.map((text, place) =>
    make("th", place ? { scope: "col", class: "number" } : { scope: "col" }, text))));
  const blank = () => make("td", { class: "number" });
  const framed = (label, table) => make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": label }, table);

  const sums = Object.fromEntries([...data.segments.map((one) => one.id), "all"].map((id) => [id, [blank(), blank(), blank(), blank(), blank()]]));
  const grid = Object.fromEntries(data.cells.map((cell) => [`${cell.segment} ${cell.decile}`, blank()]));
  const total = make("p", { class: "lead", "aria-live": "polite", id: "budget-total" });
  const named = (one) => [`${one.id} `, make("span", {}, one.name)];
  const bySegment = make("table", { class: "grid budget-sums" },
    heads(["Segment", "Contacted", "Spend", "Break even", "Added", "Earned"]),
    make("tbody", {}, ...data.segments.map((one) => row(named(one), sums[one.id])), row("All", sums.all)));
  const byDecile = make("table", { class: "grid budget-cells" },
    heads(["Contacted by decile", ...DECILES.map(String)]),
    make("tbody", {}, ...data.segments.map((one) => row(named(one), DECILES.map((decile) => grid[`${one.id} ${decile}`] ?? make("td", { class: "number" }, "–"))))));

  const sumOf = (cells, of) => cells.reduce((sum, cell) => sum + cell.contacted * of(cell), 0);

  function fillRow(id, cells, money) {
    const [contacted, spend, even, added, earned] = sums[id];
    const customers = cells.reduce((sum, cell) => sum + cell.contactable, 0);
    const probability = cells.reduce((sum, cell) => sum + cell.contactable * cell.probability, 0) / (customers || 1);
    const of = { contacted: sumOf(cells, () => 1), spend: sumOf(cells, (cell) => cell.spend), earned: sumOf(cells, (cell) => cell.value) };
    contacted.textContent = count(of.contacted);
    spend.textContent = amount(of.spend);
    even.textContent = needed(probability, money);
    added.textContent = count(Math.round(sumOf(cells, (cell) => cell.added)));
    earned.textContent = amount(of.earned);
    earned.dataset.value = of.earned;
    return of;
  }

  function show() {
    const money = { margin: read("margin"), contactCost: read("contactCost"), voucher: read("voucher"), budget: read("budget") };
    const cells = fill(money, Object.fromEntries(data.segments.map((one) => [one.id, read(`uplift-${one.id}`, -100)])));
    for (const cell of cells) {
      const shown = grid[`${cell.segment} ${cell.decile}`];
      shown.textContent = count(cell.contacted);
      shown.dataset.value = cell.contacted;
      shown.className = cell.contacted === 0 ? "number" : cell.contacted < cell.contactable ? "number budget-some" : "number budget-all";
    }
    for (const one of data.segments) fillRow(one.id, cells.filter((cell) => cell.segment === one.id), money);
    const all = fillRow("all", cells, money);
    total.textContent = all.contacted
      ? `Contact ${count(all.contacted)} ${data.noun}, spend ${amount(all.spend)}, earn ${amount(all.earned)}.`
      : "Contact nobody: no contact is expected to earn money.";
  }

  const title = make("h3", {}, "Try a budget");
  const note = make("p", { class: "fine" }, "The budget goes to the cells that earn most per money spent, of cells that earn alike to the highest decile. One in ten stays out of every campaign, to compare with. Uplifts are what you assume here; only a control group measures them.");
  section.append(title, form, total, framed("What the budget does by segment", bySegment), framed("Contacted by segment and decile", byDecile), note);
  show();
}
