/* Initialises a module's first blank token and its user PIN: init-token MODULE LABEL USER_PIN SO_PIN. What pkcs11-tool does
 * too, without having to install it. */
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "../../native/cryptoki.h"

#define CKU_SO 0UL
#define CKF_TOKEN_INITIALIZED 0x400UL

typedef CK_RV (*init_token)(CK_SLOT_ID slot, CK_UTF8CHAR *pin, CK_ULONG length, CK_UTF8CHAR *label);
typedef CK_RV (*init_pin)(CK_SESSION_HANDLE session, CK_UTF8CHAR *pin, CK_ULONG length);

static int check(CK_RV rv, const char *what) {
  if (rv != CKR_OK) {
    fprintf(stderr, "%s: 0x%lX\n", what, rv);
  }
  return rv == CKR_OK;
}

static int find_blank(CK_FUNCTION_LIST *p11, CK_SLOT_ID *slot) {
  CK_SLOT_ID slots[64];
  CK_ULONG count = 64;
  CK_TOKEN_INFO info;
  if (!check(p11->C_GetSlotList(CK_TRUE, slots, &count), "C_GetSlotList")) {
    return 0;
  }
  for (CK_ULONG i = 0; i < count; i++) {
    if (p11->C_GetTokenInfo(slots[i], &info) == CKR_OK && (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
      *slot = slots[i];
      return 1;
    }
  }
  fprintf(stderr, "no blank token\n");
  return 0;
}

int main(int argc, char **argv) {
  CK_FUNCTION_LIST *p11 = NULL;
  CK_RV (*get_function_list)(CK_FUNCTION_LIST **);
  CK_SESSION_HANDLE session = 0;
  CK_SLOT_ID slot = 0;
  CK_UTF8CHAR label[32];
  if (argc != 5 || strlen(argv[2]) > sizeof label) {
    fprintf(stderr, "usage: init-token MODULE LABEL USER_PIN SO_PIN\n");
    return 2;
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  *(void **)(&get_function_list) = dlsym(library, "C_GetFunctionList");
  if (get_function_list == NULL || get_function_list(&p11) != CKR_OK) {
    return 1;
  }
  memset(label, ' ', sizeof label);
  memcpy(label, argv[2], strlen(argv[2]));
  CK_UTF8CHAR *so_pin = (CK_UTF8CHAR *)argv[4];
  CK_UTF8CHAR *user_pin = (CK_UTF8CHAR *)argv[3];
  int done =
      check(p11->C_Initialize(NULL), "C_Initialize") && find_blank(p11, &slot) &&
      check(((init_token)p11->C_InitToken)(slot, so_pin, strlen(argv[4]), label), "C_InitToken") &&
      check(p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &session), "C_OpenSession") &&
      check(p11->C_Login(session, CKU_SO, so_pin, strlen(argv[4])), "C_Login") &&
      check(((init_pin)p11->C_InitPIN)(session, user_pin, strlen(argv[3])), "C_InitPIN");
  p11->C_Finalize(NULL);
  return done ? 0 : 1;
}
