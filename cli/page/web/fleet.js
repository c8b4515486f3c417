// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The fleet at a glance. What is chosen stands in the address; what is drawn is drawn once a frame, however much comes.

import {bar, byId, h, pill, say, setAttribute, setText} from "./dom.js";
import {NO_PROJECT, ORDERS, SHOWS, expiresSoon, gravity, groups, isOff, matches, projectOf, rank, trouble} from "./measures.js";
import * as stream from "./stream.js";
import * as table from "./table.js";
import {capital, count, fromNow, number} from "./words.js";

const LOOKS_SHOWN = 6;
const CARDS_SHOWN = 8;
const DEFAULTS = {q: "", show: "all", namespace: "", kind: "", phase: "", project: "", sort: "attention", order: "up"};

let choice = {...DEFAULTS};
let parts = {};
let news = new Set();
let asked = 0;
let allCards = false;

function addressOf(chosen) {
	const query = new URLSearchParams();

	for (const [name, value] of Object.entries(chosen)) {
		if (value !== DEFAULTS[name])
			query.set(name, value);
	}
	return query.size ? `#/?${query}` : "#/";
}

export function address() {
	return addressOf(choice);
}

function choose(change, replace) {
	choice = {...choice, ...change};
	history[replace ? "replaceState" : "pushState"](null, "", address());
	drawSoon();
}

export function enter(hash) {
	const query = new URLSearchParams(hash.split("?")[1] ?? "");

	choice = {...DEFAULTS};
	for (const name of Object.keys(DEFAULTS)) {
		if (query.has(name))
			choice[name] = query.get(name);
	}
	if (!Object.hasOwn(ORDERS, choice.sort))
		choice.sort = DEFAULTS.sort;
	parts.search.value = choice.q;
	drawSoon();
}

export function change(changed) {
	for (const id of changed)
		news.add(id);
	drawSoon();
}

function drawSoon() {
	if (!asked)
		asked = requestAnimationFrame(draw);
}

function makeTile(show) {
	const figure = h("span", {class: "figure"}, "0");
	const node = h("button", {type: "button", class: "tile", "data-tone": show.tone, "aria-pressed": "false",
		onclick: () => choose({show: choice.show === show.id ? "all" : show.id})}, figure, h("span", {class: "label"}, show.name));

	return {show, node, figure};
}

function makeSelect(name, label) {
	const select = h("select", {id: `choose-${name}`, onchange: () => choose({[name]: select.value})});

	return {select, node: h("label", {class: "choice", for: `choose-${name}`}, label, select)};
}

function sortBy(column) {
	const same = choice.sort === column;

	choose(same && choice.order === "down" ? {sort: DEFAULTS.sort, order: "up"} : {sort: column, order: same ? "down" : "up"});
}

function makeHead(column) {
	return h("th", {scope: "col", "data-column": column.id}, h("button", {type: "button", onclick: () => sortBy(column.id)}, column.name));
}

export function start() {
	parts = {
		title: h("h1", {id: "fleet-title", tabindex: "-1"}, "Fleet"), summary: h("p", {class: "summary"}),
		tiles: SHOWS.map(makeTile), looks: h("section", {class: "looks", "aria-labelledby": "looks-title"}),
		cards: h("section", {class: "cards", "aria-labelledby": "cards-title"}),
		search: h("input", {type: "search", id: "search", placeholder: "Search name, namespace, version, reason …", autocomplete: "off", spellcheck: "false",
			oninput: () => choose({q: parts.search.value}, true)}),
		namespace: makeSelect("namespace", "Namespace"), kind: makeSelect("kind", "Kind"), phase: makeSelect("phase", "Phase"),
		heads: table.COLUMNS.map(makeHead), body: h("tbody", {}), found: h("p", {class: "found", role: "status"}),
		clear: h("button", {type: "button", class: "plain", onclick: () => choose({...DEFAULTS, sort: choice.sort, order: choice.order})}, "Clear filters"),
		empty: h("p", {class: "empty", hidden: true}),
	};
	byId("fleet").append(
		h("div", {class: "head"}, parts.title, parts.summary),
		h("div", {class: "tiles", role: "group", "aria-label": "Show"}, parts.tiles.map((tile) => tile.node)),
		parts.looks, parts.cards,
		h("div", {class: "tools", role: "search"},
			h("label", {class: "search", for: "search"}, h("span", {class: "unseen"}, "Search"), parts.search, h("kbd", {"aria-hidden": "true"}, "/")),
			parts.namespace.node, parts.kind.node, parts.phase.node, parts.clear, parts.found),
		h("div", {class: "frame", role: "region", "aria-label": "Deployments", tabindex: "0"},
			h("table", {}, h("thead", {}, h("tr", {}, parts.heads)), parts.body), parts.empty));
	setInterval(table.tick, 10000);
}

