#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# libfyaml 1.0.0 (Python's package libfyaml 1.0.0b2 holds its C library), a YAML document written by the emitter's JSON mode. 0.7.12 does the same.
# Guess: a plain scalar becomes the JSON value that YAML 1.2's core schema gives it: ~ is null, True is true, 0x1F is 31, .5 is 0.5.
# Found: the emitter asks whether the scalar would be a literal of JSON. What is none becomes a string, so that "a: ~" is {"a": "~"}. The same
# library's loads(), which resolves by the core schema, reads null there; and an integer with its point, 1.0, it writes as 1.
. "$(dirname "$0")/lib.sh"

pip_get libfyaml==1.0.0b2 8e12417ca721f998cfe30b181fd259bf7ac8f717f9aafb88d7c9f1d7daaba496
got=$(
	python3 - <<'PY'
import ctypes
import json

import libfyaml
from libfyaml import _libfyaml

ONE_LINE_OF_JSON = 6 << 20  # FYECF_MODE_JSON_ONELINE
library = ctypes.CDLL(_libfyaml.__file__)
library.fy_library_version.restype = ctypes.c_char_p
library.fy_document_build_from_string.restype = ctypes.c_void_p
library.fy_document_build_from_string.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
library.fy_emit_document_to_string.restype = ctypes.c_char_p
library.fy_emit_document_to_string.argtypes = [ctypes.c_void_p, ctypes.c_uint]

text = "[~, null, Null, True, true, 0x1F, 31, .5, 0.5, +1, 1.]"
document = library.fy_document_build_from_string(None, text.encode(), len(text))
print(library.fy_library_version().decode())
print(library.fy_emit_document_to_string(document, ONE_LINE_OF_JSON).decode().strip())
print(json.dumps(libfyaml.loads(text).to_python()))
print(libfyaml.dumps(1.0).strip())
PY
)
expect "version" 1.0.0 "$(sed -n 1p <<<"$got")"
expect "the emitter's JSON" '["~", null, "Null", "True", true, "0x1F", 31, ".5", 0.5, "+1", "1."]' "$(sed -n 2p <<<"$got")"
expect "loads()" '[null, null, null, true, true, 31, 31, 0.5, 0.5, 1, 1.0]' "$(sed -n 3p <<<"$got")"
expect "dumps(1.0)" 1 "$(sed -n 4p <<<"$got")"
verdict
