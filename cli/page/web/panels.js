// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The parts of a deployment's page: which facts each shows, and how. null where there is nothing.

import {bar, h, pill, svg} from "./dom.js";
import {SOON} from "./measures.js";
import {ago, count, date, fromNow, moment, plain} from "./words.js";
import {glossary, paint} from "./yaml.js";

const STEP_WORDS = {done: "done", waits: "waiting", stops: "stopped here", ahead: "ahead"};
const MARKS = {done: "M4.5 8.5 7 11l4.5-5.5", waits: "M8 4.5V8l2.5 1.5", stops: "M8 4.5v4M8 11.2v.3", ahead: ""};

function step({name, state, message}) {
	return h("li", {class: "step", "data-state": state, "aria-current": state === "waits" || state === "stops" ? "step" : null},
		h("span", {class: "mark"}, svg("svg", {viewBox: "0 0 16 16", "aria-hidden": "true"}, svg("path", {d: MARKS[state]}))),
		h("span", {class: "step-name"}, name), h("span", {class: "unseen"}, `: ${STEP_WORDS[state]}`), message ? h("span", {class: "unseen"}, `. ${message}`) : "");
}

function drawRegistration(facts, deeds) {
	const {fleet} = facts;
	const here = facts.journey.find(({state}) => state === "waits" || state === "stops");

	if (facts.fleetOff)
		return h("p", {class: "faint"}, "It takes no part in Fleet Management. Set spec.auraFleetManagement.enabled to true, and it does.");
	return [
		h("ol", {class: "steps"}, facts.journey.map(step)),
		here ? h("p", {class: "callout", "data-tone": here.state === "stops" ? "bad" : "busy"}, h("strong", {}, `${here.state === "stops" ? "Stopped" : "Waiting"} at “${here.name}”: `), here.message || fleet.message)
			: h("p", {class: "fine"}, "Registered, and all servers talk to Aura."),
		h("div", {class: "deeds"},
			fleet.lastRegistrationTime ? h("span", {class: "faint", title: moment(fleet.lastRegistrationTime)}, `last registered ${ago(fleet.lastRegistrationTime)}`) : "",
			h("button", {type: "button", id: "register", class: "strong", disabled: !facts.may.register, onclick: deeds.register}, "Register anew …"),
			facts.may.register ? "" : h("span", {class: "faint"}, "You may not: it wants the right to patch the status of this kind.")),
	];
}

const MINUTE = 60000;

function drawToken({fleet, fleetOff}) {
	const token = fleet.token ?? {};
	// The servers' token counts: Aura may have renewed it, and then the Secret's is older.
	const expiryTime = fleet.tokenExpires ?? token.expiryTime;
	const project = fleet.projectId ?? token.projectId;

	if (fleetOff || (!fleet.token && !expiryTime))
		return null;
	const lines = [
		h("p", {class: "figures"}, token.secret ? [h("span", {class: "faint"}, "Secret "), token.secret] : "", token.secret && project ? h("span", {class: "faint"}, " · ") : "",
			project ? [h("span", {class: "faint"}, "project "), project] : ""),
		fleet.tokenExpires && token.expiryTime && Math.abs(Date.parse(token.expiryTime) - Date.parse(expiryTime)) >= MINUTE
			? h("p", {class: "figures faint"}, `The Secret holds another token, which ends ${date(token.expiryTime)}.`) : "",
	];

	if (!expiryTime)
		return [pill("bad", token.verdict), ...lines];
	const ends = Date.parse(expiryTime);
	const begun = Date.parse(fleet.lastRegistrationTime ?? "");
	const left = ends - Date.now();
	const tone = left < 0 ? "bad" : left < SOON ? "busy" : "good";
	// Without a beginning a year is the whole: as long as Aura's tokens last.
	const whole = Math.max(1, Number.isNaN(begun) || begun > ends ? 365 * 86400000 : ends - begun);
	const share = Math.max(0, Math.min(1, left / whole));

	return [
		h("p", {class: "life"}, h("span", {class: "big", "data-tone": tone}, left < 0 ? "Expired" : fromNow(expiryTime).replace(/^in /, "")), h("span", {class: "faint"}, left < 0 ? fromNow(expiryTime) : "left")),
		bar([{tone, share}], left < 0 ? "The token has expired" : `${Math.round(share * 100)} percent of the token's life are left`),
		h("p", {class: "ends"}, h("span", {class: "faint"}, Number.isNaN(begun) ? "" : `registered ${date(fleet.lastRegistrationTime)}`), h("span", {}, `${left < 0 ? "ended" : "ends"} ${date(expiryTime)}`)),
		...lines,
	];
}

