// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>

namespace traffictap::fakes {

// What befalls a process at one of its system calls that change files: at the `at`th of them, from 0
// on, over all its threads.
struct FileFault {
  enum class Kind {
    kKilled,  // by SIGKILL, before the call does anything
    kTorn,    // by SIGKILL, after a write has written its first half; other calls: as kKilled
    kFails,   // this once, with `error`, and without having done anything
  };
  Kind kind = Kind::kKilled;
  int at = 0;
  int error = EIO;
};

struct ChildEnd {
  int calls = 0;         // that change files
  bool well = false;     // the work came to its end
  bool faulted = false;  // the fault happened
};

// A child that ptrace(2) leads from system call to system call (x86-64).
class TracedChild {
 public:
  TracedChild(const std::function<void()>& work, std::optional<FileFault> fault)
      : fault_(fault), pid_(fork()) {
    if (pid_ == 0) Work(work);
    int status = 0;
    if (pid_ < 0 || waitpid(pid_, &status, 0) != pid_ || !WIFSTOPPED(status)) {
      throw std::runtime_error("cannot trace a child: is ptrace(2) allowed here?");
    }
    ptrace(PTRACE_SETOPTIONS, pid_, nullptr,
           PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE);
    Resume(pid_, 0);
  }

  ChildEnd Await() {
    for (;;) {
      int status = 0;
      const pid_t who = waitpid(-1, &status, __WALL);
      if (who < 0) throw std::runtime_error("the traced child is lost");
      if (WIFSTOPPED(status)) {
        Stopped(who, status);
      } else if (who == pid_) {
        end_.well = WIFEXITED(status) && WEXITSTATUS(status) == 0;
        return end_;
      }
    }
  }

 private:
  [[noreturn]] static void Work(const std::function<void()>& work) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(2);
    raise(SIGSTOP);
    work();
    _exit(0);  // the test's own end is not the child's
  }

  static void Resume(pid_t who, int signal) { ptrace(PTRACE_SYSCALL, who, nullptr, signal); }

  void Stopped(pid_t who, int status) {
    const int signal = WSTOPSIG(status);
    if (signal == (SIGTRAP | 0x80)) AtCall(who);
    const bool ours = signal == (SIGTRAP | 0x80) || signal == SIGTRAP || signal == SIGSTOP;
    Resume(who, ours ? 0 : signal);
  }

  void AtCall(pid_t who) {
    __ptrace_syscall_info info{};
    ptrace(PTRACE_GET_SYSCALL_INFO, who, sizeof info, &info);
    if (info.op == PTRACE_SYSCALL_INFO_EXIT && who == altered_) return Leave(who);
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY || !ChangesFiles(info)) return;
    if (fault_ && end_.calls == fault_->at) Enter(who, info.entry.nr);
    ++end_.calls;
  }

  void Enter(pid_t who, uint64_t call) {
    end_.faulted = true;
    const bool write = call == SYS_write || call == SYS_writev || call == SYS_pwrite64;
    if (fault_->kind == FileFault::Kind::kKilled ||
        (fault_->kind == FileFault::Kind::kTorn && !write)) {
      kill(pid_, SIGKILL);
      return;
    }
    altered_ = who;
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, who, nullptr, &registers);
    if (fault_->kind == FileFault::Kind::kTorn) registers.rdx /= 2;  // how many bytes or pieces
    if (fault_->kind == FileFault::Kind::kFails) registers.orig_rax = ~0ULL;  // no call at all
    ptrace(PTRACE_SETREGS, who, nullptr, &registers);
  }

  void Leave(pid_t who) {
    altered_ = 0;
    if (fault_->kind == FileFault::Kind::kTorn) {
      kill(pid_, SIGKILL);
      return;
    }
    user_regs_struct registers{};
    ptrace(PTRACE_GETREGS, who, nullptr, &registers);
    registers.rax = static_cast<uint64_t>(-static_cast<int64_t>(fault_->error));
    ptrace(PTRACE_SETREGS, who, nullptr, &registers);
  }

  static bool ChangesFiles(const __ptrace_syscall_info& info) {
    static constexpr std::array kCalls = {SYS_fsync,    SYS_fdatasync, SYS_ftruncate, SYS_rename,
                                          SYS_renameat, SYS_renameat2, SYS_unlink,    SYS_unlinkat,
                                          SYS_mkdir,    SYS_rmdir,     SYS_mkdirat,   SYS_openat2};
    const auto call = static_cast<int64_t>(info.entry.nr);
    // The first three descriptors are the log's.
    if (call == SYS_write || call == SYS_writev || call == SYS_pwrite64) {
      return info.entry.args[0] > 2;
    }
    if (call == SYS_openat) return (info.entry.args[2] & O_CREAT) != 0;
    for (const auto one : kCalls) {
      if (one == call) return true;
    }
    return false;
  }

  const std::optional<FileFault> fault_;
  const pid_t pid_;
  pid_t altered_ = 0;  // the thread whose call was altered at its begin
  ChildEnd end_;
};

// Runs `work` in a child process of a test that has one thread. It must not throw, and asserts
// nothing: what a test wants to know goes through SharedMemory and the files.
inline ChildEnd RunWithFault(const std::function<void()>& work,
                             std::optional<FileFault> fault = std::nullopt) {
  return TracedChild(work, fault).Await();
}

}  // namespace traffictap::fakes
