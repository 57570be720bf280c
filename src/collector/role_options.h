// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "collector/reader_options.h"
#include "collector/role.h"
#include "fanin/expected_pairers.h"
#include "fanin/pairer_directory.h"
#include "shuffle/shuffle_settings.h"

namespace CLI {
class App;
}

namespace traffictap::collector {

// What the command line says of the role and of the Kafka cluster between receivers and pairers.
struct RoleOptions {
  Role role = Role::kAll;
  shuffle::ShuffleSettings shuffle;       // of a role that shuffles
  std::string credentials_dir;            // --shuffle-credentials
  std::string encryption_dir;             // --shuffle-encryption
  bool accept_plain = false;              // --shuffle-accept-plain
  fanin::PairerDirectoryOptions pairers;  // of a role that asks
  fanin::PairersStatefulSet pairers_stateful_set;
  PairersTls pairers_tls;
};

void AddRoleOptions(CLI::App& app, RoleOptions* out);

// Once all is parsed: refuses options that the role has no use for, and completes `shuffle` with what
// is in the folders of credentials and keys. Throws CLI::ValidationError, as a callback of `app` does.
void CompleteRoleOptions(const CLI::App& app, RoleOptions* options);

}  // namespace traffictap::collector
