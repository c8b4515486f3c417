// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// YAML as the program writes it, with its keys, texts and words told apart, and with the meaning of each field above it where that is wanted.

import {h} from "./dom.js";

const WIDTH = 110;
const glossaries = new Map();

// The meanings of a kind's fields by their paths; empty where nobody tells.
export async function glossary(kind) {
	if (!glossaries.has(kind)) {
		const answer = await fetch(`fields?kind=${kind}`);

		glossaries.set(kind, answer.ok ? await answer.json() : {});
	}
	return glossaries.get(kind);
}

function value(text) {
	if (!text)
		return "";
	return h("span", {class: /^-?[\d.]+$/.test(text) ? "y-number" : /^(true|false|null)$/.test(text) ? "y-word" : "y-text"}, text);
}

// A meaning as lines of comments before a key.
function comment(text, indent) {
	const lines = [""];

	for (const word of text.split(/\s+/)) {
		if (lines.at(-1) && lines.at(-1).length + word.length + indent.length > WIDTH)
			lines.push("");
		lines[lines.length - 1] += lines.at(-1) ? ` ${word}` : word;
	}
	return lines.map((line) => h("span", {class: "y-comment"}, `${indent}# ${line}\n`));
}

// The path of a key by how far it is indented: those before it that are less so are above it.
function pathOf(above, depth, key) {
	while (above.length && above.at(-1).depth >= depth)
		above.pop();
	above.push({depth, key: key.replace(/^"(.*)"$/, "$1")});
	return above.map((one) => one.key).join(".");
}

export function paint(text, meanings = {}) {
	const out = [], above = [], told = new Set();

	for (const line of text.split("\n")) {
		const match = /^(\s*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s"':#-][^:]*):(?: (.*))?$/.exec(line);
		const item = /^(\s*(?:- )+)(.*)$/.exec(line);

		if (match) {
			const path = pathOf(above, match[1].length, match[2]);

			// Of a list's items only the first is explained.
			if (meanings[path] && !told.has(path))
				out.push(comment(meanings[path], " ".repeat(match[1].length)));
			told.add(path);
			out.push(match[1], h("span", {class: "y-key"}, match[2]), ":", match[3] ? " " : "", value(match[3]), "\n");
		} else if (item) {
			out.push(item[1], value(item[2]), "\n");
		} else {
			out.push(line, "\n");
		}
	}
	return h("code", {}, out);
}
