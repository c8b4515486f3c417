// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What the server knows, by id, and who is told of changes. A browser has few connections to one server: a page that nobody sees for a while gives
// its own back.

const HIDDEN_MS = 60000;

export const rows = new Map();
export let state = {listed: false, reached: true, missing: [], operator: ""};
export let link = "connecting"; // "open", "lost"

const listeners = new Set();
let source = null;
let hiding = 0;
let whole = false;

export function listen(fn) {
	listeners.add(fn);
}

function tell(changed) {
	for (const fn of listeners)
		fn(changed);
}

function onRows(event) {
	const message = JSON.parse(event.data);
	const changed = new Set();

	if (message.whole) {
		for (const id of rows.keys())
			changed.add(id);
		rows.clear();
	}
	for (const row of message.rows) {
		changed.add(row.id);
		if (row.gone)
			rows.delete(row.id);
		else
			rows.set(row.id, row);
	}
	whole = true;
	tell(changed);
}

function onState(event) {
	state = JSON.parse(event.data);
	tell(new Set());
}

function setLink(word) {
	if (link === word)
		return;
	link = word;
	tell(new Set());
}

export function open() {
	if (source)
		return;
	source = new EventSource("changes");
	source.addEventListener("rows", onRows);
	source.addEventListener("state", onState);
	source.addEventListener("open", () => setLink("open"));
	source.addEventListener("error", () => {
		setLink("lost");
		// Refused for good, which the browser does not try again by itself.
		if (source.readyState === EventSource.CLOSED) {
			source = null;
			setTimeout(open, 3000);
		}
	});
}

// Whether what is shown is all that there is.
export function isWhole() {
	return whole && state.listed;
}

function close() {
	source?.close();
	source = null;
}

document.addEventListener("visibilitychange", () => {
	clearTimeout(hiding);
	if (document.hidden)
		hiding = setTimeout(close, HIDDEN_MS);
	else
		open();
});
