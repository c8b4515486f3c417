// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/volume_loss.h"

#include <string.h>

#include "base/buf.h"
#include "operator/object/deployment.h"

// Twenty servers have all of their names in it.
#define LIST_MAX ((size_t)8192)

// A claim that is about to be deleted still has its volume, and its server may still run.
static bool is_lost(const struct deployment *deployment, const char *pod, const char *before)
{
	const struct data_volume *volume = data_volume_of(deployment->volumes, deployment->n_volumes, names_ordinal(&deployment->names, pod));
	const struct pod *known = pod_named(deployment->pods, deployment->n_pods, pod);

	return (!known || !known->ready) && (!volume || !volume->volume || strcmp(volume->volume, before) != 0);
}

void volume_loss_judge(yyjson_val *servers, const struct deployment *deployment, struct arena *arena, struct volume_loss *ret)
{
	_cleanup_buf_ struct buf lost = BUF_INIT(LIST_MAX), left = BUF_INIT(LIST_MAX);
	size_t index, max, n_lost = 0, n = 0;
	yyjson_val *server;

	*ret = (struct volume_loss){0};
	yyjson_arr_foreach(servers, index, max, server) {
		const char *pod = yyjson_get_str(yyjson_obj_get(server, "pod")), *volume = yyjson_get_str(yyjson_obj_get(server, "volume"));
		int ordinal = pod ? names_ordinal(&deployment->names, pod) : -1;

		if (ordinal < 0 || ordinal >= deployment->dbms.servers || !volume)
			continue;
		n++;
		if (is_lost(deployment, pod, volume))
			buf_addf(&lost, "%s%.128s (volume '%.128s')", n_lost++ ? ", " : "", pod, volume);
		else
			buf_addf(&left, "%s%.128s", left.len ? ", " : "", pod);
	}
	if (n_lost == 0)
		return;
	ret->majority = 2 * n_lost >= n;
	ret->words = arena_printf(arena, "lost with what was on it: %s", buf_str(&lost));
	if (ret->majority && left.len)
		ret->words = arena_printf(arena,
					  "%s. That is too many of %zu servers: the others (%s) can neither write nor take new servers. The operator "
					  "deletes nothing; bind the lost volumes to their claims again, or dump the databases of the others and load "
					  "them into a new cluster",
					  ret->words, n, buf_str(&left));
	else if (ret->majority)
		ret->words = arena_printf(arena, "%s. Those are all servers: bind the lost volumes to their claims again, or restore the databases from "
						 "a backup",
					  ret->words);
}
