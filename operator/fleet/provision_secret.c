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

int provision_look_at_secret(const struct provision_reader *reader, const char *owner, const char *mark, struct provision_kept *ret, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	int r = secret_cache_fetch(reader->keyring, reader->context->client, reader->name, &secret, err);
	const char *has;

	*ret = (struct provision_kept){.state = PROVISION_SECRET_NONE};
	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	has = yyjson_get_str(yyjson_obj_get(kube_object_get(secret, "/metadata/annotations"), PROVISION_TOKEN_ANNOTATION));
	ret->uid = arena_strdup(reader->texts, kube_object_uid(secret));
	ret->version = arena_strdup(reader->texts, kube_object_resource_version(secret));
	ret->token_try = provision_token_try(has);
	if (!yyjson_equals_str(yyjson_obj_get(kube_object_controller(secret), "uid"), owner))
		ret->state = PROVISION_SECRET_FOREIGN;
	else
		ret->state = mark && has && strcmp(has, mark) == 0 ? PROVISION_SECRET_FRESH : PROVISION_SECRET_OLD;
	return 0;
}

static char *encode(const char *text, struct arena *secrets)
{
	size_t len = strlen(text);
	char *coded = arena_alloc(secrets, (len + 2) / 3 * 4 + 1);

	(void)EVP_EncodeBlock((unsigned char *)coded, (const unsigned char *)text, (int)len);
	return coded;
}

static const char *secret_text(const struct dbms *dbms, const struct provision_token *token, struct arena *secrets)
{
	const char *const type[2] = {"v1", "Secret"};
	yyjson_mut_doc *doc = json_doc_new(secrets);
	yyjson_mut_val *metadata, *root = labels_object(doc, dbms, type, dbms->fleet.token_secret, &metadata);
	yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations"), *data;

	(void)yyjson_mut_obj_add_str(doc, annotations, PROVISION_TOKEN_ANNOTATION, token->mark ? token->mark : "");
	if (token->text && token->over->version) {
		(void)yyjson_mut_obj_add_str(doc, metadata, "uid", token->over->uid);
		(void)yyjson_mut_obj_add_str(doc, metadata, "resourceVersion", token->over->version);
	}
	(void)yyjson_mut_obj_add_str(doc, root, "type", "Opaque");
	data = yyjson_mut_obj_add_obj(doc, root, "data");
	(void)yyjson_mut_obj_add_str(doc, data, dbms->fleet.token_key, encode(token->text ? token->text : "", secrets));
	return json_text(secrets, doc);
}

// An apply makes what is not there, also where it was there a moment ago, and the operator before us has applied as the same field manager. So
// a new Secret is created, and another one is applied over the version that was read.
int provision_write_secret(const struct context *context, const struct dbms *dbms, const struct provision_token *token, struct err *err)
{
	_cleanup_(arena_freep) struct arena *secrets = arena_new();
	bool exists = token->over->version != NULL;
	const struct kube_apply_options options = {.field_manager = FIELD_MANAGER, .force = exists, .dry_run = !token->text, .secret = true};
	const char *text;

	arena_wipe_on_free(secrets);
	text = secret_text(dbms, token, secrets);
	if (token->text && !exists)
		return kube_create_secret(context->client, dbms->metadata.namespace, text, err);
	return kube_apply(context->client, &kube_secrets, token_name(dbms), text, &options, NULL, err);
}
