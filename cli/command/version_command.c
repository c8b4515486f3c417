// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The operator's image tells its version. The command looks for the operator by its label in all namespaces or, where the user may not, in one.

#include <string.h>

#include "base/json.h"
#include "base/release.h"
#include "cli/rendering.h"
#include "cli/kinds.h"
#include "cli/program.h"
#include "kube/client.h"

static const struct flag flag_client = {"client", 0, NULL, NULL, "this program's alone; no API server is asked"};
static const struct flag flag_output = {"output", 'o', "FORMAT", "json yaml", "how"};

struct operators {
	yyjson_mut_doc *doc;
	yyjson_mut_val *list;
};

static void add_operator(void *user, yyjson_val *item)
{
	const struct operators *operators = user;
	const char *image = yyjson_get_str(yyjson_ptr_get(item, "/spec/template/spec/containers/0/image"));
	yyjson_mut_val *operator = yyjson_mut_arr_add_obj(operators->doc, operators->list);

	yyjson_mut_obj_add_strcpy(operators->doc, operator, "namespace", yyjson_get_str(yyjson_ptr_get(item, "/metadata/namespace")));
	yyjson_mut_obj_add_strcpy(operators->doc, operator, "name", yyjson_get_str(yyjson_ptr_get(item, "/metadata/name")));
	yyjson_mut_obj_add_strcpy(operators->doc, operator, "image", image ? image : "");
	yyjson_mut_obj_add_int(operators->doc, operator, "replicas", yyjson_get_sint(yyjson_ptr_get(item, "/spec/replicas")));
	yyjson_mut_obj_add_int(operators->doc, operator, "readyReplicas", yyjson_get_sint(yyjson_ptr_get(item, "/status/readyReplicas")));
}

static int list(struct program *program, struct operators *operators, struct err *err)
{
	const struct kube_reader reader = {add_operator, operators};
	struct kube_selection selection = {.labels = KINDS_OPERATOR};
	struct err first = ERR_INIT;
	int r = kube_list(program->client, &kinds_deployments, &selection, &reader, &first);

	selection.namespace = program_namespace(program);
	if (r == ERR_FORBIDDEN)
		return kube_list(program->client, &kinds_deployments, &selection, &reader, err);
	if (r < 0)
		*err = first;
	return r;
}

static void write_text(struct program *program, yyjson_mut_val *operators)
{
	FILE *out = program->streams.out;
	size_t index, max;
	yyjson_mut_val *item;

	(void)fprintf(out, "client: %s\n", release_version);
	if (operators && yyjson_mut_arr_size(operators) == 0)
		(void)fputs("operator: none was found by its label\n", out);
	yyjson_mut_arr_foreach(operators, index, max, item) {
		(void)fprintf(out, "operator: %s (deployment %s/%s, %lld of %lld ready)\n", yyjson_mut_get_str(yyjson_mut_obj_get(item, "image")),
			      yyjson_mut_get_str(yyjson_mut_obj_get(item, "namespace")), yyjson_mut_get_str(yyjson_mut_obj_get(item, "name")),
			      (long long)yyjson_mut_get_sint(yyjson_mut_obj_get(item, "readyReplicas")),
			      (long long)yyjson_mut_get_sint(yyjson_mut_obj_get(item, "replicas")));
	}
}

static int run(struct program *program, struct err *err)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct operators operators = {.doc = doc};
	const char *format = invocation_value(&program->call, &flag_output, NULL);
	int r;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, root, "client", release_version);
	if (!invocation_has(&program->call, &flag_client)) {
		operators.list = yyjson_mut_obj_add_arr(doc, root, "operators");
		if ((r = program_connect(program, err)) < 0 || (r = list(program, &operators, err)) < 0) {
			if (!format)
				write_text(program, NULL);
			return r;
		}
	}
	if (!rendering_write(program, format, doc))
		write_text(program, operators.list);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_client, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {{"list", "deployments.apps", "to find the operator", false}, {0}};

const struct command command_version = {
	.name = "version",
	.summary = "shows the versions of this program and of the operator",
	.text = "The operator is found by its label, in all namespaces or, where you may not look there, in the one of the context or of --namespace.",
	.example = "version --client",
	.flags = flags,
	.rights = rights,
	.run = run,
};
