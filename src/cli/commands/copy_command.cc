// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/commands.h"
#include "cli/records/copy_files.h"
#include "cli/records/directory_copy.h"
#include "cli/records/stream_copy.h"
#include "cli/taps/tap_names.h"
#include "fmt/format.h"

namespace traffictap::cli {
namespace {

constexpr char kStandardOutput[] = "-";

class CopyCommand final : public Command {
 public:
  CommandSpec Describe() override;
  Status Run(Session& session) override;

 private:
  ClusterOptions cluster_;
  std::vector<std::string> names_;
  std::string directory_;  // empty: of the tap's name
  std::string output_;
  CopyFilesOptions options_;
};

CommandSpec CopyCommand::Describe() {
  CommandSpec spec;
  spec.name = "copy";
  spec.summary = "copy the files that a tap has written";
  spec.description =
      "Copies the files of a tap's outputs of type File from the collector to DIRECTORY/OUTPUT/. "
      "Run again, it brings what is new: a copy that was interrupted goes on where it ended, and "
      "files that were rotated or compressed since are known again. Files that the collector has "
      "deleted stay.\n\n"
      "With -o - the records of all files go to standard output, oldest first and decompressed.\n\n"
      "Where several collectors share the work (pairers), each has files of its own, which are "
      "copied to DIRECTORY/OUTPUT/PAIRER/; with -o - they come one pairer after the other. If one "
      "does not answer, the files of the others are copied, and the command fails after some "
      "tries; with --follow it says so and goes on.\n\n"
      "Needs the right to watch the records of the tap's namespace; of a ClusterTrafficTap those "
      "of all namespaces.";
  Argument tap = TapArgument(/*required=*/true, &names_);
  tap.repeats = false;
  spec.arguments = {tap};
  Option directory =
      TextOption("directory", 'o', "DIRECTORY",
                 "where to copy to (default: the tap's name); - for standard output", &directory_);
  directory.completes = Completes::kFiles;
  spec.options.push_back(directory);
  spec.options.push_back(TextOption(
      "output", 0, "NAME", "only the files of this output (default: all of type File)", &output_));
  spec.options.push_back(FlagOption(
      "follow", 'f', "continue with what the tap writes, until Ctrl-C", &options_.follow));
  AddClusterOptions(AllNamespaces::kOffered, Standalone::kOffered, &cluster_, &spec);
  spec.examples = {{"into ./checkout", "copy checkout -n shop"},
                   {"as lines, and on with new ones", "copy checkout -n shop -o - --follow"},
                   {"one output of a ClusterTrafficTap", "copy mesh -A --output errors -o backup"}};
  return spec;
}

Status CopyCommand::Run(Session& session) {
  auto cluster = session.connect(cluster_);
  if (!cluster.ok()) return cluster.status();
  if (!cluster->standalone) {
    TT_RETURN_IF_ERROR(CheckLive(*cluster));
    cluster->ns = SharedNamespace(names_, cluster->ns);
  }
  const auto taps = FindTaps(*cluster, names_);
  if (!taps.ok()) return taps.status();
  const FileSource source(&*cluster, taps->front(), output_, session.stop);
  if (directory_ == kStandardOutput) {
    options_.one_output = true;
    StreamCopy target(session.console);
    return CopyFiles(source, options_, &target, session);
  }
  const std::string directory = directory_.empty() ? KeyOf(taps->front()).name : directory_;
  DirectoryCopy target(directory);
  const Status done = CopyFiles(source, options_, &target, session);
  if (done.ok() || target.bytes() > 0) {
    session.console->Say(fmt::format("{} bytes copied to {}", target.bytes(), directory));
  }
  return done;
}

}  // namespace

std::unique_ptr<Command> MakeCopyCommand() { return std::make_unique<CopyCommand>(); }

}  // namespace traffictap::cli
