#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "pkcs11.h"

/* How long exit() waits for a library that is at work. */
enum { FAREWELL_SECONDS = 1 };

struct module {
  struct module *next;
  void *library;
  CK_FUNCTION_LIST *functions;
  /* Readers are inside of the library; a writer starts or ends it. Guards the fields below. */
  pthread_rwlock_t use;
  unsigned generation;
  unsigned users;
  bool running;
  /* Someone else in the process has initialised the library, and will finalize it. */
  bool borrowed;
  /* The process is ending: nobody enters any more. */
  bool sealed;
};

static pthread_mutex_t modules_lock = PTHREAD_MUTEX_INITIALIZER;
static struct module *modules;

/* Runs before the libraries' own destructors, which must not pull the ground from under a call. The locks stay taken. */
static void seal_modules(void) {
  struct timespec until;
  clock_gettime(CLOCK_REALTIME, &until);
  until.tv_sec += FAREWELL_SECONDS;
  pthread_mutex_lock(&modules_lock);
  for (struct module *module = modules; module != NULL; module = module->next) {
    if (!module->sealed) {
      module->sealed = true;
      pthread_rwlock_timedwrlock(&module->use, &until);
    }
  }
  pthread_mutex_unlock(&modules_lock);
}

static struct module *module_create(void *library, char *detail, size_t size) {
  CK_RV (*get_function_list)(CK_FUNCTION_LIST **);
  CK_FUNCTION_LIST *functions = NULL;
  char name[40];

  /* The cast that POSIX gives for dlsym, since C has none from an object to a function pointer. */
  *(void **)(&get_function_list) = dlsym(library, "C_GetFunctionList");
  if (get_function_list == NULL) {
    snprintf(detail, size, "not a PKCS#11 module: it has no C_GetFunctionList");
    return NULL;
  }
  CK_RV rv = get_function_list(&functions);
  if (rv != CKR_OK || functions == NULL || functions->version.major < 2) {
    snprintf(detail, size, "C_GetFunctionList: %s", rv == CKR_OK ? "no functions" : rv_name(rv, name, sizeof name));
    return NULL;
  }
  struct module *module = calloc(1, sizeof *module);
  if (module == NULL) {
    snprintf(detail, size, "out of memory");
    return NULL;
  }
  module->library = library;
  module->functions = functions;
  pthread_rwlock_init(&module->use, NULL);
  /* For each library anew: what is registered last runs first, and the library has just registered its own. */
  atexit(seal_modules);
  return module;
}

struct module *module_load(const char *path, char *detail, size_t size) {
  struct module *module;
  /* The loader hands the same library out again for the same file, under whatever name. */
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    snprintf(detail, size, "%s", dlerror());
    return NULL;
  }
  pthread_mutex_lock(&modules_lock);
  for (module = modules; module != NULL; module = module->next) {
    if (module->library == library) {
      break;
    }
  }
  if (module == NULL) {
    module = module_create(library, detail, size);
    if (module != NULL) {
      module->next = modules;
      modules = module;
    }
  }
  pthread_mutex_unlock(&modules_lock);
  return module;
}

CK_RV module_initialize(struct module *module, unsigned *generation) {
  CK_C_INITIALIZE_ARGS arguments = {.flags = CKF_OS_LOCKING_OK};
  CK_RV rv = CKR_OK;

  pthread_rwlock_wrlock(&module->use);
  if (!module->running) {
    rv = module->functions->C_Initialize(&arguments);
    module->borrowed = rv == CKR_CRYPTOKI_ALREADY_INITIALIZED;
    if (rv == CKR_OK || module->borrowed) {
      rv = CKR_OK;
      module->running = true;
      module->users = 0;
      module->generation++;
    }
  }
  if (rv == CKR_OK) {
    module->users++;
    *generation = module->generation;
  }
  pthread_rwlock_unlock(&module->use);
  return rv;
}

CK_RV module_release(struct module *module, unsigned generation, bool restart) {
  CK_RV rv = CKR_OK;

  pthread_rwlock_wrlock(&module->use);
  if (module->running && module->generation == generation) {
    module->users--;
    if (module->users == 0 || restart) {
      module->running = false;
      rv = module->borrowed ? CKR_OK : module->functions->C_Finalize(NULL);
    }
  }
  pthread_rwlock_unlock(&module->use);
  return rv;
}

const CK_FUNCTION_LIST *module_enter(struct module *module, unsigned generation) {
  pthread_rwlock_rdlock(&module->use);
  if (module->running && module->generation == generation) {
    return module->functions;
  }
  pthread_rwlock_unlock(&module->use);
  return NULL;
}

void module_leave(struct module *module) { pthread_rwlock_unlock(&module->use); }
