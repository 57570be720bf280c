// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "operator/plan/mesh_index.h"
#include "operator/plan/mesh_plan.h"

namespace traffictap::plan {

// The files that outputs write, below the collector's output directory, and whose they are. Two
// writers of one file would mix their lines, and delete each other's rotated files where these have
// the same names: who came first keeps it.
class FileClaims {
 public:
  // Empty where `path` is now `owner`'s; else what is in the way: whose it is, or whose is a file that
  // `path` would have to be a directory of, or one whose rotated files could not be told from
  // `path`'s.
  std::string Claim(const std::string& path, const std::string& owner);

 private:
  struct Place {
    std::string path;
    std::string owner;
  };
  std::map<std::string, std::string> owners_;  // by path
  std::map<std::string, Place> families_;      // by tap::FileFamily
};

struct ResolvedOutputs {
  std::vector<tap::OutputSpec> outputs;  // in the collector's form
  std::vector<Note> unresolved;          // sorted by output; those that had to be left out
};

// Turns what a tap's author may say into what the collector does: names of destinations into
// brokers and secret files, file paths into paths below a directory of the tap's namespace
// ("_cluster" for a ClusterTrafficTap).
ResolvedOutputs ResolveOutputs(const TapObject& tap, const MeshIndex& index, FileClaims* claims);

}  // namespace traffictap::plan
