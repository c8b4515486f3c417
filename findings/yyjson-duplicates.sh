#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# yyjson 0.10.0 in Python's package yyjson 4.0.6.
# Guess: a member that comes twice has one value, the last, whoever asks; and an integer stays one, or is refused where it is too long.
# Found: the document keeps both members. A look by pointer finds the first, the conversion to a dictionary the last. An integer of more than
# 64 bits is read as a floating-point number and written as one.
. "$(dirname "$0")/lib.sh"

# One for each of Python 3.10 to 3.13, on x86-64.
pip_get yyjson==4.0.6 05d324cfa712d57d3aa81b2dcf570cd9af0ec95d3ba1b98cdede92bce6e8cb2c \
	bf5675bf8d36f9f47914f8c65a48ad1f256c62e45bb4ec9339d805288534e953 \
	d3c63e82075a7cdf125f4c8a59dd0f9befae4d3dbc5a709bf2c71e9ba98774cf \
	fa5e861e482a57b17087e2c0ec1b921b10e73f14786e73f20acbf289dee1a4ee
got=$(
	python3 - <<'PY'
import yyjson

twice = yyjson.Document('{"a":1,"a":2}')
print(twice.dumps(), twice.get_pointer("/a"), twice.as_obj["a"], len(twice))
print(yyjson.Document("18446744073709551615").dumps())
print(yyjson.Document("18446744073709551616").dumps())
PY
)
expect "as text, by pointer, as a dictionary, members" '{"a":1,"a":2} 1 2 2' "$(sed -n 1p <<<"$got")"
expect "18446744073709551615, written again" 18446744073709551615 "$(sed -n 2p <<<"$got")"
expect "18446744073709551616, written again" 18446744073709552000.0 "$(sed -n 3p <<<"$got")"
verdict
