// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The output goes through the same inspection as validate's, so that nobody finds out only at kubectl apply that something is left to mend.

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cli/conversion.h"
#include "cli/inspection.h"
#include "cli/manifest_files.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/yaml_text.h"

static const struct flag flag_output = {"output", 'o', "FORMAT", "yaml json", "how: documents, or one object a line"};

struct converting {
	struct program *program;
	struct manifest *manifest;
	struct conversion conversion;
	struct inspection names; // only for inspection_subject()
	char *made;		 // all output
	size_t len, written, others;
	FILE *copy;
	bool wrong;
};

struct told {
	const struct conversion_note *note;
	int line;
};

static void write_object(struct converting *converting, yyjson_val *root)
{
	FILE *out = converting->program->streams.out;

	if (strcmp(invocation_value(&converting->program->call, &flag_output, "yaml"), "json") == 0) {
		(void)fprintf(out, "%s\n", json_val_text(converting->program->arena, root));
	} else {
		(void)fputs("---\n", out);
		yaml_text_write(root, out);
	}
	(void)fputs("---\n", converting->copy);
	yaml_text_write(root, converting->copy);
	converting->written++;
}

static void convert_all(struct converting *converting)
{
	size_t n;
	const struct manifest_object *objects = manifest_objects(converting->manifest, &n);

	for (size_t i = 0; i < n; i++) {
		size_t notes = converting->conversion.n;
		yyjson_val *root = conversion_make(&converting->conversion, &objects[i]);

		if (root)
			write_object(converting, root);
		else if (converting->conversion.n == notes)
			converting->others++;
	}
}

static const char *sentence(const struct converting *converting, const char *path, const char *text)
{
	struct arena *arena = converting->program->arena;

	return rendering_shown(arena, arena_printf(arena, "%s%s%s", path, *path ? ": " : "", text), "");
}

static int by_place(const void *a, const void *b)
{
	const struct told *one = a, *other = b;
	int order = strcmp(one->note->object->source, other->note->object->source);

	order = order ? order : one->line - other->line;
	return order ? order : strcmp(one->note->path, other->note->path);
}

// In the order of the manifests.
static void tell_notes(struct converting *converting)
{
	const struct conversion *conversion = &converting->conversion;
	struct told *told = arena_new_array(converting->program->arena, struct told, conversion->n + 1);

	for (size_t i = 0; i < conversion->n; i++) {
		const struct conversion_note *note = &conversion->notes[i];

		told[i] = (struct told){note, manifest_line(converting->manifest, note->object, note->path)};
	}
	qsort(told, conversion->n, sizeof(*told), by_place);
	for (size_t i = 0; i < conversion->n; i++) {
		const struct conversion_note *note = told[i].note;
		const char *subject = rendering_shown(converting->program->arena, inspection_subject(&converting->names, note->object), "");

		converting->wrong = converting->wrong || note->lost;
		program_note(converting->program, "%s:%d: %s: %s: %s", note->object->source, told[i].line, note->lost ? "left out" : "note", subject,
			     sentence(converting, note->path, note->text));
	}
}

// Reports fields that this operator has, with values that it does not take.
static int inspect_result(struct converting *converting, struct err *err)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(converting->program->arena);
	struct inspection inspection = {.arena = converting->program->arena, .manifest = manifest, .namespace = converting->names.namespace};
	int line;

	(void)fclose(converting->copy);
	if (manifest_read(manifest, "the result", converting->made, converting->len, &line, err) < 0)
		return ERR_INVALID;
	inspection_run(&inspection);
	for (size_t i = 0; i < inspection.n; i++) {
		const struct inspection_finding *finding = &inspection.findings[i];

		if (!finding->error || !finding->object)
			continue;
		converting->wrong = true;
		program_note(converting->program, "to be mended: %s: %s",
			     rendering_shown(converting->program->arena, inspection_subject(&inspection, finding->object), ""),
			     sentence(converting, finding->path, finding->text));
	}
	return 0;
}

static int finish(struct converting *converting, struct err *err)
{
	int r;

	tell_notes(converting);
	r = inspect_result(converting, err);
	free(converting->made);
	if (r < 0)
		return r;
	if (converting->others)
		program_note(converting->program, "%zu of other kinds left out: they stay as they are", converting->others);
	return converting->wrong ? EXIT_WRONG : EXIT_FINE;
}

static int run(struct program *program, struct err *err)
{
	_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(program->arena);
	struct converting converting = {.program = program, .manifest = manifest};
	int r = manifest_files_read(program, manifest, NULL, err);

	if (r < 0)
		return r;
	conversion_begin(&converting.conversion, program->arena);
	converting.names = (struct inspection){.arena = program->arena, .namespace = invocation_value(&program->call, &flag_namespace, "default")};
	converting.copy = open_memstream(&converting.made, &converting.len);
	if (!converting.copy)
		abort();
	convert_all(&converting);
	return finish(&converting, err);
}

static const struct flag *const flags[] = {&flag_filename, &flag_output, &flag_namespace, NULL};
static const struct command_exit exits[] = {{EXIT_WRONG, "something has no counterpart, or is to be mended by hand"}, {0}};

const struct command command_convert = {
	.name = "convert",
	.summary = "makes manifests of the Go operator of the same group into manifests of this one",
	.text = "Of its versions v1alpha1 and v1beta1. The result goes to standard output; standard error lists what has no counterpart with what to do instead, and what "
		"is in the result and would be refused. What says what is so here anyway, such as tls.mode disabled, goes without a word. Nobody is asked.\n\n"
		"Objects of other groups are left out, as they need no change. Read what was left out before you apply the result.",
	.example = "convert -f old/ > new.yaml\nconvert -f - < old.yaml",
	.flags = flags,
	.exits = exits,
	.run = run,
};
