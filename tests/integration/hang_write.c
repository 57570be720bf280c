// SPDX-License-Identifier: Apache-2.0

// Preloaded into a collector: a disk that does not answer. A write to the file at $HANG_PATH does not return before a
// file $HANG_PATH.free is there.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

static void hang(int fd) {
  const char *hung = getenv("HANG_PATH");
  char link[64], path[4096], release[4200];
  snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  const ssize_t length = hung ? readlink(link, path, sizeof(path) - 1) : -1;
  if (length > 0) {
    path[length] = 0;
    snprintf(release, sizeof(release), "%s.free", hung);
    while (strcmp(path, hung) == 0 && access(release, F_OK) != 0) usleep(20000);
  }
}

ssize_t write(int fd, const void *bytes, size_t count) {
  ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  hang(fd);
  return real(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *pieces, int count) {
  ssize_t (*real)(int, const struct iovec *, int) =
      (ssize_t (*)(int, const struct iovec *, int))dlsym(RTLD_NEXT, "writev");
  hang(fd);
  return real(fd, pieces, count);
}
