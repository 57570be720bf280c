#pragma once

#include "traffic/traffic_pair.h"

namespace traffictap::pairing {

// Who is to blame, from what both sides (or the one that is there) say. Pure. The first rule that
// holds:
//   the client's caller went away (DC, DR)                                  ClientAborted
//   the client waited in vain for a server that has the request (UT, SI, DT)  ServerError
//   the server's application answered 5xx and the client got it               ServerError
//   a proxy of either side failed or answered itself (UF, UC, UH, NR, FI, …)   NetworkOrProxy
//   the codes differ: a 5xx of the client's own proxy NetworkOrProxy, else      Mismatch
//   more than one attempt and then no failure                                 Retried
//   otherwise                                                                 Ok
traffic::Verdict Judge(const traffic::TrafficPair& pair);

}  // namespace traffictap::pairing
