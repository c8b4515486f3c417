// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The scripts are short because the program itself says what may follow (command/complete_command.c); kubectl asks it in the same way, through a
// file in $PATH named kubectl_complete-neofleet.

#include <string.h>

#include "cli/program.h"

static const char bash[] =
	"# Completion of neofleet-cli and kubectl-neofleet by bash: source <(kubectl neofleet completion bash)\n"
	"_neofleet_cli() {\n"
	"\tlocal line\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:0) compopt -o default ;;\n"
	"\t\t:*) ;;\n"
	"\t\t*) COMPREPLY+=(\"${line%%$'\\t'*}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${COMP_WORDS[0]}\" __complete \"${COMP_WORDS[@]:1:COMP_CWORD}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _neofleet_cli neofleet-cli kubectl-neofleet\n";

static const char zsh[] =
	"#compdef neofleet-cli kubectl-neofleet\n"
	"# Completion of neofleet-cli and kubectl-neofleet by zsh: source <(kubectl neofleet completion zsh)\n"
	"_neofleet_cli() {\n"
	"\tlocal line\n"
	"\tlocal -a found\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:0) _files; return ;;\n"
	"\t\t:*) ;;\n"
	"\t\t*) found+=(\"${line%%$'\\t'*}:${line#*$'\\t'}\") ;;\n"
	"\t\tesac\n"
	"\tdone < <(\"${words[1]}\" __complete \"${(@)words[2,CURRENT]}\" 2>/dev/null)\n"
	"\t_describe neofleet found\n"
	"}\n"
	"compdef _neofleet_cli neofleet-cli kubectl-neofleet\n";

static const char fish[] =
	"# Completion of neofleet-cli and kubectl-neofleet by fish: kubectl neofleet completion fish | source\n"
	"function __neofleet_cli\n"
	"\tset -l words (commandline -opc)\n"
	"\t$words[1] __complete $words[2..] (commandline -ct) 2>/dev/null | while read -l line\n"
	"\t\tswitch $line\n"
	"\t\tcase ':0'\n"
	"\t\t\t__fish_complete_path (commandline -ct)\n"
	"\t\tcase ':*'\n"
	"\t\tcase '*'\n"
	"\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c neofleet-cli -f -a '(__neofleet_cli)'\n"
	"complete -c kubectl-neofleet -f -a '(__neofleet_cli)'\n";

static int run(struct program *program, struct err *err)
{
	const char *shell = program->call.args[0];

	(void)err;
	(void)fputs(strcmp(shell, "bash") == 0 ? bash : strcmp(shell, "zsh") == 0 ? zsh : fish, program->streams.out);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {NULL};

const struct command command_completion = {
	.name = "completion",
	.args = "bash|zsh|fish",
	.summary = "writes a shell's completion for this program",
	.text = "For kubectl's own completion of \"kubectl neofleet\", a file kubectl_complete-neofleet in the PATH is enough: a link to this program.",
	.example = "completion bash > /etc/bash_completion.d/kubectl-neofleet",
	.flags = flags,
	.arg_choices = "bash zsh fish",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
