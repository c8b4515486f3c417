# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What our errors look like to testkit's own questions.

Where an assertion depends on the driver's own types of errors, testkit has a branch for each driver that it knows and fails for
others with "no error mapping is defined for ... driver". For ours the answer is here, by the name of the asserting function:
what the backend's errorType has to be (a class of base/err.h, or a code of bolt/codes.h), and a word of the message where that is not enough.
"""
import sys

from tests.shared import TestkitTestCase
from tests.stub.authorization.test_authorization import AuthorizationBase

SERVER, SECURITY, UNSUPPORTED = ("server",), ("forbidden",), ("Neobolt.Unsupported",)
# The last: of an auto-commit query that may have written, of which nobody knows whether it has.
LOST = ("io", "Neobolt.NoServers", "Neobolt.ConnectionLost", "Neobolt.CommitUnknown")

ERRORS = {
    "assert_is_authorization_error": (SECURITY, ""),
    "_assert_is_retryable_authorization_error": (SECURITY, ""),
    "assert_is_token_error": (SECURITY, ""),
    "_assert_is_retryable_token_error": (SECURITY, ""),
    "assert_is_unauthorized_error": (SECURITY, ""),
    "_assert_is_retryable_unauthorized_error": (SECURITY, ""),
    "assert_is_security_error": (SECURITY, ""),
    "_assert_is_retryable_security_error": (SECURITY, ""),
    "assert_is_transient_error": (SERVER, ""),
    "assert_is_random_error": (SERVER, ""),
    "assert_re_auth_unsupported_error": (UNSUPPORTED, "5.1"),
    "_assert_is_client_exception": (SERVER, ""),
    "_assert_is_tx_terminated_exception": (("invalid",), "terminated"),
    "_assert_is_timeout_exception": (LOST, ""),
    "_assert_connection_error": (LOST, ""),
    "_asserts_tx_closed_error": (("invalid",), "transaction is over"),
    "_assert_result_out_of_scope_exception": (("invalid",), "result"),
    "_assert_result_consumed_exception": (("invalid",), "consumed"),
    "_assert_not_exactly_one_record_error": (("not-found", "conflict"), "row"),
}


def error_of(variables):
    """The assertions take the error itself, or the context that caught it."""
    for name in ("error", "exc", "e"):
        if name in variables:
            return getattr(variables[name], "exception", variables[name])
    raise KeyError("the assertion has no error")


def scripts_of_logins(chosen):
    """Scripts for a driver that leaves defaults out, and waits for the answer to a login before it says a statement (docs/decisions/0033): the suites
    have none of their own for it. Where it logs on anew, those for a driver that does neither take a message with and without its defaults; a first
    login travels with HELLO, as in those for a driver that does both."""
    def script(test, name):
        if ("reauth" in name or "user_switch" in name) and test.get_vars()["#VERSION#"] == "5.1":
            return name
        if getattr(test, "has_logon", False):
            return name.replace(".script", "_pipelined_minimal.script")
        return chosen(test, name)
    return script


def install():
    fail = TestkitTestCase.fail
    AuthorizationBase.script_fn_with_features = scripts_of_logins(AuthorizationBase.script_fn_with_features)

    def mapped(test, msg=None):
        caller = sys._getframe(1)
        name = caller.f_code.co_name
        if not str(msg).startswith("no error mapping is defined"):
            fail(test, msg)
        elif name == "_assert_not_exactly_one_record_warning":
            test.assertEqual(len(caller.f_locals["warnings"]), 1)
        elif name in ERRORS:
            error, (kinds, word) = error_of(caller.f_locals), ERRORS[name]
            test.assertIn(error.errorType, kinds)
            test.assertIn(word, error.msg)
        else:
            fail(test, msg)

    TestkitTestCase.fail = mapped
