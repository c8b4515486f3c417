// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/provision_secret.h"

#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/json.h"
#include "operator/object/admin_secret.h"
#include "operator/object/labels.h"

#define ID_KEY "CLIENT_ID"
#define SECRET_KEY "CLIENT_SECRET"

static bool fail(struct provision_problem *ret, enum reason reason, const char *message)
{
	*ret = (struct provision_problem){reason, message};
	return false;
}

// A key's text without the white space around it, which editors and echo leave there.
static bool read_key(const struct provision_reader *reader, yyjson_val *secret, const char *key, const char **ret, struct provision_problem *ret_problem)
{
	size_t len;
	const char *value = secret_value(secret, key, reader->secrets, &len);
	char *text;

	if (!value)
		return fail(ret_problem, REASON_SECRET_KEY_NOT_FOUND,
			    arena_printf(reader->texts,
					 "Key '%s' not found in Secret '%s' (the keys are: %s); put the client credentials of the Aura API there, under " ID_KEY " and " SECRET_KEY,
					 key, reader->name.name, secret_keys(secret, reader->texts)));
	text = arena_memdup0(reader->secrets, value, len);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		text[--len] = '\0';
	*ret = text + strspn(text, " \t\r\n");
	if (**ret && strlen(text) == len)
		return true;
	return fail(ret_problem, REASON_SECRET_UNUSABLE,
		    arena_printf(reader->texts, "Key '%s' of Secret '%s' is empty or no text; put the client credentials of the Aura API there", key,
				 reader->name.name));
}

bool provision_read_credentials(const struct provision_reader *reader, struct aura_credential *ret, struct provision_problem *ret_problem)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const struct kube_name *name = &reader->name;
	struct err err = ERR_INIT;
	int r = secret_cache_fetch(reader->keyring, reader->context->client, *name, &secret, &err);

	if (r == ERR_NOT_FOUND)
		return fail(ret_problem, REASON_SECRET_NOT_FOUND,
			    arena_printf(reader->texts,
					 "Secret '%s' not found in namespace '%s'; create it there, with the client credentials of the Aura API under " ID_KEY " and " SECRET_KEY,
					 name->name, name->namespace));
	if (r < 0)
		return fail(ret_problem, REASON_SECRET_UNREADABLE,
			    arena_printf(reader->texts, "Secret '%s' cannot be read (%s); it is tried again", name->name, err.text));
	return read_key(reader, kube_object_root(secret), ID_KEY, &ret->id, ret_problem) &&
	       read_key(reader, kube_object_root(secret), SECRET_KEY, &ret->secret, ret_problem);
}

static struct kube_name token_name(const struct dbms *dbms)
{
	return (struct kube_name){.namespace = dbms->metadata.namespace, .name = dbms->fleet.token_secret};
}

int provision_look_at_secret(const struct context *context, struct secret_cache *keyring, const struct dbms *dbms, const char *mark,
			     enum provision_secret *ret, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	int r = secret_cache_fetch(keyring, context->client, token_name(dbms), &secret, err);
	yyjson_val *annotations;

	*ret = PROVISION_SECRET_NONE;
	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	annotations = kube_object_get(secret, "/metadata/annotations");
	if (!yyjson_equals_str(yyjson_obj_get(kube_object_controller(secret), "uid"), dbms->metadata.uid))
		*ret = PROVISION_SECRET_FOREIGN;
	else if (mark && yyjson_equals_str(yyjson_obj_get(annotations, PROVISION_TOKEN_ANNOTATION), mark))
		*ret = PROVISION_SECRET_FRESH;
	else
		*ret = PROVISION_SECRET_OLD;
	return 0;
}

static char *encode(const char *text, struct arena *secrets)
{
	size_t len = strlen(text);
	char *coded = arena_alloc(secrets, (len + 2) / 3 * 4 + 1);

	(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)text, (int)len);
	return coded;
}

// A new one is applied without force: where somebody else has made a Secret of this name a moment ago, it says another token, and the write is a
// conflict.
int provision_write_secret(const struct context *context, const struct dbms *dbms, const struct provision_token *token, struct err *err)
{
	_cleanup_(arena_freep) struct arena *secrets = arena_new();
	const char *const type[2] = {"v1", "Secret"};
	const struct kube_apply_options options = {
		.field_manager = FIELD_MANAGER, .force = token->replaces, .dry_run = !token->text, .secret = true};
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *metadata, *annotations, *data;

	arena_wipe_on_free(secrets);
	doc = json_doc_new(secrets);
	root = labels_object(doc, dbms, type, dbms->fleet.token_secret, &metadata);
	annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
	(void)yyjson_mut_obj_add_str(doc, annotations, PROVISION_TOKEN_ANNOTATION, token->mark ? token->mark : "");
	(void)yyjson_mut_obj_add_str(doc, root, "type", "Opaque");
	data = yyjson_mut_obj_add_obj(doc, root, "data");
	(void)yyjson_mut_obj_add_str(doc, data, dbms->fleet.token_key, encode(token->text ? token->text : "", secrets));
	return kube_apply(context->client, &kube_secrets, token_name(dbms), json_text(secrets, doc), &options, NULL, err);
}
