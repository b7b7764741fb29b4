// What every page does besides showing its text. A classic script, so that it runs from disk too.
(() => {
  "use strict";

  /** The reader's language, kept for the landing page. */
  function rememberLanguage() {
    for (const link of document.querySelectorAll(".languages [data-language]")) {
      link.addEventListener("click", () => {
        try { localStorage.setItem("language", link.dataset.language); } catch { /* a browser may forbid it */ }
      });
    }
  }

  /** What means the same in every language: a figure's state, an equation, or the label of the section that is read; a heading's own words do not. */
  function placeInAllLanguages() {
    if (location.hash.startsWith("#figure=")) return location.hash;
    const target = document.querySelector(":target");
    if (target && !target.matches("section:not(.reference-entry)")) return location.hash;
    const page = location.pathname.split("/").pop().replace(/\.html$/, "");
    const read = [...document.querySelectorAll(".bd-article section section")].filter((section) => section.getBoundingClientRect().top < innerHeight / 3);
    if (target?.getBoundingClientRect().top < innerHeight) read.push(target);
    for (const section of read.reverse()) {
      const names = [section, ...section.querySelectorAll(":scope > span[id]")].map(({ id }) => id);
      const label = names.find((name) => name === page || name.startsWith(`${page}-`)); // as labels are named in the book
      if (label) return `#${label}`;
    }
    return "";
  }

  /** The other languages open at the same place, however their links are followed or copied. */
  function keepPlace() {
    for (const link of document.querySelectorAll(".languages [data-language]")) {
      for (const event of ["click", "auxclick", "contextmenu"]) {
        link.addEventListener(event, () => { link.hash = placeInAllLanguages(); });
      }
    }
  }

  /** A table that goes on to the right fades there: on a phone no scrollbar says so. */
  function fade(box) {
    box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 1);
  }

  /** What is wider than its box scrolls; without a tab stop a keyboard could not scroll it. */
  function makeScrollable() {
    const wide = document.querySelectorAll(".bd-article :is(pre, .equation, .pst-scrollable-table-container)");
    const watcher = new ResizeObserver((entries) => entries.forEach((entry) => {
      const target = entry.target.localName === "math" ? entry.target.parentElement : entry.target;
      const scrolls = target.scrollWidth > target.clientWidth;
      fade(target);
      target.toggleAttribute("tabindex", false);
      if (scrolls) target.tabIndex = 0;
      for (const [name, value] of [["role", "group"], ["aria-label", document.body.dataset.wide]]) {
        if (scrolls) target.setAttribute(name, value);
        else target.removeAttribute(name);
      }
    }));
    for (const box of wide) {
      watcher.observe(box);
      box.addEventListener("scroll", () => fade(box), { passive: true });
      // A formula grows when its font arrives, and the box around it does not.
      if (box.className === "equation") watcher.observe(box.querySelector("math"));
    }
  }

  /** What a reader would run of a listing: of a session at the prompt, the code alone. */
  function codeOf(listing) {
    if (!listing.querySelector(".gp")) return listing.textContent.trimEnd();
    const lines = listing.textContent.split("\n").filter((line) => /^(>>>|\.\.\.) ?/.test(line));
    return lines.map((line) => line.slice(4)).join("\n");
  }

  /** A button on every listing that puts its code on the clipboard. */
  function addCopyButtons() {
    const { copy, copied } = document.body.dataset;
    for (const listing of document.querySelectorAll(":is(.bd-article, .citing) div.highlight > pre")) {
      if (listing.closest(".cell_output") || !navigator.clipboard) continue;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "copy";
      button.textContent = copy;
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(codeOf(listing));
        button.textContent = copied;
        button.classList.add("done");
        setTimeout(() => { button.textContent = copy; button.classList.remove("done"); }, 2000);
      });
      listing.after(button);
    }
  }

  /** A link into a folded box opens it. */
  function openTarget() {
    let box = document.querySelector(":target")?.closest("details");
    while (box) {
      box.open = true;
      box = box.parentElement.closest("details");
    }
  }

  /** On paper no box is folded; code is as the reader has it on the screen. */
  function unfoldForPrint() {
    let opened = [];
    addEventListener("beforeprint", () => {
      opened = [...document.querySelectorAll(":is(.bd-article, .colophon) details:not([open], .code-fold)")];
      opened.forEach((box) => { box.open = true; });
    });
    addEventListener("afterprint", () => opened.forEach((box) => { box.open = false; }));
  }

  /** Results show the words as they were typed, quote prose and open its section; they quote only where a page can read its neighbours: not from disk. */
  function mendSearch() {
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    const { _parseQuery: parse, makeSearchSummary: summarise } = Search;
    let typed = new Set();
    Search._parseQuery = (query) => {
      typed = new Set(query.toLowerCase().split(/\s+/).filter(Boolean));
      const [text, terms, excluded, , objects] = parse(query);
      try { localStorage.setItem("sphinx_highlight_terms", [...typed].join(" ")); } catch { /* then the page marks none */ }
      return [text, terms, excluded, typed, objects];
    };
    Search.makeSearchSummary = (page, stems, anchor) => {
      const found = findProse(page, [[...typed], [...stems]], anchor);
      if (!found) return summarise(page, typed, anchor);
      const quote = document.createElement("p");
      quote.className = "context";
      quote.textContent = found.text;
      if (!anchor) queueMicrotask(() => openAt(found.block, quote.parentElement.querySelector("a")));
      return quote;
    };
  }

  /** The first paragraph, or the like, of a page or of a place in it that holds all the words, in one of the ways to write them, or else any. */
  function findProse(page, ways, anchor) {
    const parsed = new DOMParser().parseFromString(page, "text/html");
    const place = parsed.getElementById(anchor.slice(1)) ?? parsed.querySelector("[role=main]"); // a name may hold what a selector may not
    place.querySelectorAll(".headerlink, pre, lr-lab, lr-ask").forEach((node) => node.remove());
    const blocks = [...place.querySelectorAll("p, dt, th, td")].map((block) => [block, block.textContent.toLowerCase()]);
    for (const enough of ["every", "some"])
      for (const words of ways)
        for (const [block, text] of blocks)
          if (words.length && words[enough]((word) => text.includes(word))) {
            const at = Math.min(...words.map((word) => text.indexOf(word)).filter((i) => i >= 0));
            const told = block.matches(".glossary dt") ? excerpt(block.nextElementSibling.textContent, 0) : excerpt(block.textContent, at);
            return { block, text: told };
          }
    return null;
  }

  /** Some 240 letters about a place in a text. */
  function excerpt(text, at) {
    const start = Math.max(at - 120, 0), end = start + 240;
    return (start ? "…" : "") + text.slice(start, end).trim() + (end < text.length ? "…" : "");
  }

  /** Let a result open the place where this stands, and name the section or the term. */
  function openAt(block, link) {
    const section = block.closest("section:has(> :is(h1, h2, h3, h4))"); // not the inside of an exercise
    if (!section) return;
    const title = (block.matches(".glossary dt") ? block : section.querySelector("h1, h2, h3, h4")).textContent.trim();
    link.hash = (block.matches("dt[id]") ? block : section).id;
    if (title !== link.textContent) link.append(` > ${title}`);
  }

  rememberLanguage();
  keepPlace();
  addCopyButtons();
  openTarget();
  addEventListener("hashchange", openTarget);
  unfoldForPrint();
  if (typeof Search !== "undefined") mendSearch();
  addEventListener("load", makeScrollable);
})();
