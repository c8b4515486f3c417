// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The last line is seldom the cause: Neo4j ends in "Stopped.", its start-up tool in advice, Java in "Program will exit.", a trace in frames. So
// the code reads lines from the end and takes the first of the best kind. From a trace it takes the last two causes, since the innermost alone
// ("Not a SEQUENCE") may say too little, and so may the one around it; where a trace has one cause, the trace's head stands before it. What the
// trace calls suppressed is left out. The code reads no further than the head of the last trace or the last error: what stands before is another
// matter. Tested with the ends of real servers (test/neo4j/last-words.json).

#include "operator/object/last_words.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#define LINES_MAX 200
#define WORDS_MAX 280

static bool begins(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

// The head of a trace that says nothing: "jdk.internal.agent.AgentConfigurationError".
static bool is_bare_throwable(const char *line)
{
	size_t len = strlen(line);

	return !strpbrk(line, ": \t") && strchr(line, '.') && ((len > 5 && !strcmp(line + len - 5, "Error")) || (len > 9 && !strcmp(line + len - 9, "Exception")));
}

// A line that begins so says nothing by itself.
static bool is_remark(const char *line)
{
	static const char *const remarks[] = {
		"Run with '--verbose'",
		"Configuration contains errors.",
		"Configuration file validation failed.",
		"Skipping Log4j validation",
		"Validating Neo4j configuration",
		"Validating user Log4j configuration",
		"Validating server Log4j configuration",
		"Error: Could not create the Java Virtual Machine.",
		"Error: A fatal exception has occurred.",
		"Error occurred during initialization of VM",
		"WARNING:",
		"Full exception",
		"agent library failed",
		"JDWP exit error",
		"ERROR: JDWP Transport",
	};

	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++)
		if (begins(line, remarks[i]))
			return true;
	return strstr(line, "issue found.") || strstr(line, "issues found.") || is_bare_throwable(line);
}

// The image's entrypoint says why it gives up, and then how to start it another way; each on a line.
static bool is_verdict(const char *line)
{
	static const char *const verdicts[] = {"is not a known Neo4j plugin", "is not accessible for user", "must accept the license agreement"};

	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strstr(line, verdicts[i]))
			return true;
	return false;
}

// "\tat ..." and "... 11 more" of a trace, and the rest of a frame that the kubelet has cut.
static bool is_frame(const char *line)
{
	size_t len = strlen(line);

	if (len > 0 && line[len - 1] == ')' && !strpbrk(line, " \t"))
		return true;
	while (isspace((unsigned char)*line))
		line++;
	return begins(line, "at ") || (begins(line, "... ") && strstr(line, " more"));
}

// The text after the time and the level of a line of Neo4j's log; NULL for a line without them. *ret_error: the level is an error's.
static const char *logged(const char *line, bool *ret_error)
{
	static const char *const levels[] = {" ERROR ", " WARN ", " INFO ", " DEBUG "};
	const char *end = isdigit((unsigned char)*line) ? strstr(line, "+0000 ") : NULL, *main = strstr(line, "Z main ERROR ");

	*ret_error = false;
	// The logging says this before it has a configuration.
	if (main && isdigit((unsigned char)*line)) {
		*ret_error = true;
		return main + strlen("Z main ERROR ");
	}
	if (!end)
		return NULL;
	end += strlen("+0000");
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!begins(end, levels[i]))
			continue;
		*ret_error = i == 0;
		for (end += strlen(levels[i]); *end == ' '; end++)
			;
		return end;
	}
	return NULL;
}

// "java.nio.file.AccessDeniedException: /data" becomes "AccessDeniedException: /data".
static const char *without_package(const char *name)
{
	const char *end = name + strcspn(name, ": ");

	for (const char *c = name; c < end; c++)
		if (*c == '.' || *c == '$')
			name = c + 1;
	return *name ? name : NULL;
}

static const char *cause_in(const char *line)
{
	static const char mark[] = "Caused by: ";

	return begins(line, mark) ? without_package(line + strlen(mark)) : NULL;
}

// The head of a trace: "java.lang.IllegalArgumentException: Unsupported protocol".
static const char *head_in(const char *line)
{
	static const char uncaught[] = "Exception in thread \"main\" ";
	size_t len;
	bool throwable;

	line += begins(line, uncaught) ? strlen(uncaught) : 0;
	len = strcspn(line, ": ");
	throwable = (len > 9 && begins(line + len - 9, "Exception")) || (len > 5 && begins(line + len - 5, "Error"));

	return throwable && line[len] == ':' && memchr(line, '.', len) ? without_package(line) : NULL;
}

struct reading {
	const char *begin;     // of all that is read
	const char *causes[2]; // the innermost first
	const char *head;      // of the trace behind the last error
	const char *error;     // of the log
	const char *plain;     // any other line that says something
	const char *any;       // any line but a frame
	const char *place;     // what the frames show that was being done
	const char *subject;   // of the next line, or of the one before, where that does not name it: "Failed to read config ..."
	bool frames;
	bool at_frame; // below the line that was read last, or below the first line, stands a frame
	bool stopped, started, begun; // the server told its end, its start, and before that its first line
	bool done;		      // what stands before tells nothing of this end
};

static void keep(const char **kept, const char *text)
{
	if (!*kept)
		*kept = text;
}

