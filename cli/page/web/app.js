// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The address behind the # says what is shown: "#/" with the fleet's filters, or "#/clusters/NAMESPACE/NAME". So back, forward and a new tab work.

import {byId, h, setAttribute, setText} from "./dom.js";
import * as fleet from "./fleet.js";
import * as deployment from "./deployment.js";
import * as stream from "./stream.js";

const THEMES = ["system", "light", "dark"];

function setTheme(theme) {
	if (theme === "system")
		delete document.documentElement.dataset.theme;
	else
		document.documentElement.dataset.theme = theme;
	byId("theme").textContent = `Theme: ${theme}`;
	localStorage.setItem("theme", theme);
}

function isFleet() {
	return !/^#\/(clusters|standalones)\//.test(location.hash);
}

// null: the address is none, for it was cut or typed by hand.
function idOf(hash) {
	try {
		return decodeURIComponent(hash.slice(2));
	} catch {
		return null;
	}
}

function route() {
	const id = idOf(location.hash);

	if (id === null && !isFleet())
		history.replaceState(null, "", "#/");
	const onFleet = isFleet();

	byId("fleet").hidden = !onFleet;
	byId("deployment").hidden = onFleet;
	if (onFleet) {
		deployment.leave();
		fleet.enter(location.hash);
		document.title = "neofleet";
	} else {
		deployment.enter(id);
	}
}

// What is true of the whole, most of which is said only when something is wrong.
function notices() {
	const {state} = stream;
	const list = [];

	if (stream.link === "lost")
		list.push(["bad", "The page has lost kubectl neofleet. What you see is what it said last; is the command still running?"]);
	else if (!state.reached)
		list.push(["bad", `The API server does not answer: ${state.fault ?? ""}. What you see is what it said last.`]);
	if (state.operator === "none")
		list.push(["busy", "No operator was found by its label: the states are those that one has left, and nothing is acted upon."]);
	if (state.operator === "stopped")
		list.push(["busy", "The operator does not run: the states are those that it has left, and nothing is acted upon until it is back."]);
	return list;
}

let shown = "";

function showNotices() {
	const list = notices();
	const text = JSON.stringify([list, stream.state.missing]);

	if (text === shown)
		return;
	shown = text;
	byId("notices").replaceChildren(
		...list.map(([tone, words]) => h("p", {class: "notice", "data-tone": tone, role: "alert"}, words)),
		stream.state.missing.length ? h("details", {class: "notice", "data-tone": "faint"},
			h("summary", {}, `Not shown, for want of rights: ${stream.state.missing.length === 1 ? "one thing" : `${stream.state.missing.length} things`}`),
			h("ul", {}, stream.state.missing.map((line) => h("li", {}, line)))) : "");
}

function showLink() {
	const live = byId("live");
	const good = stream.link === "open" && stream.state.reached;
	const word = stream.link === "open" ? (!stream.state.reached ? "API server silent" : stream.isWhole() ? "live" : "reading") : stream.link === "lost" ? "lost" : "connecting";

	setAttribute(live.querySelector(".dot"), "data-tone", good ? (stream.isWhole() ? "good" : "busy") : stream.link === "connecting" ? "busy" : "bad");
	setText(live.querySelector(".live-text"), word);
	setText(byId("scope"), stream.state.server ? `${stream.state.namespace ? `Namespace ${stream.state.namespace}` : "All namespaces"} · ${stream.state.server.replace(/^https?:\/\//, "")}` : "");
}

function onChange(changed) {
	showLink();
	showNotices();
	if (isFleet())
		fleet.change(changed);
	else
		deployment.change(changed);
}

function onKey(event) {
	if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || byId("question").open)
		return;
	const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);

	if (event.key === "Escape" && !isFleet()) {
		location.hash = deployment.wayBack();
		event.preventDefault();
	} else if (isFleet()) {
		fleet.key(event, typing);
	}
}

byId("theme").addEventListener("click", () => {
	const now = document.documentElement.dataset.theme ?? "system";

	setTheme(THEMES[(THEMES.indexOf(now) + 1) % THEMES.length]);
});
setTheme(THEMES.includes(localStorage.getItem("theme")) ? localStorage.getItem("theme") : "system");
document.querySelector(".skip").addEventListener("click", (event) => {
	event.preventDefault();
	byId("main").focus();
});
window.addEventListener("hashchange", route);
document.addEventListener("keydown", onKey);
fleet.start();
stream.listen(onChange);
route();
stream.open();
