#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "addon.h"

void must(napi_env env, napi_status status, const char *what) {
  bool pending = false;
  if (status == napi_ok) {
    return;
  }
  /* An exception that is on its way (a getter that threw, a terminating worker) is left to the caller of the addon. */
  if (status == napi_pending_exception || (napi_is_exception_pending(env, &pending) == napi_ok && pending)) {
    return;
  }
  napi_fatal_error("fieldseal", NAPI_AUTO_LENGTH, what, NAPI_AUTO_LENGTH);
}

/* strerrorname_np would do, but it is younger (glibc 2.32) than the oldest system that this builds on. */
static const char *errno_name(int error) {
  switch (error) {
    case EACCES: return "EACCES";
    case EAFNOSUPPORT: return "EAFNOSUPPORT";
    case EAGAIN: return "EAGAIN";
    case ECONNREFUSED: return "ECONNREFUSED";
    case EINVAL: return "EINVAL";
    case EMFILE: return "EMFILE";
    case EMSGSIZE: return "EMSGSIZE";
    case ENAMETOOLONG: return "ENAMETOOLONG";
    case ENFILE: return "ENFILE";
    case ENOBUFS: return "ENOBUFS";
    case ENOENT: return "ENOENT";
    case ENOMEM: return "ENOMEM";
    case ENOSPC: return "ENOSPC";
    case EPERM: return "EPERM";
    default: return "EIO";
  }
}

void throw_errno(napi_env env, const char *what, int error) {
  char message[192];
  snprintf(message, sizeof message, "%s: %s", what, strerror(error));
  must(env, napi_throw_error(env, errno_name(error), message), "throw_error");
}