const SERVER_TONES = {Ready: "good", NotReady: "bad", Starting: "busy", Terminating: "busy"};

function server(one) {
	return h("li", {class: "server", "data-tone": SERVER_TONES[one.state] ?? "busy"},
		h("span", {class: "server-name"}, one.name), pill(SERVER_TONES[one.state] ?? "busy", plain(one.state)),
		h("span", {class: "faint server-facts"}, [one.node ? `on ${one.node}` : "on no node", one.startedAt ? `started ${ago(one.startedAt)}` : "", one.restarts ? count(one.restarts, "restart") : "",
			one.newest === false ? "to be replaced" : ""].filter(Boolean).join(" · ")),
		one.problem || one.lastWords ? h("span", {class: "server-problem"}, [...new Set([one.problem, one.lastWords])].filter(Boolean).join("; ")) : "");
}

function drawServers(facts) {
	const {servers, serversWanted: wanted, serversReady: ready, serversNewest: newest} = facts;
	const rolling = newest !== undefined && servers && servers.some((one) => one.newest === false);

	return [
		h("p", {class: "life"}, h("span", {class: "big"}, `${ready ?? "?"} of ${wanted}`), h("span", {class: "faint"}, "ready")),
		rolling ? [bar([{tone: "accent", share: newest / Math.max(1, servers.length)}], `${newest} of ${servers.length} servers run the newest template`),
			h("p", {class: "faint"}, `Roll: ${newest} of ${servers.length} run the newest template`)] : "",
		servers ? h("ul", {class: "servers-list"}, servers.map(server)) : h("p", {class: "faint"}, "You may not list pods here."),
		servers && servers.length === 0 ? h("p", {class: "faint"}, "There is no pod yet.") : "",
	];
}

function drawVolumes({volumes}) {
	if (!volumes?.length)
		return null;
	return h("ul", {class: "plain-list"}, volumes.map((one) => h("li", {}, h("span", {class: "mono"}, one.claim), pill(one.phase === "Bound" ? "good" : "busy", one.phase ?? "Pending"),
		h("span", {class: "faint"}, `${one.size ?? "–"}${one.wanted && one.wanted !== one.size ? `, wanted ${one.wanted}` : ""}${one.class ? ` of class ${one.class}` : ""}`))));
}

const PLUGIN_TONES = {Ready: "good", Failed: "bad"};

function drawPlugins({plugins}) {
	if (!plugins?.length)
		return null;
	return h("ul", {class: "plain-list"}, plugins.map((one) => h("li", {}, h("span", {}, h("strong", {}, one.name), h("span", {class: "faint"}, ` ${one.resource}`)),
		pill(PLUGIN_TONES[one.phase] ?? "busy", one.phase ?? "Unknown"), one.phase === "Ready" ? "" : h("span", {class: "faint"}, one.message ?? ""))));
}

// Of most the good is "True"; of these that it is not.
const BAD_WHEN_TRUE = new Set(["Stalled", "CredentialsRefused", "CertificateUnusable", "PluginsMalformed", "FleetTwins", "FleetTokenExpiring"]);

function conditionTone({type, status}, phase) {
	if (type === "Ready" && status === "False" && phase !== "Failed" && phase !== "Degraded")
		return "busy";
	if (status === "Unknown" || type === "Reconciling" || type === "Paused")
		return status === "True" ? "busy" : status === "Unknown" ? "busy" : "faint";
	if (BAD_WHEN_TRUE.has(type))
		return status === "True" ? "bad" : "faint";
	return status === "True" ? "good" : "bad";
}

