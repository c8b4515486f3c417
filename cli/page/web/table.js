// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The table of deployments. A line is made once for each deployment and mended in place; only what is out of order is moved. So a change among a
// thousand costs one line.

import {h, setAttribute, setText} from "./dom.js";
import {expiresSoon, gravity, isOff, isRolling, trouble} from "./measures.js";
import {ago, capital, date, fromNow, moment, plain} from "./words.js";

export const COLUMNS = [
	{id: "name", name: "Deployment"},
	{id: "namespace", name: "Namespace"},
	{id: "phase", name: "Phase"},
	{id: "servers", name: "Servers"},
	{id: "fleet", name: "Fleet Management"},
	{id: "connected", name: "Aura"},
	{id: "expires", name: "Token"},
	{id: "version", name: "Version"},
	{id: "changed", name: "Changed"},
];

const lines = new Map();

function badge() {
	const dot = h("span", {class: "dot"});
	const text = h("span", {});

	return {node: h("span", {class: "pill"}, dot, text), dot, text};
}

function setBadge(one, tone, text) {
	setAttribute(one.node, "data-tone", tone);
	setAttribute(one.dot, "data-tone", tone);
	setText(one.text, text);
}

function makeLine(row) {
	const line = {
		link: h("a", {class: "name", href: `#/${row.id}`}, row.name), kind: h("span", {class: "kind"}), why: h("span", {class: "why"}),
		namespace: h("td", {}), phase: badge(), servers: h("span", {class: "figures"}), fill: h("span", {}), roll: h("span", {class: "roll"}),
		fleet: badge(), connected: badge(), expires: h("td", {class: "figures token"}), version: h("td", {class: "figures"}), changed: h("td", {class: "figures faint"}),
	};

	line.node = h("tr", {"data-id": row.id},
		h("th", {scope: "row"}, line.link, line.kind, line.why),
		line.namespace, h("td", {}, line.phase.node),
		h("td", {}, h("span", {class: "ratio"}, h("span", {class: "gauge", "aria-hidden": "true"}, line.fill), line.servers), line.roll),
		h("td", {}, line.fleet.node), h("td", {}, line.connected.node), line.expires, line.version, line.changed);
	return line;
}

const CONNECTED = {yes: ["good", "connected"], no: ["bad", "not connected"], unknown: ["busy", "unknown"], "-": ["faint", "–"]};

function fillLine(line, row) {
	const why = trouble(row);
	const [tone, word] = CONNECTED[row.connected] ?? ["faint", row.connected];

	setText(line.kind, row.kind);
	setText(line.why, capital(why));
	line.why.hidden = !why;
	setAttribute(line.why, "data-tone", why ? gravity(row) : "");
	setText(line.namespace, row.namespace);
	setBadge(line.phase, row.tone, `${row.phase ?? "Unknown"}${row.hold ? `, ${row.hold}` : ""}`);
	setText(line.servers, `${row.ready < 0 ? "?" : row.ready}/${row.wanted}`);
	line.fill.style.width = `${row.wanted ? Math.min(100, Math.max(0, row.ready) / row.wanted * 100) : 0}%`;
	setAttribute(line.fill, "data-tone", row.ready >= row.wanted ? "good" : row.tone === "bad" ? "bad" : "busy");
	setText(line.roll, isRolling(row) ? `${row.updated} of ${row.replicas} rolled` : "");
	setBadge(line.fleet, row.fleetTone, plain(row.fleet));
	setBadge(line.connected, isOff(row) ? "faint" : tone, isOff(row) ? "–" : word);
	setText(line.version, row.version ?? row.image.replace(/^.*:/, ""));
	fillTimes(line, row);
}

function fillTimes(line, row) {
	const changed = row.changed ?? row.created;

	setText(line.expires, row.expires ? fromNow(row.expires) : "–");
	line.expires.classList.toggle("soon", expiresSoon(row));
	setAttribute(line.expires, "title", row.expires ? date(row.expires) : "not known");
	setText(line.changed, changed ? ago(changed) : "");
	setAttribute(line.changed, "title", changed ? moment(changed) : "");
}

// Puts the lines of a list into a table's body, in its order. changed: the ids of which there is news.
export function draw(body, list, all, changed) {
	let next = body.firstElementChild;

	body.parentElement.classList.toggle("tokenless", !list.some((row) => row.expires));
	for (const row of list) {
		let line = lines.get(row.id);

		if (!line) {
			lines.set(row.id, line = makeLine(row));
			fillLine(line, row);
		} else if (line.row !== row) {
			fillLine(line, row);
			if (changed.has(row.id))
				flash(line.node);
		}
		line.row = row;
		if (line.node === next)
			next = next.nextElementSibling;
		else
			body.insertBefore(line.node, next);
	}
	while (next) {
		const gone = next;

		next = next.nextElementSibling;
		gone.remove();
	}
	for (const id of changed) {
		if (!all.has(id))
			lines.delete(id);
	}
}

function flash(node) {
	node.classList.remove("news");
	requestAnimationFrame(() => node.classList.add("news"));
}

// What time alone changes.
export function tick() {
	for (const line of lines.values()) {
		if (line.node.isConnected)
			fillTimes(line, line.row);
	}
}
