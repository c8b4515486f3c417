// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The record is small JSON in an annotation. A finalizer is needed to hold the resource; the record alone says what to delete, since the spec may
// have changed, or may be invalid by then.

#include "operator/fleet/provision_record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "operator/object/digest.h"

#define RECORD_MAX ((size_t)4096)
#define NAME_MAX_CHARS 30
#define CUT_CHARS 22
#define CUT_DIGITS 7

const char *provision_record_annotation(yyjson_val *root)
{
	yyjson_val *annotations = yyjson_obj_get(yyjson_obj_get(root, "metadata"), "annotations");

	return yyjson_get_str(yyjson_obj_get(annotations, PROVISION_ANNOTATION));
}

static bool take(yyjson_val *record, const char *key, struct arena *arena, const char **ret)
{
	const char *text = yyjson_get_str(yyjson_obj_get(record, key));

	if (!text || !*text)
		return false;
	*ret = arena_strdup(arena, text);
	return true;
}

bool provision_record_read(yyjson_val *root, struct arena *arena, struct provision_record *ret)
{
	const char *text = provision_record_annotation(root), *uid = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "metadata"), "uid"));
	yyjson_val *record;
	int64_t at_ms;

	*ret = (struct provision_record){0};
	if (!text || !uid || strlen(text) > RECORD_MAX)
		return false;
	record = json_parse(arena, text, strlen(text));
	if (!yyjson_equals_str(yyjson_obj_get(record, "uid"), uid))
		return false;
	(void)take(record, "id", arena, &ret->id);
	(void)take(record, "tokenAt", arena, &ret->token_at);
	ret->token_tries = yyjson_get_sint(yyjson_obj_get(record, "tokenTries"));
	ret->tries = yyjson_get_sint(yyjson_obj_get(record, "tries"));
	return take(record, "credentials", arena, &ret->credentials) && take(record, "organization", arena, &ret->organization) &&
	       take(record, "project", arena, &ret->project) && take(record, "name", arena, &ret->name) &&
	       take(record, "connectionUrl", arena, &ret->connection_url) && take(record, "at", arena, &ret->at) &&
	       time_parse_rfc3339(ret->at, &at_ms) == 0;
}

// Two resources must not share a name only because it was cut.
static const char *default_name(const struct dbms_metadata *metadata, struct arena *arena)
{
	const char *whole = arena_printf(arena, "%s-%s", metadata->namespace, metadata->name);

	if (strlen(whole) <= NAME_MAX_CHARS)
		return whole;
	return arena_printf(arena, "%.*s-%.*s", CUT_CHARS, whole, CUT_DIGITS,
			    digest_of(arena_printf(arena, "%s/%s", metadata->namespace, metadata->name), arena));
}

static const char *time_text(int64_t now_ms, struct arena *arena)
{
	char text[TIME_TEXT_SIZE];

	time_format_rfc3339(now_ms, text, sizeof(text));
	return arena_strdup(arena, text);
}

void provision_record_begin(const struct dbms *dbms, const struct names *names, int64_t now_ms, struct arena *arena, struct provision_record *ret)
{
	const struct dbms_provision *provision = &dbms->fleet.provision;

	*ret = (struct provision_record){
		.credentials = provision->credentials,
		.organization = provision->organization,
		.project = provision->project,
		.name = provision->name ? provision->name : default_name(&dbms->metadata, arena),
		.connection_url = provision->connection_url,
		.at = time_text(now_ms, arena),
		.tries = 1,
	};
	if (!ret->connection_url)
		ret->connection_url = arena_printf(arena, "neo4j%s://%s.%s.svc.%s:7687", dbms->tls_secret ? "+s" : "", names->client,
						   dbms->metadata.namespace, dbms->cluster_domain);
}

struct provision_record provision_record_again(const struct provision_record *record, int64_t now_ms, struct arena *arena)
{
	struct provision_record again = *record;

	again.at = time_text(now_ms, arena);
	again.tries++;
	return again;
}

struct provision_record provision_record_token_again(const struct provision_record *record, int64_t kept_try, int64_t now_ms, struct arena *arena)
{
	struct provision_record again = *record;

	again.token_at = time_text(now_ms, arena);
	// The Secret may be older than the record.
	again.token_tries = (kept_try > record->token_tries ? kept_try : record->token_tries) + 1;
	return again;
}

