// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins OLM's own validator of bundles.
package tools

import _ "github.com/operator-framework/api/cmd/operator-verify"
