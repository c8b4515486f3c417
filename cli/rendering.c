// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/rendering.h"

#include <ctype.h>
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

const char *rendering_shown(struct arena *arena, const char *text, const char *otherwise)
{
	char *shown, *to;

	if (!text)
		return otherwise;
	to = shown = arena_strdup(arena, text);
	for (const char *c = text; *c; c++) {
		// Unicode's control characters beyond ASCII are C2 80 to C2 9F.
		bool beyond = (unsigned char)c[0] == 0xC2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xA0;

		*to++ = beyond || iscntrl((unsigned char)*c) ? '?' : *c;
		c += beyond;
	}
	*to = '\0';
	return shown;
}