const char *provision_record_text(const struct provision_record *record, const char *uid, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	if (record->id)
		(void)yyjson_mut_obj_add_str(doc, root, "id", record->id);
	(void)yyjson_mut_obj_add_str(doc, root, "name", record->name);
	(void)yyjson_mut_obj_add_str(doc, root, "connectionUrl", record->connection_url);
	(void)yyjson_mut_obj_add_str(doc, root, "organization", record->organization);
	(void)yyjson_mut_obj_add_str(doc, root, "project", record->project);
	(void)yyjson_mut_obj_add_str(doc, root, "credentials", record->credentials);
	(void)yyjson_mut_obj_add_str(doc, root, "at", record->at);
	(void)yyjson_mut_obj_add_int(doc, root, "tries", record->tries);
	if (record->token_at) {
		(void)yyjson_mut_obj_add_str(doc, root, "tokenAt", record->token_at);
		(void)yyjson_mut_obj_add_int(doc, root, "tokenTries", record->token_tries);
	}
	(void)yyjson_mut_obj_add_str(doc, root, "uid", uid);
	return json_text(arena, doc);
}

static bool is_wanted(const char *wanted, const char *recorded)
{
	return !wanted || strcmp(wanted, recorded) == 0;
}

bool provision_record_fits(const struct provision_record *record, const struct dbms *dbms)
{
	const struct dbms_provision *provision = &dbms->fleet.provision;

	return is_wanted(provision->organization, record->organization) && is_wanted(provision->project, record->project) &&
	       is_wanted(provision->name, record->name) && is_wanted(provision->connection_url, record->connection_url);
}

static int64_t settles_in_ms(const char *at, int64_t now_ms)
{
	int64_t at_ms, left;

	if (!at || time_parse_rfc3339(at, &at_ms) < 0)
		return 0;
	left = at_ms + PROVISION_SETTLED_MS - now_ms;
	if (left <= 0)
		return 0;
	// A clock that was set back must not make it wait for longer.
	return left < PROVISION_SETTLED_MS ? left : PROVISION_SETTLED_MS;
}

int64_t provision_record_left_ms(const struct provision_record *record, int64_t now_ms)
{
	return settles_in_ms(record->at, now_ms);
}

int64_t provision_record_token_left_ms(const struct provision_record *record, int64_t now_ms)
{
	return settles_in_ms(record->token_at, now_ms);
}

// A record of an earlier version counts no tries, and its tokens have no number.
const char *provision_token_mark(const struct provision_record *record, const char *last_registration, struct arena *arena)
{
	const char *digest = digest_of(arena_printf(arena, "%s %s", record->id, last_registration ? last_registration : ""), arena);

	return record->token_tries ? arena_printf(arena, "%s-%lld", digest, (long long)record->token_tries) : digest;
}

int64_t provision_token_try(const char *mark)
{
	const char *number = mark ? strrchr(mark, '-') : NULL;

	return number ? strtoll(number + 1, NULL, 10) : 0;
}

static bool is_ours(yyjson_val *finalizer)
{
	return yyjson_equals_str(finalizer, PROVISION_FINALIZER);
}

bool provision_has_finalizer(yyjson_val *root)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(root, "metadata"), "finalizers"));
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (is_ours(item))
			return true;
	}
	return false;
}

// A merge patch replaces a list as a whole; others' finalizers stay.
static void add_finalizers(yyjson_mut_doc *doc, yyjson_mut_val *metadata, yyjson_val *root, bool wanted)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_obj_get(yyjson_obj_get(root, "metadata"), "finalizers"));
	yyjson_mut_val *list;
	yyjson_val *item;

	if (wanted == provision_has_finalizer(root))
		return;
	list = yyjson_mut_obj_add_arr(doc, metadata, "finalizers");
	while ((item = yyjson_arr_iter_next(&iter))) {
		if (!is_ours(item))
			(void)yyjson_mut_arr_append(list, yyjson_val_mut_copy(doc, item));
	}
	if (wanted)
		(void)yyjson_mut_arr_add_str(doc, list, PROVISION_FINALIZER);
}

const char *provision_patch(yyjson_val *root, const struct provision_write *write, struct arena *arena)
{
	yyjson_val *version = yyjson_obj_get(yyjson_obj_get(root, "metadata"), "resourceVersion");
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *patch = yyjson_mut_obj(doc), *metadata, *annotations;

	yyjson_mut_doc_set_root(doc, patch);
	metadata = yyjson_mut_obj_add_obj(doc, patch, "metadata");
	(void)yyjson_mut_obj_add_val(doc, metadata, "resourceVersion", yyjson_val_mut_copy(doc, version));
	if (!write->keep_record) {
		annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
		if (write->record)
			(void)yyjson_mut_obj_add_str(doc, annotations, PROVISION_ANNOTATION, write->record);
		else
			(void)yyjson_mut_obj_add_null(doc, annotations, PROVISION_ANNOTATION);
	}
	add_finalizers(doc, metadata, root, write->finalizer);
	return json_text(arena, doc);
}
