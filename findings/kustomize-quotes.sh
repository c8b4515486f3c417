#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# sigs.k8s.io/kustomize/api v0.21.1: configMapGenerator and secretGenerator with "literals" and "envs".
# Guess: a value is what follows the =, the same from either: YAML has its own quotes, so that those within a literal belong to the value.
# Found: a literal that begins and ends with the same quote loses both, though it is a list of two quoted words; the line of a file keeps them.
# With a blank behind it they stay. So a value that shall have quotes needs two pairs of them.
. "$(dirname "$0")/lib.sh"

mkdir "$work/app"
cat >"$work/app/kustomization.yaml" <<'YAML'
configMapGenerator:
  - name: words
    envs: [words.env]
    literals: ['LITERAL="b"', "SINGLE='b'", 'BLANK="b" ', 'ONE="b', 'LIST="a","b"', 'TWICE=""b""']
    options: {disableNameSuffixHash: true}
YAML
printf 'FILE="b"\n' >"$work/app/words.env"
expect "data" "  BLANK: '\"b\" '
  FILE: '\"b\"'
  LIST: a\",\"b
  LITERAL: b
  ONE: '\"b'
  SINGLE: b
  TWICE: '\"b\"'" "$(kustomize "$work/app" | grep '^  [A-Z]')"
verdict
