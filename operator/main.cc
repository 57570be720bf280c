// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "base/command_line.h"
#include "base/descriptors.h"
#include "base/termination.h"
#include "operator/connect.h"
#include "operator/installation_check.h"
#include "operator/operator.h"
#include "operator/options.h"
#include "operator/uninstall.h"

namespace {

using namespace traffictap;

int Refuse(int code, const char* what, const Status& status) {
  std::fprintf(stderr, "%s: %s\n", what, Message(status).c_str());
  return code;
}

int RunUninstall(const op::Options& options) {
  const base::SystemClock clock;
  const auto kube = op::Connect(options, &clock);
  if (!kube.ok()) return Refuse(1, "cannot uninstall", kube.status());
  const auto removed = op::Uninstall(options.installation, kube->get());
  if (!removed.ok()) return Refuse(1, "cannot uninstall", removed.status());
  std::printf("removed %d patches from the mesh\n", *removed);
  return 0;
}

int RunCheck(const op::Options& options) {
  const base::SystemClock clock;
  const auto kube = op::Connect(options, &clock);
  if (!kube.ok()) return Refuse(1, "cannot check", kube.status());
  const auto findings = op::CheckInstallation(options.installation, {kube->get(), op::Ask});
  bool good = true;
  for (const auto& finding : findings) {
    std::printf("%s  %s\n", finding.good ? "ok" : "NO", finding.text.c_str());
    good = good && finding.good;
  }
  return good ? 0 : 1;
}

int Run(int argc, char** argv) {
  const auto [options, exit_code] = op::ParseOptions(argc, argv);
  if (exit_code) return *exit_code;
  if (const auto set = base::ConfigureLog(options.log); !set.ok()) return Refuse(2, "log", set);
  if (options.uninstall) return RunUninstall(options);
  if (options.check) return RunCheck(options);
  base::BlockTermination();
  base::RaiseDescriptorLimit();
  auto running = op::Operator::Start(options);
  if (!running.ok()) return Refuse(2, "cannot start", running.status());
  base::WaitForTermination();
  base::EndProcessAfter(base::kStopMax);
  running->reset();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  base::EndProcess(base::RunMain([&] { return Run(argc, argv); }));
}
