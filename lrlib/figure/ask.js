// A question with one number for an answer, which says right, or why not.
// `page.py` puts `locales` and common.js in front.

/** What is said to an answer. The twin of ask.reply. */
function reply(given, { answer, tolerance, mistakes }, words) {
  const near = (value) => Math.abs(given - value) <= tolerance * Math.abs(value);
  const say = (key) => fill(words[key], { given: formatNumber(given, words.decimal), answer: formatNumber(answer, words.decimal) });
  if (!Number.isFinite(given)) return say("ask_number");
  if (near(answer)) return say("ask_right");
  const mistake = mistakes.find(([value]) => near(value));
  return say(mistake ? `why_${mistake[1]}` : given > answer ? "ask_large" : "ask_small");
}

function renderAsk({ model, el }) {
  const known = Object.fromEntries(["answer", "tolerance", "mistakes"].map((key) => [key, model.get(key)]));
  const words = locales[model.get("language")];
  const field = element("input", { type: "text", inputmode: "text", autocomplete: "off", size: 12 });
  const says = element("p", { role: "status" });
  const form = element("form", { class: "lr-ask" },
    element("label", {}, words.answer + " ", field), " ", element("button", { type: "submit" }, words.check), says);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = readNumber(field.value);
    says.textContent = reply(given, known, words);
    form.dataset.right = String(Math.abs(given - known.answer) <= known.tolerance * Math.abs(known.answer));
  });
  el.lang = model.get("language");
  el.replaceChildren(form);
  return () => el.replaceChildren();
}
