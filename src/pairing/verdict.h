#pragma once

#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Who is to blame. Pure. The first rule that holds.
//
// From both sides:
//   the client's caller went away (DC, DR)                                   ClientAborted
//   the client waited in vain for the server (UT, SI, UMSDR, DT)             ServerError
//   the server's application answered 5xx, and the client got that code      ServerError
//   a proxy of either side failed or answered itself (UF, UC, UH, NR, FI …)  NetworkOrProxy
//   the codes differ:
//     a 5xx of the client's own proxy, or after all its retries (URX)        NetworkOrProxy
//     otherwise                                                              Mismatch
//   the same 5xx, but not of the application                                 NetworkOrProxy
//   more than one attempt                                                    Retried
//   otherwise                                                                Ok
//
// From one side alone:
//   its caller went away (DC, DR)                                            ClientAborted
//   a proxy failed, answered itself or waited in vain                        NetworkOrProxy
//   a 5xx of the application                                                 ServerError
//   any other 5xx                                                            NetworkOrProxy
//   more than one attempt                                                    Retried
//   otherwise                                                                Ok
traffic::Verdict Judge(const traffic::TrafficPair& pair);

}  // namespace traffictap::pairing
