// SPDX-License-Identifier: Apache-2.0

//go:build tools

// Package tools pins the last major version of helm, which many still have.
package tools

import _ "helm.sh/helm/v3/cmd/helm"
