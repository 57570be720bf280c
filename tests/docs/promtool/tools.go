// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package promtool pins Prometheus' own tool for rules.
package promtool

import _ "github.com/prometheus/prometheus/cmd/promtool"
