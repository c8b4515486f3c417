#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Python's package libfyaml 1.0.0b2: dumps() and loads() of the same library.
# Guess: what dumps() writes, loads() reads as it was: a string that looks like a number or like true is written in quotes.
# Found: it stands there plain, and is a number, a truth value or null when read again. Strings that YAML's syntax minds, "a: b", do get quotes.
. "$(dirname "$0")/lib.sh"

pip_get libfyaml==1.0.0b2 8e12417ca721f998cfe30b181fd259bf7ac8f717f9aafb88d7c9f1d7daaba496
got=$(
	python3 - <<'PY'
import libfyaml

for value in ("true", "null", "~", "0x1F", "1e3", "", "a: b", "2026-01-01"):
    text = libfyaml.dumps(value)
    print(f"{value!r}, {text.strip()}, {libfyaml.loads(text).to_python()!r}")
print(libfyaml.loads(libfyaml.dumps({"NEO4J_PLUGINS": "null", "replicas": "1e3"})).to_python())
PY
)
expect "the string, as written, as read again" "'true', true, True
'null', null, None
'~', ~, None
'0x1F', 0x1F, 31
'1e3', 1e3, 1000.0
'', \"\", ''
'a: b', 'a: b', 'a: b'
'2026-01-01', 2026-01-01, '2026-01-01'
{'NEO4J_PLUGINS': None, 'replicas': 1000.0}" "$got"
verdict
