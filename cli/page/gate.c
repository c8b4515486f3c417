// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/page/gate.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#define RANDOM_BYTES 32
#define COOKIE "neofleet"

static int make_text(char text[GATE_TEXT], struct err *err)
{
	unsigned char bytes[RANDOM_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return err_errno(err, errno, "cannot make a key for the page");
	for (size_t i = 0; i < sizeof(bytes); i++)
		(void)snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int gate_make(struct gate *gate, struct err *err)
{
	char folder[GATE_TEXT];
	int r;

	*gate = (struct gate){.used = false};
	if ((r = make_text(gate->key, err)) < 0 || (r = make_text(gate->session, err)) < 0 || (r = make_text(folder, err)) < 0)
		return r;
	// Half of the random text is long enough, since people read the address.
	(void)snprintf(gate->folder, sizeof(gate->folder), "/%.*s/", RANDOM_BYTES, folder);
	(void)snprintf(gate->cookie, sizeof(gate->cookie), COOKIE "=%s", gate->session);
	(void)snprintf(gate->setting, sizeof(gate->setting), COOKIE "=%s; Path=%s; HttpOnly; SameSite=Strict", gate->session, gate->folder);
	return 0;
}

void gate_set_port(struct gate *gate, uint16_t port)
{
	(void)snprintf(gate->host, sizeof(gate->host), "127.0.0.1:%u", port);
	(void)snprintf(gate->origin, sizeof(gate->origin), "http://%s", gate->host);
}

// Takes the same time however much of it is right.
static bool same(const char *one, const char *other)
{
	size_t len = strlen(one);
	unsigned char difference = 0;

	if (strlen(other) != len)
		return false;
	for (size_t i = 0; i < len; i++)
		difference |= (unsigned char)(one[i] ^ other[i]);
	return difference == 0;
}

// "a=b; neofleet=...; c=d"
static bool has_cookie(const struct gate *gate, const char *cookies)
{
	size_t len = strlen(gate->cookie);
	char item[sizeof(gate->cookie)];

	while (cookies && *cookies) {
		size_t n = strcspn(cookies, ";");

		if (n == len) {
			memcpy(item, cookies, n);
			item[n] = '\0';
			if (same(gate->cookie, item))
				return true;
		}
		cookies += n + (cookies[n] == ';');
		cookies += strspn(cookies, " ");
	}
	return false;
}

static bool is_ours(const char *text, const char *ours)
{
	return text && strcmp(text, ours) == 0;
}

// A write always has an Origin; a read has one only where another page may have made it.
static bool is_from_here(const struct gate *gate, const struct gate_visitor *visitor, bool writes)
{
	if (visitor->doubled || !is_ours(visitor->host, gate->host))
		return false;
	return visitor->origin ? strcmp(visitor->origin, gate->origin) == 0 : !writes;
}

// Newer browsers say when another page embeds or fetches something.
static bool is_of_this_page(const struct gate_visitor *visitor)
{
	return !visitor->site || is_ours(visitor->site, "same-origin") || is_ours(visitor->site, "none");
}

enum gate_verdict gate_judge(struct gate *gate, const struct gate_visitor *visitor)
{
	bool reads = is_ours(visitor->method, "GET"), writes = is_ours(visitor->method, "POST");

	if ((!reads && !writes) || !is_from_here(gate, visitor, writes) || strncmp(visitor->path, gate->folder, strlen(gate->folder)) != 0)
		return GATE_NOTHING;
	if (reads && visitor->key && is_ours(visitor->path, gate->folder) && same(gate->key, visitor->key))
		return atomic_exchange(&gate->used, true) ? GATE_NOTHING : GATE_ENTERS;
	return is_of_this_page(visitor) && has_cookie(gate, visitor->cookies) ? GATE_PASSES : GATE_NOTHING;
}

void gate_wipe(struct gate *gate)
{
	explicit_bzero(gate, sizeof(*gate));
}
