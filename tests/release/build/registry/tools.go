// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins a small registry, which the tests push images and the chart to.
package tools

import _ "github.com/google/go-containerregistry/cmd/registry"
