// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The kubelet keeps the last 2048 bytes of a log, and a stack trace of Java may be longer. A log may hold anything, so only the line that names
// the cause is kept of it, as of what the kubelet kept.

#include "operator/cluster/end_log.h"

#include <string.h>

#include "base/steps.h"
#include "operator/object/kept.h"
#include "operator/object/last_words.h"
#include "operator/object/names.h"

// The longest trace of a server that was seen has 90 lines and 10 KiB.
#define LINES 200
#define MAX_BYTES ((size_t)64 * 1024)
#define TIMEOUT_MS 5000

static const char *basis_of(const struct pod *pod, struct arena *arena)
{
	return arena_printf(arena, "%s %s", pod->uid ? pod->uid : "", pod->cut_end);
}

static struct end_log *find(struct end_log_memory *memory, const char *basis)
{
	for (size_t i = 0; i < END_LOGS; i++) {
		if (basis_is(&memory->logs[i].end, basis))
			return &memory->logs[i];
	}
	return NULL;
}

// An end that none of the pods tells any more leaves its place to another one; NULL: there is none such.
static struct end_log *make_room(struct end_log_memory *memory, const struct deployment *deployment, struct arena *arena)
{
	bool used[END_LOGS] = {false};

	for (size_t i = 0; i < deployment->n_pods; i++) {
		const struct pod *pod = &deployment->pods[i];
		struct end_log *log = pod->cut_end ? find(memory, basis_of(pod, arena)) : NULL;

		if (log)
			used[log - memory->logs] = true;
	}
	for (size_t i = 0; i < END_LOGS; i++) {
		if (!used[i])
			return &memory->logs[i];
	}
	return NULL;
}

static void keep_words(struct end_log *log, const struct buf *text, struct arena *arena)
{
	bool cut;
	const char *words = last_words_of_bytes(buf_str(text), text->len, &cut, arena);

	kept_set(log->words, cut ? "" : words);
}

static void ask(const struct context *context, const char *namespace, const struct pod *pod, struct end_log *log, struct arena *arena)
{
	const struct kube_log wanted = {CONTAINER_NAME, .previous = true, .lines = LINES, .max_bytes = MAX_BYTES, .timeout_ms = TIMEOUT_MS};
	_cleanup_buf_ struct buf text = BUF_INIT(1);
	struct err err = ERR_INIT;
	STEP("reading the log of a container that has ended");

	*log = (struct end_log){.words = ""};
	basis_set(&log->end, basis_of(pod, arena));
	if (kube_get_log(context->client, (struct kube_name){namespace, pod->name}, &wanted, &text, &err) == 0)
		keep_words(log, &text, arena);
}

const struct pod *end_log_look(const struct context *context, struct end_log_memory *memory, const struct deployment *deployment, struct arena *arena)
{
	const struct pod *pods = deployment->pods;
	struct pod *told = NULL;

	for (size_t i = 0; i < deployment->n_pods; i++) {
		struct end_log *log = pods[i].cut_end ? find(memory, basis_of(&pods[i], arena)) : NULL;

		if (!pods[i].cut_end)
			continue;
		if (!log && (log = make_room(memory, deployment, arena)))
			ask(context, deployment->dbms.metadata.namespace, &pods[i], log, arena);
		if (!log || !*log->words)
			continue;
		if (!told) {
			told = arena_new_array(arena, struct pod, deployment->n_pods);
			memcpy(told, pods, deployment->n_pods * sizeof(*pods));
		}
		pod_tell_end(&told[i], arena_strdup(arena, log->words), arena);
	}
	return told ? told : pods;
}
