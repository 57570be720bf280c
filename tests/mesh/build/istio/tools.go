// SPDX-License-Identifier: Apache-2.0

//go:build tools

package tools

import (
	_ "istio.io/istio/pilot/cmd/pilot-discovery"
	_ "istio.io/istio/pilot/cmd/pilot-agent"
)
