// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/volume_growth.h"

#include <string.h>

#include "base/clock.h"
#include "operator/object/kept.h"

// Nothing tells us when a storage class or a quota begins to allow growth.
#define RETRY_MS INT64_C(600000)

static void keep_refusal(struct volume_growth_memory *memory, const struct data_volume *volume, const char *size, const char *words)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	kept_set(memory->size, size);
	memory->next_ms = deadline_in_ms(RETRY_MS);
	kept_set(memory->message,
		 arena_printf(arena,
				"claim '%s' is not allowed to grow to %s (%s); its storage class must have "
				"allowVolumeExpansion: true",
				volume->name, size, words));
}

static int grow(const struct context *context, struct volume_growth_memory *memory, const struct dbms *dbms, const struct data_volume *volume,
		struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_name name = {.namespace = dbms->metadata.namespace, .name = volume->name};
	int r = kube_patch(context->client, &kube_persistentvolumeclaims, name, NULL, KUBE_PATCH_MERGE,
			   data_volume_growth_patch(volume, dbms, arena), NULL, err);

	if (r == ERR_FORBIDDEN || r == ERR_INVALID) {
		keep_refusal(memory, volume, dbms->storage.size, err->text);
	} else if (r < 0 && r != ERR_NOT_FOUND && r != ERR_CONFLICT) {
		return err_wrap(err, "cannot let claim '%s' grow", volume->name);
	}
	if (r < 0)
		err_clear(err);
	return 0;
}

int volume_growth_run(const struct context *context, struct volume_growth_memory *memory, const struct deployment *deployment, int servers,
		      struct volume_growth_result *ret, struct err *err)
{
	const struct dbms *dbms = &deployment->dbms;
	int r;

	*ret = (struct volume_growth_result){0};
	for (size_t i = 0; i < deployment->n_volumes; i++) {
		const struct data_volume *volume = &deployment->volumes[i];
		bool refused = strcmp(memory->size, dbms->storage.size) == 0;

		if (volume->ordinal >= servers || !data_volume_must_grow(volume, dbms))
			continue;
		if (!refused || deadline_left_ms(memory->next_ms) == 0) {
			kept_set(memory->size, "");
			ret->asked = true;
			r = grow(context, memory, dbms, volume, err);
			if (r < 0)
				return r;
		}
		if (!memory->size[0])
			continue;
		ret->note = memory->message;
		ret->again_after_ms = deadline_left_ms(memory->next_ms) + 1;
		return 0;
	}
	return 0;
}
