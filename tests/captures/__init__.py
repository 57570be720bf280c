# SPDX-License-Identifier: Apache-2.0
"""What real proxies sent, and what the records of it must say."""
