// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any JSON as a pod and as a claim of a deployment, whatever others wrote into them. What is read of a pod is
// consistent; a claim counts as leaving only with our own mark, and a patch of ours does what it is for (B8).

#include <string.h>

#include "base/json.h"
#include "operator/object/data_volume.h"
#include "operator/object/pod.h"
#include "test/fuzz/fuzz.h"

#define WORDS_MAX 400

static const struct names names = {.workload = "n-server", .domain = "n-headless.x.svc.cluster.local"};
static const struct dbms dbms = {.kind = DBMS_CLUSTER, .metadata = {.name = "n", .namespace = "x", .uid = "u-1"}, .storage = {.size = "2Gi"}};

static void check_pod(yyjson_val *root, struct arena *arena)
{
	struct pod pod;

	pod_read(root, arena, &pod);
	must(!pod.ready || !pod.problem);
	must(pod.ends == pod.restarts || pod.ends - pod.restarts == 1);
	must(!pod.last_words || (strlen(pod.last_words) < WORDS_MAX && !strchr(pod.last_words, '\n')));
	must(!pod.problem || *pod.problem);
	must(!pod.started_at || !pod.last_words || pod.ready || pod.problem);
}

static yyjson_val *patched(yyjson_val *root, const char *patch, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	const char *text;

	yyjson_mut_doc_set_root(doc, yyjson_merge_patch(doc, root, json_parse(arena, patch, strlen(patch))));
	text = json_text(arena, doc);
	return json_parse(arena, text, strlen(text));
}

static void check_marks(yyjson_val *root, const struct data_volume *volume, struct arena *arena)
{
	yyjson_val *mark = yyjson_ptr_get(root, "/metadata/annotations/neofleet.neo4j.com~1leaving");
	yyjson_val *after = patched(root, data_volume_leaving_patch(volume, &dbms, arena), arena);
	struct data_volume marked;

	must(!volume->leaving || yyjson_equals_str(mark, dbms.metadata.uid));
	must(!volume->deallocated || (volume->leaving && *volume->deallocated));
	must(data_volume_read(after, &dbms, &names, &marked) && marked.leaving && marked.ordinal == volume->ordinal);
	must(!volume->uid || strcmp(marked.uid, volume->uid) == 0);
	after = patched(after, data_volume_deallocated_patch(&marked, &dbms, "s-1", arena), arena);
	must(data_volume_read(after, &dbms, &names, &marked) && marked.leaving && marked.deallocated && strcmp(marked.deallocated, "s-1") == 0);
	must(!data_volume_must_grow(&marked, &dbms));
}

static void check_volume(yyjson_val *root, struct arena *arena)
{
	struct data_volume volume, grown;

	if (!data_volume_read(root, &dbms, &names, &volume))
		return;
	must(strcmp(volume.name, names_claim(&names, volume.ordinal, arena)) == 0);
	// A merge patch is of an object that is one: the API server has nothing else under metadata.
	if (!yyjson_is_obj(root))
		return;
	check_marks(root, &volume, arena);
	if (!data_volume_must_grow(&volume, &dbms))
		return;
	must(data_volume_read(patched(root, data_volume_growth_patch(&volume, &dbms, arena), arena), &dbms, &names, &grown));
	must(strcmp(grown.size, dbms.storage.size) == 0 && !data_volume_must_grow(&grown, &dbms));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *root = json_parse(arena, (const char *)data, size);

	if (!root)
		return 0;
	check_pod(root, arena);
	check_volume(root, arena);
	return 0;
}
