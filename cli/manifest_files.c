// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/manifest_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/input.h"

const struct flag flag_filename = {"filename", 'f', "FILE", NULL, "a file, a folder, or - for standard input; any number of times"};

struct reader {
	struct program *program;
	struct manifest *manifest;
	struct inspection *inspection;
};

static int read_file(const struct reader *reader, const char *path, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(MANIFEST_MAX_BYTES);
	struct err fault = ERR_INIT;
	int line, r = input_read(reader->program, path, &text, err);

	if (r < 0)
		return r;
	if (manifest_read(reader->manifest, input_name(path), buf_str(&text), text.len, &line, &fault) == 0)
		return 0;
	if (!reader->inspection)
		return err_set(err, ERR_INVALID, "%s:%d: %s", input_name(path), line, fault.text);
	inspection_add(reader->inspection, &(struct inspection_finding){
						   .error = true,
						   .source = arena_strdup(reader->program->arena, input_name(path)),
						   .line = line,
						   .path = "",
						   .text = arena_strdup(reader->program->arena, fault.text),
					   });
	return 0;
}

static int is_manifest(const struct dirent *entry)
{
	static const char *const ends[] = {".yaml", ".yml", ".json"};
	size_t len = strlen(entry->d_name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if (len > strlen(ends[i]) && strcmp(entry->d_name + len - strlen(ends[i]), ends[i]) == 0)
			return 1;
	}
	return 0;
}

static int read_folder(const struct reader *reader, const char *path, struct err *err)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_manifest, alphasort), r = 0;
	size_t len = strlen(path);

	if (n < 0)
		return err_set(err, ERR_INVALID, "%s cannot be read: %s", path, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (r == 0)
			r = read_file(reader, arena_printf(reader->program->arena, "%s%s%s", path, len && path[len - 1] == '/' ? "" : "/", entries[i]->d_name), err);
		free(entries[i]);
	}
	free(entries);
	return r < 0 || n > 0 ? r : err_set(err, ERR_INVALID, "%s holds no file whose name ends with .yaml, .yml or .json", path);
}

int manifest_files_read(struct program *program, struct manifest *manifest, struct inspection *inspection, struct err *err)
{
	const struct reader reader = {program, manifest, inspection};
	const struct invocation *call = &program->call;
	bool any = false;

	for (size_t i = 0; i < call->n_flags; i++) {
		const char *path = call->flags[i].value;
		struct stat st;
		int r;

		if (call->flags[i].flag != &flag_filename)
			continue;
		any = true;
		r = stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? read_folder(&reader, path, err) : read_file(&reader, path, err);
		if (r < 0)
			return r;
	}
	return any ? 0 : err_set(err, ERR_INVALID, "name the manifests with --filename FILE (- for standard input)");
}
