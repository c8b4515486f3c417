// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/named.h"

yyjson_mut_val *named_wrap(yyjson_mut_doc *doc, const char *name, yyjson_mut_val *data)
{
	yyjson_mut_val *wrapped = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, wrapped, "name", name);
	yyjson_mut_obj_add_val(doc, wrapped, "data", data);
	return wrapped;
}
