// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Errors and summaries in testkit's JSON. Source: testkit's nutkit/protocol/responses.py.

#include "bolt/result.h"
#include "test/testkit/talk.h"

// Keeps an error under an id and answers with it.
void report_error(struct talk *talk, const struct err *err, struct reply *reply);

struct summary_query {
	const char *text;
	const struct bolt_value *params; // a map or null
};

int report_summary(const struct bolt_summary *summary, const struct summary_query *query, yyjson_mut_doc *doc, yyjson_mut_val **ret,
		   struct err *err);

// {"address", "agent", "protocolVersion"}
yyjson_mut_val *report_server(const char *address, const char *agent, unsigned major, unsigned minor, yyjson_mut_doc *doc);

// A text or null.
yyjson_mut_val *report_text(yyjson_mut_doc *doc, const char *text);
