// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

const UNITS = [["y", 365 * 86400], ["d", 86400], ["h", 3600], ["m", 60], ["s", 1]];
const LONG = {y: "year", d: "day", h: "hour", m: "minute", s: "second"};
export const DAY = 86400000;

// The largest unit of which there are at least two: [12, "d"].
function parts(ms) {
	const seconds = Math.max(0, Math.floor(ms / 1000));

	for (const [unit, size] of UNITS) {
		if (seconds >= 2 * size || unit === "s")
			return [Math.floor(seconds / size), unit];
	}
	return [0, "s"];
}

export function short(ms) {
	const [n, unit] = parts(ms);

	return `${n}${unit}`;
}

export function long(ms) {
	const [n, unit] = parts(ms);

	return `${n} ${LONG[unit]}${n === 1 ? "" : "s"}`;
}

export function ago(time) {
	const ms = Date.now() - Date.parse(time);

	return Number.isNaN(ms) ? "" : ms < 2000 ? "now" : `${short(ms)} ago`;
}

export function fromNow(time) {
	const ms = Date.parse(time) - Date.now();

	return ms >= 0 ? `in ${long(ms)}` : `${long(-ms)} ago`;
}

const DATE = new Intl.DateTimeFormat("en", {dateStyle: "medium"});
const MOMENT = new Intl.DateTimeFormat("en", {dateStyle: "medium", timeStyle: "medium"});

export function date(time) {
	return DATE.format(new Date(time));
}

export function moment(time) {
	return MOMENT.format(new Date(time));
}

const NUMBER = new Intl.NumberFormat("en");

export function number(n) {
	return NUMBER.format(n);
}

export function count(n, one, many = `${one}s`) {
	return `${number(n)} ${n === 1 ? one : many}`;
}

// "TokenExpired" -> "Token expired"
export function plain(word) {
	return word.replace(/([a-z])([A-Z])/g, (_, before, after) => `${before} ${after.toLowerCase()}`);
}

export function capital(text) {
	return text.charAt(0).toUpperCase() + text.slice(1);
}
