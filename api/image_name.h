// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Judge the name and the tag of an image: the problem with its cure, to follow the name of the field, or NULL. Pure.

const char *image_name_problem(const char *repo);
const char *image_tag_problem(const char *repo, const char *tag);
