// A deck: reveal.js turns the slides; what is here makes room for figures that are used on them.
//
// Addresses: #/7/1 is a slide, #figure=2&lr=0.1 a figure of the chapter and what it is set to, as on the chapter's page,
// #overshooting-why anything with that id. A classic script, so that it runs from disk too.
(() => {
  "use strict";
  const WIDTH = 1024, HEIGHT = 576; // a slide has at least these, in units that are scaled to the screen
  const NARROW = 700; // pixels: an upright screen below this is a telephone
  const BAR = 56; // pixels below a slide on it, for the arrows
  const ROOMY = ".panels, .says, .unseen, .drawer[open]"; // parts of a figure that take no room from others
  const SENTENCE = 170; // units that what a figure says may need
  const SMALLEST = 0.55; // of the size of text, before a slide would rather be too long
  const words = JSON.parse(document.getElementById("words").textContent);
  const root = document.documentElement, menu = document.getElementById("menu"), button = document.getElementById("menu-button");
  const isPrint = new URLSearchParams(location.search).has("print-pdf");

  // ---------------------------------------------------------------- size

  const isNarrow = () => !isPrint && innerWidth < NARROW && innerHeight > innerWidth;

  /** How many units the screen has: the longer side of it is used as well. reveal.js rounds the scale, so this does. */
  function unitsOf(width, height) {
    if (isNarrow()) return { width, height: height - BAR };
    const scale = Math.max(Math.floor(Math.min(width / WIDTH, height / HEIGHT) * 100) / 100, 0.05);
    return { width: width / scale, height: height / scale };
  }

  /** Whether something leaves the slide, or runs into what stands at its lower edge. */
  function isFull(slide) {
    const parts = [...slide.children].filter(({ offsetHeight }) => offsetHeight), last = parts.at(-1);
    const floor = slide.clientHeight - parseFloat(getComputedStyle(slide).paddingBottom);
    return last.offsetTop + last.offsetHeight > floor + 1 || slide.scrollWidth > slide.clientWidth + 1
      || parts.some((part) => part.localName !== "lr-lab" && part.scrollWidth > part.clientWidth + 1);
  }

  /** Text as large as the slide allows. */
  function fit(slide) {
    if (!slide.clientHeight) return;
    let size = 1;
    if (slide.style.getPropertyValue("--fit")) slide.style.removeProperty("--fit");
    while (!isNarrow() && isFull(slide) && size > SMALLEST) {
      size = Math.round((size - 0.05) * 100) / 100;
      slide.style.setProperty("--fit", size);
    }
    for (const figure of slide.querySelectorAll("lr-lab")) {
      figure.build();
      for (const part of figure.querySelectorAll(`:scope, :scope > :not(${ROOMY})`)) resized.observe(part);
      fitPanels(figure);
    }
  }

  /** The panels have all the height that the learning rate above them leaves; a sentence is told where it has room. */
  function fitPanels(figure) {
    const panels = figure.querySelector(".panels"), above = figure.querySelector(".controls:has(.rate)");
    if (panels && above) figure.style.setProperty("--panels-height", `${Math.max(figure.clientHeight - above.offsetTop - above.offsetHeight, 200)}px`);
    const rest = [...figure.children].filter((part) => part.offsetHeight && !part.matches(ROOMY));
    const end = Math.max(0, ...rest.map(({ offsetTop, offsetHeight }) => offsetTop + offsetHeight));
    figure.classList.toggle("brief", end + SENTENCE > figure.clientHeight);
  }

  const resized = new ResizeObserver((entries) => { for (const { target } of entries) fitPanels(target.closest("lr-lab")); });

  /** Fits what is shown: a slide, or in the overview several. */
  function fitNow() {
    if (isPrint) return;
    for (const slide of document.querySelectorAll("section.sheet")) {
      if (!slide.clientHeight) continue;
      fit(slide);
      slide.toggleAttribute("data-prevent-swipe", slide.scrollHeight > slide.clientHeight + 1); // a finger scrolls it
    }
  }

  const nameScreen = () => { for (const [name, is] of [["narrow", isNarrow()], ["wide-screen", !isNarrow()]]) root.classList.toggle(name, is); };

  function fitScreen() {
    nameScreen();
    Object.assign(Reveal.getConfig(), isPrint ? { width: WIDTH, height: HEIGHT } : unitsOf(innerWidth, innerHeight));
  }

  // ---------------------------------------------------------------- addresses

  /** The element that an address is about; null if there is none. */
  function placeOf(hash) {
    const figure = hash.match(/^#figure=(\d+)/);
    if (figure) return document.querySelectorAll("lr-lab")[figure[1] - 1] ?? null;
    return /^#[^/]/.test(hash) ? document.getElementById(decodeURIComponent(hash.slice(1))) : null;
  }

  const addresses = new Map(); // the address that led to a slide stays its address: reloaded, it is what the address said
  let following = false; // the address that led here says more than the number of the slide

  function follow(hash) {
    const [, h, v] = hash.match(/^#\/(\d+)(?:\/(\d+))?$/) ?? [], place = placeOf(hash)?.closest("section.sheet");
    if (!h && !place) return;
    following = true;
    if (h) Reveal.slide(Number(h), Number(v ?? 0));
    else {
      const at = Reveal.getIndices(place);
      Reveal.slide(at.h, at.v, Infinity);
    }
    following = false;
    addresses.set(Reveal.getCurrentSlide(), hash);
  }

  function tellAddress(led) {
    const slide = Reveal.getCurrentSlide(), { h, v } = Reveal.getIndices();
    const hash = addresses.get(slide) ?? `#/${h}${v ? `/${v}` : ""}`;
    if (!led) history.replaceState(history.state, "", hash);
    for (const link of document.querySelectorAll(".sisters a")) link.hash = led ? location.hash : hash;
  }

  // ---------------------------------------------------------------- keys

  const takesArrows = (node) => node.closest?.("input, select, textarea, [role=slider]");
  const isSlider = (node) => node.matches?.("input[type=range]"); // also within its label
  const takesPress = (node) => !isSlider(node) && node.closest?.("button, summary, a[href], label, input, select, textarea");

  /** Which keys are reveal.js's: none that the figure needs where the focus is. */
  function isForSlides(event) {
    if (menu.open) return false;
    if (["Enter", " "].includes(event.key) && takesPress(event.target)) return false;
    return !takesArrows(event.target);
  }

  /**
   * Who presses with a pointer goes on with the space bar: it shall not press again. Tab finds the place once more.
   * After a guess the figure puts the focus on "Back to the question", which would take away what has just been shown.
   */
  function leavePressed({ detail, target }) {
    const isGuess = target.closest?.(".predict fieldset button");
    const isFigures = target.closest?.("lr-lab, lr-ask") && takesPress(target) && !target.closest("select, input[type=number], input[type=text], a[href]");
    const isLeft = (focused) => (detail ? takesPress(focused) : focused.matches(".predict > button"));
    if (isFigures && (detail || isGuess)) requestAnimationFrame(() => { if (isLeft(document.activeElement)) document.activeElement.blur(); });
  }

  /** Keys that mean the same wherever the focus is: a presenter's remote control sends PageDown. */
  function beforeAll(event) {
    if (menu.open || event.ctrlKey || event.metaKey || event.altKey) return;
    const { key, target } = event, typing = target.closest?.("input:not([type=range]):not([type=radio]), textarea, select");
    const drawer = document.querySelector("section.sheet.present .drawer[open]");
    const onSlider = !typing && takesArrows(target);
    const acts = {
      PageDown: () => Reveal.next(), PageUp: () => Reveal.prev(),
      ...(onSlider && target.type !== "radio" && { " ": () => (event.shiftKey ? Reveal.prev() : Reveal.next()) }),
      ...((takesArrows(target) || takesPress(target)) && { Escape: () => target.blur() }),
      ...(drawer && { Escape: () => { drawer.open = false; } }),
      ...(!typing && { s: showNotes, S: showNotes, t: turnTheme, T: turnTheme, "?": () => menu.showModal() }),
    };
    if (!Object.hasOwn(acts, key)) return;
    event.preventDefault();
    event.stopPropagation();
    acts[key]();
  }

  // ---------------------------------------------------------------- notes

  let screen = null, began = 0; // the window of the speaker

  const titleOf = (slide) => slide?.querySelector("h1, h2")?.textContent ?? words.end;

  /** The slide that the space bar shows next, fragments apart. */
  function slideAfter(slide) {
    const all = [...document.querySelectorAll(".slides section.sheet")];
    return all[all.indexOf(slide) + 1];
  }

  function notesOf(slide) {
    const box = document.createElement("div");
    box.append(slide.querySelector("template.notes")?.content.cloneNode(true) ?? words.nothing);
    return box;
  }

  const LOOK = `body { margin: 0 auto; max-width: 46rem; padding: 1rem 1.5rem; font: 1.25rem/1.6 var(--book-sans, sans-serif); background: var(--pst-color-background); color: var(--pst-color-text-base); }
    header { display: flex; gap: 1rem; align-items: baseline; justify-content: space-between; position: sticky; top: 0; padding: 0.5rem 0; background: inherit; border-bottom: 1px solid var(--pst-color-border); font-variant-numeric: tabular-nums; }
    h1 { font-size: 1.3rem; margin: 0; } h3 { font-size: 1.1rem; margin: 1rem 0 0; } footer { margin-top: 2rem; color: var(--pst-color-text-muted); } a { color: inherit; }`;

  /** A window with the notes, which turns the slides too; where the browser forbids one, the notes stand below the slide. */
  function showNotes() {
    if (screen && !screen.closed) return screen.focus();
    const below = document.querySelector(".notes-below");
    if (below) return below.remove();
    screen = open("", "notes", "width=760,height=820");
    began ||= Date.now();
    if (screen) {
      const { document: there } = screen;
      there.title = `${words.notes}: ${document.title}`;
      there.documentElement.lang = root.lang;
      there.head.replaceChildren();
      for (const style of document.querySelectorAll('link[href*="site.css"]')) {
        const copy = there.importNode(style, true);
        copy.href = style.href; // a new window has no address to start from
        there.head.append(copy);
      }
      there.head.append(Object.assign(there.createElement("style"), { textContent: LOOK }));
      there.addEventListener("keydown", (event) => {
        const move = { ArrowRight: "right", ArrowLeft: "left", ArrowDown: "down", ArrowUp: "up", PageDown: "next", PageUp: "prev", " ": "next" }[event.key];
        if (!move) return;
        event.preventDefault();
        Reveal[move]();
      });
      there.addEventListener("click", (event) => {
        const link = event.target.closest("a[href]");
        if (!link) return;
        event.preventDefault(); // a link shows its figure on the slides
        const hash = link.getAttribute("href");
        if (!hash.startsWith("#")) open(new URL(hash, location.href), "_blank");
        else if (location.hash === hash) dispatchEvent(new HashChangeEvent("hashchange"));
        else location.hash = hash;
      });
      const clock = setInterval(() => (screen.closed ? clearInterval(clock) : tick()), 1000);
    }
    tellNotes();
  }

  function tick() {
    const time = screen?.document.querySelector("time"), passed = Math.floor((Date.now() - began) / 1000);
    if (time) time.textContent = `${words.elapsed} ${Math.floor(passed / 60)}:${String(passed % 60).padStart(2, "0")}`;
  }

  function tellNotes() {
    const below = document.querySelector(".notes-below"), open = screen && !screen.closed;
    if (!open && !below && screen !== null) return;
    if (!open && !below && !began) return;
    const slide = Reveal.getCurrentSlide(), box = notesOf(slide);
    if (open) {
      const { document: there } = screen;
      there.documentElement.dataset.theme = root.dataset.theme;
      there.body.innerHTML = `<header><h1></h1><time></time></header><main></main><footer></footer>`;
      there.querySelector("h1").textContent = `${Reveal.getSlidePastCount() + 1}. ${titleOf(slide)}`;
      there.querySelector("main").append(there.adoptNode(box));
      there.querySelector("footer").textContent = `${words.following} ${titleOf(slideAfter(slide))}`;
      tick();
      screen.scrollTo(0, 0);
    } else {
      const aside = below ?? document.body.appendChild(Object.assign(document.createElement("aside"), { className: "notes-below", tabIndex: 0 }));
      aside.setAttribute("aria-label", words.notes);
      aside.replaceChildren(box);
    }
  }

  // ---------------------------------------------------------------- the menu

  function turnTheme() {
    const theme = root.dataset.theme === "dark" ? "light" : "dark";
    Object.assign(root.dataset, { theme, mode: theme });
    try { localStorage.setItem("mode", theme); } catch { /* a browser may forbid it */ }
    tellNotes();
  }

  function makeMenu() {
    const acts = { notes: showNotes, theme: turnTheme, overview: () => Reveal.toggleOverview(), screen: () => root.requestFullscreen?.() };
    button.hidden = isPrint;
    button.addEventListener("click", () => menu.showModal());
    menu.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act;
      if (act || target === menu) menu.close();
      acts[act]?.();
    });
    for (const link of menu.querySelectorAll("[data-language]")) link.addEventListener("click", () => { try { localStorage.setItem("language", link.dataset.language); } catch { /* it may forbid this too */ } });
  }

  // ---------------------------------------------------------------- slides

  /** The rows of a formula that is one table and nothing else, whatever it is wrapped in. */
  function rowsOf(formula) {
    let node = formula.querySelector("math");
    while (node && node.children.length === 1) [node] = node.children;
    return node?.localName === "mtable" ? [...node.children] : [];
  }

  /** Rows of a formula come one by one. */
  function cutFormulas() {
    for (const formula of document.querySelectorAll(".sheet.formula div.math")) {
      for (const row of rowsOf(formula).slice(1)) row.classList.add("fragment");
    }
  }

  /** A figure that still plays on a slide that is gone. */
  function leave(slide) {
    if (slide?.contains(document.activeElement)) document.activeElement.blur();
    for (const playing of slide?.querySelectorAll(".transport .pause") ?? []) playing.click();
  }

  /** Shows what belongs to the slide; `led` says that the address that led here stays. */
  function arrive(led = following) {
    tellAddress(led);
    fitNow();
    tellNotes();
  }

  async function start() {
    const labels = { "navigate-left": "left", "navigate-right": "right", "navigate-up": "up", "navigate-down": "down" };
    for (const part of document.querySelectorAll("lr-lab, lr-ask, pre, table")) part.toggleAttribute("data-prevent-swipe", true);
    addEventListener("resize", fitScreen); // before reveal.js looks
    addEventListener("keydown", beforeAll, true);
    addEventListener("click", leavePressed);
    makeMenu();
    nameScreen();
    cutFormulas(); // before reveal.js counts what comes one by one
    const laidOut = new Promise((done) => { Reveal.on("pdf-ready", done); });
    await Reveal.initialize({
      ...(isPrint ? { width: WIDTH, height: HEIGHT } : unitsOf(innerWidth, innerHeight)),
      margin: 0, minScale: 0.05, maxScale: 20, center: false, display: "flex",
      hash: false, respondToHashChanges: false, transition: "none", backgroundTransition: "none",
      viewDistance: 1, mobileViewDistance: 1, // hidden figures cost nothing
      controlsTutorial: false, slideNumber: "c/t", help: false, jumpToSlide: false, scrollActivationWidth: null,
      keyboard: { 27: () => Reveal.isOverview() && Reveal.toggleOverview(false) }, // Esc shows nobody the slides that are still to come
      keyboardCondition: isForSlides, pdfMaxPagesPerSlide: 1, pdfSeparateFragments: false,
    });
    for (const [name, word] of Object.entries(labels)) for (const arrow of document.getElementsByClassName(name)) arrow.setAttribute("aria-label", words[word]);
    for (const resume of document.querySelectorAll(".resume-button")) resume.textContent = words.resume;
    Reveal.on("slidechanged", ({ previousSlide }) => { leave(previousSlide); arrive(); });
    Reveal.on("overviewshown", fitNow);
    Reveal.on("overviewhidden", () => arrive());
    addEventListener("resize", () => requestAnimationFrame(fitNow));
    addEventListener("hashchange", () => follow(location.hash));
    document.addEventListener("click", ({ target }) => {
      const link = target.closest?.('a[href^="#"]');
      if (link && link.hash === location.hash) follow(link.hash);
    });
    if (location.hash) follow(location.hash);
    arrive(Boolean(location.hash));
    await document.fonts.ready;
    if (isPrint) {
      await laidOut; // which moves every slide, and so takes its figure away
      return preparePrint();
    }
    Reveal.sync();
    fitNow();
    root.dataset.ready = "";
  }

  /** Every figure is drawn, and every slide fits its page. */
  async function preparePrint() {
    for (const question of document.querySelectorAll("lr-ask")) question.build();
    for (const slide of document.querySelectorAll("section.sheet")) fit(slide);
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    root.dataset.ready = "";
  }

  addEventListener("DOMContentLoaded", start);
})();
