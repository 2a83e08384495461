/* Pseudo-terminals for the simulator: pty(7), without libutil. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "addon.h"

/* Opens a master that children don't inherit and that no write waits for, sets the line raw and writes the slave's path.
 * Returns the descriptor or -1 with errno. posix_openpt(3) promises only O_RDWR and O_NOCTTY; on Linux it is open(2) of
 * /dev/ptmx, which takes the other flags, too. */
static int open_master(char *path, size_t size) {
  struct termios line;
  int saved;
  int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    return -1;
  }
  /* On Linux the master's tcsetattr sets the slave's line discipline, so the slave needn't be opened. */
  if (grantpt(fd) == 0 && unlockpt(fd) == 0 && ptsname_r(fd, path, size) == 0 && tcgetattr(fd, &line) == 0) {
    cfmakeraw(&line);
    line.c_cflag |= CREAD | CLOCAL;
    if (tcsetattr(fd, TCSANOW, &line) == 0) {
      return fd;
    }
  }
  saved = errno;
  close(fd);
  errno = saved;
  return -1;
}

/* openpty(): { master: number, path: string } */
static napi_value open_pty(napi_env env, napi_callback_info info) {
  char path[128];
  napi_value result;
  napi_value value;
  (void)info;

  int master = open_master(path, sizeof path);
  if (master < 0) {
    throw_errno(env, "openpty", errno);
    return NULL;
  }
  must(env, napi_create_object(env, &result), "create_object");
  must(env, napi_create_int32(env, master, &value), "create_int32");
  must(env, napi_set_named_property(env, result, "master", value), "set_named_property");
  must(env, napi_create_string_utf8(env, path, NAPI_AUTO_LENGTH, &value), "create_string_utf8");
  must(env, napi_set_named_property(env, result, "path", value), "set_named_property");
  return result;
}

void export_pty(napi_env env, napi_value exports) { export_function(env, exports, "openpty", open_pty); }
