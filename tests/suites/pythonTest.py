# SPDX-License-Identifier: Apache-2.0
#
# Runs one file of CPython's regression tests and says the verdict of each of its methods in a line of its own:
#
#     python3 pythonTest.py test_os

import sys
import traceback
import unittest

from test import support

TRACEBACK_LINES = 4


class Result(unittest.TestResult):
    def say(self, verdict, test, error=None):
        lines = []
        if error is not None:
            lines = "".join(traceback.format_exception(*error)).rstrip().split("\n")[-TRACEBACK_LINES:]
        name = ".".join(test.id().split(" ")[0].split(".")[-2:])
        print(f"{verdict}: {name}", *(f"    {line}" for line in lines), sep="\n", flush=True)

    def addSuccess(self, test):
        self.say("PASS", test)

    def addFailure(self, test, error):
        self.say("FAIL", test, error)

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.say("FAIL", test, error)

    def addSkip(self, test, reason):
        self.say("SKIP", test)

    def addExpectedFailure(self, test, error):
        self.say("PASS", test)

    def addUnexpectedSuccess(self, test):
        self.say("FAIL", test)


# Nothing that takes minutes, gigabytes or the Internet.
support.use_resources = []
unittest.defaultTestLoader.loadTestsFromName(f"test.{sys.argv[1]}").run(Result())
print("END")
