// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/callback.h"

#include "bolt/codes.h"

int callback_result(int r, struct err *err)
{
	if (!err_is_set(err))
		return r == 0 ? 0 : err_set(err, ERR_INTERNAL, "a function of the program returned %d, and no error with it", r);
	// A caller that tests for less than 0 must see it.
	if (err->class > 0)
		err->class = ERR_INTERNAL;
	return err->class;
}

int callback_coded(int r, struct err *err)
{
	r = callback_result(r, err);
	if (r < 0 && !err->code[0])
		err_set_code(err, BOLT_CALLBACK);
	return r;
}
