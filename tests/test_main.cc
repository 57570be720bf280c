// SPDX-License-Identifier: Apache-2.0

// The entry point of every unit test executable.
#define BOOST_TEST_MODULE traffictap
#include <boost/test/unit_test.hpp>
