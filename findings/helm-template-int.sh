#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/Masterminds/sprig v3.3.0, the functions of Helm 4.3.1's templates: a number from a text, as an environment or --set-string gives one.
# Guess: int reads a decimal number, drops a fraction as it does of a number, and atoi does the same.
# Found: int reads a number of Go's source: "010" is 8, "0x1F" 31 and "1_000" 1000, while "08" is 0. Of a fraction only noughts are dropped: "1.0" is
# 1, "1.5" is 0. What it cannot read is 0 and no error. atoi has "010" for 10 and "1.0" for 0; add reads as int does.
. "$(dirname "$0")/lib.sh"

expect "numbers" 'int 1.5 is 1
int "1.5" is 0
int "1.0" is 1
int "010" is 8
int "08" is 0
int "0x1F" is 31
int "1_000" is 1000
int "1e3" is 0
int "5Gi" is 0
add "010" 1 is 9
atoi "010" is 10
atoi "08" is 8
atoi "1.0" is 0
float64 "010" is 10' "$(sprig 'int 1.5' 'int "1.5"' 'int "1.0"' 'int "010"' 'int "08"' 'int "0x1F"' 'int "1_000"' 'int "1e3"' 'int "5Gi"' \
	'add "010" 1' 'atoi "010"' 'atoi "08"' 'atoi "1.0"' 'float64 "010"')"
verdict
