/* Preloaded into a program: fsync and fdatasync do not return while the file that HANGING_DISK names is there. */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static void wait_for_disk(void) {
  const char *control = getenv("HANGING_DISK");
  while (control != NULL && access(control, F_OK) == 0) {
    usleep(20000);
  }
}

__attribute__((visibility("default"))) int fsync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  wait_for_disk();
  return real(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
  int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  wait_for_disk();
  return real(fd);
}
