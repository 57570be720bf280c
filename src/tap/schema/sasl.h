// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tap/schema/kinds.h"
#include "tap/schema/object.h"

// How brokers are told who writes: what an output in a collector's own files and an administrator's
// TapDestination share.
namespace traffictap::tap::schema {

inline constexpr char kOauthNeedsItsMechanism[] = "oauth needs mechanism OAUTHBEARER";

Kind<std::string> Mechanism();
// The block `oauth`. In a collector's own files it names the folder of the credentials as well.
Kind<KafkaOauth> Oauth();

// Reports a block `oauth` of another mechanism.
void CheckOauth(FieldReader* fields, const std::string& mechanism);
// The same for a collector's own files, where each mechanism needs files, and no other's.
void CheckLogin(FieldReader* fields, const std::string& mechanism);

}  // namespace traffictap::tap::schema
