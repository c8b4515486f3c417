// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// YAML as the program writes it, with its keys, texts and words told apart.

import {h} from "./dom.js";

function value(text) {
	if (!text)
		return "";
	return h("span", {class: /^-?[\d.]+$/.test(text) ? "y-number" : /^(true|false|null)$/.test(text) ? "y-word" : "y-text"}, text);
}

export function paint(text) {
	const out = [];

	for (const line of text.split("\n")) {
		const match = /^(\s*(?:- )*)("(?:[^"\\]|\\.)*"|[^\s"':#-][^:]*):(?: (.*))?$/.exec(line);
		const item = /^(\s*(?:- )+)(.*)$/.exec(line);

		if (match)
			out.push(match[1], h("span", {class: "y-key"}, match[2]), ":", match[3] ? " " : "", value(match[3]), "\n");
		else if (item)
			out.push(item[1], value(item[2]), "\n");
		else
			out.push(line, "\n");
	}
	return h("code", {}, out);
}