// Where a cause's words alone do not name their subject.
static void keep_place(const char *line, struct reading *reading)
{
	static const char *const places[][2] = {
		{"procedure.impl.ProcedureJarLoader", "the jar of a plugin cannot be loaded"},
		{"transaction.log.entry.LogHeaderReader", "a transaction log cannot be read"},
		{"SslPolicyLoader.loadCertificateChain", "the file of TLS certificates cannot be read"},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strstr(line, places[i][0]))
			keep(&reading->place, places[i][1]);
	}
}

static void keep_kind(const char *line, const char *text, bool error, struct reading *reading)
{
	const char *cause = cause_in(line), *head = head_in(line);

	reading->done = error || (head && reading->frames);
	if (cause)
		keep(reading->causes[0] ? &reading->causes[1] : &reading->causes[0], cause);
	else if (error)
		keep(&reading->error, text);
	else if (head)
		keep(&reading->head, head);
	else if (is_verdict(line))
		reading->plain = line;
	else if (!text && !is_remark(line))
		keep(&reading->plain, line);
}

static bool keep_subject(const char *line, struct reading *reading)
{
	if (begins(line, "ERROR: JDWP Transport"))
		keep(&reading->subject, "the debugger that server.jvm.additional asks for (jdwp)");
	else if (begins(line, "Failed to read config "))
		keep(&reading->subject, line);
	else
		return false;
	return true;
}

static void keep_stage(const char *text, struct reading *reading)
{
	reading->stopped = reading->stopped || begins(text, "Neo4j Server shutdown initiated");
	reading->started = reading->started || begins(text, "Starting...");
	reading->begun = reading->begun || begins(text, "Logging config in use");
}

static void read_line(const char *line, struct reading *reading)
{
	const char *text;
	bool error;

	if (is_frame(line)) {
		reading->frames = reading->at_frame = true;
		keep_place(line, reading);
		return;
	}
	reading->at_frame = reading->at_frame && line == reading->begin;
	// Suppressed traces and their causes are indented.
	if (reading->frames && *line == '\t')
		return;
	while (isspace((unsigned char)*line))
		line++;
	if (!*line)
		return;
	text = logged(line, &error);
	if (keep_subject(line, reading))
		return;
	keep_stage(text ? text : line, reading);
	keep(&reading->any, text ? text : line);
	keep_kind(line, text, error, reading);
}

static const char *both(const char *outer, const char *inner, struct arena *arena)
{
	return arena_printf(arena, "%.*s: %.*s", WORDS_MAX / 2, outer, WORDS_MAX / 2, inner);
}

static const char *choose_thrown(const struct reading *reading, struct arena *arena)
{
	const char *outer = reading->causes[1] ? reading->causes[1] : reading->head, *inner = reading->causes[0];

	if (!inner)
		return reading->head;
	// A component of Neo4j says nothing but that it did not start.
	return !outer || strstr(outer, inner) || begins(outer, "LifecycleException: ") ? inner : both(outer, inner, arena);
}

// Some words name what happened and not what it comes from.
static const char *with_hint(const char *words, struct arena *arena)
{
	static const char *const hints[][2] = {
		{"OutOfMemoryError: Java heap space", "server.memory.heap.max_size is too small"},
		{"File too large", "the process has a limit on the size of its files (ulimit -f)"},
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (strstr(words, hints[i][0]))
			return arena_printf(arena, "%.*s; %s", WORDS_MAX - 80, words, hints[i][1]);
	}
	return words;
}

// A path names its subject by itself.
static const char *with_place(const char *place, const char *thrown, struct arena *arena)
{
	return with_hint(place && !strstr(thrown, ": /") ? arena_printf(arena, "%s: %s", place, thrown) : thrown, arena);
}

// Nothing that was thrown, and no error.
static const char *choose_plain(const struct reading *reading, bool *ret_cut, struct arena *arena)
{
	// The first line may be the rest of one.
	*ret_cut = reading->frames && (!reading->plain || (reading->plain == reading->begin && reading->at_frame));
	if (reading->plain)
		return reading->subject ? both(reading->subject, reading->plain, arena) : reading->plain;
	if (reading->frames)
		return "only the end of a stack trace was kept; kubectl logs --previous shows its beginning";
	if (reading->stopped && reading->begun && !reading->started)
		return "it stopped before it began to start, and said no cause; it does so where it cannot write its folder of logs";
	return reading->any ? reading->any : reading->subject;
}

const char *last_words(const char *log, bool *ret_cut, struct arena *arena)
{
	char *text = arena_strdup(arena, log ? log : "");
	struct reading reading = {.begin = text};
	size_t end = strlen(text);
	const char *thrown;

	for (int lines = 0; end > 0 && lines < LINES_MAX && !reading.done; lines++) {
		size_t start;

		while (end > 0 && isspace((unsigned char)text[end - 1]))
			end--;
		text[end] = '\0';
		for (start = end; start > 0 && text[start - 1] != '\n'; start--)
			;
		read_line(text + start, &reading);
		end = start;
	}
	*ret_cut = false;
	thrown = choose_thrown(&reading, arena);
	if (thrown)
		return with_place(reading.place, thrown, arena);
	return reading.error ? reading.error : choose_plain(&reading, ret_cut, arena);
}

const char *last_words_of_bytes(const char *log, size_t len, bool *ret_cut, struct arena *arena)
{
	char *text = arena_memdup0(arena, log, len);

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\0')
			text[i] = ' ';
	}
	return last_words(text, ret_cut, arena);
}
