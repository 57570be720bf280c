#include <cstdio>

#include "base/log.h"
#include "base/termination.h"
#include "operator/operator.h"
#include "operator/options.h"

namespace {

int RunUninstall(const traffictap::op::Options& options) {
  const auto removed = traffictap::op::Uninstall(options);
  if (!removed.ok()) {
    std::fprintf(stderr, "cannot uninstall: %s\n", traffictap::Message(removed.status()).c_str());
    return 1;
  }
  std::printf("removed %d patches from the mesh\n", *removed);
  return 0;
}

int Run(int argc, char** argv) {
  using namespace traffictap;
  const auto parsed = op::ParseOptions(argc, argv);
  if (parsed.exit) return parsed.exit_code;
  const auto& options = parsed.options;
  const auto configured = log::Configure(
      options.log_level, options.log_format == "json" ? log::Format::kJson : log::Format::kText);
  if (!configured.ok()) {
    std::fprintf(stderr, "%s\n", Message(configured).c_str());
    return 2;
  }
  if (options.uninstall) return RunUninstall(options);
  base::BlockTermination();
  const auto running = op::Operator::Start(options);
  if (!running.ok()) {
    std::fprintf(stderr, "cannot start: %s\n", Message(running.status()).c_str());
    return 2;
  }
  base::WaitForTermination();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "unexpected failure: %s\n", e.what());
    return 1;
  }
}
