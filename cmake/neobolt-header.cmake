# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Makes an installed header of one of the tree: cmake -D IN=FILE -D OUT=FILE -P neobolt-header.cmake. In the tree base/ and the machine have short names,
# which a program may well have for something of its own. Outside all begins with bolt_ or BOLT_, lies in bolt/, and C++ can read it.
file(READ "${IN}" text)
set(begin "(^|[^A-Za-z0-9_])")
set(end "([^A-Za-z0-9_]|$)")
string(REGEX REPLACE "${begin}n_bolt_" "\\1bolt_n_" text "${text}")
string(REGEX REPLACE "${begin}(arena|budget|buf|chunk|clock|conn|deadline|dechunker|err|failure|handshake|time)_([a-z])" "\\1bolt_\\2_\\3" text "${text}")
string(REGEX REPLACE "struct (arena|budget|buf|clock|conn|dechunker|err|handshake)${end}" "struct bolt_\\1\\2" text "${text}")
string(REGEX REPLACE "${begin}(BUDGET|BUF|CONN|DEADLINE|DEFINE_CLEANUP|ERR|FAILURE|TIME)(_|\\()" "\\1BOLT_\\2\\3" text "${text}")
string(REGEX REPLACE "${begin}_(cleanup|printf)_" "\\1bolt_\\2_" text "${text}")
string(REGEX REPLACE "${begin}(cleanup_swallows_semicolon|steal_ptr|steal_fd|freep|fclosep|closep)${end}" "\\1bolt_\\2\\3" text "${text}")
# A word of C++.
string(REGEX REPLACE "([ .>])class([;,)])" "\\1kind\\2" text "${text}")
string(REGEX REPLACE "err(\\.|->)class" "err\\1kind" text "${text}")
string(REGEX REPLACE "\"base/" "\"bolt/" text "${text}")
string(REGEX REPLACE "(bolt/\\.\\./)?base/([a-z]+)\\.h" "bolt/\\2.h" text "${text}")

string(FIND "${text}" "\n#include" at REVERSE)
if(at LESS 0)
	string(FIND "${text}" "\n#pragma once" at)
endif()
math(EXPR at "${at} + 1")
string(SUBSTRING "${text}" 0 ${at} head)
string(SUBSTRING "${text}" ${at} -1 text)
string(FIND "${text}" "\n" at)
math(EXPR at "${at} + 1")
string(SUBSTRING "${text}" 0 ${at} line)
string(SUBSTRING "${text}" ${at} -1 text)
file(WRITE "${OUT}" "${head}${line}\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n${text}\n#ifdef __cplusplus\n}\n#endif\n")
