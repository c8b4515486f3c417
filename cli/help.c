// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/help.h"

#include <ctype.h>
#include <string.h>

#define WIDTH 100

static const char about[] = "Looks at the Neo4j deployments that neofleet runs, and at manifests before anybody else sees them.";

static const struct command_exit exits[] = {
	{EXIT_FINE, "it is done, and nothing is wrong"},
	{EXIT_WRONG, "what was looked at is wrong; the output says how"},
	{EXIT_USAGE, "the command line or a file is wrong; nothing was done"},
	{EXIT_UNABLE, "the API server could not be asked, refused, or the output could not be written"},
	{0, NULL},
};

// One paragraph, broken between words.
static void wrap(const char *text, size_t indent, FILE *out)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column == 0)
			(void)fprintf(out, "%*s", (int)indent, "");
		else if (indent + column + 1 + len > WIDTH)
			(void)fprintf(out, "\n%*s", (int)indent, ""), column = 0;
		else
			(void)fputc(' ', out), column++;
		(void)fwrite(text, 1, len, out);
		column += len;
		text += len;
		if (*text == '\n')
			(void)fputc('\n', out), column = 0;
		text += *text != '\0';
	}
	(void)fputc('\n', out);
}

static void write_flag(const struct flag *flag, FILE *out)
{
	char left[64], letter[8] = "    ";

	if (flag->letter)
		(void)snprintf(letter, sizeof(letter), "-%c, ", flag->letter);
	(void)snprintf(left, sizeof(left), "%s--%s%s%s", letter, flag->name, flag->value ? " " : "", flag->value ? flag->value : "");
	(void)fprintf(out, "  %-30s %s", left, flag->text);
	if (flag->choices)
		(void)fprintf(out, ": %s", flag->choices);
	(void)fputc('\n', out);
}

static void write_exits(const struct command_exit *list, FILE *out)
{
	for (; list && list->text; list++)
		(void)fprintf(out, "  %d  %s\n", list->status, list->text);
}

// The meaning of each status: the command's own words replace the common ones.
static void write_all_exits(const struct command *command, FILE *out)
{
	const struct command_exit *own = command->exits;

	for (const struct command_exit *item = exits; item->text; item++) {
		bool said = false;

		for (const struct command_exit *other = own; other && other->text; other++)
			said = said || other->status == item->status;
		if (!said && item->status != EXIT_WRONG)
			write_exits((const struct command_exit[]){*item, {0, NULL}}, out);
		if (item->status == EXIT_FINE)
			write_exits(own, out);
	}
}

static void write_rights(const struct right *right, FILE *out)
{
	for (; right->verb; right++)
		(void)fprintf(out, "  %-6s %-46s %s%s\n", right->verb, right->resource, right->purpose, right->required ? "" : " (not required)");
}

static void write_example(const char *text, const char *name, FILE *out)
{
	while (text && *text) {
		size_t len = strcspn(text, "\n");

		(void)fprintf(out, "  %s %.*s\n", name, (int)len, text);
		text += len + (text[len] != '\0');
	}
}

static void write_command(const struct command *command, const char *name, FILE *out)
{
	(void)fprintf(out, "usage: %s %s%s%s [FLAG]...\n", name, command->name, command->args ? " " : "", command->args ? command->args : "");
	(void)fprintf(out, "%c%s.\n\n", toupper((unsigned char)*command->summary), command->summary + 1);
	wrap(command->text, 0, out);
	(void)fputs("\nFlags:\n", out);
	for (const struct flag *const *flag = command->flags; *flag; flag++)
		write_flag(*flag, out);
	write_flag(&flag_help, out);
	if (command->rights) {
		(void)fputs("\nRights that it uses:\n", out);
		write_rights(command->rights, out);
	}
	(void)fputs("\nExit status:\n", out);
	write_all_exits(command, out);
	if (command->example) {
		(void)fputs("\nExamples:\n", out);
		write_example(command->example, name, out);
	}
}

void help_write(const struct command *command, const char *name, FILE *out)
{
	if (command) {
		write_command(command, name, out);
		return;
	}
	(void)fprintf(out, "usage: %s COMMAND [ARGUMENT]... [FLAG]...\n%s\n\n", name, about);
	for (const struct command *const *item = commands; *item; item++) {
		if (!(*item)->hidden)
			(void)fprintf(out, "  %-12s %s\n", (*item)->name, (*item)->summary);
	}
	(void)fprintf(out, "\n%s COMMAND --help says more of one.\n", name);
}

