// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/rendering.h"

#include <string.h>

#include "base/json.h"
#include "cli/yaml_text.h"

bool rendering_write(struct program *program, const char *format, const yyjson_mut_doc *doc)
{
	yyjson_alc alc = json_alc(program->arena);
	const char *text = json_text(program->arena, doc);
	yyjson_val *val;

	if (!format || (strcmp(format, "json") != 0 && strcmp(format, "yaml") != 0))
		return false;
	val = json_parse(program->arena, text, strlen(text));
	if (strcmp(format, "yaml") == 0)
		yaml_text_write(val, program->streams.out);
	else
		(void)fprintf(program->streams.out, "%s\n", yyjson_val_write_opts(val, YYJSON_WRITE_PRETTY_TWO_SPACES, &alc, NULL, NULL));
	return true;
}
