// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An Aura API within the test's process, behind http_perform(): tests that use it are linked with --wrap=http_perform. It knows one client, one
// project and its deployments, and answers by what was seen of the real one: wrapped in "data", 500 to a call for a token in the wrong state, 403
// for what is unknown. Requests to other addresses go the usual way.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AURA_SERVICE_URL "http://aura.test"
#define AURA_SERVICE_ITEMS 512
#define AURA_SERVICE_CALLS 200000
#define AURA_SERVICE_LATES 2000
#define AURA_SERVICE_LATE_MS 30000

struct aura_service_item {
	char id[40], name[64], url[256];
	unsigned live; // the number of its token; 0: it has none
	bool there;
};

// What becomes of a call.
enum aura_service_fate {
	AURA_SERVICE_ANSWERS,
	AURA_SERVICE_MISSED, // it never arrives
	AURA_SERVICE_LOST,   // it is carried out, and the answer is lost
	AURA_SERVICE_LATE,   // no answer comes, and a deployment or a token is made up to half a minute later
};

struct aura_service {
	struct aura_service_item items[AURA_SERVICE_ITEMS];
	size_t n, quota; // of deployments; 0: none
	unsigned tokens; // so many were made
	int64_t calls[AURA_SERVICE_CALLS]; // when each came
	size_t n_calls;
	int64_t (*now_ms)(void);
	enum aura_service_fate (*fate)(void); // of the next call; NULL: all are answered
	const char *(*token)(unsigned number); // its text; NULL: "token-7"
	bool refuses_pair, refuses_project, away;
	bool takes_twins; // makes a second deployment of one name
	struct aura_service_item late[AURA_SERVICE_LATES]; // that are still to be made; with an id: a token for that one, live: another one
	int64_t late_ms[AURA_SERVICE_LATES];		   // when
	size_t n_late;
	unsigned lates;	       // the next so many calls that make one come late, too
	unsigned late_tokens;  // the next so many calls for a token
	int64_t late_after_ms; // by so much; 0: each by another time
	int status; // answers with this to all calls but the one for a bearer; 0: as it should
};

extern struct aura_service aura_service; // of all tests of a program

void aura_service_begin(int64_t (*now_ms)(void));

size_t aura_service_count(void);			    // of deployments
struct aura_service_item *aura_service_find(const char *name); // NULL: none
struct aura_service_item *aura_service_add(const char *name, const char *url); // by somebody else
size_t aura_service_most_in_a_minute(void);
void aura_service_carry_out_late(void); // the calls whose time has come; each request does so, too
