// Draws the charts of a page, each a Vega-Lite specification, when they come near the window; without `eval`. Every mark
// with a tooltip is a value: the pointer shows it, arrow keys move from one to the next, and screen readers hear it.
// A "value" event on the figure carries the datum that is shown, or null.
{
  const HIDDEN = 600;
  const NARROW = 560; // pixels below which charts side by side stand one below the other
  const OPTIONS = { mode: "vega-lite", renderer: "svg", ast: true, actions: false, defaultStyle: false, hover: false };
  const KEYS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, Home: -Infinity, End: Infinity };

  const make = (name, className, attributes = {}) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    return element;
  };

  /** A plot that has no axis of its own because it stood beside another one gets the axis of that one. */
  const labelled = (spec, first) =>
    spec.encoding?.y?.axis === null ? { ...spec, encoding: { ...spec.encoding, y: { ...spec.encoding.y, axis: first.encoding.y.axis } } } : spec;

  /** Plots side by side as plots below one another, all of the same width. */
  function stacked(spec) {
    const { hconcat, ...rest } = spec;
    if (hconcat) return stacked({ ...rest, vconcat: hconcat.map((one) => labelled(one, hconcat[0])), spacing: 20 });
    if (spec.vconcat) return { ...rest, vconcat: spec.vconcat.map(stacked) };
    return typeof spec.width === "number" ? { ...rest, width: 240 } : rest;
  }

  const partsOf = (spec) => ["hconcat", "vconcat"].find((key) => spec[key]);

  /** The pixels of plots side by side, in the widest row. */
  function plotsAcross(spec) {
    const key = partsOf(spec);
    if (key) return spec[key].map(plotsAcross).reduce((a, b) => (key === "hconcat" ? a + b : Math.max(a, b)), 0);
    return spec.spec ? plotsAcross(spec.spec) * (spec.columns ?? 1) : typeof spec.width === "number" ? spec.width : 0;
  }

  /** The specification, its plots so many times as wide. */
  function wider(spec, factor) {
    const key = partsOf(spec);
    if (key) return { ...spec, [key]: spec[key].map((one) => wider(one, factor)) };
    if (spec.spec) return { ...spec, spec: wider(spec.spec, factor) };
    return typeof spec.width === "number" ? { ...spec, width: Math.max(60, Math.floor(spec.width * factor)) } : spec;
  }

  /** Marks with a tooltip, in drawing order, each with what it says and its element. */
  function valuesOf(item, found = []) {
    for (const child of item.items ?? []) {
      if (child.tooltip && child._svg) found.push(child);
      valuesOf(child, found);
    }
    return found;
  }

  const linesOf = (said) =>
    typeof said === "object" ? Object.entries(said).map(([key, value]) => [key, String(value)]) : [["", String(said)]];

  class DrawnChart {
    constructor(figure) {
      this.figure = figure;
      this.at = -1;
      this.plot = make("div", "drawn", { tabindex: 0, role: "group", "aria-roledescription": "chart" });
      this.ring = make("div", "ring", { hidden: "" });
      this.tip = make("div", "tip", { hidden: "", "aria-hidden": "true" });
      this.said = make("p", "said", { "aria-live": "polite" });
      this.plot.addEventListener("keydown", (event) => this.key(event));
      this.plot.addEventListener("blur", () => this.show(null));
      figure.append(this.plot, this.ring, this.tip, this.said);
    }

    /** Draw what the figure shall show; asked again meanwhile, it draws once more when it is done. */
    async draw() {
      this.again = this.plot.getAttribute("aria-busy") === "true";
      if (this.again) return;
      this.plot.setAttribute("aria-busy", "true");
      // Vega measures texts before it places them: the font has to be there.
      await Promise.all(["11px Inter", "600 12px Inter"].map((font) => document.fonts.load(font)));
      do {
        this.again = false;
        await this.drawOnce();
      } while (this.again);
      this.plot.setAttribute("aria-busy", "false");
    }

    async drawOnce() {
      // A figure that is hidden has no width; paper may show it before it is seen.
      const width = this.figure.clientWidth || HIDDEN;
      const { describe, marked } = this.wanted;
      let spec = width < NARROW ? stacked(this.wanted.spec) : this.wanted.spec;
      const holder = make("div");
      this.plot.setAttribute("aria-label", `${spec.description} Arrow keys move from value to value.`);
      let result = await this.embed(holder, spec);
      // How wide labels are is known once they are drawn: the plots take what is left of the width, or give it up. More
      // labels may have room then, so that they have to give some back.
      for (let tries = 0; tries < 3 && plotsAcross(spec); tries += 1) {
        const more = width - holder.querySelector("svg").width.baseVal.value;
        if (more >= 0 && (tries || more < 4)) break;
        spec = wider(spec, 1 + more / plotsAcross(spec));
        result.finalize();
        result = await this.embed(holder, spec);
      }
      // Only now, so that what was drawn before stays until then.
      this.plot.replaceChildren(holder);
      this.result?.finalize();
      Object.assign(this, { result, describe });
      this.width = width;
      this.at = -1;
      holder.querySelector("svg").setAttribute("aria-hidden", "true");
      this.values = valuesOf(result.view.scenegraph().root);
      this.mark(marked);
      this.show(null);
      this.figure.querySelector(":scope > svg")?.setAttribute("hidden", "");
    }

    /** A frame that stays around each value that `marked` names. */
    mark(marked) {
      const frame = this.plot.getBoundingClientRect();
      for (const item of marked ? this.values.filter((one) => marked(one.datum)) : []) {
        const box = item._svg.getBoundingClientRect();
        const sign = make("div", "mark");
        Object.assign(sign.style, {
          left: `${box.left - frame.left + this.plot.scrollLeft - 2}px`, top: `${box.top - frame.top - 2}px`,
          width: `${box.width + 4}px`, height: `${box.height + 4}px`,
        });
        this.plot.append(sign);
      }
    }

    lines(item) {
      return linesOf(this.describe ? this.describe(item.datum) : item.tooltip);
    }

    embed(holder, spec) {
      const tooltip = (_, event, item, value) => this.show(value ? item : null);
      return globalThis.vegaEmbed(holder, spec, { ...OPTIONS, tooltip });
    }

    key(event) {
      if (event.key === "Escape") return this.show(null);
      if (!(event.key in KEYS) || !this.values.length) return;
      event.preventDefault();
      this.at = this.beyond(event.key) ?? Math.min(this.values.length - 1, Math.max(0, this.at + KEYS[event.key]));
      this.show(this.values[this.at]);
      this.said.textContent = this.lines(this.values[this.at]).map((line) => line.filter(Boolean).join(": ")).join("; ");
    }

    /** The place of the next mark above or below with the same left end, as of cells and of bars that lie. */
    beyond(key) {
      if (this.at < 0 || !["ArrowUp", "ArrowDown"].includes(key)) return null;
      const boxOf = (item) => item._svg.getBoundingClientRect();
      const [from, way] = [boxOf(this.values[this.at]), KEYS[key]];
      for (let i = this.at + way; i >= 0 && i < this.values.length; i += way) {
        const box = boxOf(this.values[i]);
        if (Math.abs(box.left - from.left) < 2 && way * (box.top - from.top) > 1) return i;
      }
      return null;
    }

    /** Show the value of a mark beside it, or nothing. */
    show(item) {
      this.ring.hidden = this.tip.hidden = !item;
      if (item) {
        this.at = this.values.indexOf(item);
        const lines = this.lines(item).map(([key, value]) => {
          const line = make("div");
          if (key) line.append(make("span"));
          line.append(make("b"));
          line.lastChild.textContent = value;
          if (key) line.firstChild.textContent = key;
          return line;
        });
        this.tip.replaceChildren(...lines);
        this.place(item._svg.getBoundingClientRect());
      }
      this.figure.dispatchEvent(new CustomEvent("value", { detail: item ? item.datum : null }));
    }

    place(mark) {
      const frame = this.figure.getBoundingClientRect();
      const [left, top] = [mark.left - frame.left, mark.top - frame.top];
      Object.assign(this.ring.style, {
        left: `${left - 3}px`, top: `${top - 3}px`, width: `${mark.width + 6}px`, height: `${mark.height + 6}px`,
      });
      const room = frame.width - this.tip.offsetWidth;
      const above = mark.top > this.tip.offsetHeight + 12;
      this.tip.style.left = `${Math.max(0, Math.min(room, left + mark.width / 2 - this.tip.offsetWidth / 2))}px`;
      this.tip.style.top = `${above ? top - this.tip.offsetHeight - 8 : top + mark.height + 8}px`;
    }
  }

  const drawn = new WeakMap();

  /**
   * Draw a figure: the specification in it, or another one whose values `describe` puts in words; what `marked` names
   * is framed. A promise that is kept when it is drawn.
   */
  async function draw(figure, spec = JSON.parse(figure.querySelector("script").textContent), describe = null, marked = null) {
    if (!drawn.has(figure)) drawn.set(figure, new DrawnChart(figure));
    drawn.get(figure).wanted = { spec, describe, marked };
    await drawn.get(figure).draw();
    resized.observe(figure);
  }

  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      draw(target);
    }
  }, { rootMargin: "400px" });

  const resized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = drawn.get(target);
      if (target.clientWidth && chart.width !== target.clientWidth) requestAnimationFrame(() => chart.draw());
    }
  });

  globalThis.northstarCharts = { draw };
  for (const figure of document.querySelectorAll("figure.chart")) if (figure.querySelector("script")) near.observe(figure);
}
