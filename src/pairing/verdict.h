// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Who is to blame. Pure. The first rule that holds.
//
// Of a stream that is open: nobody yet                                        Ok
//
// From both sides:
//   a proxy of either side refused it by a rule, and no other answer came     Denied
//   the client's caller went away (DC, DR), or cancelled the call             ClientAborted
//   the server's application ended a websocket or a tunnel (UC)               Ok
//   the client waited in vain for a server that has it (UT, SI, UMSDR, DT)    ServerError
//   the server's application failed, and the client got that answer           ServerError
//   a proxy of either side failed or answered itself (UF, UC, UH, NR, FI, …)  NetworkOrProxy
//   the answers differ:
//     a failure of the client's own proxy, or after all its retries (URX)     NetworkOrProxy
//     otherwise                                                               Mismatch
//   both failed alike, but not by the application                             NetworkOrProxy
//   more than one attempt, and then no failure                                Retried
//   otherwise                                                                 Ok
//
// From one side alone:
//   its proxy refused it by a rule                                            Denied
//   its caller went away (DC, DR), or cancelled the call                      ClientAborted
//   of the server: its application ended a websocket or a tunnel (UC)         Ok
//   a proxy failed, answered itself or waited in vain                         NetworkOrProxy
//   a failure: of the application                                             ServerError
//     otherwise                                                               NetworkOrProxy
//   more than one attempt, and then no failure                                Retried
//   otherwise                                                                 Ok
//
// A failure is an HTTP code of 500 or more, or a gRPC status that is the server's fault. What each
// status is; the source is OpenTelemetry's conventions for gRPC (semantic-conventions:
// docs/rpc/grpc.md, errors of server spans) unless another one is named:
//   OK                                            none
//   CANCELLED                                     the caller's: grpc/grpc doc/statuscodes.md
//   UNKNOWN, UNIMPLEMENTED, INTERNAL, DATA_LOSS   the server's
//   DEADLINE_EXCEEDED                             the server's; the caller's where its own deadline
//                                                 ended the call first, which resets it (DC, DR)
//   UNAVAILABLE                                   the server's; the proxy's where Envoy made it
//                                                 (details other than via_upstream, or a flag)
//   INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, RESOURCE_EXHAUSTED,
//   FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNAUTHENTICATED
//                                                 nobody's, as a 4xx is; Denied where a proxy
//                                                 made it
traffic::Verdict Judge(const traffic::TrafficPair& pair);

// The record of a half that came alone, judged. A view of `entry`, the pointer included.
traffic::TrafficPair Alone(const traffic::PackedEntry* const& entry, traffic::OrphanReason reason);

}  // namespace traffictap::pairing
