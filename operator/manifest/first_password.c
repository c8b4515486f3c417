// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// neo4j-admin takes the password as an argument, and others can read arguments. It also takes arguments from a file (@FILE): blanks split it,
// "#" begins a comment, a backslash between double quotes escapes as in Java, and a leading "@" of the text itself is written twice. So the
// script writes the password, quoted, into a file in memory, behind "--", which ends the options. neo4j-admin no longer looks whether there are
// users already, so the script looks for the folder of the system database, which the server makes at its first start. Of the configuration only
// the least length matters here; the server judges the rest. Source: picocli 4.7, argument files; neo4j-admin, tried with test/neo4j/passwords
// (docs/decisions/0019-the-first-password.md says which).

#include "operator/manifest/first_password.h"

static const char head[] = "#!/bin/bash\n"
			   "# Sets the first password of user neo4j, where this volume has no user yet. Kept by neofleet.\n"
			   "set -eu\n"
			   "data=${1:-/data} secret=${2:-" FIRST_PASSWORD_SECRET_FOLDER "} scratch=${3:-" FIRST_PASSWORD_SCRATCH_FOLDER "}\n";

static const char rest[] =
	"if [ -d \"$data/databases/system\" ]; then\n"
	"\techo \"This volume has users already: their passwords stay as they are.\"\n"
	"\texit 0\n"
	"fi\n"
	"password=\n"
	"if [ -e \"$secret/password\" ]; then\n"
	"\tIFS= read -r -d '' password <\"$secret/password\" || true\n"
	"elif [ -e \"$secret/NEO4J_AUTH\" ]; then\n"
	"\tIFS= read -r -d '' password <\"$secret/NEO4J_AUTH\" || true\n"
	"\tpassword=${password#neo4j/}\n"
	"fi\n"
	"if [ -z \"$password\" ]; then\n"
	"\techo \"The admin Secret holds no password.\" >&2\n"
	"\texit 1\n"
	"fi\n"
	"backslash='\\'\n"
	"quoted=${password//\"$backslash\"/\"$backslash$backslash\"}\n"
	"quoted=${quoted//'\"'/\"$backslash\"'\"'}\n"
	"quoted=${quoted//$'\\n'/\"$backslash\"n}\n"
	"quoted=${quoted//$'\\r'/\"$backslash\"r}\n"
	"case $quoted in @*) quoted=@$quoted ;; esac\n"
	"umask 077\n"
	"trap 'rm -f \"$scratch/arguments\"' EXIT\n"
	"printf 'dbms.security.auth_minimum_password_length=%s\\n' \"$least\" >\"$scratch/neo4j.conf\"\n"
	"printf -- '--\\n\"%s\"\\n' \"$quoted\" >\"$scratch/arguments\"\n"
	"export NEO4J_CONF=$scratch\n"
	"status=0\n"
	"words=$(neo4j-admin dbms set-initial-password \"@$scratch/arguments\" 2>&1) || status=$?\n"
	"case $words in *\"$password\"*) words='(its words would show the password)' ;; esac\n"
	"printf '%s\\n' \"$words\"\n"
	"[ \"$status\" -ne 0 ] || exit 0\n"
	"reason=\n"
	"while IFS= read -r line; do\n"
	"\tcase $line in\n"
	"\t'' | 'Full exception'* | 'Please provide'* | 'Run with'*) ;;\n"
	"\t*) reason=${reason:-$line} ;;\n"
	"\tesac\n"
	"done <<<\"$words\"\n"
	"echo \"neo4j-admin could not set the first password: $reason\" >&2\n"
	"exit \"$status\"\n";

const char *first_password_script(int least, struct arena *arena)
{
	return arena_printf(arena, "%sleast=%d\n%s", head, least, rest);
}
