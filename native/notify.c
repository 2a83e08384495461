/* sd_notify(3): one datagram to the service manager, without libsystemd. */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "addon.h"

enum { MAX_STATE = 4096 };

/* Fills the address of NOTIFY_SOCKET: a path, or @name in the abstract namespace (sd_notify(3)). Returns its length, 0 if
 * it is neither. */
static socklen_t notify_address(const char *path, struct sockaddr_un *address) {
  size_t length = strlen(path);
  if ((path[0] != '/' && path[0] != '@') || length < 2 || length >= sizeof address->sun_path) {
    return 0;
  }
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  memcpy(address->sun_path, path, length);
  if (path[0] == '@') {
    /* An abstract name ends with the address length, not with a zero byte (unix(7)). */
    address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
  }
  return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + 1);
}

/* Returns 0 or an errno. Never waits: a service manager that doesn't read must not stop the event loop. */
static int send_state(const struct sockaddr_un *address, socklen_t address_length, const char *state, size_t length) {
  int error = 0;
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    return errno;
  }
  if (sendto(fd, state, length, MSG_NOSIGNAL | MSG_DONTWAIT, (const struct sockaddr *)address, address_length) < 0) {
    error = errno;
  }
  close(fd);
  return error;
}

/* sdNotify(state: string): boolean */
static napi_value sd_notify(napi_env env, napi_callback_info info) {
  char state[MAX_STATE];
  size_t length = 0;
  size_t count = 1;
  struct sockaddr_un address;
  napi_value argument;
  napi_value result;
  const char *path = getenv("NOTIFY_SOCKET");

  must(env, napi_get_cb_info(env, info, &count, &argument, NULL, NULL), "get_cb_info");
  if (count < 1 || napi_get_value_string_utf8(env, argument, NULL, 0, &length) != napi_ok) {
    napi_throw_type_error(env, NULL, "sdNotify needs a string");
    return NULL;
  }
  if (length >= sizeof state) {
    throw_errno(env, "sd_notify", EMSGSIZE);
    return NULL;
  }
  must(env, napi_get_value_string_utf8(env, argument, state, sizeof state, &length), "get_value_string_utf8");

  bool sent = false;
  if (path != NULL && path[0] != '\0') {
    socklen_t address_length = notify_address(path, &address);
    int error = address_length == 0 ? EAFNOSUPPORT : send_state(&address, address_length, state, length);
    if (error != 0) {
      throw_errno(env, "sd_notify", error);
      return NULL;
    }
    sent = true;
  }
  must(env, napi_get_boolean(env, sent, &result), "get_boolean");
  return result;
}

void export_notify(napi_env env, napi_value exports) { export_function(env, exports, "sdNotify", sd_notify); }
