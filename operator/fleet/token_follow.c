// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/token_follow.h"

#include "base/arena.h"

// The server takes a token that the service has revoked, and loses it again at the first contact.
#define FIRST_MS INT64_C(300000)
#define LAST_MS INT64_C(86400000)

static const char *loss_of(const struct follow_facts *facts, struct arena *arena)
{
	return arena_printf(arena, "%s %s", facts->source, facts->runs);
}

static int64_t delay_after(unsigned losses)
{
	int64_t delay = FIRST_MS;

	for (unsigned i = 1; i < losses && delay < LAST_MS; i++)
		delay *= 2;
	return delay < LAST_MS ? delay : LAST_MS;
}

enum follow_step follow_step(const struct follow_memory *memory, const struct follow_facts *facts, int64_t now_ms, int64_t *ret_left_ms)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	*ret_left_ms = 0;
	if (!facts->gone && !memory->differs && basis_is(&memory->source, facts->source))
		return FOLLOW_REST;
	if (memory->losses && basis_is(&memory->lost, loss_of(facts, arena)) && memory->next_ms > now_ms) {
		*ret_left_ms = memory->next_ms - now_ms;
		return FOLLOW_WAIT;
	}
	return FOLLOW_COMPARE;
}

void follow_note_compared(struct follow_memory *memory, const struct follow_facts *facts, const struct follow_outcome *outcome, int64_t now_ms)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *loss = loss_of(facts, arena);

	if (outcome->registered || outcome->outlived) {
		basis_set(&memory->source, facts->source);
		basis_set(&memory->held, outcome->held ? outcome->held : "");
		memory->differs = false;
		memory->outlived = outcome->outlived;
	}
	// The servers were said to hold none: a good token that they hold after all counts as if we had given it to them.
	if (outcome->registered ? !facts->gone : !outcome->called)
		return;
	memory->losses = basis_is(&memory->lost, loss) ? memory->losses + 1 : 1;
	basis_set(&memory->lost, loss);
	memory->next_ms = now_ms + delay_after(memory->losses);
}

void follow_note_look(struct follow_memory *memory, const char *held, bool connected)
{
	if (connected)
		memory->losses = 0;
	if (held && !memory->outlived && !basis_is(&memory->held, held))
		memory->differs = true;
}
