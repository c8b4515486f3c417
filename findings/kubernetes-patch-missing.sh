#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# gopkg.in/evanphx/json-patch.v4 v4.13.0, with which the API server of Kubernetes 1.36 and 1.37 carries out JSON patches.
# Guess: as RFC 6902 says, "replace" needs a member that is there, "test" does, too, and 1.0 equals 1.
# Found: "replace" makes the member that lacks; "test" for null holds where there is none; and 1.0 does not equal 1.
. "$(dirname "$0")/lib.sh"

got=$(json_patch v4.13.0 '{"one":1}' \
	'{"op":"replace","path":"/none","value":2}' \
	'{"op":"remove","path":"/none"}' \
	'{"op":"test","path":"/none","value":null}' \
	'{"op":"test","path":"/one","value":1.0}')
expect "replace /none of {\"one\":1}" '{"none":2,"one":1}' "$(sed -n 1p <<<"$got")"
expect "remove /none" refused "$(sed -n 2p <<<"$got")"
expect "test that /none is null" '{"one":1}' "$(sed -n 3p <<<"$got")"
expect "test that /one is 1.0" refused "$(sed -n 4p <<<"$got")"
verdict
