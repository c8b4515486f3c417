// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What a deployment's line says, judged for filters and order. Pure.

import {DAY} from "./words.js";

export const SOON = 30 * DAY;

export function trouble(row) {
	if (row.trouble)
		return row.trouble;
	if (!row.phase && Date.now() - Date.parse(row.created) > 60000)
		return "The operator has said nothing of it; does it run, and look after this namespace?";
	return expiresSoon(row) ? `The token expires within ${SOON / DAY} days` : "";
}

export function isRolling(row) {
	return row.ready >= 0 && row.replicas > 0 && row.updated < row.replicas;
}

export function expiresSoon(row) {
	return row.fleet === "TokenExpired" || Boolean(row.expires) && Date.parse(row.expires) - Date.now() < SOON;
}

export function isOff(row) {
	return row.fleet === "off";
}

// Of what needs a look: whether something does not work, or only will not for long.
export function gravity(row) {
	return rank(row) === 0 || row.troubleTone === "bad" ? "bad" : "busy";
}

export const NO_PROJECT = "-";

// "": it takes no part in Fleet Management.
export function projectOf(row) {
	return row.project ?? (isOff(row) ? "" : NO_PROJECT);
}

// What is wrong comes first, then what is under way.
export function rank(row) {
	if (row.tone === "bad")
		return 0;
	if (trouble(row))
		return 1;
	return row.tone === "busy" || row.fleetTone === "busy" || isRolling(row) ? 2 : 3;
}

export const SHOWS = [
	{id: "all", name: "Deployments", tone: "accent", fits: () => true},
	{id: "trouble", name: "Need a look", tone: "bad", fits: (row) => trouble(row) !== ""},
	{id: "ready", name: "Ready", tone: "good", fits: (row) => row.phase === "Ready" && row.tone === "good"},
	{id: "rolling", name: "Rolling", tone: "busy", fits: isRolling},
	{id: "registered", name: "Registered", tone: "good", fits: (row) => row.fleet === "registered"},
	{id: "unconnected", name: "Not connected", tone: "bad", fits: (row) => !isOff(row) && row.connected !== "yes"},
	{id: "expiring", name: "Token ends in a month", tone: "busy", fits: expiresSoon, only: (list) => list.some((row) => row.expires)},
];

const collator = new Intl.Collator("en", {numeric: true});
const time = (text, otherwise) => (text ? Date.parse(text) : otherwise);

function byName(a, b) {
	return collator.compare(a.name, b.name) || collator.compare(a.namespace, b.namespace) || collator.compare(a.kind, b.kind);
}

export const ORDERS = {
	attention: (a, b) => rank(a) - rank(b) || byName(a, b),
	name: byName,
	namespace: (a, b) => collator.compare(a.namespace, b.namespace) || byName(a, b),
	phase: (a, b) => collator.compare(a.phase ?? "", b.phase ?? "") || byName(a, b),
	servers: (a, b) => a.wanted - b.wanted || byName(a, b),
	fleet: (a, b) => collator.compare(a.fleet, b.fleet) || byName(a, b),
	connected: (a, b) => collator.compare(a.connected, b.connected) || byName(a, b),
	expires: (a, b) => time(a.expires, Infinity) - time(b.expires, Infinity) || byName(a, b),
	version: (a, b) => collator.compare(a.version ?? a.image, b.version ?? b.image) || byName(a, b),
	changed: (a, b) => time(b.changed ?? b.created, 0) - time(a.changed ?? a.created, 0) || byName(a, b),
};

// Each word of the search has to be somewhere.
export function matches(row, words) {
	if (words.length === 0)
		return true;
	const text = `${row.name} ${row.namespace} ${row.kind} ${row.phase ?? ""} ${row.fleet} ${row.image} ${row.version ?? ""} ${row.project ?? ""} ${trouble(row)}`.toLowerCase();

	return words.every((word) => text.includes(word));
}

// The projects of Aura that are known, or else the namespaces, each with its deployments.
export function groups(list) {
	const projects = list.some((row) => row.project);
	const found = new Map();

	for (const row of list) {
		const key = projects ? projectOf(row) : row.namespace;

		if (!key)
			continue;
		if (!found.has(key))
			found.set(key, []);
		found.get(key).push(row);
	}
	return {projects, list: [...found].sort((a, b) => worst(a[1]) - worst(b[1]) || b[1].length - a[1].length || collator.compare(a[0], b[0]))};
}

function worst(list) {
	return Math.min(...list.map(rank));
}
