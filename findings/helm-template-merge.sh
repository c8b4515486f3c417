#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/Masterminds/sprig v3.3.0, the functions of Helm 4.3.1's templates: merge and mergeOverwrite of a user's values and a chart's defaults.
# Guess: merge keeps what its first dictionary has and takes from the second what is not there; mergeOverwrite is the same the other way round.
# Found: for merge what is empty is not there: a user's false, 0, "" or empty list gives way to the default, so that nothing can be switched off.
# mergeOverwrite lets false, 0, "" and null win, and an empty list; an empty dictionary does not.
. "$(dirname "$0")/lib.sh"

expect "merged" 'merge (dict "a" false) (dict "a" true) | toJson is {"a":true}
merge (dict "a" 0) (dict "a" 3) | toJson is {"a":3}
merge (dict "a" "") (dict "a" "x") | toJson is {"a":"x"}
merge (dict "a" list) (dict "a" (list 3)) | toJson is {"a":[3]}
merge (dict "a" (dict "b" false)) (dict "a" (dict "b" true)) | toJson is {"a":{"b":true}}
merge (dict "a" 1) (dict "a" 3) | toJson is {"a":1}
mergeOverwrite (dict "a" true) (dict "a" false) | toJson is {"a":false}
mergeOverwrite (dict "a" 3) (dict "a" nil) | toJson is {"a":null}
mergeOverwrite (dict "a" (list 3)) (dict "a" list) | toJson is {"a":[]}
mergeOverwrite (dict "a" (dict "b" 3)) (dict "a" dict) | toJson is {"a":{"b":3}}' "$(sprig \
	'merge (dict "a" false) (dict "a" true) | toJson' 'merge (dict "a" 0) (dict "a" 3) | toJson' 'merge (dict "a" "") (dict "a" "x") | toJson' \
	'merge (dict "a" list) (dict "a" (list 3)) | toJson' 'merge (dict "a" (dict "b" false)) (dict "a" (dict "b" true)) | toJson' \
	'merge (dict "a" 1) (dict "a" 3) | toJson' 'mergeOverwrite (dict "a" true) (dict "a" false) | toJson' \
	'mergeOverwrite (dict "a" 3) (dict "a" nil) | toJson' 'mergeOverwrite (dict "a" (list 3)) (dict "a" list) | toJson' \
	'mergeOverwrite (dict "a" (dict "b" 3)) (dict "a" dict) | toJson')"
verdict
