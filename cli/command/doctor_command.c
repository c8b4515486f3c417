// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/diagnosis.h"

#include <string.h>

#include "base/json.h"
#include "base/plural.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/text_table.h"

static const struct flag flag_output = {"output", 'o', "FORMAT", "json yaml", "how"};

static void write_finding(struct program *program, const struct diagnosis_finding *finding)
{
	FILE *out = program->streams.out;

	colour_write(out, program->streams.colours, finding->error ? COLOUR_BAD : COLOUR_BUSY, finding->error ? "error" : "warning");
	(void)fprintf(out, "  %s  %s\n", finding->subject, finding->cause);
	(void)fprintf(out, "    cure: %s\n", finding->cure);
	if (finding->command)
		(void)fprintf(out, "    type: %s\n", finding->command);
}

static yyjson_mut_doc *document(struct program *program, const struct diagnosis *diagnosis)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_uint(doc, root, "deployments", diagnosis->looked_at);
	list = yyjson_mut_obj_add_arr(doc, root, "findings");
	for (size_t i = 0; i < diagnosis->n; i++) {
		const struct diagnosis_finding *finding = &diagnosis->findings[i];
		yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, item, "severity", finding->error ? "error" : "warning");
		yyjson_mut_obj_add_str(doc, item, "subject", finding->subject);
		yyjson_mut_obj_add_str(doc, item, "cause", finding->cause);
		yyjson_mut_obj_add_str(doc, item, "cure", finding->cure);
		if (finding->command)
			yyjson_mut_obj_add_str(doc, item, "command", finding->command);
	}
	list = yyjson_mut_obj_add_arr(doc, root, "unread");
	for (size_t i = 0; i < diagnosis->n_unread; i++)
		yyjson_mut_arr_add_str(doc, list, diagnosis->unread[i]);
	return doc;
}

static int report(struct program *program, const struct diagnosis *diagnosis)
{
	size_t errors = 0;

	for (size_t i = 0; i < diagnosis->n; i++)
		errors += diagnosis->findings[i].error;
	if (!rendering_write(program, invocation_value(&program->call, &flag_output, NULL), document(program, diagnosis))) {
		for (size_t i = 0; i < diagnosis->n; i++)
			write_finding(program, &diagnosis->findings[i]);
		(void)fprintf(program->streams.out, "%zu deployment%s looked at: %zu error%s, %zu warning%s\n", diagnosis->looked_at,
			      plural(diagnosis->looked_at), errors, plural(errors), diagnosis->n - errors, plural(diagnosis->n - errors));
		for (size_t i = 0; i < diagnosis->n_unread; i++)
			program_note(program, "not looked at: %s", diagnosis->unread[i]);
	}
	return errors ? EXIT_WORSE : diagnosis->n ? EXIT_WRONG : EXIT_FINE;
}

static int run(struct program *program, struct err *err)
{
	const struct invocation *call = &program->call;
	struct diagnosis diagnosis = {.program = program};
	int r;

	if (call->n_args && (invocation_has(call, &flag_all_namespaces) || invocation_has(call, &flag_selector)))
		return err_set(err, ERR_INVALID, "a NAME is of one namespace: --all-namespaces and --selector are for lists");
	if ((r = program_connect(program, err)) < 0 || (r = diagnosis_make(&diagnosis, call->n_args ? call->args[0] : NULL, err)) < 0)
		return r;
	return report(program, &diagnosis);
}

static const struct flag *const flags[] = {&flag_all_namespaces, &flag_selector, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"list", "neo4jenterpriseclusters.neo4j.neo4j.com", "the clusters; get, with NAME", true},
	{"list", "neo4jenterprisestandalones.neo4j.neo4j.com", "the standalones; get, with NAME", true},
	{"list", "deployments.apps", "the operator, in all namespaces", false},
	{"get", "secrets", "whether password, token and certificate are of use", false},
	{"list", "pods", "why a server is not ready", false},
	{"get", "pods/log", "why a server ended, where the pod has only the end of a stack trace", false},
	{"list", "persistentvolumeclaims", "whether the volumes are there", false},
	{"list", "neo4jplugins.neo4j.neo4j.com", "plugins that failed", false},
	{"list", "networkpolicies.networking.k8s.io", "whether they may keep servers from Aura or from the operator", false},
	{"list", "resourcequotas", "whether one is used up", false},
	{0},
};
static const struct command_exit exits[] = {{EXIT_WRONG, "there are warnings"}, {EXIT_WORSE, "there are errors"}, {0}};

const struct command command_doctor = {
	.name = "doctor",
	.args = "[NAME]",
	.summary = "says what is wrong, why, and what to type",
	.text = "Looks at the operator, at the deployments of a namespace, of all (-A) or at one, at their Secrets, pods, volumes, plugins, network policies and quotas, and at what their status says. "
		"Nothing is changed, no server is asked, and nothing of a Secret is shown but what is wrong with it. What you may not read is named.",
	.example = "doctor -A\ndoctor orders -n shop",
	.flags = flags,
	.rights = rights,
	.exits = exits,
	.max_args = 1,
	.run = run,
};
