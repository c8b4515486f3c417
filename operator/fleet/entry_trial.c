// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/entry_trial.h"

#include <assert.h>
#include <string.h>

#include "base/json.h"

#define ENDS_THAT_FAIL 3
#define ABSENT "absent "
#define TRIAL "trial "
#define PASSED "passed "

static bool begins(const char *text, const char *word)
{
	return text && strncmp(text, word, strlen(word)) == 0;
}

// The part of a record after its first word.
static const char *base_of(const char *record)
{
	const char *space = record ? strchr(record, ' ') : NULL;

	return space ? space + 1 : "";
}

void entry_trial_compare(const struct workload_inputs *with, const struct workload_inputs *without, struct arena *arena,
			 struct entry_trial_facts *facts)
{
	facts->base = workload_template_digest(without, arena);
	facts->entry = strcmp(facts->base, workload_template_digest(with, arena)) != 0;
}

const char *entry_trial_record(const struct entry_trial_facts *facts, struct arena *arena)
{
	bool same = strcmp(base_of(facts->record), facts->base) == 0;
	const char *word = PASSED;

	// Without a base every template would count as the same.
	assert(*facts->base);
	if (!facts->entry)
		word = ABSENT;
	else if (same && (begins(facts->record, ABSENT) || (begins(facts->record, TRIAL) && !facts->settled)))
		word = TRIAL;
	return arena_printf(arena, "%s%s", word, facts->base);
}

bool entry_trial_has_entry(const char *record)
{
	return begins(record, TRIAL) || begins(record, PASSED);
}

bool entry_trial_is_running(const char *record)
{
	return begins(record, TRIAL);
}

const struct pod *entry_trial_failure(const char *record, const char *revision, const struct pod *pods, size_t n)
{
	for (size_t i = 0; i < n && revision && entry_trial_is_running(record); i++) {
		const struct pod *pod = &pods[i];

		if (!pod->ready && !pod->terminating && pod->ends >= ENDS_THAT_FAIL && pod->revision &&
		    strcmp(pod->revision, revision) == 0)
			return pod;
	}
	return NULL;
}

const char *entry_trial_withdrawal_print(const struct entry_trial_withdrawal *withdrawal, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "image", withdrawal->image);
	(void)yyjson_mut_obj_add_sint(doc, root, "generation", withdrawal->generation);
	(void)yyjson_mut_obj_add_str(doc, root, "lastWords", withdrawal->words);
	return json_text(arena, doc);
}

bool entry_trial_withdrawal_holds(const char *text, const char *image, int64_t generation, struct arena *arena,
				  struct entry_trial_withdrawal *ret)
{
	yyjson_val *root = text ? json_parse(arena, text, strlen(text)) : NULL;
	const char *words = yyjson_get_str(yyjson_obj_get(root, "lastWords"));

	*ret = (struct entry_trial_withdrawal){.image = image, .generation = generation, .words = words ? words : ""};
	return yyjson_equals_str(yyjson_obj_get(root, "image"), image) &&
	       yyjson_get_sint(yyjson_obj_get(root, "generation")) == generation;
}