function drawConditions({allConditions: list, phase}) {
	if (!list?.length)
		return null;
	const sorted = [...list].sort((a, b) => (b.lastTransitionTime ?? "").localeCompare(a.lastTransitionTime ?? ""));

	return h("ol", {class: "timeline"}, sorted.map((one) => h("li", {"data-tone": conditionTone(one, phase)},
		h("span", {class: "when", title: one.lastTransitionTime ? moment(one.lastTransitionTime) : ""}, one.lastTransitionTime ? ago(one.lastTransitionTime) : ""),
		h("span", {class: "what"}, h("strong", {}, plain(one.type)), `: ${one.status === "True" ? "yes" : one.status === "False" ? "no" : "unknown"}`,
			one.reason && one.reason !== one.type ? h("span", {class: "faint"}, ` · ${plain(one.reason)}`) : ""),
		one.message ? h("span", {class: "words"}, one.message) : "")));
}

function drawEvents({events}) {
	if (!events)
		return null;
	if (events.length === 0)
		return h("p", {class: "faint"}, "None is kept; Kubernetes forgets them after an hour.");
	return h("ol", {class: "timeline"}, events.map((one) => h("li", {"data-tone": one.type === "Warning" ? "bad" : "good"},
		h("span", {class: "when", title: moment(one.time)}, ago(one.time)),
		h("span", {class: "what"}, one.reason ? h("strong", {}, plain(one.reason)) : one.message, one.type === "Warning" ? h("span", {class: "unseen"}, " (warning)") : "", one.count > 1 ? h("span", {class: "faint"}, ` ${one.count} times`) : ""),
		one.reason ? h("span", {class: "words"}, one.message ?? "") : "")));
}

let explained = false;

function drawYaml({yaml, kind}) {
	const text = h("pre", {tabindex: "0", role: "region", "aria-label": "The text of the resource"}, paint(yaml));
	const copy = h("button", {type: "button", id: "copy", class: "plain", onclick: async () => {
		await navigator.clipboard.writeText(yaml);
		copy.textContent = "Copied";
	}}, "Copy");
	const show = async () => {
		explain.setAttribute("aria-pressed", String(explained));
		text.replaceChildren(paint(yaml, explained ? await glossary(kind === "Neo4jEnterpriseCluster" ? "clusters" : "standalones") : {}));
	};
	const explain = h("button", {type: "button", id: "explain", class: "plain", "aria-pressed": "false", onclick: () => {
		explained = !explained;
		show();
	}}, "Explain the fields");

	if (explained)
		show();
	return h("details", {}, h("summary", {}, `The resource as it is (${yaml.split("\n").length - 1} lines)`), h("div", {class: "yaml-tools"}, explain, copy), text);
}

export const LIST = [
	{id: "registration", place: "above", name: "Registration", facts: ({journey, fleet, fleetOff, may}) => [journey, fleet, fleetOff, may], draw: drawRegistration},
	{id: "token", place: "right", name: "Token", facts: ({fleet, fleetOff}) => [fleet, fleetOff], draw: drawToken},
	{id: "servers", place: "left", name: "Servers", facts: ({servers, serversWanted, serversReady, serversNewest}) => [servers, serversWanted, serversReady, serversNewest], draw: drawServers},
	{id: "plugins", place: "left", name: "Plugins", facts: ({plugins}) => plugins, draw: drawPlugins},
	{id: "volumes", place: "left", name: "Volumes", facts: ({volumes}) => volumes, draw: drawVolumes},
	{id: "conditions", place: "right", name: "Conditions", facts: ({allConditions, phase}) => [allConditions, phase], draw: drawConditions},
	{id: "events", place: "left", name: "Events", facts: ({events}) => events, draw: drawEvents},
	{id: "missing", place: "below", name: "Not shown", facts: ({missing}) => missing,
		draw: ({missing}) => (missing.length ? h("ul", {class: "plain-list"}, missing.map((line) => h("li", {}, line))) : null)},
	{id: "yaml", place: "below", name: "YAML", facts: ({yaml, kind}) => [yaml, kind], draw: drawYaml},
];
