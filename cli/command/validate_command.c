// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "base/json.h"
#include "cli/inspection.h"
#include "cli/manifest_files.h"
#include "cli/program.h"
#include "cli/rendering.h"

static const struct flag flag_output = {"output", 'o', "FORMAT", "github json yaml", "how: annotations of GitHub's workflows, or a document"};

static int by_place(const void *a, const void *b)
{
	const struct inspection_finding *one = a, *other = b;
	int order = strcmp(one->source, other->source);

	order = order ? order : one->line - other->line;
	order = order ? order : strcmp(one->path, other->path);
	return order ? order : strcmp(one->text, other->text);
}

static const char *sentence(const struct inspection *inspection, const struct inspection_finding *finding)
{
	const char *path = finding->path;

	return arena_printf(inspection->arena, "%s%s%s", path, *path ? ": " : "", finding->text);
}

static void write_text(struct program *program, const struct inspection *inspection, const struct inspection_finding *finding)
{
	struct arena *arena = program->arena;
	const char *subject = finding->object ? arena_printf(arena, "%s: ", inspection_subject(inspection, finding->object)) : "";

	(void)fprintf(program->streams.out, "%s:%d: %s: %s%s\n", finding->source, finding->line, finding->error ? "error" : "warning",
		      rendering_shown(arena, subject, ""), rendering_shown(arena, sentence(inspection, finding), ""));
}

// Escapes what the workflow commands require in a value; two more characters in a property.
static void write_escaped(const char *text, bool property, FILE *out)
{
	for (; *text; text++) {
		if (strchr("%\r\n", *text) || (property && strchr(":,", *text)))
			(void)fprintf(out, "%%%02X", (unsigned char)*text);
		else
			(void)fputc(*text, out);
	}
}

static void write_github(struct program *program, const struct inspection *inspection, const struct inspection_finding *finding)
{
	FILE *out = program->streams.out;

	(void)fprintf(out, "::%s file=", finding->error ? "error" : "warning");
	write_escaped(finding->source, true, out);
	(void)fprintf(out, ",line=%d,title=", finding->line > 0 ? finding->line : 1);
	write_escaped(finding->object ? inspection_subject(inspection, finding->object) : "manifest", true, out);
	(void)fputs("::", out);
	write_escaped(sentence(inspection, finding), false, out);
	(void)fputc('\n', out);
}

static yyjson_mut_doc *document(struct program *program, const struct inspection *inspection)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_uint(doc, root, "good", inspection->good);
	yyjson_mut_obj_add_uint(doc, root, "refused", inspection->refused);
	yyjson_mut_obj_add_uint(doc, root, "otherKinds", inspection->others);
	list = yyjson_mut_obj_add_arr(doc, root, "findings");
	for (size_t i = 0; i < inspection->n; i++) {
		const struct inspection_finding *finding = &inspection->findings[i];
		yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, item, "severity", finding->error ? "error" : "warning");
		yyjson_mut_obj_add_str(doc, item, "file", finding->source);
		yyjson_mut_obj_add_int(doc, item, "line", finding->line);
		if (finding->object)
			yyjson_mut_obj_add_str(doc, item, "object", inspection_subject(inspection, finding->object));
		yyjson_mut_obj_add_str(doc, item, "path", finding->path);
		yyjson_mut_obj_add_str(doc, item, "message", finding->text);
	}
	return doc;
}

static void write_summary(struct program *program, const struct inspection *inspection)
{
	(void)fprintf(program->streams.out, "%zu good, %zu refused", inspection->good, inspection->refused);
	if (inspection->others)
		(void)fprintf(program->streams.out, ", %zu of other kinds not looked at", inspection->others);
	(void)fputc('\n', program->streams.out);
}

static int report(struct program *program, struct inspection *inspection)
{
	const char *format = invocation_value(&program->call, &flag_output, NULL);
	bool wrong = false;

	if (inspection->n > 1)
		qsort(inspection->findings, inspection->n, sizeof(*inspection->findings), by_place);
	for (size_t i = 0; i < inspection->n; i++)
		wrong = wrong || inspection->findings[i].error;
	if (rendering_write(program, format, document(program, inspection)))
		return wrong ? EXIT_WRONG : EXIT_FINE;
	for (size_t i = 0; i < inspection->n; i++)
		(format ? write_github : write_text)(program, inspection, &inspection->findings[i]);
	write_summary(program, inspection);
	return wrong ? EXIT_WRONG : EXIT_FINE;
}

static int run(struct program *program, struct err *err)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(program->arena);
	struct inspection inspection = {.arena = program->arena, .manifest = manifest};
	int r;

	inspection.namespace = invocation_value(&program->call, &flag_namespace, "default");
	r = manifest_files_read(program, manifest, &inspection, err);
	if (r < 0)
		return r;
	inspection_run(&inspection);
	return report(program, &inspection);
}

static const struct flag *const flags[] = {&flag_filename, &flag_output, &flag_namespace, NULL};
static const struct command_exit exits[] = {{EXIT_WRONG, "a manifest would be refused, or cannot be read as YAML"}, {0}};

const struct command command_validate = {
	.name = "validate",
	.summary = "says what admission and the operator would say of manifests, without asking them",
	.text = "Files, folders (their .yaml, .yml and .json) and standard input may hold several documents, Lists, and objects of other kinds, which are passed "
		"over. A field that the kind does not have is an error. Plugins are judged together with the deployments that stand beside them.\n\n"
		"What only a cluster knows is not looked at: whether Secrets exist, what a former version of the object forbids, other policies.",
	.example = "validate -f deploy/\nvalidate -f - -o github < manifest.yaml",
	.flags = flags,
	.exits = exits,
	.run = run,
};
