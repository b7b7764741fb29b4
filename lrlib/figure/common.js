// What the figure and the questions share: numbers as a reader writes them, elements, and the
// stand-in for Jupyter on a built page. `page.py` puts `locales` (locale/*.json) in front.

const SUPERSCRIPT = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const tenTo = (exponent) => "10" + String(exponent).replace(/./g, (digit) => SUPERSCRIPT[digit]);

/** A few digits, a real minus, powers of ten when they are needed. The twin of words.format_number. */
function formatNumber(value, decimal = ".", figures = 3) {
  if (Number.isNaN(value)) return "nan";
  const sign = value < 0 ? "−" : "";
  if (!Number.isFinite(value)) return sign + "∞";
  if (value === 0) return "0";
  const [mantissa, power] = Math.abs(value).toExponential(figures - 1).split("e");
  const digits = mantissa.replace(".", ""), exponent = Number(power);
  const plain = exponent >= -4 && exponent < 5;
  const all = !plain || exponent >= 0 ? digits.padEnd(exponent + 1, "0") : "0".repeat(-exponent) + digits;
  const point = plain && exponent >= 0 ? exponent + 1 : 1;
  const part = (plain ? all.slice(point) : digits.slice(1)).replace(/0+$/, "");
  return sign + (plain ? all.slice(0, point) : digits[0]) + (part && decimal + part) + (plain ? "" : "×" + tenTo(exponent));
}

/** No line ends beside an equals sign. */
const unbroken = (text) => text.replaceAll(" = ", "\u00a0=\u00a0");

const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A slider in whole stops from 0. A finger that comes to rest on it, and then scrolls the page, leaves it as it was. */
function rangeInput(attributes) {
  const range = element("input", { type: "range", min: 0, step: 1, ...attributes });
  let before = null;
  range.addEventListener("pointerdown", () => { before = range.value; });
  range.addEventListener("pointercancel", () => {
    if (range.value === before) return;
    range.value = before;
    range.dispatchEvent(new Event("input"));
  });
  return range;
}

/** What `render` needs of a Jupyter model: values that tell when they change. */
class PageModel {
  #values;
  #changed = new Set();
  #listeners = new Map();
  constructor(values) { this.#values = values; }
  get(key) { return this.#values[key]; }
  set(key, value) {
    this.#values = { ...this.#values, [key]: value };
    this.#changed.add(key);
  }
  save_changes() {
    const heard = new Set([...this.#changed].flatMap((key) => [...(this.#listeners.get(`change:${key}`) ?? [])]));
    this.#changed.clear();
    for (const listener of heard) listener();
  }
  on(event, listener) { this.#listeners.set(event, (this.#listeners.get(event) ?? new Set()).add(listener)); }
  off(event, listener) { this.#listeners.get(event)?.delete(listener); }
}

const PLAIN = Object.fromEntries(Object.entries(SUPERSCRIPT).map(([plain, raised]) => [raised, plain]));

/** The number that was typed: 0.25, 0,25, 1e-3, 7.3×10⁻⁵, 7.3*10^-5, 1/4 or 10 000, and where the decimal mark is a point 10,000; NaN for anything else. */
function readNumber(text, decimal = ",") {
  const groups = decimal === "." ? /^([-−+]?[1-9]\d{0,2})((?:[\s,]\d{3})+)(?!\d)/ : /^([-−+]?[1-9]\d{0,2})((?:\s\d{3})+)(?!\d)/;
  const plain = text.trim()
    .replace(/[０-９．，／－]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .replace(/[×*·]\s*10\s*\^?\s*([-−+]?\d+|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/, (_, power) => "e" + power.replace(/[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]/g, (raised) => PLAIN[raised]))
    .replace(groups, (_, first, rest) => first + rest.replace(/\D/g, ""))
    .replaceAll(",", ".").replaceAll("−", "-").replace(/\s+(?=e)/, "");
  const parts = plain.split("/");
  const [over, under = 1] = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
  return parts.length > 2 ? NaN : over / under;
}

/** Figures that come near the window are built; the others show their picture and cost nothing. */
const approaching = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) if (isIntersecting) target.build();
}, { rootMargin: "800px 0px" });

/** A custom element whose `data-settings` are the values of a model; `isMeant` tells which must not wait. */
function defineElement(name, render, isMeant) {
  customElements.define(name, class extends HTMLElement {
    #leave = null;
    connectedCallback() {
      if (isMeant && !isMeant(this)) approaching.observe(this);
      else this.build();
    }
    build() {
      approaching.unobserve(this);
      if (this.#leave) return;
      try {
        this.model = new PageModel(JSON.parse(this.dataset.settings)); // a question about a figure reads it
        this.#leave = render({ model: this.model, el: this });
      } catch (error) {
        const words = locales[document.documentElement.lang.slice(0, 2)] ?? Object.values(locales)[0];
        this.prepend(element("p", { class: "wrong", role: "alert" }, fill(words.broken, { reason: error.message })));
      }
    }
    disconnectedCallback() {
      approaching.unobserve(this);
      this.#leave?.();
      this.#leave = null;
    }
  });
  if (isMeant) addEventListener("hashchange", () => [...document.querySelectorAll(name)].filter(isMeant).forEach((figure) => figure.build()));
}
