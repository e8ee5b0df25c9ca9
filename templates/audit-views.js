
// ---------------------------------------------------------------------------------------------------------------
// The views, and the address that leads to each as it is now: #customer?from=3&f.orders_90d=2.

const VIEWS = [...document.querySelectorAll("main > section")].map((section) => section.id);
let current = null;

function showGolden() {
  const check = checkGolden();
  byId("golden-result").textContent =
    `${count(check.rows)} rows scored in this page; largest difference to the stored probability ` +
    `${check.largest.toExponential(2)}; ${check.wrong.length} rows beyond 1e-9 or in another segment` +
    (check.wrong.length ? `: ${check.wrong.slice(0, 10).join(", ")}` : ".");
}

/** A customer as parameters: the golden row that is nearest, and what differs from it. */
function parametersOf(values, prefix) {
  const differing = (row) => data.features.filter((feature) => row[feature.name] !== values[feature.name]);
  const from = data.golden.starts.reduce((best, row) => (differing(golden[row]).length < differing(golden[best]).length ? row : best));
  const text = (value) => (value === undefined ? "\u2205" : value === null ? "" : String(value));
  const changed = differing(golden[from]).filter((feature) => !Number.isNaN(values[feature.name]));
  return { [`${prefix}from`]: from, ...Object.fromEntries(changed.map((feature) => [`${prefix}f.${feature.name}`, text(values[feature.name])])) };
}

/** The customer that parameters describe; null where they do not. */
function customerOf(parameters, prefix) {
  const start = golden[Number(parameters.get(`${prefix}from`) ?? NaN)];
  if (!start) return null;
  const values = { ...start };
  for (const feature of data.features) {
    const text = parameters.get(`${prefix}f.${feature.name}`);
    if (text !== null) values[feature.name] = text === "\u2205" ? undefined : text === "" ? null : feature.numeric ? Number(text) : text;
  }
  return values;
}

const addressOf = (view, parameters) => `#${view}${Object.keys(parameters).length ? `?${new URLSearchParams(parameters)}` : ""}`;

function stateOf(view) {
  const scale = byId("scale").value === "common" ? { scale: "common" } : {};
  const who = { ...parametersOf(customer, ""), ...(other ? parametersOf(other.values, "with.") : {}) };
  if (view === "customer") return who;
  return view === "shapes" ? { term: shown.name, ...scale, ...(marks ? { mark: "1", ...who } : {}) } : {};
}

/** The address follows what is shown, so that it can be kept and sent. */
function keepState() {
  if (current) history.replaceState(null, "", addressOf(current, stateOf(current)));
}

/** Show what an address says. */
function show(hash) {
  const [name, query = ""] = hash.slice(1).split(/\?(.*)/s);
  const parameters = new URLSearchParams(query);
  const target = VIEWS.includes(name) ? null : document.querySelector(`main [id="${CSS.escape(name)}"]`);
  const view = target?.closest("main > section")?.id ?? (VIEWS.includes(name) ? name : "shapes");
  // What has the focus will be hidden or replaced, or the browser's jump has taken the focus already.
  const lost = current && view !== current && (document.activeElement === document.body || byId(current).contains(document.activeElement));
  const values = customerOf(parameters, "");
  const beside = customerOf(parameters, "with.");
  if (beside) compareWith(beside, "the other customer");
  if (values) fill(values);
  switchTo(view);
  if (view === "shapes") showShape(parameters);
  if (lost) byId(view).querySelector("h2").focus({ preventScroll: true });
  const away = target ?? (view === "shapes" && parameters.has("term") && isNarrow() ? byId("term-name") : null);
  // The browser has scrolled to the section, past the page's header, or nowhere, as the section was hidden.
  if (away) away.scrollIntoView({ block: "start" });
  else scrollTo(0, 0);
}

function showShape(parameters) {
  byId("scale").value = parameters.get("scale") === "common" ? "common" : "own";
  marks = parameters.get("mark") === "1";
  showTerm(data.terms.find((term) => term.name === parameters.get("term")) ?? shown);
}

function switchTo(view) {
  current = view;
  for (const section of document.querySelectorAll("main > section")) section.hidden = section.id !== view;
  for (const link of document.querySelectorAll("nav a")) {
    if (link.hash === `#${view}`) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** Follow a link within the page without losing the focus, as the browser's own jump does. */
function follow(event) {
  const link = event.target.closest('a[href^="#"]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  if (link.hash === "#main") return byId("main").focus();
  const inMenu = link.closest("nav") && VIEWS.includes(link.hash.slice(1));
  const parameters = link.classList.contains("to-shape") ? { ...Object.fromEntries(new URLSearchParams(link.hash.split("?")[1])), ...stateOf("customer") } : null;
  const address = inMenu ? addressOf(link.hash.slice(1), stateOf(link.hash.slice(1))) : parameters ? addressOf("shapes", parameters) : link.hash;
  history.pushState(null, "", address);
  show(address);
}

function setUpPage() {
  setUpForm();
  const [starts, compare] = [byId("start"), byId("compare")];
  data.golden.starts.forEach((row, i) => {
    starts.append(make("option", { value: row }, data.golden.start_words[i]));
    compare.append(make("option", { value: row }, data.golden.start_words[i]));
  });
  starts.addEventListener("change", () => { fill(golden[Number(starts.value)]); keepState(); });
  compare.addEventListener("change", chooseOther);
  byId("search").addEventListener("input", listTerms);
  byId("order").addEventListener("change", listTerms);
  byId("scale").addEventListener("change", () => { drawTerm(); keepState(); });
  const clicks = {
    "golden-again": showGolden, "paste-read": readPasted, "copy-bins": copyBins, "copy-chart": copyChart, "copy-sum": copySum,
    "copy-link": () => copyText(location.href, "link.txt", "The address"),
  };
  for (const [id, act] of Object.entries(clicks)) byId(id).addEventListener("click", act);
  byId("reach").addEventListener("toggle", () => { if (!faultsOf(customer).length) showReach(score(customer)); });
  document.addEventListener("click", follow);
  addEventListener("hashchange", () => show(location.hash));
  // Paper has everything: what is folded stands open there.
  addEventListener("beforeprint", () => { for (const one of document.querySelectorAll("main details:not([open])")) { one.open = true; one.dataset.opened = ""; } });
  addEventListener("afterprint", () => { for (const one of document.querySelectorAll("main details[data-opened]")) { one.open = false; delete one.dataset.opened; } });
  fill(golden[data.golden.starts[0]]);
  showGolden();
  showTerm(shown);
  show(location.hash);
}

setUpPage();
document.documentElement.dataset.ready = "yes";
