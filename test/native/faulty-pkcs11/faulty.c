/*
 * A PKCS#11 module that wraps another and breaks on demand. Environment: FAULTY_MODULE (the real module), FAULTY_FOLDER. It
 * reads FAULTY_FOLDER/control before each wrapped call, one rule a line:
 *   delay FUNCTION MS     the call takes so much longer
 *   hang FUNCTION         the call returns only when the rule is gone
 *   fail FUNCTION CKR     the call returns this number instead of being made
 *   lose-after N          after N C_Sign every call gives CKR_DEVICE_REMOVED, until C_Finalize
 *   corrupt C_Sign        one bit of each signature is wrong
 *   flags MASK            these token flags are set
 * and appends the name of each call to FAULTY_FOLDER/calls, with a line "slot N" for each session.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../../../native/cryptoki.h"

static const CK_FUNCTION_LIST *real;
static CK_FUNCTION_LIST list;
static unsigned long signatures;

static void file_path(char *path, size_t size, const char *name) {
  const char *folder = getenv("FAULTY_FOLDER");
  snprintf(path, size, "%s/%s", folder == NULL ? "." : folder, name);
}

/* Finds the rule VERB [FUNCTION]; its number, if it has one, in `value`. */
static bool rule(const char *verb, const char *function, unsigned long *value) {
  char path[512];
  char line[128];
  bool found = false;
  file_path(path, sizeof path, "control");
  FILE *file = fopen(path, "re");
  if (file == NULL) {
    return false;
  }
  while (!found && fgets(line, sizeof line, file) != NULL) {
    char *rest = NULL;
    char *word = strtok_r(line, " \n", &rest);
    if (word == NULL || strcmp(word, verb) != 0) {
      continue;
    }
    if (function != NULL) {
      word = strtok_r(NULL, " \n", &rest);
      if (word == NULL || strcmp(word, function) != 0) {
        continue;
      }
    }
    word = strtok_r(NULL, " \n", &rest);
    if (word != NULL && value != NULL) {
      *value = strtoul(word, NULL, 0);
    }
    found = true;
  }
  fclose(file);
  return found;
}

static void record(const char *function) {
  char path[512];
  char line[64];
  file_path(path, sizeof path, "calls");
  int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd >= 0) {
    int length = snprintf(line, sizeof line, "%s\n", function);
    if (write(fd, line, (size_t)length) < 0) {
      perror("faulty: calls");
    }
    close(fd);
  }
}

static void pause_ms(unsigned long ms) {
  struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000L};
  nanosleep(&time, NULL);
}

/* Does to the call what the rules say; CKR_OK where it is to be made. */
static CK_RV meet(const char *function) {
  unsigned long value = 0;
  record(function);
  if (rule("delay", function, &value)) {
    pause_ms(value);
  }
  while (rule("hang", function, NULL)) {
    pause_ms(10);
  }
  if (strcmp(function, "C_Finalize") != 0 && strcmp(function, "C_Initialize") != 0 &&
      rule("lose-after", NULL, &value) && signatures >= value) {
    return 0x32; /* CKR_DEVICE_REMOVED */
  }
  if (rule("fail", function, &value)) {
    return value;
  }
  return CKR_OK;
}

#define MEET(function)         \
  CK_RV met = meet(#function); \
  if (met != CKR_OK) {         \
    return met;                \
  }

static CK_RV initialize(void *arguments) {
  MEET(C_Initialize)
  return real->C_Initialize(arguments);
}

static CK_RV finalize(void *reserved) {
  MEET(C_Finalize)
  signatures = 0;
  return real->C_Finalize(reserved);
}

static CK_RV get_slot_list(CK_BBOOL present, CK_SLOT_ID *slots, CK_ULONG *count) {
  MEET(C_GetSlotList)
  return real->C_GetSlotList(present, slots, count);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO *info) {
  unsigned long mask = 0;
  CK_RV rv = real->C_GetTokenInfo(slot, info);
  if (rv == CKR_OK && rule("flags", NULL, &mask)) {
    info->flags |= mask;
  }
  return rv;
}

static CK_RV open_session(CK_SLOT_ID slot, CK_FLAGS flags, void *application, void *notify, CK_SESSION_HANDLE *session) {
  MEET(C_OpenSession)
  char line[32];
  snprintf(line, sizeof line, "slot %lu", slot);
  record(line);
  return real->C_OpenSession(slot, flags, application, notify, session);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR *pin, CK_ULONG length) {
  MEET(C_Login)
  return real->C_Login(session, user, pin, length);
}

static CK_RV find_objects_init(CK_SESSION_HANDLE session, CK_ATTRIBUTE *attributes, CK_ULONG count) {
  MEET(C_FindObjectsInit)
  return real->C_FindObjectsInit(session, attributes, count);
}

static CK_RV sign(CK_SESSION_HANDLE session, CK_BYTE *data, CK_ULONG length, CK_BYTE *signature, CK_ULONG *size) {
  MEET(C_Sign)
  CK_RV rv = real->C_Sign(session, data, length, signature, size);
  if (rv == CKR_OK) {
    signatures++;
    if (rule("corrupt", "C_Sign", NULL)) {
      signature[*size / 4] ^= 1;
    }
  }
  return rv;
}

/* Where a device was lost and comes back, a new process or C_Initialize finds it: hence no state beyond `signatures`. */
__attribute__((visibility("default"))) CK_RV C_GetFunctionList(CK_FUNCTION_LIST **result) {
  CK_RV (*get_function_list)(CK_FUNCTION_LIST **);
  CK_FUNCTION_LIST *functions = NULL;
  const char *path = getenv("FAULTY_MODULE");
  void *library = path == NULL ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    return CKR_GENERAL_ERROR;
  }
  *(void **)(&get_function_list) = dlsym(library, "C_GetFunctionList");
  if (get_function_list == NULL || get_function_list(&functions) != CKR_OK) {
    return CKR_GENERAL_ERROR;
  }
  real = functions;
  list = *functions;
  list.C_Initialize = initialize;
  list.C_Finalize = finalize;
  list.C_GetFunctionList = C_GetFunctionList;
  list.C_GetSlotList = get_slot_list;
  list.C_GetTokenInfo = get_token_info;
  list.C_OpenSession = open_session;
  list.C_Login = login;
  list.C_FindObjectsInit = find_objects_init;
  list.C_Sign = sign;
  *result = &list;
  return CKR_OK;
}