// Writes text for roff, where a backslash, and a dot or a quote at the beginning of a line, have a meaning, and a bare hyphen becomes a
// typographic one.
static void roff(const char *text, FILE *out)
{
	bool fresh = true;

	for (; *text; text++) {
		if (fresh && (*text == '.' || *text == '\''))
			(void)fputs("\\&", out);
		if (*text == '\\')
			(void)fputs("\\e", out);
		else if (*text == '-')
			(void)fputs("\\-", out);
		else
			(void)fputc(*text, out);
		fresh = *text == '\n';
	}
}

static void roff_paragraphs(const char *text, FILE *out)
{
	while (*text) {
		const char *next = strstr(text, "\n\n");
		size_t len = next ? (size_t)(next - text) : strlen(text);
		char line[4096];

		(void)snprintf(line, sizeof(line), "%.*s", (int)len, text);
		roff(line, out);
		(void)fputs(next ? "\n.PP\n" : "\n", out);
		text += len + (next ? 2 : 0);
	}
}

static void roff_flag(const struct flag *flag, FILE *out)
{
	(void)fputs(".TP\n", out);
	if (flag->letter)
		(void)fprintf(out, "\\fB\\-%c\\fR, ", flag->letter);
	(void)fputs("\\fB\\-\\-", out);
	roff(flag->name, out);
	(void)fprintf(out, "\\fR%s\\fI%s\\fR\n", flag->value ? " " : "", flag->value ? flag->value : "");
	roff(flag->text, out);
	if (flag->choices)
		(void)fprintf(out, ": %s", flag->choices);
	(void)fputs(".\n", out);
}

static void roff_rights(const struct right *right, FILE *out)
{
	(void)fputs(".PP\nRights that it uses:\n", out);
	for (; right->verb; right++) {
		(void)fprintf(out, ".TP\n\\fB%s\\fR %s\n", right->verb, right->resource);
		roff(right->purpose, out);
		(void)fputs(right->required ? ".\n" : " (not required).\n", out);
	}
}

static void roff_exits(const struct command_exit *list, FILE *out)
{
	for (; list && list->text; list++) {
		(void)fprintf(out, ".TP\n\\fB%d\\fR\n", list->status);
		roff(list->text, out);
		(void)fputs(".\n", out);
	}
}

static void roff_command(const struct command *command, FILE *out)
{
	(void)fprintf(out, ".SS %s %s\n%c", command->name, command->args ? command->args : "", toupper((unsigned char)*command->summary));
	roff(command->summary + 1, out);
	(void)fputs(".\n.PP\n", out);
	roff_paragraphs(command->text, out);
	for (const struct flag *const *flag = command->flags; *flag; flag++)
		roff_flag(*flag, out);
	if (command->rights)
		roff_rights(command->rights, out);
	if (command->exits)
		(void)fputs(".PP\nIts own exit status:\n", out);
	roff_exits(command->exits, out);
	if (command->example) {
		(void)fputs(".PP\n.EX\n", out);
		for (const char *text = command->example; *text; text += strcspn(text, "\n"), text += *text != '\0') {
			(void)fputs("kubectl neofleet ", out);
			(void)fprintf(out, "%.*s\n", (int)strcspn(text, "\n"), text);
		}
		(void)fputs(".EE\n", out);
	}
}

void help_write_man(FILE *out)
{
	(void)fputs(".\\\" SPDX-FileCopyrightText: The neofleet authors\n.\\\" SPDX-License-Identifier: Apache-2.0\n"
		    ".\\\" Made from the program's own descriptors by kubectl-neofleet man.\n"
		    ".TH KUBECTL\\-NEOFLEET 1 \"\" \"neofleet\" \"User Commands\"\n"
		    ".SH NAME\nkubectl\\-neofleet \\- look at Neo4j deployments on Kubernetes\n"
		    ".SH SYNOPSIS\n.B kubectl neofleet\n.I COMMAND\n.RI [ ARGUMENT ]...\n.RI [ FLAG ]...\n.SH DESCRIPTION\n",
		    out);
	(void)fprintf(out, "%s\nThe same program is called \\fBneofleet\\-cli\\fR where there is no kubectl.\n.SH COMMANDS\n", about);
	for (const struct command *const *item = commands; *item; item++) {
		if (!(*item)->hidden)
			roff_command(*item, out);
	}
	(void)fputs(".SH EXIT STATUS\n", out);
	roff_exits(exits, out);
	(void)fputs(".SH ENVIRONMENT\n.TP\n.B KUBECONFIG\nThe kubeconfig, or several separated by colons.\n"
		    ".TP\n.B NO_COLOR\nWhere it is set, there are no colours on a terminal.\n.SH SEE ALSO\n.BR kubectl (1)\n",
		    out);
}
