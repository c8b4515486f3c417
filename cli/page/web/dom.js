// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Elements without markup in texts: whatever comes from a cluster is only ever a text.

const SVG = "http://www.w3.org/2000/svg";

function fill(node, attributes, children) {
	for (const [name, value] of Object.entries(attributes ?? {})) {
		if (value === null || value === undefined || value === false)
			continue;
		if (name.startsWith("on"))
			node.addEventListener(name.slice(2), value);
		else
			node.setAttribute(name, value === true ? "" : value);
	}
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false && child !== "")
			node.append(child);
	}
	return node;
}

export function h(name, attributes, ...children) {
	return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes, ...children) {
	return fill(document.createElementNS(SVG, name), attributes, children);
}

export function byId(id) {
	return document.getElementById(id);
}

// Sets a text only where it differs, so that nothing is announced or painted for nothing.
export function setText(node, text) {
	if (node.textContent !== text)
		node.textContent = text;
}

export function setAttribute(node, name, value) {
	if (node.getAttribute(name) !== value)
		node.setAttribute(name, value);
}

// For screen readers, of what is seen only by its colour or place.
export function say(text) {
	setText(byId("said"), text);
}

export function pill(tone, text) {
	return h("span", {class: "pill", "data-tone": tone}, h("span", {class: "dot", "data-tone": tone}), text);
}

// A bar of parts, each with its share of a whole.
export function bar(parts, label) {
	const node = h("div", {class: "bar", role: "img", "aria-label": label});

	for (const {tone, share} of parts) {
		const part = h("span", {"data-tone": tone});

		part.style.width = `${Math.max(0, Math.min(100, share * 100))}%`;
		node.append(part);
	}
	return node;
}
