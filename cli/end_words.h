// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a server ended, where the kubelet has kept only the end of a stack trace: the log of the ended container has its beginning, as the operator
// finds it, too.

#include "cli/program.h"
#include "operator/object/pod.h"

// Lets the pod tell more of its end. It is no error when the log cannot be read: then the pod says what the kubelet has kept.
void end_words_look(const struct program *program, const char *namespace, struct pod *pod);
