#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# A wheel for musllinux_1_2: psycopg2-binary 2.9.13 (PyPI), with its OpenSSL.
#
# Guess: PEP 656 says that the tag musllinux_1_2 means "runs with musl 1.2", so the libraries in it load with 1.2.3, the musl of Debian 12.
# Seen: they have packed relative relocations (DT_RELR), which musl reads from 1.2.4 on; an older one ignores them without a word, and the pointers of
# the library stay as the file has them. The tag cannot say the third number.
# Wants readelf (binutils).
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --platform musllinux_1_2_x86_64 --python-version 3.12 \
	--implementation cp --dest "$work" psycopg2-binary==2.9.13
python3 -m zipfile -e "$work"/*.whl "$work/wheel"
expect_in "the tag" musllinux_1_2_x86_64 "$(basename "$work"/*.whl)"
for name in libcrypto libssl; do
	library=$(echo "$work"/wheel/psycopg2_binary.libs/$name-*.so.3)
	expect "$name has RELR relocations" RELR "$(readelf --dynamic --wide "$library" | grep -o '(RELR)' | tr -d '()')"
	expect "$name is for musl" "libc.musl-x86_64.so.1" "$(readelf --dynamic --wide "$library" | grep -o 'libc.musl-x86_64.so.1')"
done
verdict
