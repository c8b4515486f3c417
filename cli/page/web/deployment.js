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
		back: h("a", {class: "back", href: wayBack()}, "← Fleet"), title: h("h1", {id: "deployment-title", tabindex: "-1"}), phase: h("span", {class: "now"}), deeds: h("p", {class: "head-deeds"}),
		about: h("p", {class: "summary"}), message: h("p", {class: "callout", hidden: true}), fault: h("p", {class: "notice", "data-tone": "bad", hidden: true}),
	};
	parts.places = Object.fromEntries(["above", "left", "right", "below"].map((place) => [place, h("div", {class: `place ${place}`})]));
	byId("deployment").replaceChildren(h("div", {class: "head"}, h("nav", {"aria-label": "Way back"}, parts.back),
		h("div", {class: "title-line"}, parts.title, parts.phase, parts.deeds), parts.about), parts.fault, parts.message, h("div", {class: "panels"}, Object.values(parts.places)));
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

	drawDeeds(facts);
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

// Asks kubectl neofleet for one of its deeds.
async function carryOut(deed, done) {
	try {
		const answer = await fetch(deed, {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify({id})});

		if (!answer.ok) {
			const {error} = await answer.json();

			fail(`It was not done: ${error}`);
			return;
		}
		say(done);
		read();
	} catch {
		fail("The page could not ask kubectl neofleet; is the command still running?");
	}
}

async function register(facts) {
	const secret = facts.fleet?.token?.secret;

	if (await ask(`Register ${facts.name} anew?`,
		`The operator registers it with the token that ${secret ? `Secret ${secret}` : "its Secret"} holds now. A server that holds a newer token of the same project keeps it.`, "Register"))
		carryOut("register", "It is being registered");
}

async function restart(facts) {
	const single = facts.serversWanted === 1;

	if (await ask(`Restart ${facts.name}?`, single ? "Its server is replaced. It is away while that takes; its volume stays."
		: `Its ${facts.serversWanted} servers are replaced, one at a time: each waits until all others are back, and one that does not come back stops it.`, "Restart"))
		carryOut("restart", "It is being restarted");
}

async function pause(facts) {
	if (await ask(`Pause ${facts.name}?`, "The operator writes nothing to its children and servers until somebody resumes it. The servers run on; what its spec says meanwhile waits.", "Pause"))
		carryOut("pause", "It is paused");
}

async function resume(facts) {
	if (await ask(`Resume ${facts.name}?`, "The operator makes it what its spec says, and that may restart servers.", "Resume"))
		carryOut("resume", "It goes on");
}

function drawDeeds(facts) {
	const text = JSON.stringify([facts.paused, facts.may.change, facts.serversWanted]);
	const off = {disabled: !facts.may.change, title: facts.may.change ? null : "You may not: it wants the right to patch this kind."};

	if (drawn.deeds === text)
		return;
	drawn.deeds = text;
	parts.deeds.replaceChildren(facts.paused ? pill("busy", "Paused") : "",
		h("button", {type: "button", id: "restart", class: "plain", ...off, onclick: () => restart(facts)}, "Restart …"),
		facts.paused ? h("button", {type: "button", id: "resume", class: "strong", ...off, onclick: () => resume(facts)}, "Resume …")
			: h("button", {type: "button", id: "pause", class: "plain", ...off, onclick: () => pause(facts)}, "Pause …"));
}
