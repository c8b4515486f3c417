#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/Masterminds/sprig v3.3.0, the functions of Helm 4.3.1's templates, on null, which "key:" in a file of values is.
# Guess: dig gives its default for a null on the way as for a key that is missing; quote makes "" of null.
# Found: a null on the way ends the rendering with an error, and one at the end comes back instead of the default. quote makes nothing at all of
# null: "value: {{ quote .Values.x }}" is a null again, where a text is wanted, and of several values it leaves out those.
. "$(dirname "$0")/lib.sh"

expect "null" 'dig "a" "b" 5 (dict) is 5
dig "a" "b" 5 (dict "a" (dict)) is 5
dig "a" "b" 5 (dict "a" nil) is refused
dig "a" "b" 5 (dict "a" (dict "b" nil)) is <no value>
dig "a" "b" 5 (dict "a" (dict "b" nil)) | default 5 is 5
print (quote "") "." is "".
print (quote nil) "." is .
quote 1 nil 2 is "1" "2"' "$(sprig 'dig "a" "b" 5 (dict)' 'dig "a" "b" 5 (dict "a" (dict))' 'dig "a" "b" 5 (dict "a" nil)' \
	'dig "a" "b" 5 (dict "a" (dict "b" nil))' 'dig "a" "b" 5 (dict "a" (dict "b" nil)) | default 5' 'print (quote "") "."' 'print (quote nil) "."' \
	'quote 1 nil 2')"
verdict
