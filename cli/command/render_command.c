// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The children are the builders' own texts (cli/draft.h). What only a cluster knows is not in them: the owner's uid, unless the manifest was read from
// a cluster, and the mark of a TLS certificate.

#include <string.h>

#include "base/json.h"
#include "cli/draft.h"
#include "cli/manifest_files.h"
#include "cli/program.h"
#include "cli/yaml_text.h"

static const struct flag flag_output = {"output", 'o', "FORMAT", "yaml json", "how: json is one object a line, byte for byte as the operator builds it"};

struct rendering {
	struct program *program;
	const struct manifest_object *objects;
	size_t n, rendered;
	const char *namespace;
};

static bool is_deployment(yyjson_val *root)
{
	yyjson_val *kind = yyjson_obj_get(root, "kind");

	return yyjson_equals_str(yyjson_obj_get(root, "apiVersion"), API_GROUP "/" API_VERSION) &&
	       (yyjson_equals_str(kind, API_KIND_CLUSTER) || yyjson_equals_str(kind, API_KIND_STANDALONE));
}

static const char *namespace_of(const struct rendering *rendering, yyjson_val *root)
{
	const char *namespace = yyjson_get_str(yyjson_ptr_get(root, "/metadata/namespace"));

	return namespace && *namespace ? namespace : rendering->namespace;
}

static size_t plugins_of(const struct rendering *rendering, const char *namespace, yyjson_val **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < rendering->n; i++) {
		yyjson_val *root = rendering->objects[i].root;

		if (yyjson_equals_str(yyjson_obj_get(root, "kind"), API_KIND_PLUGIN) && strcmp(namespace_of(rendering, root), namespace) == 0)
			ret[n++] = manifest_without_nulls(root, rendering->program->arena);
	}
	return n;
}

// An owner without a uid is none: the API server would not take it.
static yyjson_val *without_owner(yyjson_val *child, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, child);
	const char *text;

	(void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(copy, "metadata"), "ownerReferences");
	yyjson_mut_doc_set_root(doc, copy);
	text = json_text(arena, doc);
	return json_parse(arena, text, strlen(text));
}

static void write_child(const struct rendering *rendering, const struct draft *draft, const char *text)
{
	const char *format = invocation_value(&rendering->program->call, &flag_output, "yaml");
	struct arena *arena = rendering->program->arena;
	yyjson_val *child = json_parse(arena, text, strlen(text));
	FILE *out = rendering->program->streams.out;

	if (!*draft->dbms.metadata.uid) {
		child = without_owner(child, arena);
		text = json_val_text(arena, child);
	}
	if (strcmp(format, "json") == 0) {
		(void)fprintf(out, "%s\n", text);
		return;
	}
	(void)fputs("---\n", out);
	yaml_text_write(child, out);
}

static void note_claims(const struct rendering *rendering, const struct draft *draft)
{
	for (size_t i = 0; i < draft->claims.n; i++) {
		const struct plugin_claim *claim = &draft->claims.items[i];

		if (claim->verdict == CLAIM_REFUSED || claim->verdict == CLAIM_WAITING)
			program_note(rendering->program, "Neo4jPlugin '%s' is left out: %s", claim->plugin.metadata.name, claim->message);
	}
}

static int render(struct rendering *rendering, const struct manifest_object *object, struct err *err)
{
	struct arena *arena = rendering->program->arena;
	yyjson_val **plugins = arena_new_array(arena, yyjson_val *, rendering->n);
	struct draft_source source = {.plugins = plugins, .namespace = namespace_of(rendering, object->root)};
	struct draft *draft = arena_alloc(arena, sizeof(*draft));
	const char *children[CHILD_COUNT];
	size_t n;

	source.root = manifest_without_nulls(object->root, arena);
	source.n_plugins = plugins_of(rendering, source.namespace, plugins);
	if (draft_make(&source, arena, draft, err) < 0)
		return err_wrap(err, "%s:%d", object->source, object->line);
	n = draft_children(draft, arena, children);
	for (size_t i = 0; i < n; i++)
		write_child(rendering, draft, children[i]);
	note_claims(rendering, draft);
	if (draft->dbms.tls_secret)
		program_note(rendering->program, "the pods' template of '%s' lacks the mark of the certificate in Secret '%s', which only the operator reads",
			     draft->dbms.metadata.name, draft->dbms.tls_secret);
	rendering->rendered++;
	return 0;
}

static int run(struct program *program, struct err *err)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(program->arena);
	struct rendering rendering = {.program = program};
	int r = manifest_files_read(program, manifest, NULL, err);

	rendering.namespace = invocation_value(&program->call, &flag_namespace, "default");
	rendering.objects = manifest_objects(manifest, &rendering.n);
	for (size_t i = 0; r == 0 && i < rendering.n; i++) {
		if (is_deployment(rendering.objects[i].root))
			r = render(&rendering, &rendering.objects[i], err);
	}
	if (r == 0 && !rendering.rendered)
		return err_set(err, ERR_INVALID, "there is no " API_KIND_CLUSTER " and no " API_KIND_STANDALONE " of " API_GROUP "/" API_VERSION " in what was read");
	return r < 0 ? r : EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_filename, &flag_output, &flag_namespace, NULL};

const struct command command_render = {
	.name = "render",
	.summary = "writes the objects that the operator would make of a manifest, without asking anybody",
	.text = "As YAML documents in the order in which the operator applies them, for deployments of which nothing is there yet. Plugins that stand beside them count.\n\n"
		"The owner's reference is there only when the manifest has a uid, as one that was read from a cluster has. With TLS the pods' template lacks the mark "
		"of the certificate. A manifest that the operator would refuse is not rendered; see validate.",
	.example = "render -f orders.yaml\nrender -f orders.yaml -o json | jq .kind",
	.flags = flags,
	.run = run,
};
