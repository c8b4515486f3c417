#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# gopkg.in/evanphx/json-patch.v4 v4.13.0, with which the API server of Kubernetes 1.36 and 1.37 carries out JSON patches.
# Guess: an index of a list is digits without a leading zero (RFC 6901); others are refused, so that a wrong path is noticed.
# Found: -1 is the last item, -2 the one before, +1 and 01 are 1; and "add" at -1 stands behind the last, not before it.
. "$(dirname "$0")/lib.sh"

got=$(json_patch v4.13.0 '[1,2,3]' \
	'{"op":"replace","path":"/-1","value":9}' \
	'{"op":"remove","path":"/-2"}' \
	'{"op":"replace","path":"/+1","value":9}' \
	'{"op":"replace","path":"/01","value":9}' \
	'{"op":"add","path":"/-1","value":9}')
expect "replace /-1 of [1,2,3]" '[1,2,9]' "$(sed -n 1p <<<"$got")"
expect "remove /-2" '[1,3]' "$(sed -n 2p <<<"$got")"
expect "replace /+1" '[1,9,3]' "$(sed -n 3p <<<"$got")"
expect "replace /01" '[1,9,3]' "$(sed -n 4p <<<"$got")"
expect "add /-1" '[1,2,3,9]' "$(sed -n 5p <<<"$got")"
verdict
