// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/end_words.h"

#include "kube/client.h"
#include "operator/object/last_words.h"
#include "operator/object/names.h"

// As many lines as the operator reads.
#define LINES 200
#define MAX_BYTES ((size_t)64 * 1024)

void end_words_look(const struct program *program, const char *namespace, struct pod *pod)
{
	const struct kube_log wanted = {CONTAINER_NAME, .previous = true, .lines = LINES, .max_bytes = MAX_BYTES};
	_cleanup_buf_ struct buf log = BUF_INIT(1);
	struct err err = ERR_INIT;
	const char *words;
	bool cut;

	if (!pod->cut_end || kube_get_log(program->client, (struct kube_name){namespace, pod->name}, &wanted, &log, &err) < 0)
		return;
	words = last_words_of_bytes(buf_str(&log), log.len, &cut, program->arena);
	if (words && !cut)
		pod_tell_end(pod, words, program->arena);
}
