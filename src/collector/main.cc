#include <cstdio>

#include "base/log.h"
#include "base/termination.h"
#include "collector/collector.h"
#include "collector/options.h"

namespace {

int Run(int argc, char** argv) {
  using namespace traffictap;
  const auto parsed = collector::ParseOptions(argc, argv);
  if (parsed.exit) return parsed.exit_code;
  const auto& options = parsed.options;
  const auto configured = log::Configure(
      options.log_level, options.log_format == "json" ? log::Format::kJson : log::Format::kText);
  if (!configured.ok()) {
    std::fprintf(stderr, "%s\n", Message(configured).c_str());
    return 2;
  }
  base::BlockTermination();
  auto collector = collector::Collector::Start(options);
  if (!collector.ok()) {
    std::fprintf(stderr, "cannot start: %s\n", Message(collector.status()).c_str());
    return 2;
  }
  base::WaitForTermination();
  (*collector)->Stop();
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
