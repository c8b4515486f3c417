// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Nothing is changed without this. The focus is on the way out, and goes back to where it was.

import {byId, setText} from "./dom.js";

export function ask(title, text, yes) {
	const dialog = byId("question");

	setText(byId("question-title"), title);
	setText(byId("question-text"), text);
	setText(byId("question-yes"), yes);
	dialog.returnValue = "no";
	dialog.showModal();
	byId("question-no").focus();
	return new Promise((resolve) => {
		const end = (answer) => () => {
			dialog.close(answer);
		};

		byId("question-yes").onclick = end("yes");
		byId("question-no").onclick = end("no");
		dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), {once: true});
	});
}
