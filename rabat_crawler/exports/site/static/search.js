// The search of the exported site: reads the shards that `postings.py` wrote, ranks, shows. No library, no request to another host.
// Everything from the archive goes onto the page as text, never as markup.
"use strict";
(() => {
  const form = document.getElementById("search-form");
  if (!form) return;
  const index = form.dataset.index, root = form.dataset.root, own = document.documentElement.lang;
  const phrases = JSON.parse(document.getElementById("search-phrases").textContent);
  const PAGE = 10, OTHER_FORM = 0.5, BY_NAME = 0.2, MAX_WORDS = 24, MAX_FORMS = 80, MAX_SHARDS = 12, CHECKED = 100, SNIPPET = 32;
  const WORD = /[\p{L}\p{N}]+/gu, APOSTROPHE = /['’‘ʼ`´′]/, HYPHEN = /[-‐‑]/;
  const LIGATURES = { "œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "ﬁ": "fi", "ﬂ": "fl" };
  const BARE = { "ø": "o", "ł": "l", "đ": "d", "ı": "i", "ð": "d" };
  const ELIDED = new Set("l d j m t s n c qu jusqu lorsqu puisqu quoiqu presqu".split(" "));
  const LANGUAGES = ["", "fr", "en"];

  // Words ---------------------------------------------------------------------------------------------------------------
  const folds = new Map();
  function foldLetter(letter) {
    let found = folds.get(letter);
    if (found === undefined) {
      found = LIGATURES[letter];
      if (found === undefined) {
        const first = /\p{L}/u.test(letter) ? [...[...letter.normalize("NFD")][0].toLowerCase()][0] : letter;
        found = BARE[first] || first;
      }
      folds.set(letter, found);
    }
    return found;
  }
  const fold = (text) => Array.from(text, foldLetter).join("");
  const wordsOf = (text) => text.normalize("NFC").match(WORD) || [];

  function splitWord(token) {
    let pieces = token.split(APOSTROPHE);
    while (pieces.length > 1 && ELIDED.has(wordsOf(fold(pieces[0])).join(""))) pieces = pieces.slice(1);
    if (pieces.length > 1 && wordsOf(fold(pieces.at(-1))).join("") === "s") pieces = pieces.slice(0, -1);
    return pieces.flatMap(wordsOf).map(fold);
  }

  // What was typed, as clauses that must all hold: {not, ways: [{words, quoted, prefix, codes}]} ---------------------------
  function parse(typed) {
    const clauses = [];
    let or = false, not = false;
    for (let token of typed.slice(0, 500).match(/-?(?:"[^"]*"?|«[^»]*»?|“[^”]*”?)|[^\s"«“]+/g) || []) {
      if (/^(AND|ET)$/.test(token)) continue;
      if (/^(OR|OU)$/.test(token)) { or = clauses.length > 0; continue; }
      if (/^(NOT|SAUF)$/.test(token)) { not = true; continue; }
      if (token.length > 1 && token[0] === "-") { not = true; token = token.slice(1); }
      const quoted = /^["«“]/.test(token);
      const prefix = !quoted && /\*$/.test(token);
      const words = quoted ? token.split(/\s+/).flatMap(splitWord) : splitWord(token);
      if (!words.length || clauses.length >= MAX_WORDS) continue;
      const ways = [{ words, quoted, prefix, codes: [] }];
      if (!quoted && !prefix && words.length > 1 && HYPHEN.test(token)) ways.push({ words: [words.join("")], codes: [] });
      if (or && !not) clauses.at(-1).ways.push(...ways);
      else clauses.push({ not, ways, or: false });
      if (or) clauses.at(-1).or = true;
      or = not = false;
    }
    return clauses;
  }

  // The index -----------------------------------------------------------------------------------------------------------
  let about, marks;
  const shards = new Map();
  async function get(path, kind) {
    const answer = await fetch(index + path);
    if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
    return answer[kind]();
  }
  async function open() {
    if (about) return;
    const [found, bytes] = await Promise.all([get("about.json", "json"), get("entries.bin", "arrayBuffer")]);
    found.plain = new Set(found.plain);
    for (const [language, all] of Object.entries(found.endings)) {
      const written = new Map([["", [""]]]);
      for (const [ending, instead] of all.map((one) => one.split(">"))) written.set(ending, [...(written.get(ending) || []), instead || ""]);
      found.endings[language] = written;
    }
    marks = new Uint8Array(bytes);
    about = found;
  }
  function shardNumber(word) {
    let low = 0, high = about.shards.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (about.shards[middle] <= word) low = middle; else high = middle - 1;
    }
    return low;
  }
  function shard(number) {
    if (!shards.has(number)) shards.set(number, get(`${number}.bin`, "arrayBuffer").then(read));
    return shards.get(number);
  }
  function read(buffer) {
    const length = new DataView(buffer).getUint32(0, true);
    const said = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length)));
    const words = new Map();
    let at = 4 + length;
    for (const [word, size, ...stems] of said.words) {
      words.set(word, { places: new Uint8Array(buffer, at, size), stems });
      at += size;
    }
    const stems = said.stems.map(([language, stem, ...forms]) => ({ language, stem, forms: forms.map((one) => one[0] === "~" ? stem + one.slice(1) : one) }));
    return { words, stems, names: said.names };
  }
  const shardOf = (word) => about.shards.length ? shard(shardNumber(word)) : Promise.resolve({ words: new Map(), stems: [], names: {} });
  const entryOf = async (word) => (await shardOf(word)).words.get(word);
  function places(bytes, take) {
    let at = 0, number = -1;
    while (at < bytes.length) {
      let gap = 0, shift = 0, byte;
      do { byte = bytes[at++]; gap |= (byte & 127) << shift; shift += 7; } while (byte & 128);
      number += gap;
      take(number, bytes[at++] / 100);
    }
  }

  // The words of a word's stems, each with the languages in which it is one of them.
  async function forms(word) {
    const here = await shardOf(word);
    const entry = here.words.get(word);
    let stems = entry && entry.places.length ? entry.stems.map((number) => here.stems[number]) : [];
    if (!entry || !entry.places.length) stems = unseen(word, here);
    const found = new Map();
    for (const stem of stems) for (const one of stem.forms) found.set(one, (found.get(one) || new Set()).add(stem.language));
    return found;
  }
  // The stem in front of an ending as stemmers write it: y as i, a doubled letter once ("accueillir", "stopping").
  function written(before, ending, instead) {
    if (instead) return [before + instead];
    if (!ending && before.endsWith("y")) return [before, before.slice(0, -1) + "i"];
    return ending && /(.)\1$/.test(before) ? [before, before.slice(0, -1)] : [before];
  }
  // A form that stands nowhere: in each language the longest stem in front of an ending.
  function unseen(word, here) {
    if (word.length < 4 || /\p{N}/u.test(word)) return [];
    const longest = (language) => {
      for (let cut = word.length; cut > 2; cut--) {
        const ending = word.slice(cut);
        const stems = (about.endings[language].get(ending) || []).flatMap((instead) => written(word.slice(0, cut), ending, instead));
        const known = here.stems.find((one) => one.language === language && stems.includes(one.stem));
        if (known) return [known];
      }
      return [];
    };
    return [...longest("fr"), ...longest("en")];
  }

  // Ranking: BM25's weights stand in the shards, how rare a word is follows from its places ---------------------------------
  const rarity = (count) => Math.log(1 + (about.entries - count + 0.5) / (count + 0.5));
  function rated(weights, share = 1) {
    const rare = rarity(weights.size) * share;
    for (const [number, weight] of weights) weights.set(number, weight * rare);
    return weights;
  }
  async function wordWeights(word, exact, shown) {
    const weights = new Map();
    shown.words.add(word);
    const entry = await entryOf(word);
    if (entry) places(entry.places, (number, weight) => weights.set(number, weight));
    if (exact) return rated(weights);
    const others = [...await forms(word)].filter(([one]) => one !== word).slice(0, MAX_FORMS), other = new Map();
    const entries = await Promise.all(others.map(([one]) => entryOf(one)));
    others.forEach(([one, languages], number) => {
      shown.words.add(one);
      if (entries[number]) places(entries[number].places, (place, weight) => {
        const language = LANGUAGES[marks[place] & 3];
        if (!language || languages.has(language)) other.set(place, Math.max(other.get(place) || 0, weight));
      });
    });
    for (const [number, weight] of other) weights.set(number, (weights.get(number) || 0) + weight * OTHER_FORM);
    return rated(weights);
  }
  async function prefixWeights(beginning, shown) {
    const weights = new Map();
    if (beginning.length < 3) return weights;
    shown.beginnings.push(beginning);
    const first = shardNumber(beginning), last = Math.min(shardNumber(beginning + "\uffff"), first + MAX_SHARDS);
    for (const one of await Promise.all(Array.from({ length: last - first + 1 }, (_, number) => shard(first + number)))) {
      for (const [word, entry] of one.words) {
        if (word.startsWith(beginning)) places(entry.places, (number, weight) => weights.set(number, Math.max(weights.get(number) || 0, weight)));
      }
    }
    return rated(weights);
  }
  function both(left, right) {
    if (!left) return right;
    const found = new Map();
    for (const [number, weight] of left) if (right.has(number)) found.set(number, weight + right.get(number));
    return found;
  }
  async function wayWeights(way, shown) {
    const content = way.words.filter((word) => !about.plain.has(word));
    const words = content.length ? content : way.words;
    let weights = null;
    for (const word of words.slice(0, -1)) weights = both(weights, await wordWeights(word, way.quoted, shown));
    const last = words.at(-1);
    weights = both(weights, way.prefix ? await prefixWeights(last, shown) : await wordWeights(last, way.quoted, shown));
    for (const code of way.codes) {
      const entry = await entryOf(code), named = new Map();
      if (entry) places(entry.places, (number) => named.set(number, 1));
      for (const [number, weight] of rated(named, BY_NAME)) weights.set(number, (weights.get(number) || 0) + weight);
    }
    return weights;
  }
  // Words in a row that are a name get its codes: the longest row counts.
  async function withNames(clauses) {
    const plain = (clause) => !clause.not && !clause.or && clause.ways.every((way) => !way.quoted && !way.prefix);
    const found = [];
    for (let at = 0; at < clauses.length; at++) {
      let taken = 0;
      if (plain(clauses[at])) {
        const names = (await shardOf(clauses[at].ways[0].words[0])).names[clauses[at].ways[0].words[0]] || [];
        for (let end = Math.min(clauses.length, at + 9); end > at && !taken; end--) {
          const row = clauses.slice(at, end);
          if (!row.every(plain)) continue;
          const words = row.flatMap((clause) => clause.ways[0].words);
          const codes = names.filter(([way]) => way === words.join("-")).flatMap(([, all]) => all);
          if (codes.length) {
            found.push({ not: false, ways: [{ words, codes }, ...(row.length === 1 ? row[0].ways.slice(1) : [])] });
            taken = end - at;
          }
        }
      }
      if (taken) at += taken - 1; else found.push(clauses[at]);
    }
    return found;
  }
  async function find(typed) {
    const shown = { words: new Set(), beginnings: [], phrases: [] };
    let clauses = await withNames(parse(typed));
    const content = clauses.filter((clause) => clause.ways.some((way) => way.codes.length || way.quoted || way.prefix || way.words.some((word) => !about.plain.has(word))));
    const small = clauses.length > 0 && content.length === 0;
    clauses = content;
    let weights = null;
    const excluded = new Set();
    for (const clause of clauses) {
      const either = new Map();
      const aside = { words: new Set(), beginnings: [] };
      for (const way of clause.ways) {
        for (const [number, weight] of await wayWeights(way, clause.not ? aside : shown)) either.set(number, (either.get(number) || 0) + weight);
      }
      if (clause.not) for (const number of either.keys()) excluded.add(number);
      else weights = both(weights, either);
      if (!clause.not && clause.ways.length === 1 && clause.ways[0].quoted && clause.ways[0].words.length > 1) shown.phrases.push(clause.ways[0].words);
    }
    if (!weights) {
      weights = new Map();
      if (!small && !(typed.trim() && !clauses.length)) for (let number = 0; number < about.entries; number++) weights.set(number, 0);
    }
    for (const number of excluded) weights.delete(number);
    for (const [number, weight] of weights) {
      weights.set(number, weight * (marks[number] & 32 ? 1 : 0.8) * (marks[number] & 64 ? 1 : 0.92));
    }
    return { weights, shown, small };
  }

  // Filters ---------------------------------------------------------------------------------------------------------------
  function yearOf(number) {
    const found = about.years.find(([, first, after]) => number >= first && number < after);
    return found ? found[0] : "";
  }
  const FACETS = {
    language: (number) => LANGUAGES[marks[number] & 3],
    kind: (number) => about.kinds[(marks[number] >> 2) & 7],
    year: (number) => yearOf(number),
  };
  function narrowed(numbers, asked, except) {
    const wanted = Object.keys(FACETS).filter((name) => asked[name] && name !== except);
    return numbers.filter((number) => wanted.every((name) => FACETS[name](number) === asked[name]));
  }

  // The page ----------------------------------------------------------------------------------------------------------------
  const results = document.getElementById("results"), status = document.getElementById("search-status"), list = document.getElementById("hits");
  const pager = document.getElementById("pager"), facets = document.getElementById("facets"), chips = document.getElementById("chips");
  const say = (key, values = {}) => Object.entries(values).reduce((text, [name, value]) => text.replaceAll(`{${name}}`, value), phrases[key] || key);
  const counted = (key, count) => say(`${key}.${count === 1 || (count === 0 && own === "fr") ? "one" : "many"}`, { count: count.toLocaleString(own === "fr" ? "fr-FR" : "en-GB") });
  const label = (facet, value) => phrases[`${facet}_${value}`] || value;
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== null) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  function asked() {
    const given = new URLSearchParams(location.search);
    const found = Object.fromEntries(["q", "language", "kind", "year", "sort"].map((name) => [name, (given.get(name) || "").slice(0, 500)]));
    found.page = Math.max(1, Math.min(1000, parseInt(given.get("page") || "1", 10) || 1));
    return found;
  }
  function address(now, changes) {
    const changed = { ...now, page: 1, ...changes };
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries(changed)) if (value && !(name === "page" && value === 1)) given.set(name, value);
    return `?${given}`;
  }
  function isMarked(word, shown) {
    const folded = fold(word);
    return shown.words.has(folded) || shown.beginnings.some((one) => folded.startsWith(one));
  }
  function marked(text, hits, start, end) {
    const nodes = [];
    let at = start;
    for (const [from, to] of hits) {
      if (from < at || to > end) continue;
      nodes.push(text.slice(at, from), element("mark", {}, text.slice(from, to)));
      at = to;
    }
    nodes.push(text.slice(at, end));
    return nodes;
  }
  const tokens = (text) => Array.from(text.matchAll(WORD), (one) => [one.index, one.index + one[0].length, one[0]]);
  const hitsOf = (all, shown) => all.filter(([, , word]) => isMarked(word, shown));
  function snippet(text, shown) {
    const all = tokens(text), hits = hitsOf(all, shown);
    let first = 0;
    if (hits.length) {
      let best = -1;
      hits.slice(0, 200).forEach((hit, number) => {
        const near = new Set();
        for (let next = number; next < hits.length && hits[next][0] - hit[0] < 190; next++) near.add(fold(hits[next][2]));
        if (near.size > best) { best = near.size; first = Math.max(0, all.indexOf(hit) - 5); }
      });
    }
    const last = Math.min(all.length - 1, first + SNIPPET);
    const start = first ? all[first][0] : 0, end = all.length && last < all.length - 1 ? Math.min(all[last][1], start + 600) : Math.min(text.length, start + 600);
    return [start ? "… " : "", ...marked(text, hits, start, end), end < text.length ? " …" : ""];
  }
  const flat = (text) => tokens(text).map(([, , word]) => fold(word)).filter((word) => !ELIDED.has(word)).join(" ");
  const hasPhrase = (entry, phrase) => [entry.title, entry.text].some((text) => ` ${flat(text)} `.includes(` ${phrase.filter((word) => !ELIDED.has(word)).join(" ")} `));
  const textOf = (number) => get(`text/${Math.floor(number / 1000)}/${number}.json`, "json");

  function hit(entry, shown) {
    const language = entry.language && entry.language !== own && LANGUAGES.includes(entry.language) ? entry.language : undefined;
    const title = entry.title || entry.id;
    const link = element("a", { href: root + entry.address }, ...marked(title, hitsOf(tokens(title), shown), 0, title.length));
    const facts = [entry.shown[own] || phrases.undated, label("kind", entry.kind), label("language", entry.language || "")].filter(Boolean).join(" · ");
    return element("li", { class: "hit" }, element("h3", { lang: language }, link), element("p", { class: "hit-facts" }, facts),
      element("p", { class: "snippet", lang: language }, ...snippet(entry.text, shown)));
  }
  function showFacets(all, now) {
    facets.replaceChildren();
    for (const [name, of] of Object.entries(FACETS)) {
      const counts = new Map();
      for (const number of narrowed(all, now, name)) { const value = of(number); if (value) counts.set(value, (counts.get(value) || 0) + 1); }
      if (!counts.size) continue;
      const sorted = [...counts].sort((one, other) => name === "year" ? (one[0] < other[0] ? 1 : -1) : other[1] - one[1] || (one[0] < other[0] ? -1 : 1));
      const entries = sorted.map(([value, count]) => {
        const chosen = now[name] === value;
        return element("li", {}, element("a", { href: address(now, { [name]: chosen ? "" : value }), "aria-current": chosen ? "true" : undefined, rel: "nofollow" },
          element("span", { class: "facet-value" }, label(name, value)), " ",
          element("span", { class: "facet-count" }, chosen ? "×" : String(count), element("span", { class: "hidden" }, ` ${chosen ? phrases.remove : phrases.items}`))));
      });
      facets.append(element("section", { class: "facet", "aria-labelledby": `facet-${name}` },
        element("h2", { id: `facet-${name}` }, phrases[`facet_${name}`]), element("ul", {}, ...entries)));
    }
  }
  function showChips(now) {
    const set = Object.keys(FACETS).filter((name) => now[name]);
    chips.replaceChildren(...set.map((name) => element("li", {}, element("a", { class: "chip", href: address(now, { [name]: "" }) },
      element("span", { class: "chip-name" }, phrases[`facet_${name}`]), ` ${label(name, now[name])} `,
      element("span", { class: "chip-x", "aria-hidden": "true" }, "×"), element("span", { class: "hidden" }, ` ${phrases.remove}`)))));
    chips.hidden = !set.length;
  }
  function showSort(now) {
    const sort = document.getElementById("sort");
    const order = now.sort || (now.q ? "relevance" : "newest");
    sort.replaceChildren(...["relevance", "newest", "oldest"].map((one) => one === order ? element("strong", { "aria-current": "true" }, phrases[`sort_${one}`])
      : element("a", { href: address(now, { sort: one }) }, phrases[`sort_${one}`])).flatMap((one) => [one, " "]));
  }
  function showPager(now, total) {
    const last = Math.max(1, Math.ceil(total / PAGE));
    pager.replaceChildren();
    pager.hidden = last < 2;
    if (now.page > 1) pager.append(element("a", { href: address(now, { page: now.page - 1 }), rel: "prev" }, phrases.previous));
    pager.append(element("span", { class: "muted" }, say("page", { page: now.page, last })));
    if (now.page < last) pager.append(element("a", { href: address(now, { page: now.page + 1 }), rel: "next" }, phrases.next));
  }

  let turn = 0;
  async function show() {
    const mine = ++turn, now = asked();
    form.elements.q.value = now.q;
    document.title = `${now.q ? say("title_words", { words: now.q }) : phrases.title} · ${form.dataset.name}`;
    for (const link of document.querySelectorAll(".switch a")) link.href = link.href.split("?")[0] + location.search;
    showChips(now);
    results.setAttribute("aria-busy", "true");
    try {
      await open();
      const { weights, shown, small } = await find(now.q);
      let numbers = [...weights.keys()].sort((one, other) => one - other);
      const order = now.sort || (now.q ? "relevance" : "newest");
      const all = numbers;
      numbers = narrowed(numbers, now);
      if (order === "relevance") numbers.sort((one, other) => weights.get(other) - weights.get(one) || one - other);
      if (order === "oldest") numbers = [...numbers.filter((number) => marks[number] & 64).reverse(), ...numbers.filter((number) => !(marks[number] & 64))];
      let checked = "";
      if (shown.phrases.length && numbers.length) {
        const tried = numbers.slice(0, CHECKED), more = numbers.length > CHECKED;
        const entries = await Promise.all(tried.map(textOf));
        numbers = tried.filter((_, number) => shown.phrases.every((phrase) => hasPhrase(entries[number], phrase)));
        checked = more ? ` ${say("checked", { count: CHECKED })}` : "";
      }
      const page = numbers.slice((now.page - 1) * PAGE, now.page * PAGE);
      const entries = await Promise.all(page.map(textOf));
      if (mine !== turn) return;
      status.textContent = (numbers.length ? counted("total", numbers.length) : small ? phrases.small : phrases.none) + checked;
      list.replaceChildren(...entries.map((entry) => hit(entry, shown)));
      list.start = (now.page - 1) * PAGE + 1;
      document.getElementById("none-help").hidden = numbers.length > 0;
      showFacets(shown.phrases.length ? numbers : all, now);
      showSort(now);
      showPager(now, numbers.length);
    } catch (error) {
      if (mine === turn) { status.textContent = phrases.failed; list.replaceChildren(); }
    } finally {
      if (mine === turn) { results.removeAttribute("aria-busy"); document.body.dataset.shown = String(mine); }
    }
  }
  function go(to) {
    history.pushState(null, "", to);
    show();
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    go(address(asked(), { q: form.elements.q.value.trim() }));
  });
  document.getElementById("search-page").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || !link.getAttribute("href").startsWith("?") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.getAttribute("href"));
    status.focus();
  });
  addEventListener("popstate", show);
  show();
})();
