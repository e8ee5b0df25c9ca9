
// ---------------------------------------------------------------------------------------------------------------
// The what-if customer's form. A field that is blank or wrong is marked, and then there is no result.

const customer = {};
let other = null; // whom the customer is compared with: values, and words

function setUpForm() {
  const groups = new Map();
  for (const feature of data.features) {
    if (!groups.has(feature.group)) groups.set(feature.group, make("fieldset", {}, make("legend", {}, feature.group)));
    groups.get(feature.group).append(feature.numeric ? numberField(feature) : menuField(feature));
  }
  byId("fields").replaceChildren(...groups.values());
}

const faultId = (feature) => `f-${feature.place}-fault`;

/** A value as people say it: a share in percent, an amount with its sign, a number with its unit. */
function valueWords(feature, value) {
  if (isMissing(value)) return value === null ? "missing" : "no value";
  if (!feature.numeric) return value === OTHER ? "another value" : value;
  const number = Number(value.toPrecision(6));
  if (feature.share) return `${Number((100 * value).toPrecision(6))}%`;
  return feature.sign ? `${feature.sign}${number}` : feature.after ? `${number} ${feature.after}` : String(number);
}
const faultLine = (feature) => make("span", { class: "fault", id: faultId(feature) });

/** What a screen reader says of a slider: its value, not its place. */
function announce(feature) {
  byId(`f-${feature.place}-slider`).setAttribute("aria-valuetext", valueWords(feature, customer[feature.name]));
}

function numberField(feature) {
  const id = `f-${feature.place}`;
  const change = (value) => {
    customer[feature.name] = value;
    announce(feature);
    showCustomer();
    keepState();
  };
  const slider = make("input", {
    type: "range", id: `${id}-slider`, min: 0, max: feature.stops.length - 1, step: 1, "aria-label": feature.words,
    oninput: () => {
      exact.value = feature.stops[Number(slider.value)];
      if (unknown) unknown.checked = false;
      change(Number(exact.value));
    },
  });
  const exact = make("input", {
    type: "number", id, step: "any", min: feature.min, max: feature.max, required: !feature.may_miss, "aria-describedby": faultId(feature),
    oninput: () => {
      // What is no number reads as empty, too.
      const value = exact.validity.badInput ? NaN : exact.value !== "" ? Number(exact.value) : feature.may_miss ? null : undefined;
      if (unknown) unknown.checked = value === null;
      if (!isMissing(value)) slider.value = nearest(feature.stops, value);
      change(value);
    },
  });
  const unknown = feature.may_miss
    ? make("input", { type: "checkbox", id: `${id}-missing`, onchange: () => {
        const value = unknown.checked ? null : feature.stops[Number(slider.value)];
        exact.value = value === null ? "" : value;
        change(value);
      } })
    : null;
  const row = make("div", { class: "field" }, make("label", { for: id }, capital(feature.words), unit(feature)), slider, exact);
  if (unknown) row.append(make("label", { class: "missing", for: `${id}-missing`, title: feature.missing }, unknown, "missing"));
  row.append(faultLine(feature));
  return row;
}

const unit = (feature) => make("span", { class: "unit" }, feature.unit ? ` ${feature.unit}` : "");

function menuField(feature) {
  const id = `f-${feature.place}`;
  const menu = make("select", { id, "aria-describedby": faultId(feature), onchange: () => {
    const [kind, value] = JSON.parse(menu.value);
    customer[feature.name] = kind === "missing" ? null : kind === "blank" ? undefined : value;
    showCustomer();
    keepState();
  } });
  const add = (kind, value, words, hidden) => menu.append(make("option", { value: JSON.stringify([kind, value]), hidden }, words));
  add("blank", "", "choose a value", true);
  for (const value of feature.values) add("value", value, value.length > 80 ? `${value.slice(0, 79)}…` : value);
  if (feature.may_miss) add("missing", "", `missing: ${feature.missing}`);
  add("value", OTHER, feature.may_be_new ? "another, not seen in training" : "another, which the contract does not list", !feature.may_be_new);
  return make("div", { class: "field" }, make("label", { for: id }, capital(feature.words)), menu, faultLine(feature));
}

function nearest(stops, value) {
  let best = 0;
  stops.forEach((stop, i) => {
    if (Math.abs(stop - value) < Math.abs(stops[best] - value)) best = i;
  });
  return best;
}

/** Put a customer into the form; features that `values` does not have stay blank. */
function fill(values) {
  for (const feature of data.features) {
    const value = values[feature.name];
    customer[feature.name] = value;
    const input = byId(`f-${feature.place}`);
    if (!feature.numeric) {
      const known = isMissing(value) || feature.values.includes(value);
      if (!known) customer[feature.name] = OTHER;
      input.value = JSON.stringify(value === null ? ["missing", ""] : value === undefined ? ["blank", ""] : ["value", known ? value : OTHER]);
      continue;
    }
    input.value = isMissing(value) ? "" : value;
    byId(`f-${feature.place}-slider`).value = isMissing(value) ? 0 : nearest(feature.stops, value);
    announce(feature);
    const unknown = byId(`f-${feature.place}-missing`);
    if (unknown) unknown.checked = value === null;
  }
  showCustomer();
}

/** Mark the fields that are wrong, and say below each what is. */
function markFaults(faults) {
  for (const feature of data.features) {
    const texts = faults.filter((fault) => fault.names.includes(feature.name)).map((fault) => fault.text);
    for (const id of [`f-${feature.place}`, `f-${feature.place}-slider`]) {
      if (texts.length) byId(id)?.setAttribute("aria-invalid", "true");
      else byId(id)?.removeAttribute("aria-invalid");
    }
    byId(faultId(feature)).textContent = texts.map(capital).join(". ");
  }
}
