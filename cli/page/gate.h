// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Who may see the page: the browser that came with the key, and afterwards shows the cookie that it got for it. Everything lies below a folder
// whose name nobody can guess, since a browser sends a host's cookies to each of its ports, but to no other folder. Pure, except for the random
// texts.

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define GATE_TEXT 65

struct gate {
	char key[GATE_TEXT], session[GATE_TEXT], folder[GATE_TEXT + 2]; // folder: "/.../"
	char host[64], origin[80];
	char cookie[GATE_TEXT + 16];  // "neofleet=...", as a browser sends it
	char setting[3 * GATE_TEXT + 80]; // the Set-Cookie
	_Atomic bool used;	      // the key
};

// What a request shows of itself; a NULL member: it has none.
struct gate_visitor {
	const char *method, *path, *host, *origin, *site; // site: Sec-Fetch-Site
	const char *cookies, *key;
	bool doubled; // one of the headers stands twice
};

enum gate_verdict {
	GATE_NOTHING, // it gets nothing
	GATE_ENTERS,  // it has the key, and uses it up: it gets the cookie
	GATE_PASSES,  // it has the cookie
};

int gate_make(struct gate *gate, struct err *err);

// Call it before the first visitor comes, when the port is known.
void gate_set_port(struct gate *gate, uint16_t port);

// Any thread. A write (POST) passes only with the page's own Origin.
enum gate_verdict gate_judge(struct gate *gate, const struct gate_visitor *visitor);

void gate_wipe(struct gate *gate);