function setOptions(select, values, chosen) {
	const wanted = ["", ...values];

	if (chosen && !wanted.includes(chosen))
		wanted.push(chosen);
	if (select.options.length !== wanted.length || wanted.some((value, i) => select.options[i].value !== value))
		select.replaceChildren(...wanted.map((value) => h("option", {value}, value || "all")));
	select.value = chosen;
}

function distinct(list, member) {
	return [...new Set(list.map((row) => row[member]).filter(Boolean))].sort();
}

function drawTiles(list) {
	for (const {show, node, figure} of parts.tiles) {
		const n = list.filter(show.fits).length;

		node.hidden = Boolean(show.only) && !show.only(list) && choice.show !== show.id;
		setText(figure, number(n));
		setAttribute(node, "aria-pressed", String(choice.show === show.id));
		node.classList.toggle("none", n === 0);
	}
}

function look(row) {
	return h("li", {}, h("a", {class: "look", href: `#/${row.id}`, "data-tone": gravity(row)},
		h("span", {class: "look-name"}, row.name, h("span", {class: "faint"}, ` ${row.namespace}`)), h("span", {class: "look-why"}, capital(trouble(row)))));
}

let drawnLooks = "";

function drawLooks(list) {
	const found = list.filter((row) => trouble(row)).sort(ORDERS.attention);
	const text = JSON.stringify(found.slice(0, LOOKS_SHOWN).map((row) => [row.id, trouble(row)])) + found.length;

	parts.looks.hidden = found.length === 0 || choice.show === "trouble";
	if (parts.looks.hidden || text === drawnLooks)
		return;
	drawnLooks = text;
	const focused = parts.looks.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;

	parts.looks.replaceChildren(h("h2", {id: "looks-title"}, "What needs a look"), h("ul", {}, found.slice(0, LOOKS_SHOWN).map(look)),
		found.length > LOOKS_SHOWN ? h("button", {type: "button", class: "plain", onclick: () => choose({show: "trouble"})}, `Show all ${number(found.length)}`) : "");
	if (focused)
		parts.looks.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

function card(projects, name, list) {
	const total = (figure) => list.reduce((sum, row) => sum + figure(row), 0);
	const looks = list.filter((row) => rank(row) <= 1);
	const wrong = looks.filter((row) => gravity(row) === "bad").length;
	const seen = list.filter((row) => row.ready >= 0);
	const busy = list.filter((row) => rank(row) === 2).length + looks.length - wrong;
	const inFleet = list.filter((row) => !isOff(row));
	const connected = inFleet.filter((row) => row.connected === "yes").length;
	const ends = list.map((row) => row.expires).filter(Boolean).sort()[0];
	const chosen = projects ? {project: name} : {namespace: name};
	const on = projects ? choice.project === name : choice.namespace === name;

	return h("li", {}, h("button", {type: "button", class: "card", "data-key": name, "aria-pressed": String(on), onclick: () => choose(on ? {project: "", namespace: ""} : chosen)},
		h("span", {class: "card-name"}, name === NO_PROJECT ? "No project yet" : name),
		h("span", {class: "card-sub"}, count(list.length, "deployment"), inFleet.length ? ` · ${connected} of ${inFleet.length} connected` : " · not in Fleet Management"),
		h("span", {class: "card-sub"}, seen.length === list.length ? `${number(total((row) => row.ready))} of ${count(total((row) => row.wanted), "server")} ready` : count(total((row) => row.wanted), "server")),
		bar([{tone: "bad", share: wrong / list.length}, {tone: "busy", share: busy / list.length}, {tone: "good", share: (list.length - wrong - busy) / list.length}],
			`${wrong} do not work, ${busy} under way or soon to be looked at, ${list.length - wrong - busy} fine`),
		h("span", {class: "card-foot"}, looks.length ? pill(wrong ? "bad" : "busy", `${looks.length} to look at`) : busy ? pill("busy", `${busy} under way`) : pill("good", "all fine"),
			ends ? h("span", {class: expiresSoon({expires: ends}) ? "soon" : "faint"}, `first token ends ${fromNow(ends)}`) : "")));
}

let drawnCards = "";

function drawCards(list) {
	const {projects, list: found} = groups(list);
	const text = JSON.stringify([projects, allCards, choice.project, choice.namespace, found.map(([name, rows]) => [name, rows.map((row) => [rank(row), row.connected, row.expires, row.ready, row.wanted])])]);

	parts.cards.hidden = found.length === 0;
	if (text === drawnCards)
		return;
	drawnCards = text;
	const focused = parts.cards.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
	const some = allCards ? found : found.slice(0, CARDS_SHOWN);

	parts.cards.replaceChildren(h("h2", {id: "cards-title"}, projects ? "Projects in Aura" : "Namespaces"),
		h("ul", {}, some.map(([name, rows]) => card(projects, name, rows))),
		some.length < found.length ? h("button", {type: "button", class: "plain", onclick: () => {
			allCards = true;
			drawSoon();
		}}, `Show all ${number(found.length)}`) : "");
	if (focused !== undefined)
		[...parts.cards.querySelectorAll(".card")].find((node) => node.dataset.key === focused)?.focus();
}

function fits(row, words) {
	const show = SHOWS.find(({id}) => id === choice.show) ?? SHOWS[0];

	return show.fits(row) && (!choice.namespace || row.namespace === choice.namespace) && (!choice.kind || row.kind === choice.kind) &&
		(!choice.phase || row.phase === choice.phase) && (!choice.project || projectOf(row) === choice.project) && matches(row, words);
}

function drawHeads() {
	for (const head of parts.heads) {
		const sorted = head.dataset.column === choice.sort;

		setAttribute(head, "aria-sort", sorted ? (choice.order === "up" ? "ascending" : "descending") : "none");
	}
}

function drawTable(list) {
	const words = choice.q.toLowerCase().split(/\s+/).filter(Boolean);
	const found = list.filter((row) => fits(row, words)).sort(ORDERS[choice.sort]);

	if (choice.order === "down")
		found.reverse();
	table.draw(parts.body, found, stream.rows, news);
	setText(parts.found, found.length === list.length ? count(list.length, "deployment") : `${number(found.length)} of ${count(list.length, "deployment")}`);
	parts.empty.hidden = found.length > 0;
	setText(parts.empty, !stream.isWhole() ? "Reading the deployments …" : list.length ? "None fits these filters." : "There are no deployments here yet. Apply a Neo4jEnterpriseStandalone or a Neo4jEnterpriseCluster, and it appears.");
	parts.clear.hidden = Object.keys(DEFAULTS).every((name) => name === "sort" || name === "order" || choice[name] === DEFAULTS[name]);
}

function summary(list) {
	if (!stream.isWhole() && list.length === 0)
		return "";
	const inFleet = list.filter((row) => !isOff(row));
	const connected = inFleet.filter((row) => row.connected === "yes").length;
	const spaces = new Set(list.map((row) => row.namespace)).size;

	return `${count(list.length, "deployment")} in ${count(spaces, "namespace")}${inFleet.length ? `; ${number(connected)} of ${number(inFleet.length)} with Fleet Management talk to Aura` : ""}`;
}

function draw() {
	const list = [...stream.rows.values()];

	asked = 0;
	setText(parts.summary, summary(list));
	drawTiles(list);
	drawLooks(list);
	drawCards(list);
	setOptions(parts.namespace.select, distinct(list, "namespace"), choice.namespace);
	setOptions(parts.kind.select, distinct(list, "kind"), choice.kind);
	setOptions(parts.phase.select, distinct(list, "phase"), choice.phase);
	drawHeads();
	drawTable(list);
	news = new Set();
}

function step(by) {
	const links = [...parts.body.querySelectorAll("a.name")];
	const at = links.indexOf(document.activeElement);
	const next = links[at < 0 ? 0 : Math.max(0, Math.min(links.length - 1, at + by))];

	next?.focus();
	next?.scrollIntoView({block: "nearest"});
}

// "/" searches, arrows or j and k go from deployment to deployment, Escape clears.
export function key(event, typing) {
	const inSearch = document.activeElement === parts.search;

	if (event.key === "/" && !typing) {
		parts.search.focus();
		parts.search.select();
	} else if (event.key === "Escape" && inSearch && parts.search.value) {
		parts.search.value = "";
		choose({q: ""}, true);
		say("Search cleared");
	} else if (event.key === "ArrowDown" && (inSearch || document.activeElement?.matches("a.name")) || event.key === "j" && !typing) {
		step(1);
	} else if (event.key === "ArrowUp" && document.activeElement?.matches("a.name") || event.key === "k" && !typing) {
		step(-1);
	} else {
		return;
	}
	event.preventDefault();
}
