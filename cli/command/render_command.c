// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The children are the builders' own texts (cli/draft.h). They lack what only a cluster knows: the owner's uid, unless the manifest was read
// from a cluster, and the mark of a TLS certificate.

#include <string.h>

#include "base/json.h"
#include "cli/comparison.h"
#include "cli/draft.h"
#include "cli/manifest_files.h"
#include "cli/program.h"
#include "cli/yaml_text.h"

static const struct flag flag_output = {"output", 'o', "FORMAT", "yaml json", "how: json is one object a line, byte for byte as the operator builds it"};

static const struct flag flag_diff = {"diff", 0, NULL, NULL, "what would change of the objects that are live, as kubectl diff shows it; nothing is written"};

struct rendering {
	struct program *program;
	const struct manifest_object *objects;
	size_t n, rendered;
	const char *namespace;
	struct comparison comparison;
};

static bool is_compared(const struct rendering *rendering)
{
	return invocation_has(&rendering->program->call, &flag_diff);
}

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

static void write_child(const struct rendering *rendering, const char *text)
{
	const char *format = invocation_value(&rendering->program->call, &flag_output, "yaml");
	struct arena *arena = rendering->program->arena;
	FILE *out = rendering->program->streams.out;

	if (strcmp(format, "json") == 0) {
		(void)fprintf(out, "%s\n", text);
		return;
	}
	(void)fputs("---\n", out);
	yaml_text_write(json_parse(arena, text, strlen(text)), out);
}

static void note_claims(const struct rendering *rendering, const struct draft *draft)
{
	for (size_t i = 0; i < draft->claims.n; i++) {
		const struct plugin_claim *claim = &draft->claims.items[i];

		if (claim->verdict == CLAIM_REFUSED || claim->verdict == CLAIM_WAITING)
			program_note(rendering->program, "Neo4jPlugin '%s' is left out: %s", claim->plugin.metadata.name, claim->message);
	}
}

static void write_children(const struct rendering *rendering, const struct draft *draft)
{
	const char *children[CHILD_COUNT];
	size_t n = draft_children(draft, rendering->program->arena, children);

	for (size_t i = 0; i < n; i++)
		write_child(rendering, children[i]);
}

static int make_draft(struct rendering *rendering, const struct manifest_object *object, struct draft *ret, struct err *err)
{
	struct arena *arena = rendering->program->arena;
	yyjson_val **plugins = arena_new_array(arena, yyjson_val *, rendering->n);
	struct draft_source source = {.plugins = plugins, .namespace = namespace_of(rendering, object->root)};
	struct dbms dbms;
	int r = 0;

	source.root = manifest_without_nulls(object->root, arena);
	source.n_plugins = plugins_of(rendering, source.namespace, plugins);
	if (is_compared(rendering)) {
		r = dbms_decode(source.root, arena, &dbms, err);
		if (r == 0 && !*dbms.metadata.namespace)
			dbms.metadata.namespace = source.namespace;
		if (r == 0 && (r = comparison_begin(&rendering->comparison, &dbms, &source, err)) < 0)
			return r;
	}
	if (r < 0 || (r = draft_make(&source, arena, ret, err)) < 0)
		return err_wrap(err, "%s:%d", object->source, object->line);
	return 0;
}

static int render(struct rendering *rendering, const struct manifest_object *object, struct err *err)
{
	struct draft *draft = arena_alloc(rendering->program->arena, sizeof(*draft));
	int r = make_draft(rendering, object, draft, err);

	if (r < 0)
		return r;
	rendering->rendered++;
	note_claims(rendering, draft);
	if (is_compared(rendering))
		return comparison_run(&rendering->comparison, draft, err);
	write_children(rendering, draft);
	if (draft->dbms.tls_secret)
		program_note(rendering->program, "the pods' template of '%s' lacks the mark of the certificate in Secret '%s', which only the operator reads",
			     draft->dbms.metadata.name, draft->dbms.tls_secret);
	return 0;
}

static int connect_to_compare(struct rendering *rendering, struct err *err)
{
	struct program *program = rendering->program;
	int r;

	if (invocation_has(&program->call, &flag_output))
		return err_set(err, ERR_INVALID, "--diff has one form; leave --output out");
	r = program_connect(program, err);
	if (r == 0)
		rendering->namespace = program_namespace(program);
	return r;
}

static int run(struct program *program, struct err *err)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(program->arena);
	struct rendering rendering = {.program = program, .comparison = {.program = program}};
	int r = manifest_files_read(program, manifest, NULL, err);

	rendering.namespace = invocation_value(&program->call, &flag_namespace, "default");
	if (r == 0 && is_compared(&rendering))
		r = connect_to_compare(&rendering, err);
	rendering.objects = manifest_objects(manifest, &rendering.n);
	for (size_t i = 0; r == 0 && i < rendering.n; i++) {
		if (is_deployment(rendering.objects[i].root))
			r = render(&rendering, &rendering.objects[i], err);
	}
	if (r == 0 && !rendering.rendered)
		return err_set(err, ERR_INVALID, "there is no " API_KIND_CLUSTER " and no " API_KIND_STANDALONE " of " API_GROUP "/" API_VERSION " in what was read");
	return r < 0 ? r : rendering.comparison.differing ? EXIT_WRONG : EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_filename, &flag_output, &flag_diff, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com, neo4jenterprisestandalones.neo4j.neo4j.com", "with --diff, to find the deployment that is there", true},
	{"get", "statefulsets.apps, services, serviceaccounts, configmaps, poddisruptionbudgets.policy", "with --diff, to read the objects", true},
	{"list", "neo4jplugins.neo4j.neo4j.com", "with --diff, for the plugins that are there", false},
	{"patch", "statefulsets.apps, services, serviceaccounts, configmaps, poddisruptionbudgets.policy",
	 "with --diff, for a dry run; without it only the fields that the operator writes are compared", false},
	{0},
};
static const struct command_exit exits[] = {{EXIT_WRONG, "with --diff, something would change, or is in the way"}, {0}};

const struct command command_render = {
	.name = "render",
	.summary = "writes the objects that the operator would make of a manifest, or what would change of those that are live",
	.text = "As YAML documents in the order in which the operator applies them, for deployments of which nothing is there yet. Plugins that stand beside them count.\n\n"
		"The owner's reference is there only when the manifest has a uid, as one that was read from a cluster has. With TLS the pods' template lacks the mark "
		"of the certificate. A manifest that the operator would refuse is not rendered; see validate. Without --diff nobody is asked.\n\n"
		"With --diff each object is compared with the one that is live, and nothing is written. Only what the operator owns is shown: fields that it writes, and "
		"those that would go. The API server is asked by a dry run, which wants the right to patch the object and takes the defaults into account; without the "
		"right only the fields that the operator writes are compared. None of the objects is a Secret.",
	.example = "render -f orders.yaml\nrender -f orders.yaml -o json | jq .kind\nrender -f orders.yaml --diff # before kubectl apply",
	.flags = flags,
	.rights = rights,
	.exits = exits,
	.run = run,
};
