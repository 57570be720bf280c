# SPDX-License-Identifier: Apache-2.0
"""The reference pages, out of what they describe. Each function returns a page's text."""
