// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One deployment. The stream tells that something has changed, and then it is read anew, one reading at a time; a part of the page is drawn again only
// when its own facts are others.

import {byId, h, pill, say, setAttribute, setText} from "./dom.js";
import * as fleet from "./fleet.js";
import * as panels from "./panels.js";
import {ask} from "./question.js";
import * as stream from "./stream.js";
import {ago, capital, moment} from "./words.js";

const AGAIN_MS = 30000;

let id = "";
let parts = null;
let drawn = {};
let reading = false;
let stale = false;
let timer = 0;

export function wayBack() {
	return fleet.address();
}

function make() {
	parts = {
		back: h("a", {class: "back", href: wayBack()}, "← Fleet"), title: h("h1", {id: "deployment-title", tabindex: "-1"}), phase: h("span", {class: "now"}),
		about: h("p", {class: "summary"}), message: h("p", {class: "callout", hidden: true}), fault: h("p", {class: "notice", "data-tone": "bad", hidden: true}),
	};
	parts.places = Object.fromEntries(["above", "left", "right", "below"].map((place) => [place, h("div", {class: `place ${place}`})]));
	byId("deployment").replaceChildren(h("div", {class: "head"}, h("nav", {"aria-label": "Way back"}, parts.back),
		h("div", {class: "title-line"}, parts.title, parts.phase), parts.about), parts.fault, parts.message, h("div", {class: "panels"}, Object.values(parts.places)));
	drawn = {};
}

export function enter(wanted) {
	if (id === wanted && parts)
		return;
	id = wanted;
	make();
	const [, namespace, name] = id.split("/");

	document.title = `${name} · neofleet`;
	setText(parts.title, name ?? "");
	setText(parts.about, namespace ?? "");
	parts.title.focus();
	window.scrollTo(0, 0);
	drawHead();
	read();
}

export function leave() {
	if (!parts)
		return;
	const former = id;

	id = "";
	parts = null;
	clearTimeout(timer);
	byId("deployment").replaceChildren();
	requestAnimationFrame(() => document.querySelector(`tr[data-id="${CSS.escape(former)}"] a.name`)?.focus());
}

export function change(changed) {
	if (!changed.has(id))
		return;
	drawHead();
	read();
}

function drawHead() {
	const row = stream.rows.get(id);
	const text = row ? `${row.tone} ${row.phase}` : "";

	if (!row || drawn.phase === text)
		return;
	if (drawn.phase !== undefined)
		say(`Phase ${row.phase ?? "unknown"}`);
	drawn.phase = text;
	parts.phase.replaceChildren(pill(row.tone, row.phase ?? "Unknown"));
}

// null: nothing came, or no facts.
async function fetchFacts(wanted) {
	try {
		const answer = await fetch(`deployment?id=${encodeURIComponent(wanted)}`);

		return {answer, facts: await answer.json()};
	} catch {
		return null;
	}
}

function show(came) {
	if (!came)
		fail("The page could not ask kubectl neofleet; is the command still running?");
	else if (came.answer.ok)
		draw(came.facts);
	else
		fail(came.answer.status === 404 ? "This deployment is not there any more." : capital(came.facts.error));
}

async function read() {
	clearTimeout(timer);
	if (reading) {
		stale = true;
		return;
	}
	const wanted = id;

	reading = true;
	stale = false;
	const came = await fetchFacts(wanted);

	reading = false;
	if (stale || (id && wanted !== id))
		read();
	else if (id)
		timer = setTimeout(read, AGAIN_MS);
	// Last: a fault of the page itself stops nothing but this drawing.
	if (wanted === id)
		show(came);
}

function fail(text) {
	parts.fault.hidden = false;
	setText(parts.fault, text);
}

function draw(facts) {
	const kind = facts.kind === "Neo4jEnterpriseCluster" ? "Cluster" : "Standalone";
	const row = stream.rows.get(id);

	parts.fault.hidden = true;
	setText(parts.about, `${kind} in ${facts.namespace} · ${facts.image}${facts.version ? ` · runs ${facts.version}` : ""}${facts.created ? ` · made ${ago(facts.created)}` : ""}`);
	setAttribute(parts.about, "title", facts.created ? `made ${moment(facts.created)}` : "");
	setText(parts.message, facts.message ?? "");
	parts.message.hidden = !facts.message || facts.phase === "Ready";
	setAttribute(parts.message, "data-tone", row?.tone ?? "busy");
	const focused = document.activeElement?.id;

	for (const panel of panels.LIST)
		drawPanel(panel, facts);
	if (focused && document.activeElement?.id !== focused)
		byId(focused)?.focus();
}

function drawPanel(panel, facts) {
	const text = JSON.stringify(panel.facts(facts));
	const old = byId(`panel-${panel.id}`);

	if (drawn[panel.id] === text)
		return;
	drawn[panel.id] = text;
	const content = panel.draw(facts, {register: () => register(facts)});
	const node = h("section", {class: `panel ${panel.id}`, id: `panel-${panel.id}`, "aria-labelledby": `title-${panel.id}`, hidden: !content},
		h("h2", {id: `title-${panel.id}`}, panel.name), content);
	const open = old?.querySelector("details")?.open;

	if (open && node.querySelector("details"))
		node.querySelector("details").open = true;
	if (old)
		old.replaceWith(node);
	else
		parts.places[panel.place].append(node);
}

async function register(facts) {
	const secret = facts.fleet?.token?.secret;
	const yes = await ask(`Register ${facts.name} anew?`,
		`The operator registers it with the token that ${secret ? `Secret ${secret}` : "its Secret"} holds now. A server that holds a newer token of the same project keeps it.`, "Register");

	if (!yes)
		return;
	try {
		const answer = await fetch("register", {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({id})});

		if (!answer.ok) {
			const {error} = await answer.json();

			fail(`It was not asked for: ${error}`);
			return;
		}
		say("It is being registered");
		read();
	} catch {
		fail("The page could not ask kubectl neofleet; is the command still running?");
	}
}
